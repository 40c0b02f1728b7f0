"""What a few words give as an answer: a number, a date, a name; and whether two say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from rag.amounts import COUNT_WORDS, fraction_of, measure_of, rounded, worth_of
from rag.english import ABOUT, AT_LEAST, AT_MOST, MONTH_NAMES, WEEKDAYS
from rag.english_values import COUNTRIES, FRACTIONS, MAGNITUDES, TITLES, UNITS
from rag.judge.claims import Word, analyse, is_same_name

__all__ = ["Sort", "Value", "agree", "mentions", "sorts_of", "value_of"]


class Sort(StrEnum):
    """What can be compared."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is written, with what is compared of it."""

    sort: Sort
    text: str
    number: float | None = None
    digits: int = 0
    """Of a number: how many of its figures are meant; 4.2 million has two."""
    bound: str = ""
    """What stands before a number: "about", "least" ("more than") or "most" ("up to")."""
    unit: str | None = None
    """The base one of its kind, in which `number` is told: hours are seconds."""
    factor: float = 1.0
    """How many of those its own unit is."""
    counts: bool = False
    """Whether it is so many things: "9,000 vehicles"."""
    date: tuple[int | None, int | None, int | None] = (None, None, None)
    """Year, month and day, as far as they are given."""
    names: tuple[Word, ...] = ()


_MONTHS = {
    name[:n]: i
    for i, name in enumerate(
        """january february march april may june july august september october november
        december""".split(),
        start=1,
    )
    for n in (3, 4, len(name))
}
_MONTH = rf"(?P<month>(?:{'|'.join(sorted(MONTH_NAMES))})|(?:{'|'.join(_MONTHS)})\.?)"
_YEAR = r"(?P<year>1\d{3}|20\d\d)"
_DATES = tuple(
    re.compile(rf"\b{pattern}\b", re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?",
        rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+{_YEAR})?",
        rf"{_MONTH},?\s+(?:of\s+)?{_YEAR}",
        _YEAR,
    )
)
_ROOM = {"about": (0.9, 1.1), "least": (1.0, 1.25), "most": (0.8, 1.0)}
"""Between which multiples of itself a number may lie that is so bounded."""
_BOUNDS = {
    name: re.compile(
        rf"\b(?:{'|'.join(p.strip() for p in phrases.split('|'))})\s+[$€£¥]?\Z", re.IGNORECASE
    )
    for name, phrases in (("least", AT_LEAST), ("most", AT_MOST), ("about", ABOUT))
}
_SIZES = "|".join(sorted(MAGNITUDES, key=len, reverse=True))
_COUNTS = "|".join([*sorted(COUNT_WORDS, key=len, reverse=True), "hundred"])
_PARTS = "|".join(f"{part}s?" for part in FRACTIONS)
_NUMBER = re.compile(
    rf"(?P<coin>[$€£¥])?(?P<figures>\d+(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d:])"
    rf"(?:\s*(?P<size>{_SIZES})\b)?"
    rf"|\b(?P<part>(?:(?:an?|{_COUNTS})[\s-])?(?:{_PARTS}))"
    rf"(?=\s+(?:of|the|its|their|his|her|all)\b)"
    rf"|\b(?P<words>(?:half an?\s+(?:{_SIZES})|an?(?=\s+\w+ and a half\b)|an?\s+(?:{_SIZES})"
    rf"|{_COUNTS})"
    rf"(?:(?:[\s-]+|\s+and\s+)(?:an? half|{_COUNTS}|{_SIZES}))*)\b",
    re.IGNORECASE,
)
_AND_A_HALF = re.compile(r"\s+and a half\b", re.IGNORECASE)
_CONVERTED = 0.02
"""How far two numbers may lie apart that were measured in different units."""
_UNIT = re.compile(rf"\s*-?\s*(?P<unit>{'|'.join(map(re.escape, UNITS))})(?!\w)", re.IGNORECASE)


_THINGS = re.compile(
    r"\s+(?:(?!(?:of|in|on|for|to|at|from|by|and|or)\b)[^\W\d_]+\s+){0,2}?"
    r"(?:[^\W\d_]*[^\W\d_s]s|people|men|women|children)\b",
    re.IGNORECASE,
)
"""What a number counts: "four parked cars"."""


def value_of(span: str, sentence: str, sorts: tuple[Sort, ...]) -> Value | None:
    """What `span`, words of `sentence`, gives: the first of `sorts` that it can be read as."""
    for sort in sorts:
        found = _READERS[sort](span.strip(), sentence)
        if found is not None:
            return found
    return None


def agree(one: Value, other: Value) -> bool | None:
    """Whether two values are the same; None where that cannot be told."""
    if one.sort != other.sort:
        return None
    if one.sort is Sort.NUMBER:
        return _same_number(one, other)
    if one.sort is Sort.DATE:
        pairs = [(a, b) for a, b in zip(one.date, other.date, strict=True) if a and b]
        return all(a == b for a, b in pairs) if pairs else None
    # "Solberg" is Ingrid Solberg; Emma Thompson is not Emma Watson.
    mine, theirs = one.names, other.names
    if (mine[-1].lower in COUNTRIES) is not (theirs[-1].lower in COUNTRIES):
        # Antwerp may lie in Belgium.
        return None
    return is_same_name(mine[-1], theirs) or is_same_name(theirs[-1], mine)


