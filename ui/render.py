"""Answer -> terminal text, Markdown, HTML: the only place that escapes."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Sequence

from rag.answer import Answer, Citation, Evidence, Statement, Verdict

__all__ = ["marked_text", "plain", "to_html", "to_markdown", "to_terminal"]

_WIDTH = 96
# C0 and C1 controls (an escape sequence could rewrite the terminal), direction overrides and
# other signs that nobody sees.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
    r"|[\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&:$@])")


def plain(text: str) -> str:
    """Text without control codes and invisible signs, on one line."""
    return " ".join(_UNSEEN.sub("", text).split())


def marked_text(statements: Sequence[Statement]) -> str:
    """The supported statements, each followed by its markers: "… regret. [1]"."""
    parts = []
    for statement in statements:
        if statement.verdict is Verdict.SUPPORTED:
            markers = "".join(f"[{marker}]" for marker in statement.citations)
            parts.append(f"{plain(statement.text)} {markers}".strip())
    return " ".join(parts)


def to_terminal(answer: Answer) -> str:
    """What `pressmark ask` prints: the answer with markers, then each cited sentence."""
    lines: list[str] = []
    if answer.condensed_question != answer.question:
        lines += [f"Understood as: {plain(answer.condensed_question)}", ""]
    if answer.abstained:
        lines += _wrap(f"No answer. {answer.reason}")
        if answer.nearest:
            lines += ["", "The nearest sentences:"]
            for evidence in answer.nearest:
                lines += _wrap(f"- {plain(evidence.text)}", "  ")
                lines += _wrap(f"  {_origin(evidence)}", "  ")
        return "\n".join(lines)
    lines += _wrap(marked_text(answer.statements))
    lines.append("")
    for citation in answer.citations:
        lines += _wrap(f"[{citation.marker}] {plain(citation.evidence.text)}", "    ")
        lines += _wrap(f"    {_origin(citation.evidence)}", "    ")
    return "\n".join(lines)


def to_markdown(answer: Answer) -> str:
    """The answer with its citations as a Markdown passage to paste elsewhere."""
    lines = [f"**{_markdown(answer.question)}**", ""]
    if answer.abstained:
        lines.append(f"*No answer. {_markdown(answer.reason or '')}*")
        return "\n".join(lines)
    for statement in answer.statements:
        if statement.verdict is Verdict.SUPPORTED:
            markers = "".join(f"[^{marker}]" for marker in statement.citations)
            lines.append(f"{_markdown(statement.text)}{markers}")
    lines.append("")
    for citation in answer.citations:
        lines.append(
            f"[^{citation.marker}]: “{_markdown(citation.evidence.text)}” "
            f"{_markdown(_origin(citation.evidence))}"
        )
    return "\n".join(lines)


def to_html(answer: Answer) -> str:
    """The answer as an HTML fragment; every text in it is escaped."""
    if answer.abstained:
        return f'<p class="abstained">{_html(answer.reason or "")}</p>'
    parts = []
    for statement in answer.statements:
        links = "".join(
            f'<a class="marker" href="#c{marker}">[{marker}]</a>' for marker in statement.citations
        )
        parts.append(
            f'<span class="{statement.verdict.value}">{_html(statement.text)}</span>{links}'
        )
    cited = "".join(_citation_html(citation) for citation in answer.citations)
    return f"<p>{' '.join(parts)}</p><ol>{cited}</ol>"


def _citation_html(citation: Citation) -> str:
    evidence = citation.evidence
    return (
        f'<li id="c{citation.marker}"><q>{_html(evidence.text)}</q> '
        f"<cite>{_html(_origin(evidence))}</cite></li>"
    )


def _origin(evidence: Evidence) -> str:
    """Title, date and file of a sentence."""
    parts = [plain(evidence.title), evidence.date or "", plain(evidence.document)]
    return " · ".join(part for part in parts if part)


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False) or [""]


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", plain(text))


def _html(text: str) -> str:
    return html.escape(plain(text), quote=True)
