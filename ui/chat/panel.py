"""The panel beside the conversation: the evidence of a question, or one article to read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from index.document import Kind, Sentence
from rag.answer import Evidence
from ui.chat.html import Html, button, opener, origin
from ui.chat.library import Article
from ui.chat.memory import Turn
from ui.terminal import reckoning

__all__ = ["article", "empty", "evidence", "evidence_of", "gone", "unread"]

_SHOWN = 6
_SHORT_CHARS = 60
_CLIPPINGS = Html('<ol class="clippings">{}</ol>')
_QUIET = Html('<p class="quiet">{}</p>')


def empty() -> Html:
    """Before the first question."""
    return _panel(
        "Evidence",
        _QUIET.format(
            "The sentences that an answer rests on appear here, before its first word. "
            "Press one to read it in its article."
        ),
    )


def evidence(found: Sequence[Evidence], note: str = "") -> Html:
    """The sentences found for a question, best first."""
    if not found:
        return _panel("Evidence", _QUIET.format("No sentence was found."))
    shown = Html().join(_clipping(sentence) for sentence in found[:_SHOWN])
    intro = _QUIET.format(note) if note else Html()
    return _panel("Evidence", intro + _CLIPPINGS.format(shown))


def evidence_of(turn: Turn, found: Sequence[Evidence] = ()) -> Html:
    """The panel beside a finished turn: what is cited first, then what was read beside it."""
    nearest = found or (turn.answer.nearest if turn.answer else ())
    if turn.answer is None or turn.answer.abstained:
        return evidence(nearest, "No answer rests on these; they came nearest.")
    citations = turn.answer.citations
    cited = Html().join(_clipping(c.evidence, c.marker, c.speaker) for c in citations)
    body = _CLIPPINGS.format(cited)
    spans = {(c.evidence.document_id, c.evidence.start) for c in citations}
    rest = [e for e in nearest if (e.document_id, e.start) not in spans]
    if rest:
        others = Html().join(_clipping(e) for e in rest[: max(2, _SHOWN - len(spans))])
        body += Html('<h3>Also read</h3><ol class="clippings faint">{}</ol>').format(others)
    return _panel("Evidence", body)


def unread() -> Html:
    """The Documents tab's panel before an article is chosen."""
    return _panel("Article", _QUIET.format("Press a title to read the whole article here."))


def gone() -> Html:
    """Instead of an article that has been removed since."""
    return _panel(
        "Article",
        button("Back to the evidence", "close")
        + _QUIET.format("This article is no longer in the library."),
    )


def article(
    document: Article, start: int | None, end: int | None, *, closable: bool = True
) -> Html:
    """A whole article: headings and captions kept, the sentence at start:end highlighted."""
    paragraphs = [
        _paragraph(list(group), start, end)
        for _, group in itertools.groupby(document.sentences, key=lambda s: s.paragraph)
    ]
    date = (
        Html('<time datetime="{0}">{0}</time>').format(document.date)
        if document.date
        else Html("<span>undated</span>")
    )
    back = Html("Back to the evidence <kbd>Esc</kbd>")
    return Html(
        '<section class="sheet article" tabindex="0" aria-label="Article" data-article>{close}'
        '<h2 class="headline">{title}</h2>'
        '<p class="dateline">{date} · <span>{place}</span></p>'
        '<div class="columns">{paragraphs}</div></section>'
    ).format(
        close=button(back, "close") if closable else Html(),
        title=document.title,
        date=date,
        place=document.place,
        paragraphs=Html().join(paragraphs),
    )


def _paragraph(sentences: Sequence[Sentence], start: int | None, end: int | None) -> Html:
    kinds = {s.kind for s in sentences}
    parts = []
    for sentence in sentences:
        is_heading = sentence.kind is Kind.HEADING
        text = Html.escape(sentence.text.lstrip("# ") if is_heading else sentence.text)
        if sentence.start == start and sentence.end == end:
            text = Html('<mark class="cited" tabindex="-1">{}</mark>').format(text)
        if sentence.kind is Kind.CREDIT:
            text = Html("<small>{}</small>").format(text)
        parts.append(text)
    body = Html(" ").join(parts)
    if kinds == {Kind.HEADING}:
        return Html("<h3>{}</h3>").format(body)
    if kinds & {Kind.CAPTION, Kind.VIDEO}:
        return Html('<p class="caption">{}</p>').format(body)
    return Html("<p>{}</p>").format(body)


def _clipping(found: Evidence, number: int | None = None, speaker: str | None = None) -> Html:
    numbered = Html('<span class="number">[{}]</span> ').format(number) if number else Html()
    by = Html("{}, in: ").format(speaker) if speaker else Html()
    short = found.text if len(found.text) <= _SHORT_CHARS else f"{found.text[:_SHORT_CHARS]}…"
    read = opener(found, "Read in the article", label=f"Read in the article: {short}")
    days = reckoning(found)
    ours = Html('<p class="ours">{}</p>').format(days) if days else Html()
    return Html('<li><p>{}{}</p>{}<p class="origin">{}{} {}</p></li>').format(
        numbered, found.text, ours, by, origin(found), read
    )


def _panel(heading: str, body: Html) -> Html:
    return Html(
        '<section class="sheet" tabindex="0" aria-label="{0}"><h2>{0}</h2>{1}</section>'
    ).format(heading, body)
