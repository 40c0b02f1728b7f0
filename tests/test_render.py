"""What is drawn: the answer in every form, and nothing that anybody wrote as markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.document import Kind, Sentence
from index.visible import plain
from rag.answer import Statement, Verdict
from ui.chat import page, panel
from ui.chat.html import escape, to_html, to_markdown, verbatim
from ui.chat.library import Article, Entry
from ui.chat.memory import Memory, Quote, Turn
from ui.terminal import marked_text

QUOTE = {
    "document_id": "d1",
    "document": "notes/vault.txt",
    "title": "The vault",
    "date": "2021-06-01",
    "start": 0,
    "end": 28,
    "text": "The vault holds 91 paintings.",
    "marker": 1,
}
RECORD = {
    "question": "How many paintings?",
    "condensed_question": "How many paintings does the vault hold?",
    "answer": "It holds 91 paintings.",
    "abstained": False,
    "reason": None,
    "outcome": "answered",
    "statements": [
        {"text": "It holds 91 paintings.", "verdict": "supported", "citations": [1]},
        {"text": "It is old.", "verdict": "unsupported", "citations": [], "problem": "no word"},
    ],
    "citations": [QUOTE],
    "nearest": [],
}
TURN = Turn.from_record(RECORD)
NASTY = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) "
    "![x](http://h/i.png) ${alert(1)} {{alert(1)}} `x` \" ' [1] <source>"
)
OUR_TAGS = set(
    "p span s small button div article section header h1 h2 h3 ul ol li details summary table "
    "thead tbody tr th td time mark kbd strong em input label progress".split()
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_data(self, data: str) -> None:
        self.words += data


def _parsed(markup: str) -> _Tags:
    tags = _Tags()
    tags.feed(markup)
    return tags


def _nasty_turn() -> Turn:
    quote = {**QUOTE, "title": NASTY, "text": NASTY, "document": NASTY, "date": NASTY}
    return Turn.from_record(
        {
            **RECORD,
            "question": NASTY,
            "condensed_question": NASTY + "?",
            "answer": NASTY,
            "statements": [
                {"text": NASTY, "verdict": "supported", "citations": [1]},
                {"text": NASTY, "verdict": "unsupported", "citations": [], "problem": NASTY},
            ],
            "citations": [quote],
            "nearest": [quote],
        }
    )


def test_supported_statements_carry_their_markers_and_others_their_reason() -> None:
    tags = _parsed(to_html(TURN))
    assert tags.words == "It holds 91 paintings.[1] It is old. Left out: no word."
    assert tags.attributes["class"] == ["supported", "marker", "unsupported"]
    assert tags.attributes["data-tip"] == ["The vault holds 91 paintings."]
    assert tags.attributes["data-origin"] == ["The vault · 2021-06-01"]
    assert tags.attributes["data-document"] == ["d1"]


def test_markdown_cites_each_sentence_and_leaves_unsupported_ones_out() -> None:
    assert to_markdown(TURN) == (
        "**How many paintings?**\n\nIt holds 91 paintings.[^1]\n\n"
        "[^1]: “The vault holds 91 paintings.” The vault · 2021\\-06\\-01 · notes/vault.txt"
    )


def test_markdown_of_an_abstention_gives_the_reason() -> None:
    turn = Turn.unfinished("Why?", "Why?", "abstained", "Nothing on this.")
    assert to_markdown(turn) == "**Why?**\n\n*No answer. Nothing on this.*"


def test_terminal_text_has_the_supported_statements_alone() -> None:
    assert marked_text(TURN.statements) == "It holds 91 paintings. [1]"
    made_up = Statement("\x1b[2JGone.", Verdict.SUPPORTED, (2,), 1.0)
    assert marked_text([made_up]) == "[2JGone. [2]"


@pytest.mark.parametrize(
    "markup",
    [
        page.conversation([_nasty_turn()]),
        page.conversation(
            [Turn.from_record({**_nasty_turn().record, "outcome": "abstained", "reason": NASTY})]
        ),
        page.draft(NASTY, NASTY + "?", NASTY, NASTY),
        page.welcome([NASTY]),
        page.document_list([Entry(NASTY, NASTY, NASTY, NASTY)], 1, lambda _: 1),
        page.notice(NASTY),
        page.shelf(
            Memory.load(
                {
                    "conversations": [
                        {"id": NASTY, "turns": [_nasty_turn().record]},
                        {"id": "2", "turns": []},
                    ]
                }
            )
        ),
        panel.evidence_of(_nasty_turn()),
        panel.article(
            Article("d", NASTY, NASTY, NASTY, (Sentence(0, 5, NASTY, Kind.PROSE, 0),)), 0, 5
        ),
    ],
    ids="answer abstention draft welcome documents notice shelf evidence article".split(),
)
def test_nothing_that_somebody_wrote_becomes_markup(markup: str) -> None:
    tags = _parsed(markup)
    assert set(tags.tags) <= OUR_TAGS
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert not {"href", "src", "style", "action"} & set(tags.attributes)
    # Gradio's HTML component would fill these in.
    assert "${" not in markup
    assert "{{" not in markup
    assert "`" not in markup
    assert "<script>alert(1)</script>" in tags.words


def test_markdown_escapes_what_would_be_an_image_a_link_or_markup() -> None:
    markdown = to_markdown(_nasty_turn())
    assert not re.search(r"(?<!\\)!\[", markdown)
    assert not re.search(r"(?<!\\)\]\(", markdown)
    assert not re.search(r"(?<!\\)<", markdown)


def test_invisible_signs_are_dropped() -> None:
    assert plain("a\u202eb\u200bc\U000e0041d\x1b[0m") == "abcd[0m"


@given(st.text())
def test_escaped_text_reads_as_the_plain_text(text: str) -> None:
    assert _parsed(f"<p>{escape(text)}</p>").words == plain(text)


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])))
def test_a_verbatim_attribute_is_kept_to_the_letter(text: str) -> None:
    assert _parsed(f'<p title="{verbatim(text)}">').attributes["title"] == [text]


def test_an_article_keeps_headings_and_captions_and_lights_one_sentence() -> None:
    sentences = (
        Sentence(0, 9, "## A hall", Kind.HEADING, 0),
        Sentence(11, 14, "It.", Kind.PROSE, 1),
        Sentence(15, 20, "Was <", Kind.PROSE, 1),
        Sentence(22, 30, "A photo.", Kind.CAPTION, 2),
        Sentence(31, 35, "(AP)", Kind.CREDIT, 2),
    )
    markup = panel.article(Article("d", "T", None, "a.txt", sentences), 15, 20)
    assert "<h3>A hall</h3>" in markup
    assert '<p>It. <mark class="cited" tabindex="-1">Was &lt;</mark></p>' in markup
    assert '<p class="caption">A photo. <small>(AP)</small></p>' in markup
    assert markup.count("<mark") == 1


def test_a_quote_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="not a text"):
        Quote.from_json({**QUOTE, "title": 5})
