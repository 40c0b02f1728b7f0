"""Answer -> Markdown, HTML: the only place that escapes."""

from __future__ import annotations

import html
import re

from index.visible import plain
from ui.chat.memory import Quote, Turn

__all__ = [
    "escape",
    "marker_html",
    "opens",
    "origin",
    "to_html",
    "to_markdown",
    "verbatim",
]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&:$@])")


def to_markdown(turn: Turn) -> str:
    """A question and its answer with the cited sentences, as Markdown to paste elsewhere."""
    lines = [f"**{_markdown(turn.question)}**", ""]
    if turn.outcome != "answered":
        lines.append(f"*No answer. {_markdown(turn.reason or '')}*")
        return "\n".join(lines)
    for statement in turn.statements:
        if statement.supported:
            markers = "".join(f"[^{marker}]" for marker in statement.citations)
            lines.append(f"{_markdown(statement.text)}{markers}")
    lines.append("")
    for quote in turn.citations:
        lines.append(
            f"[^{quote.marker}]: “{_markdown(quote.text)}” {_markdown(origin(quote))}"
            f" · {_markdown(quote.document)}"
        )
    return "\n".join(lines)


def to_html(turn: Turn) -> str:
    """The answer as HTML: statements with their markers, the unsupported ones struck out."""
    parts = []
    for statement in turn.statements:
        text = escape(statement.text)
        if statement.supported:
            quotes = [q for q in turn.citations if q.marker in statement.citations]
            markers = "".join(marker_html(quote) for quote in quotes)
            parts.append(f'<span class="supported">{text}{markers}</span>')
        else:
            why = escape(statement.problem or "no sentence of the documents says this")
            parts.append(
                f'<span class="unsupported"><s>{text}</s> <small>Left out: {why}.</small></span>'
            )
    return f"<p>{' '.join(parts)}</p>"


def marker_html(quote: Quote) -> str:
    """The button `[1]`: hovering over it shows the sentence, pressing it opens the article."""
    label = escape(f"Citation {quote.marker}: {quote.text} {origin(quote)}")
    return (
        f'<button type="button" class="marker" aria-label="{label}" {opens(quote)} '
        f'data-tip="{escape(quote.text)}" data-origin="{escape(origin(quote))}">'
        f"[{quote.marker}]</button>"
    )


def opens(quote: Quote) -> str:
    """The attributes of a button that opens the article at this sentence."""
    return (
        f'data-do="open" data-document="{escape(quote.document_id)}" '
        f'data-start="{quote.start}" data-end="{quote.end}"'
    )


def origin(quote: Quote) -> str:
    """Title and date of a sentence's document, and the page that the sentence stands on."""
    parts = [plain(quote.title), quote.date or "", _page(quote.page)]
    return " · ".join(part for part in parts if part)


def escape(text: str) -> str:
    """Text for HTML, attributes included.

    Braces and dollars too: Gradio's HTML component fills in `${…}` and `{{…}}`.
    """
    return verbatim(plain(text))


def verbatim(text: str) -> str:
    """Text for an attribute that a script reads, kept to the letter."""
    escaped = html.escape(text, quote=True)
    return re.sub(r"[{}$`\n]", lambda m: f"&#{ord(m.group())};", escaped)


def _page(page: int | None) -> str:
    return f"page {page}" if page else ""


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", plain(text))
