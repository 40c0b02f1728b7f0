"""The side panel: the evidence of a question, or one article with a sentence lit up."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from index.document import Kind, Sentence
from ui.chat.html import escape, opens, origin
from ui.chat.library import Article
from ui.chat.memory import Quote, Turn

__all__ = ["article", "empty", "evidence", "evidence_of", "gone", "unread"]

_SHOWN = 6
_SHORT_CHARS = 60


def empty() -> str:
    """Before the first question."""
    return _panel(
        "Evidence",
        '<p class="quiet">The sentences that an answer rests on appear here, before its first '
        "word. Press one to read it in its article.</p>",
    )


def evidence(quotes: Sequence[Quote], note: str = "") -> str:
    """The sentences found for a question, best first."""
    if not quotes:
        return _panel("Evidence", '<p class="quiet">No sentence was found.</p>')
    shown = "".join(_clipping(quote) for quote in quotes[:_SHOWN])
    intro = f'<p class="quiet">{escape(note)}</p>' if note else ""
    return _panel("Evidence", f'{intro}<ol class="clippings">{shown}</ol>')


def evidence_of(turn: Turn, found: Sequence[Quote] = ()) -> str:
    """The panel beside a finished turn: what is cited first, then what was read beside it."""
    if turn.outcome == "answered":
        cited = "".join(_clipping(quote) for quote in turn.citations)
        spans = {(q.document_id, q.start) for q in turn.citations}
        rest = [q for q in (found or turn.nearest) if (q.document_id, q.start) not in spans]
        body = f'<ol class="clippings">{cited}</ol>'
        if rest:
            others = "".join(_clipping(quote) for quote in rest[: max(2, _SHOWN - len(spans))])
            body += f'<h3>Also read</h3><ol class="clippings faint">{others}</ol>'
        return _panel("Evidence", body)
    return evidence(found or turn.nearest, "No answer rests on these; they came nearest.")


def unread() -> str:
    """The Documents tab's panel before an article is chosen."""
    return _panel("Article", '<p class="quiet">Press a title to read the whole article here.</p>')


def gone() -> str:
    """Instead of an article that has been removed since."""
    return _panel(
        "Article",
        '<button type="button" class="plain" data-do="close">Back to the evidence</button>'
        '<p class="quiet">This article is no longer in the library.</p>',
    )


def article(document: Article, start: int | None, end: int | None, *, closable: bool = True) -> str:
    """A whole article: headings and captions kept, the sentence at start:end highlighted."""
    paragraphs = []
    for _, group in itertools.groupby(document.sentences, key=lambda s: s.paragraph):
        paragraphs.append(_paragraph(list(group), start, end))
    date = (
        f'<time datetime="{escape(document.date)}">{escape(document.date)}</time>'
        if (document.date)
        else "<span>undated</span>"
    )
    close = (
        '<button type="button" class="plain" data-do="close">'
        "Back to the evidence <kbd>Esc</kbd></button>"
        if closable
        else ""
    )
    return (
        f'<section class="sheet article" tabindex="0" aria-label="Article" data-article>{close}'
        f'<h2 class="headline">{escape(document.title)}</h2>'
        f'<p class="dateline">{date} · <span>{escape(document.place)}</span></p>'
        f'<div class="columns">{"".join(paragraphs)}</div></section>'
    )


def _paragraph(sentences: Sequence[Sentence], start: int | None, end: int | None) -> str:
    kinds = {s.kind for s in sentences}
    parts = []
    for sentence in sentences:
        text = escape(sentence.text)
        if sentence.kind is Kind.HEADING:
            text = escape(sentence.text.lstrip("# "))
        if sentence.start == start and sentence.end == end:
            text = f'<mark class="cited" tabindex="-1">{text}</mark>'
        if sentence.kind is Kind.CREDIT:
            text = f"<small>{text}</small>"
        parts.append(text)
    body = " ".join(parts)
    if kinds == {Kind.HEADING}:
        return f"<h3>{body}</h3>"
    if kinds & {Kind.CAPTION, Kind.VIDEO}:
        return f'<p class="caption">{body}</p>'
    return f"<p>{body}</p>"


def _clipping(quote: Quote) -> str:
    number = f'<span class="number">[{quote.marker}]</span> ' if quote.marker else ""
    short = quote.text if len(quote.text) <= _SHORT_CHARS else f"{quote.text[:_SHORT_CHARS]}…"
    return (
        f"<li><p>{number}{escape(quote.text)}</p>"
        f'<p class="origin">{escape(origin(quote))} '
        f'<button type="button" class="plain" {opens(quote)} '
        f'aria-label="{escape(f"Read in the article: {short}")}">Read in the article</button>'
        "</p></li>"
    )


def _panel(heading: str, body: str) -> str:
    return (
        f'<section class="sheet" tabindex="0" aria-label="{heading}">'
        f"<h2>{heading}</h2>{body}</section>"
    )
