"""Arbitrary and mutated files: a Document whose offsets hold, or a reason; never anything else.

`PRESSMARK_FUZZ=50000 pytest tests/test_fuzz.py` runs that many cases, new ones each time.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.document import Document
from index.errors import DocumentError
from index.limits import Limits
from index.read import SUFFIXES, Reader
from index.segment import MAX_SENTENCE_CHARS, segment
from tests import samples
from tests.samples import ARTICLE, page_lines

_ASKED = int(os.environ.get("PRESSMARK_FUZZ", "0"))
_CASES = _ASKED or 2400


def _fuzz(share: float) -> Callable[..., settings]:
    """Settings for a share of the cases: the same ones in every run, unless a number is asked."""
    return settings(
        max_examples=max(1, round(_CASES * share)),
        deadline=None,
        derandomize=not _ASKED,
        database=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.data_too_large,
        ],
    )


_SAMPLES: dict[str, bytes] = {
    "a.txt": b"Title: The Bridge\nDate: 2021-04-05\n\nIt opened. It cost 12 million euros.",
    "b.md": b"---\ntitle: The Bridge\n---\n# Heading\n\n- item one\n- item two\n\nIt opened.",
    "c.html": samples.html_page(),
    "d.pdf": samples.pdf(
        [
            [(72, 760, 20, "Harbour bridge opens"), *page_lines(*ARTICLE, "", "It was inter-")],
            [(72, 800, 9, "The Daily"), *page_lines("national news.", "", "\u2022 One thing.")],
        ],
        {"Title": "Bridge", "CreationDate": "D:20210405"},
    ),
    "e.docx": samples.docx_bytes(),
    "f.epub": samples.epub(["<h1>One</h1><p>It opened.</p>", "<table><tr><td>A</td></tr></table>"]),
    "g.eml": samples.eml(html="<p>The same.</p>"),
    "h.mbox": samples.mbox(samples.eml(), samples.eml("Second.")),
    "i.jsonl": samples.jsonl({"text": "It opened.", "title": "Bridge"}, {"text": "Two."}),
}
_MARKUP_PIECES = st.sampled_from(
    [b"<", b">", b"&", b"</p>", b"<table>", b"<td colspan=9>", b"<!--", b"]]>", b"\0", b"\r\n",
     b"\xff\xfe", b"\xed\xa0\x80", b"&#55296;", b"\n\n", b"%%EOF", b"endobj", b"9999999999",
     b"From ", b"Content-Type: ", b'"text"', b"=?utf-8?q?=", b"charset=utf-7", b"\\ud800"]
)  # fmt: skip
_MUTATION = st.tuples(
    st.sampled_from(["flip", "cut", "insert", "prefix", "drop", "repeat"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 400),
    st.binary(max_size=12) | _MARKUP_PIECES,
)


def _mutated(raw: bytes, mutations: list[tuple[str, float, int, bytes]]) -> bytes:
    for kind, where, length, piece in mutations:
        at = int(where * len(raw))
        if kind == "flip" and raw:
            raw = raw[:at] + bytes([raw[at] ^ (length % 255 + 1)]) + raw[at + 1 :]
        elif kind == "cut":
            raw = raw[:at]
        elif kind == "insert":
            raw = raw[:at] + piece + raw[at:]
        elif kind == "prefix":
            raw = piece + raw
        elif kind == "drop":
            raw = raw[:at] + raw[at + length :]
        else:
            raw = raw[: at + length] + raw[at:]
    return raw


@st.composite
def _files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid file with some damage: to its bytes, or within a part that it packs."""
    name = draw(st.sampled_from(sorted(_SAMPLES)))
    raw = _SAMPLES[name]
    mutations = draw(st.lists(_MUTATION, min_size=1, max_size=6))
    if name.endswith((".docx", ".epub")) and draw(st.booleans()):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = [n for n in archive.namelist() if n.endswith(("xml", "opf", "rels"))]
            part = draw(st.sampled_from(parts))
            return name, samples.repacked(raw, {part: _mutated(archive.read(part), mutations)})
    return name, _mutated(raw, mutations)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, bytes], None]]:
    """Read a file as an ingest does, and check whatever comes of it."""
    folder = tmp_path_factory.mktemp("fuzz")
    with Reader(Limits(max_file_s=20)) as reader:

        def check(name: str, raw: bytes) -> None:
            path = folder / name
            path.write_bytes(raw)
            try:
                records = reader.records(path)
            except DocumentError as error:
                assert str(error)
                return
            for record in records:
                try:
                    document, _ = reader.document(record, name)
                except DocumentError as error:
                    # A hang in so small a file would be a fault of ours.
                    assert "took more than" not in str(error)
                else:
                    _check(document)

        yield check


