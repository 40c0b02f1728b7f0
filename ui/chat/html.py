"""Answer -> HTML and Markdown: the one place that knows how to escape for either."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from index.visible import plain
from rag.answer import Answer, Citation, Evidence
from ui.chat.memory import Turn
from ui.cite import footnote, in_markdown
from ui.terminal import not_said

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
    """The answer as HTML: each supported statement with its markers.

    Where articles disagree, the first becomes a list of what they say.
    """
    parts = []
    for number, statement in enumerate(answer.statements):
        if statement.supported and not (answer.disagreement and number == 0):
            cited = [c for c in answer.citations if c.marker in statement.citations]
            markers = Html().join(marker(citation) for citation in cited)
            text = _emphasised(statement.text, answer.marked)
            parts.append(Html('<span class="supported">{}{}</span>').format(text, markers))
    missing = Html().join(
        Html('<p class="missing">{}</p>').format(not_said(part)) for part in answer.missing
    )
    said = Html("<p>{}</p>").format(Html(" ").join(parts)) if parts else Html()
    return _sides(answer) + said + missing + _correction(answer)


def _emphasised(text: str, words: str | None) -> Html:
    """A quotation with the words that answer standing out."""
    shown, standing_out = plain(text), plain(words or "")
    before, found, after = shown.partition(standing_out) if standing_out else (shown, "", "")
    strong = Html("<strong>{}</strong>").format(verbatim(found)) if found else Html()
    return Html("{}{}{}").format(verbatim(before), strong, verbatim(after))


def _sides(answer: Answer) -> Html:
    """What articles that disagree say, newest first; nothing where they do not."""
    if not answer.disagreement:
        return Html()
    cited = {c.marker: c for c in answer.citations}
    items = Html().join(
        Html('<li><strong>{}</strong> <span class="origin">{}</span>{}</li>').format(
            side.value,
            origin(cited[side.citations[0]].evidence),
            Html().join(marker(cited[number]) for number in side.citations),
        )
        for side in answer.disagreement
    )
    return Html('<p class="disagree">The articles disagree.</p><ul class="sides">{}</ul>').format(
        items
    )


def _correction(answer: Answer) -> Html:
    """What an article puts right in another; nothing where none does."""
    if answer.correction is None:
        return Html()
    markers = [c for c in answer.citations if c.marker in answer.correction.citations]
    return Html('<p class="corrected">{}{}</p>').format(
        answer.correction.in_words(), Html().join(marker(c) for c in markers)
    )


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
    lines = [f"**{in_markdown(turn.question)}**", ""]
    if turn.answer is None or turn.answer.abstained:
        lines.append(f"*No answer. {in_markdown(turn.reason)}*")
        return "\n".join(lines)
    for statement in turn.answer.statements:
        if statement.supported:
            markers = "".join(f"[^{number}]" for number in statement.citations)
            lines.append(f"{in_markdown(statement.text)}{markers}")
    lines += [in_markdown(not_said(part)) for part in turn.answer.missing]
    lines.append("")
    lines += [footnote(citation) for citation in turn.answer.citations]
    return "\n".join(lines)
