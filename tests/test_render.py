"""What is drawn: the answer in every form, and nothing that anybody wrote as markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.document import Kind, Sentence
from index.ingest.outcome import Outcome, Status
from index.visible import plain
from rag.answer import Answer, Citation, Evidence, Mark, Statement, Timings, Verdict
from ui.chat import page, panel
from ui.chat.html import Html, button, left_out, to_html, to_markdown, verbatim
from ui.chat.library import Article, Entry, Scope
from ui.chat.listing import document_list
from ui.chat.memory import Conversation, Memory, Turn, Unfinished
from ui.terminal import marked_text

CITED = Evidence(
    document_id="d1",
    document="notes/vault.txt",
    title="The vault",
    date="2021-06-01",
    ordinal=0,
    start=0,
    end=28,
    text="The vault holds 91 paintings.",
    kind=Kind.PROSE,
    score=0.9,
    cosine=0.8,
)
ANSWER = Answer(
    question="How many paintings?",
    condensed_question="How many paintings does the vault hold?",
    text="It holds 91 paintings.",
    reason=None,
    statements=(
        Statement("It holds 91 paintings.", Verdict.SUPPORTED, (1,)),
        Statement("It is old.", Verdict.UNSUPPORTED, (), "no word"),
    ),
    citations=(Citation(1, CITED, 0.9),),
    passages=(),
    nearest=(),
    raw_text="It holds 91 paintings. It is old.",
    model="queue",
    timings=Timings(1.0, 2.0, 3.0),
    confidence=0.9,
)
TURN = Turn(ANSWER)
NASTY = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) "
    "![x](http://h/i.png) ${alert(1)} {{alert(1)}} `x` \" ' [1] <source>"
)
OUR_TAGS = set(
    "p span s small button div article section header h1 h2 h3 ul ol li details summary table "
    "thead tbody tr th td time mark kbd strong em input label progress figure figcaption "
    "blockquote cite".split()
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
    tags.feed(str(markup))
    return tags


def _nasty_answer() -> Answer:
    cited = replace(CITED, title=NASTY, text=NASTY, document=NASTY, date=NASTY, document_id=NASTY)
    return replace(
        ANSWER,
        question=NASTY,
        condensed_question=NASTY + "?",
        text=NASTY,
        statements=(
            Statement(NASTY, Verdict.SUPPORTED, (1,)),
            Statement(NASTY, Verdict.UNSUPPORTED, (), NASTY),
        ),
        citations=(Citation(1, cited, 0.9),),
        nearest=(cited,),
    )


def _nasty_mark() -> Mark:
    return Mark(_nasty_answer().nearest[0], NASTY, 0.9)


def _nasty_turn() -> Turn:
    return Turn(_nasty_answer())


def test_supported_statements_carry_their_markers_and_others_their_reason() -> None:
    tags = _parsed(to_html(ANSWER) + left_out(ANSWER))
    assert tags.words == (
        "It holds 91 paintings.[1]What was drafted and left outIt is old. Left out: no word."
    )
    assert tags.attributes["class"] == ["supported", "marker", "unsupported"]
    assert tags.attributes["data-tip"] == ["The vault holds 91 paintings."]
    assert tags.attributes["data-origin"] == ["The vault · 2021-06-01"]
    assert tags.attributes["data-document"] == ["d1"]


def test_of_a_quotation_the_words_that_answer_stand_out() -> None:
    shown = to_html(replace(ANSWER, marked="91 paintings"))
    assert "It holds <strong>91 paintings</strong>." in shown
    assert _parsed(shown).words == _parsed(to_html(ANSWER)).words
    for marked in (None, "", "92"):
        assert "<strong>" not in to_html(replace(ANSWER, marked=marked))
    nasty = replace(_nasty_answer(), marked=NASTY[:40])
    assert set(_parsed(to_html(nasty)).tags) <= OUR_TAGS


def test_markdown_cites_each_sentence_and_leaves_unsupported_ones_out() -> None:
    assert to_markdown(TURN) == (
        "**How many paintings?**\n\nIt holds 91 paintings.[^1]\n\n"
        "[^1]: “The vault holds 91 paintings.” The vault · 2021\\-06\\-01 · notes/vault.txt"
    )


def test_markdown_of_an_abstention_gives_the_reason() -> None:
    abstained = replace(ANSWER, question="Why?", text=None, reason="Nothing on this.", citations=())
    assert to_markdown(Turn(abstained)) == "**Why?**\n\n*No answer. Nothing on this.*"


def test_terminal_text_has_the_supported_statements_alone() -> None:
    assert marked_text(ANSWER.statements) == "It holds 91 paintings. [1]"
    made_up = Statement("\x1b[2JGone.", Verdict.SUPPORTED, (2,))
    assert marked_text([made_up]) == "[2JGone. [2]"


@pytest.mark.parametrize(
    "markup",
    [
        page.conversation([_nasty_turn()]),
        page.conversation([Turn(replace(_nasty_answer(), text=None, reason=NASTY))]),
        page.conversation([Turn(unfinished=Unfinished(NASTY, NASTY, "failed", NASTY))]),
        page.draft(NASTY, NASTY + "?", NASTY, NASTY, _nasty_mark()),
        page.welcome([NASTY]),
        document_list([Entry(NASTY, NASTY, NASTY, NASTY)], 1, lambda _: 1),
        page.notice(NASTY),
        page.shelf(Memory((Conversation(NASTY, (_nasty_turn(),)), Conversation("2")))),
        page.upload_outcomes([Outcome(NASTY, Status.SKIPPED, NASTY)], 2),
        page.scope_line(Scope(frozenset({"d"}), NASTY)),
        button(NASTY, "ask", label=NASTY, question=NASTY),
        panel.evidence_of(_nasty_turn()),
        panel.article(
            Article("d", NASTY, NASTY, NASTY, (Sentence(0, 5, NASTY, Kind.PROSE, 0),)), 0, 5
        ),
    ],
    ids=(
        "answer abstention failure draft welcome documents notice shelf uploads scope button "
        "evidence article"
    ).split(),
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
    assert _parsed(f"<p>{Html.escape(text)}</p>").words == plain(text)


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


def test_html_takes_html_as_it_is_and_text_as_text() -> None:
    bold = Html("<b>{}</b>").format("a < b")
    assert bold == "<b>a &lt; b</b>"
    assert Html("<p>{}{}</p>").format(bold, "<i>") == "<p><b>a &lt; b</b>&lt;i&gt;</p>"
    assert Html().join([bold, "<i>", "${x}"]) == "<b>a &lt; b</b>&lt;i&gt;&#36;&#123;x&#125;"
    assert bold + "<i>" == "<b>a &lt; b</b>&lt;i&gt;"


def test_an_upload_says_what_it_is_nearly_the_same_as() -> None:
    twin = Outcome("b.txt", Status.ADDED, near="a.txt")
    failed = Outcome("c.txt", Status.SKIPPED, "the file is empty")
    words = _parsed(page.upload_outcomes([twin, failed], 2)).words
    assert "b.txt: added, nearly the same as a.txt" in words
    assert "c.txt: skipped, the file is empty" in words