def mentions(text: str, value: Value) -> tuple[int, int] | None:
    """Where in a text a value is given, in characters; None where it is not."""
    if value.sort is Sort.NAME:
        words = analyse(f"; {text}").words
        # "Krog" is Mette Krog.
        if not is_same_name(value.names[-1], words):
            return None
        at = text.find(value.names[-1].text)
        return (at, at + len(value.names[-1].text)) if at >= 0 else (0, 0)
    for match in _found(text, value.sort):
        other = _number(match, text) if value.sort is Sort.NUMBER else _dated(match)
        if agree(value, other) and (value.date[2] is None) == (other.date[2] is None):
            return match.span()
    return None


def _found(text: str, sort: Sort) -> Iterator[re.Match[str]]:
    for pattern in (_NUMBER,) if sort is Sort.NUMBER else _DATES[:-1]:
        yield from pattern.finditer(text)


def _read_number(span: str, sentence: str) -> Value | None:
    at = max(0, sentence.find(span))
    for match in _NUMBER.finditer(sentence, at, at + len(span) + 12):
        if match.start() < at + len(span):
            return _number(match, sentence)
    return None


def _number(match: re.Match[str], sentence: str) -> Value:
    read = fraction_of if match["part"] else worth_of
    # "An hour and a half" begins with no number.
    number, digits = read(match.group().strip("$€£¥ ")) or (1.0, 2)
    after = _UNIT.match(sentence, match.end())
    unit = match["coin"] or ("%" if match["part"] else after["unit"] if after else None)
    end = after.end() if after else match.end()
    if half := _AND_A_HALF.match(sentence, end):
        number, end = number + 0.5, half.end()
    base, factor = measure_of(unit) if unit else (None, 1.0)
    return Value(
        Sort.NUMBER,
        sentence[match.start() : end],
        number=number * factor,
        digits=digits,
        bound=next((b for b, p in _BOUNDS.items() if p.search(sentence[: match.start()])), ""),
        unit=base,
        factor=factor,
        counts=unit is None and _THINGS.match(sentence, end) is not None,
    )


def _same_number(one: Value, other: Value) -> bool | None:
    if one.unit and other.unit and one.unit != other.unit:
        return None
    if (one.unit and other.counts) or (other.unit and one.counts):
        # 3.4 million crowns and 9,000 vehicles are answers to two questions.
        return None
    assert one.number is not None
    assert other.number is not None
    if not (one.unit and other.unit):
        # "A 58-year-old", "its driver, 58": as they are written.
        one = replace(one, number=one.number / one.factor, factor=1.0)
        other = replace(other, number=other.number / other.factor, factor=1.0)
    if one.number == other.number:
        return True
    rough, exact = sorted((one, other), key=lambda v: v.digits)
    assert rough.number is not None
    assert exact.number is not None
    # In the unit of the rougher: 366 metres are 1,200 feet.
    told = rounded(exact.number / rough.factor, rough.digits)
    if rough.digits < exact.digits and told == rounded(rough.number / rough.factor, rough.digits):
        return True
    mine, theirs = one.number or 0.0, other.number or 0.0
    if one.factor != other.factor and abs(mine - theirs) <= _CONVERTED * max(mine, theirs):
        return True
    return _within(one, theirs) or _within(other, mine)


def _within(bounded: Value, number: float) -> bool:
    """Whether a number is what "about 300", "at least 300" or "nearly 300" may stand for."""
    assert bounded.number is not None
    lowest, highest = _ROOM.get(bounded.bound, (1.0, 1.0))
    return lowest * bounded.number <= number <= highest * bounded.number


def _read_date(span: str, sentence: str) -> Value | None:
    at = max(0, sentence.find(span))
    near = sentence[max(0, at - 12) : at + len(span) + 12]
    for pattern in _DATES:
        # In full where the span has only a part of it: "August 12" of "August 12, 2022".
        for match in pattern.finditer(near):
            if match.group().strip() not in span and span not in match.group():
                continue
            return _dated(match)
    return None


def _dated(match: re.Match[str]) -> Value:
    given = match.groupdict()
    month = given.get("month") or ""
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower().strip("."))
    day, year = given.get("day"), given.get("year")
    date = (int(year) if year else None, number, int(day) if day else None)
    return Value(Sort.DATE, match.group().strip(), date=date)


def _read_name(span: str, sentence: str) -> Value | None:  # noqa: ARG001
    passed = MONTH_NAMES | WEEKDAYS | TITLES
    names: list[Word] = []
    words = analyse(f"; {span}").words
    if ":" in span or any(word.is_past and not word.capitalised for word in words):
        # "Eva Strand, found three causes: …" says what she did, and is no name.
        return None
    for word in words:
        if word.capitalised and word.lower not in passed:
            names.append(word)
        elif len(names) > 1 and word.lower == "of":
            # "Ina Holt of Leiden"; but "Bank of England".
            break
    return Value(Sort.NAME, span, names=tuple(names)) if names else None


_READERS = {Sort.NUMBER: _read_number, Sort.DATE: _read_date, Sort.NAME: _read_name}


def sorts_of(question: str) -> tuple[Sort, ...]:
    """What a question can be answered with, most likely first."""
    lower = question.lower()
    if re.search(r"\b(how (many|much|old|long|far|big|large|tall|high|deep|wide|heavy)|what "
                 r"(share|percentage|proportion|number|price)|by how)\b", lower):  # fmt: skip
        return (Sort.NUMBER,)
    if re.search(r"\b(when|(what|which) (day|date|year|month))\b", lower):
        return (Sort.DATE,)
    if re.search(r"\b(who|whom|whose|where)\b", lower):
        return (Sort.NAME,)
    return (Sort.DATE, Sort.NUMBER, Sort.NAME)