def _check(document: Document) -> None:
    text = document.text
    fields = (document.title, document.author, document.language, document.url)
    for stored in (text, *fields):
        (stored or "").encode("utf-8")
    assert document.title
    assert text.strip()
    assert document.date is None or re.fullmatch(r"\d{4}(-\d\d){0,2}", document.date)
    _check_sentences(text)
    if document.pages:
        assert document.pages[0] == 0
        assert all(a <= b for a, b in itertools.pairwise(document.pages))
        assert document.pages[-1] <= len(text)
        assert 1 <= (document.page(0) or 0) <= (document.page(len(text)) or 0)
        assert document.page(len(text)) == len(document.pages)


def _check_sentences(text: str) -> None:
    sentences = segment(text)
    assert all(text[s.start : s.end] == s.text for s in sentences)
    assert all(a.end <= b.start for a, b in itertools.pairwise(sentences))
    assert all(s.text and s.text == s.text.strip() for s in sentences)
    assert all(len(s.text) <= MAX_SENTENCE_CHARS or s.kind != "prose" for s in sentences)


@given(name=st.sampled_from(sorted(SUFFIXES)), raw=st.binary(max_size=400))
@_fuzz(0.1)
def test_arbitrary_bytes_under_any_name(
    read: Callable[[str, bytes], None], name: str, raw: bytes
) -> None:
    read(f"x{name}", raw)


@given(
    name=st.sampled_from(sorted(SUFFIXES)),
    pieces=st.lists(_MARKUP_PIECES | st.binary(max_size=20), max_size=30),
    head=st.sampled_from(
        [b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"From: a@b\nMessage-ID: 1\n", b'{"text": "']
    ),
)
@_fuzz(0.15)
def test_pieces_of_the_formats_in_any_order(
    read: Callable[[str, bytes], None], name: str, pieces: list[bytes], head: bytes
) -> None:
    read(f"x{name}", head + b"".join(pieces))


# Halves of characters, too, which no encoding can store.
_ANY_WORDS = st.lists(
    st.sampled_from(["\ud800", "\udfff", "\0", "\u202e", " ", "\n", "It opened. "])
    | st.text(max_size=12),
    max_size=8,
).map("".join)


@given(
    name=st.sampled_from(["a.txt", "b.html", "c.eml", "d.mbox", "e.jsonl", "f.epub"]),
    title=_ANY_WORDS,
    words=_ANY_WORDS,
    before=st.sampled_from([b"", b"\n", b"\r\n \n", b"\xef\xbb\xbf"]),
)
@_fuzz(0.15)
def test_valid_files_of_any_words(
    read: Callable[[str, bytes], None], name: str, title: str, words: str, before: bytes
) -> None:
    mail = f"Subject: {title}\nFrom: {title}\nMessage-ID: 1\n\n{words}\n"
    markup = "".join(f"&#{ord(c)};" for c in words)
    files: dict[str, Callable[[], bytes]] = {
        "a.txt": lambda: f"Title: {title}\n\n{words}".encode("utf-8", "surrogatepass"),
        "b.html": lambda: samples.html_page(f"<h1>{markup}</h1><p>{markup}</p>"),
        "c.eml": lambda: mail.encode("utf-8", "surrogatepass"),
        "d.mbox": lambda: samples.mbox(mail.encode("utf-8", "surrogatepass")),
        "e.jsonl": lambda: samples.jsonl({"text": words, "title": title, "author": title}),
        "f.epub": lambda: samples.epub([f"<h1>{markup}</h1><p>{markup}</p>"]),
    }
    raw = files[name]()
    read(name, raw if name == "f.epub" else before + raw)


@given(file=_files())
@_fuzz(0.45)
def test_damaged_files_of_every_format(
    read: Callable[[str, bytes], None], file: tuple[str, bytes]
) -> None:
    read(*file)


@given(
    st.text(max_size=300)
    | st.lists(
        st.sampled_from(
            ["\n\n", "\n", " ", ". ", "U.S. ", "# H\n", "- item\n", " 1:05", " (Reuters)", "---"]
        )
        | st.text(max_size=30),
        max_size=40,
    ).map("".join)
    | st.tuples(st.text(min_size=1, max_size=8), st.integers(1, 2000)).map(lambda t: t[0] * t[1])
)
@_fuzz(0.15)
def test_the_segmenter_on_any_text(text: str) -> None:
    _check_sentences(text)


@pytest.mark.parametrize("name", sorted(_SAMPLES))
def test_the_samples_that_are_mutated_are_valid(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(_SAMPLES[name])
    with Reader() as reader:
        for record in reader.records(path):
            _check(reader.document(record, name)[0])
