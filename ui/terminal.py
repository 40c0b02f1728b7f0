"""What speaks to a terminal: lines on standard error, names made harmless, a whole answer."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

from index.visible import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.answer import Answer, Evidence, Statement

__all__ = ["marked_text", "not_said", "place_of", "printable", "reckoning", "say", "to_terminal"]

_WIDTH = 96


def say(text: str) -> None:
    """One line on standard error."""
    print(f"pressmark: {text}", file=sys.stderr)


def printable(text: str) -> str:
    """A file name that cannot rewrite the terminal: newlines and overrides are spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def to_terminal(answer: Answer) -> str:
    """What `pressmark ask` prints: the answer with markers, then each cited sentence."""
    lines: list[str] = []
    if answer.condensed_question != answer.question:
        lines += [f"Understood as: {plain(answer.condensed_question)}", ""]
    if answer.own_time is not None:
        undo = "; --any-time takes this off" if answer.own_time.applied else ""
        lines += [*_wrap(f"{plain(answer.own_time.label)}{undo}"), ""]
    if answer.abstained:
        lines += _wrap(answer.reason or "" if answer.is_courtesy else f"No answer. {answer.reason}")
        if answer.nearest:
            lines += ["", "The nearest sentences:"]
            for evidence in answer.nearest:
                lines += _wrap(f"- {plain(evidence.text)}", "  ")
                lines += _wrap(f"  {place_of(evidence)}", "  ")
        return "\n".join(lines)
    lines += _answer_lines(answer)
    for part in answer.missing:
        lines += _wrap(not_said(plain(part)))
    lines.append("")
    for citation in answer.citations:
        lines += _wrap(f"[{citation.marker}] {plain(citation.evidence.text)}", "    ")
        by = f"{plain(citation.speaker)}, in: " if citation.speaker else ""
        lines += _wrap(f"    {by}{place_of(citation.evidence)}", "    ")
        if days := reckoning(citation.evidence):
            lines += _wrap(f"    {plain(days)}", "    ")
    return "\n".join(lines)


def not_said(part: str) -> str:
    """That nothing answers one of the questions that were asked together."""
    return f"The articles do not say: {part}?"


def _answer_lines(answer: Answer) -> list[str]:
    """The answer; of articles that disagree each value in a line of its own, newest first."""
    if not answer.disagreement:
        lines = _wrap(marked_text(answer.statements))
    else:
        cited = {c.marker: c.evidence for c in answer.citations}
        lines = ["The articles disagree:"]
        for side in answer.disagreement:
            markers = "".join(f"[{marker}]" for marker in side.citations)
            first = cited[side.citations[0]]
            parts = [plain(side.value), plain(first.title), first.date or "undated"]
            lines += _wrap(f"- {' · '.join(parts)} {markers}", "  ")
        rest = marked_text([s for s in answer.statements if s.supported][1:])
        lines += _wrap(rest) if rest else []
    if answer.correction is not None:
        markers = "".join(f"[{marker}]" for marker in answer.correction.citations)
        lines += _wrap(f"{plain(answer.correction.in_words())} {markers}")
    return lines


def marked_text(statements: Sequence[Statement]) -> str:
    """The supported statements, each followed by its markers: "… regret. [1]"."""
    parts = []
    for statement in statements:
        if statement.supported:
            markers = "".join(f"[{marker}]" for marker in statement.citations)
            parts.append(f"{plain(statement.text)} {markers}".strip())
    return " ".join(parts)


def reckoning(evidence: Evidence) -> str:
    """What we make of a sentence's "on Thursday", marked as ours; nothing where it says none."""
    days = ", ".join(f"“{r.text}” is {r.iso.replace('/', ' to ')}" for r in evidence.reckoned)
    return f"{days} (counted by Pressmark from the article's date)" if days else ""


def place_of(evidence: Evidence) -> str:
    """Title, date, file and page of a sentence."""
    page = f"page {evidence.page}" if evidence.page else ""
    parts = [plain(evidence.title), evidence.date or "", plain(evidence.document), page]
    return " · ".join(part for part in parts if part)


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False) or [""]
