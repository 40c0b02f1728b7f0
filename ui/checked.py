"""A checked draft for a terminal, in colours or without, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.visible import plain
from rag.check.outcome import Ruling, count_outcomes
from ui.terminal import place_of

if TYPE_CHECKING:
    from rag.check.outcome import Checked

__all__ = ["SIGNS", "checked_json", "sentence_lines", "summary_line"]

_WIDTH = 96
SIGNS = {
    Ruling.SUPPORTED: "✓",
    Ruling.CONTRADICTED: "✗",
    Ruling.PARTLY: "~",
    Ruling.NOT_FOUND: "?",
}
"""Beside the colour, for those who do not see it."""

_COLOURS = {
    Ruling.SUPPORTED: "32",
    Ruling.CONTRADICTED: "31",
    Ruling.PARTLY: "33",
    Ruling.NOT_FOUND: "35",
}
_GREY = "2"


def sentence_lines(checked: Checked, *, coloured: bool) -> list[str]:
    """One sentence with what the articles say of it."""
    text = plain(checked.sentence.text)
    if checked.outcome is None:
        return [_painted(line, _GREY, coloured) for line in _wrapped(f"  {text}", "  ")]
    colour = _COLOURS[checked.outcome]
    first, *rest = _wrapped(f"{SIGNS[checked.outcome]} {text}", "  ")
    lines = [_painted(line, colour, coloured) for line in (first, *rest)]
    said = f"{checked.outcome.value}: {plain(checked.note)}" if checked.note else checked.outcome
    lines += [_painted(line, colour, coloured) for line in _wrapped(f"    {said}", "    ")]
    if checked.outcome is not Ruling.NOT_FOUND:
        for evidence in checked.evidence:
            lines += _wrapped(f"    “{plain(evidence.text)}”", "     ")
            by = f"{plain(checked.speaker)}, in: " if checked.speaker else ""
            where = f"      {by}{place_of(evidence)}"
            lines += [_painted(line, _GREY, coloured) for line in _wrapped(where, "      ")]
    return lines


def summary_line(checked: Sequence[Checked], seconds: float) -> str:
    """How many sentences came out each way, and that no model was asked."""
    counts = count_outcomes(checked)
    total = sum(counts.values())
    shares = ", ".join(f"{n} {outcome}" for outcome, n in counts.items())
    noun = "sentence" if total == 1 else "sentences"
    return f"{total} {noun} checked in {seconds:.1f} s without the language model: {shares}"


def checked_json(draft: str, checked: Sequence[Checked], seconds: float) -> dict[str, Any]:
    """The object of `check --json`; its field names are a contract."""
    return {
        "draft": draft,
        "counts": count_outcomes(checked),
        "sentences": [c.to_json() for c in checked],
        "model": None,
        "timings_ms": {"total": round(seconds * 1000, 1)},
    }


def _painted(text: str, colour: str, coloured: bool) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if coloured else text


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, drop_whitespace=True
    ) or [""]
