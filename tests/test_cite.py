"""Citations taken along are read back by the parsers that others use, whatever stands in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
import rispy
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import parse_string

from index.visible import plain
from rag.answer import Citation
from tests.test_render import CITED, TURN
from ui.chat.html import to_markdown
from ui.chat.page import conversation
from ui.cite import CITATION_FORMATS, cite

PRICE = replace(
    CITED,
    title="50% off {and} more_or less & #1: C:\\temp ~ $5^2",
    author="Ann Bee, Cy Dée",
    url="https://example.org/a_b?c=1&d={2}",
    text="It cost 5% & more.",
    page=3,
)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)


def _cited(*evidence: object) -> list[Citation]:
    return [Citation(i, e, 0.9) for i, e in enumerate(evidence, start=1)]  # type: ignore[arg-type]


def _unescaped(field: str) -> str:
    """What a BibTeX field that we wrote says."""
    named = {
        r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^",
        r"\textbraceleft{}": "{", r"\textbraceright{}": "}",
    }  # fmt: skip
    said, i = "", 0
    while i < len(field):
        command = next((c for c in named if field.startswith(c, i)), "")
        if command:
            said, i = said + named[command], i + len(command)
        elif field[i] == "\\":
            said, i = said + field[i + 1], i + 2
        else:
            said, i = said + ("" if field[i] in "{}" else field[i]), i + 1
    return said


def test_bibtex_is_read_back() -> None:
    second = replace(CITED, document_id="d2", title="Vault robbed", author="Ann Bee")
    read = parse_string(cite(_cited(PRICE, CITED, second), "bibtex"), "bibtex")
    # The second cites the first one's document: one entry a document.
    assert list(read.entries) == ["bee2021", "bee2021b"]
    entry = read.entries["bee2021"]
    assert _unescaped(entry.fields["title"]) == PRICE.title
    assert [_unescaped(str(p)) for p in entry.persons["author"]] == ["Ann Bee", "Cy Dée"]
    assert (entry.fields["date"], entry.fields["year"]) == ("2021-06-01", "2021")
    assert entry.fields["url"] == "https://example.org/a_b?c=1&d=%7B2%7D"
    assert _unescaped(entry.fields["note"]) == (
        "“It cost 5% & more.” (page 3) “The vault holds 91 paintings.” (notes/vault.txt)"
    )


@settings(deadline=None)
@given(title=ASCII)
def test_bibtex_takes_any_title(title: str) -> None:
    read = parse_string(cite(_cited(replace(CITED, title=title)), "bibtex"), "bibtex")
    (entry,) = read.entries.values()
    assert _unescaped(entry.fields["title"]).split() == plain(title).split()


def test_ris_is_read_back() -> None:
    (entry,) = rispy.loads(cite(_cited(PRICE), "ris"))
    assert entry["type_of_reference"] == "NEWS"
    assert entry["title"] == PRICE.title
    assert entry["authors"] == ["Ann Bee", "Cy Dée"]
    assert entry["date"] == "2021/06/01/"
    assert entry["notes"] == ["“It cost 5% & more.” (page 3)"]


def test_csl_json_is_read_back() -> None:
    (item,) = json.loads(cite(_cited(PRICE), "csl"))
    assert item["title"] == PRICE.title
    assert item["author"] == [{"literal": "Ann Bee"}, {"literal": "Cy Dée"}]
    assert item["issued"] == {"date-parts": [[2021, 6, 1]]}


def test_a_document_without_date_and_author_still_has_a_key() -> None:
    bare = replace(CITED, date=None, title="日本")
    other = replace(bare, document_id="d2")
    assert [i["id"] for i in json.loads(cite(_cited(bare, other), "csl"))] == [
        "article", "articleb",
    ]  # fmt: skip


@pytest.mark.parametrize("form", CITATION_FORMATS)
def test_nothing_cited_gives_nothing(form: str) -> None:
    nothing: Sequence[Citation] = []
    assert cite(nothing, form) == ""


def test_footnotes_are_those_of_the_exported_answer() -> None:
    assert cite(_cited(CITED), "markdown") in to_markdown(TURN)


def test_the_chat_exports_every_format() -> None:
    shown = conversation([TURN])
    for name in ("citations.bib", "citations.ris", "citations.csl.json"):
        assert f'data-name="{name}"' in shown
