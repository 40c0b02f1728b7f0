"""Answer -> HTML and Markdown: the one place that knows how to escape for either."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from index.visible import plain
from rag.answer import Answer, Citation, Evidence
from ui.chat.memory import Turn

__all__ = [
    "Html",
    "button",
    "left_out",
    "marker",
    "opener",
    "origin",
    "to_html",
    "to_markdown",
    "verbatim",
]

_FILLED_IN = re.compile(r"[{}$`\n]")
"""Gradio's HTML component fills in `${…}` and `{{…}}`."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&:$@])")


class Html(Markup):
    """HTML of our own: whatever is put into it (`format`, `join`, `+`) is escaped as text.

    Only other Html goes in as it is. Control codes and invisible signs are taken out of text.
    """

    __slots__ = ()

    @classmethod
    def escape(cls, s: object, /) -> Html:
        """Text as HTML, in attributes too."""
        return cls(s) if isinstance(s, Markup) else verbatim(plain(str(s)))


def verbatim(text: str) -> Html:
    """Text for an attribute that a script reads, kept to the letter."""
    return Html(_FILLED_IN.sub(lambda m: f"&#{ord(m.group())};", str(escape(text))))


def to_html(answer: Answer) -> Html:
    """The answer as HTML: each supported statement with its markers."""
    parts = []
    for statement in answer.statements:
        if statement.supported:
            cited = [c for c in answer.citations if c.marker in statement.citations]
            markers = Html().join(marker(citation) for citation in cited)
            parts.append(
                Html('<span class="supported">{}{}</span>').format(statement.text, markers)
            )
    return Html("<p>{}</p>").format(Html(" ").join(parts))


def left_out(answer: Answer) -> Html:
    """What was drafted and did not hold, struck out and folded away; nothing if all held."""
    parts = [
        Html('<span class="unsupported"><s>{}</s> <small>Left out: {}.</small></span>').format(
            statement.text, statement.problem or "no sentence of the documents says this"
        )
        for statement in answer.statements
        if not statement.supported
    ]
    if not parts:
        return Html()
    return Html(
        "<details><summary>What was drafted and left out</summary><p>{}</p></details>"
    ).format(Html(" ").join(parts))


def marker(citation: Citation) -> Html:
    """The button `[1]`: hovering over it shows the sentence, pressing it opens the article."""
    cited = citation.evidence
    place = f"{citation.speaker}, in: {origin(cited)}" if citation.speaker else origin(cited)
    return opener(
        cited,
        f"[{citation.marker}]",
        label=f"Citation {citation.marker}: {cited.text} {place}",
        css="marker",
        tip=cited.text,
        origin=place,
    )


def opener(
    evidence: Evidence, text: str, /, *, label: str, css: str = "plain", **more: str
) -> Html:
    """A button that opens the article at a sentence."""
    place = {"document": evidence.document_id, "start": evidence.start, "end": evidence.end}
    return button(text, "open", css=css, label=label, **place, **more)


def button(
    text: str, does: str, /, *, css: str = "plain", label: str | None = None, **sent: object
) -> Html:
    """A button of which chat.js does `does`, with what is sent beside it (`data-…`)."""
    named = Html(' aria-label="{}"').format(label) if label is not None else Html()
    data = Html().join(Html(' data-{}="{}"').format(name, value) for name, value in sent.items())
    return Html('<button type="button" class="{}" data-do="{}"{}{}>{}</button>').format(
        css, does, named, data, text
    )


def origin(evidence: Evidence) -> str:
    """Title and date of a sentence's document, and the page that the sentence stands on."""
    page = f"page {evidence.page}" if evidence.page else ""
    parts = [plain(evidence.title), evidence.date or "", page]
    return " · ".join(part for part in parts if part)


def to_markdown(turn: Turn) -> str:
    """A question and its answer with the cited sentences, as Markdown to paste elsewhere."""
    lines = [f"**{_markdown(turn.question)}**", ""]
    if turn.answer is None or turn.answer.abstained:
        lines.append(f"*No answer. {_markdown(turn.reason)}*")
        return "\n".join(lines)
    for statement in turn.answer.statements:
        if statement.supported:
            markers = "".join(f"[^{number}]" for number in statement.citations)
            lines.append(f"{_markdown(statement.text)}{markers}")
    lines.append("")
    for citation in turn.answer.citations:
        cited = citation.evidence
        lines.append(
            f"[^{citation.marker}]: “{_markdown(cited.text)}” {_markdown(origin(cited))}"
            f" · {_markdown(cited.document)}"
        )
    return "\n".join(lines)


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", plain(text))
