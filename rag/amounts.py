"""What a number in figures or words is worth, and a measure in its base unit.

Read by what compares articles (`rag.judge.values`) and by what checks drafts (`rag.check`).
"""

from __future__ import annotations

import re

from rag.english import NUMBER_WORDS
from rag.english_values import FRACTIONS, MAGNITUDES, MEASURES, UNITS

__all__ = ["COUNT_WORDS", "EXACT", "fraction_of", "measure_of", "rounded", "worth_of"]

EXACT = 15
"""Figures that are meant of a number in words: all."""

COUNT_WORDS = {w: float(n) for w, n in NUMBER_WORDS.items() if n.isdigit() and w not in MAGNITUDES}
"""Cardinals below a hundred."""


def worth_of(written: str) -> tuple[float, int] | None:
    """A number ("4.2 million", "two dozen", "half a million"), and how many of its figures are
    meant; None for no number."""
    total = part = 0.0
    digits, size, is_half, seen = 0, 1.0, False, False
    for word in re.split(r"[\s-]+", written.lower()):
        if word[:1].isdigit():
            try:
                part += float(word.replace(",", ""))
            except ValueError:
                return None
            digits, seen = _digits(word.replace(",", "")), True
        elif word == "half":
            part, is_half, seen = part + 0.5, True, True
        elif word in COUNT_WORDS:
            part, seen = part + COUNT_WORDS[word], True
        elif word in MAGNITUDES:
            size, seen = MAGNITUDES[word], True
            part = (part or 1.0) * size
            if size >= 1e3:
                total, part = total + part, 0.0
    if not seen:
        return None
    if digits and size == 1 and "." not in written:
        shown = written.replace(",", "").lstrip("0")
        bare = len(shown.rstrip("0"))
        # 4,200,000 and 50,000 are round; 40 and 1,200 may be counted.
        digits = bare if len(shown) - bare >= 3 else len(shown)
    return total + part, max(1, digits) if digits else 2 if is_half else EXACT


def fraction_of(written: str) -> tuple[float, int] | None:
    """ "A quarter", "two thirds" of something in percent, and how many figures are meant."""
    words = re.split(r"[\s-]+", written.lower())
    part = FRACTIONS.get(words[-1].removesuffix("s"))
    if part is None:
        return None
    times = COUNT_WORDS.get(words[0], 1.0) if len(words) > 1 else 1.0
    return 100 * times * part, 1 if part in (1 / 2, 1 / 3) else 2


def measure_of(unit: str) -> tuple[str, float]:
    """A unit's name as the base one of its kind, and how many of those it is."""
    name = UNITS.get(unit.lower(), unit.lower())
    return MEASURES.get(name, (name, 1.0))


def rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits - 1}e}")


def _digits(figures: str) -> int:
    return len(figures.replace(".", "").lstrip("0"))
