"""What a number of a statement is of: 15 minutes are not 15 periods, nor 40 nurses 40 percent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.tokens import stem
from rag.english_values import MAGNITUDES, UNITS
from rag.judge.claims import canonical_number, number_words

__all__ = ["other_unit"]

_MEASURES = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<coin>[$€£¥])?(?<![\w.,])(?P<number>\d[\d,]*(?:\.\d+)?|(?:{'|'.join(number_words())})\b)"
    rf"(?![\d:])(?:[\s-]+(?:{'|'.join(MAGNITUDES)})\b)?"
    rf"(?:\s*-?\s*(?P<unit>{_MEASURES})(?!\w)"
    r"|\s+(?P<counted>(?:[^\W\d_]+\s+)?(?:[^\W\d_]*[^\W\d_s]s|people|men|women|children)\b))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Amount:
    number: str
    """Canonical."""
    measure: str | None
    """What it is of, by `UNITS`' one name; None where no unit follows or precedes it."""
    counted: str | None
    """What it counts, as written; None where that is not clear."""
    written: str


def other_unit(statement: str, cited: Sequence[str]) -> str | None:
    """What disagrees, for the reader, where a number is of one thing here and of another there.

    Only where each of the cited sentences' mentions of it has another unit, or counts where the
    statement measures, or measures where it counts; a number with neither may be anything.
    """
    there = [amount for text in cited for amount in _amounts(text)]
    stems = {stem(word) for word in re.findall(r"[^\W\d_]+", statement.lower())}
    for said in _amounts(statement):
        held = [amount for amount in there if amount.number == said.number]
        if _is_one_of(said) and not any(_speaks_of(text, said) for text in cited):
            # "Wet the new one with water" has a one, and no year.
            return f"the cited sentence does not say “{said.written}”"
        if held and all(_differ(said, amount, stems) for amount in held):
            return f"the cited sentence says “{held[0].written}”, not “{said.written}”"
    return None


def _is_one_of(said: _Amount) -> bool:
    """Whether it is one of something measured, in words: "one year"."""
    return said.number == "1" and said.measure is not None and said.written[:1].isalpha()


def _speaks_of(text: str, said: _Amount) -> bool:
    words = {stem(word) for word in re.findall(r"[^\W\d_]+", text.lower())}
    return stem(said.measure or "") in words or any(
        a.measure == said.measure for a in _amounts(text)
    )


def _differ(said: _Amount, held: _Amount, stems: set[str]) -> bool:
    if said.measure and held.measure:
        return said.measure != held.measure
    if said.measure:
        return held.counted is not None
    # "15-minute periods" are still minutes.
    return bool(said.counted and held.measure and stem(held.measure) not in stems)


def _amounts(text: str) -> Iterator[_Amount]:
    for match in _NUMBER.finditer(text):
        number = canonical_number(match["number"].lower().rstrip("."))
        if number is None:
            continue
        unit = match["unit"].lower() if match["unit"] else match["coin"]
        written = match.group().strip()
        yield _Amount(number, UNITS.get(unit, unit) if unit else None, match["counted"], written)
