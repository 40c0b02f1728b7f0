"""Dates in people's words -> days, months and years; `dateparser` knows the words.

A date is kept as ISO 8601 and no finer than it was said: "2020-03-05", "2020-03" or "2020".
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

__all__ = ["Mention", "Period", "find_mentions", "period_of", "read_date", "read_period"]

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
"""Of whole dates, in headers and on the command line; in running text, English alone."""

_MAX_CHARS = 100
_ISO = re.compile(r"(?<![\d-])(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?![\d-])", re.ASCII)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d|s\b)", re.ASCII)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)", re.ASCII)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY_OF_THE_WEEK = rf"(?:on |this )?{_WEEKDAY}(?: (?:morn|even)ing| afternoon| night)?"
_RELATIVE = (
    r"(?:today|tonight|yesterday|tomorrow|(?:last|this|next) (?:week|month|year|night)"
    r"|(?:\d+|an?|one|two|three|four|five|six) (?:day|week|month|year)s? ago)"
)
# Without one of these, what the library takes for a date is a number ("34 may", "nine-year").
_TELLING = re.compile(
    rf"{_YEAR.pattern}|\b{_WEEKDAY}\b|\b{_MONTH}(?= ?\d)|(?<=\d )\b{_MONTH}"
    rf"|(?i:\b(?:in|since|by|of|from|until|during|last|this|next|early|late|mid) )(?:{_MONTH})"
    rf"|\b(?i:{_RELATIVE})\b"
)
_EDGES = re.compile(
    r"\A(?:(?:on|in|at|by|of|from|since|until|till|to|the|and|between|during|for|as|a|after|before"
    r"|early|late|mid|that|dated|around|about)\b[\s-]*|[^\w]+)+|(?:\s+(?:and|of|the|in|on|at|to|a"
    r"|for|by|from|with|as|he|it|we|noon|midday|midnight))+\s*\Z|[^\w]+\Z",
    re.IGNORECASE,
)
_LOOSE = re.compile(r"\s\d{1,2}\Z", re.ASCII)
_AHEAD = re.compile(
    r"\b(?:will|shall|would|is to|are to|plan(?:s|ned)?|scheduled|due|expected|next|ahead of)\b"
    r"[^,;:.]*\Z",
    re.IGNORECASE,
)
_BEFORE_YEAR = re.compile(
    r"\b(?:in|since|of|by|until|till|from|during|between|and|to|before|after|year|early|late|mid)"
    r"[ -]+\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both of them in it, as YYYY-MM-DD."""

    first: str
    last: str

    @property
    def iso(self) -> str:
        """As ISO 8601 has it: a day, a month, a year; two days with a slash for others."""
        if self.first == self.last:
            return self.first
        year, month, _ = (int(part) for part in self.first.split("-"))
        for short in (f"{year:04}", f"{year:04}-{month:02}"):
            if period_of(short) == self:
                return short
        return f"{self.first}/{self.last}"

    @property
    def days(self) -> int:
        """How many days it has."""
        return (dt.date.fromisoformat(self.last) - dt.date.fromisoformat(self.first)).days + 1

    def meets(self, date: str | None) -> bool:
        """Whether a date as documents have it ("2020-03" too) may lie in it."""
        found = None if date is None else period_of(date)
        return found is not None and found.first <= self.last and found.last >= self.first


@dataclass(frozen=True, slots=True)
class Mention:
    """A date as a text says it, `text[start:end]`, and which days are meant."""

    start: int
    end: int
    text: str
    period: Period
    counted: bool
    """Whether it was counted from the article's own date ("on Thursday"), and so is our reading."""


def period_of(iso: str) -> Period | None:
    """The days of "2020-03-05", "2020-03" or "2020"; None if it is no such date."""
    match = _ISO.fullmatch(iso)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        first = dt.date(year, month or 1, day or 1)
        if day is not None:
            last = first
        elif month is not None:
            last = first.replace(day=calendar.monthrange(year, month)[1])
        else:
            last = dt.date(year, 12, 31)
    except ValueError:
        return None
    return Period(first.isoformat(), last.isoformat())


def read_date(text: str) -> str | None:
    """The date that a header's field states, as ISO 8601, as fine as it is said.

    Nothing is guessed: without a year, or where day and month may be either, there is none.
    """
    text = " ".join(text[:_MAX_CHARS].split())
    for match in _ISO.finditer(text):
        if match.group(2) and (found := period_of(match.group())):
            return found.iso
    if not _YEAR.search(text):
        return None
    if numeric := _NUMERIC.search(text):
        return _numeric(numeric)
    if text.isdigit():
        return text
    for part in (text, re.split(r"[|;(]", text)[0].strip(), _first_date(text)):
        # Of the date alone: a time of day would be taken to our own zone.
        found = _parsed(re.sub(r",?\s+\d{1,2}[:.]\d{2}\b.*", "", part), None) if part else None
        if found is not None:
            return found.iso
    return None


def read_period(text: str, now: str | None = None) -> Period | None:
    """What a reader means by a date: "2020-03", "March 2020", "5 April 2021", "last week".

    `now` (YYYY-MM-DD) is what the last is counted from; without it, and for what is no date, None.
    """
    text = " ".join(text[:_MAX_CHARS].split())
    if found := _numeric_period(text):
        return found
    if re.match(r"\d{4}-\d", text, re.ASCII) or _NUMERIC.fullmatch(text):
        # "2020-13" is meant as ISO, and no date; 03/04/2020 may be two.
        return None
    if not _YEAR.search(text) and (now is None or not _TELLING.search(text)):
        return None
    return _parsed(text, now)


@lru_cache(maxsize=2048)
def find_mentions(text: str, now: str | None) -> tuple[Mention, ...]:
    """The dates in an English sentence, in order, those without a year counted from `now`.

    `now` is the article's date (YYYY-MM-DD); without one, only dates with a year are found.
    """
    found: list[Mention] = []
    for start, end in _spans(text):
        words = text[start:end]
        has_year = _YEAR.search(words) is not None
        if not has_year and now is None:
            continue
        if words.isdigit() and not _BEFORE_YEAR.search(text[:start]):
            # "The 2016 deal" is not of this year.
            continue
        ahead = _AHEAD.search(text[:start]) is not None
        period = _numeric_period(words) or _parsed(words, now, ahead=ahead)
        if period is not None:
            found.append(Mention(start, end, words, period, counted=not has_year))
    return tuple(found)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the library finds a date that a telling word vouches for."""
    if not _TELLING.search(text):
        return
    from dateparser.search import search_dates

    at = 0
    try:
        dates = search_dates(text, languages=["en"], settings=_settings("past")) or ()
    except (OverflowError, ValueError):
        # Of a year that the calendar has not.
        return
    for words, _ in dates:
        if (start := text.find(words, at)) < 0:
            continue
        at = end = start + len(words)
        if all(t.end() <= start for t in _TELLING.finditer(text, max(0, start - 8), end)):
            continue
        if not _has_month(text[start:end]) and (number := _LOOSE.search(text[start:end])):
            end = start + number.start()  # "By Sunday 45,000 homes": of homes, not of years.
        while trimmed := _EDGES.search(text[start:end]):
            if trimmed.start() == 0:
                start += trimmed.end()
            else:
                end = start + trimmed.start()
        if start < end:
            yield start, end


def _first_date(text: str) -> str | None:
    """The first that is more than a number which may be a year."""
    spans = (text[start:end] for start, end in _spans(text))
    return next((words for words in spans if _has_month(words)), None)


def _numeric(match: re.Match[str]) -> str | None:
    """05.04.2021 is the fifth of April; with slashes only what can be but one day is read."""
    first, mark, second, year = match.groups()
    iso = f"{year}-{int(second):02}-{int(first):02}"
    turned = f"{year}-{int(first):02}-{int(second):02}"
    if mark == ".":
        return iso if period_of(iso) else None
    valid = {date for date in (iso, turned) if period_of(date)}
    return valid.pop() if len(valid) == 1 else None


def _numeric_period(words: str) -> Period | None:
    if found := period_of(words):
        return found
    match = _NUMERIC.fullmatch(words)
    iso = _numeric(match) if match else None
    return None if iso is None else period_of(iso)


def _parsed(text: str, now: str | None, *, ahead: bool = False) -> Period | None:
    """What the library makes of words that are a date and nothing else."""
    try:
        return _reckoned(text, now, ahead)
    except (OverflowError, ValueError):
        # Before the first day that the calendar has, or after its last.
        return None


def _reckoned(text: str, now: str | None, ahead: bool) -> Period | None:
    base = None if now is None else dt.datetime.fromisoformat(now)
    if base is not None and re.fullmatch(_DAY_OF_THE_WEEK, text):
        # Of the same day of the week the library takes the one before or after, never today.
        base += dt.timedelta(days=-1 if ahead else 1)
    found = _day(text, base, "future" if ahead else "past")
    if found is None:
        return None
    day, unit = found
    if base is not None and not _YEAR.search(text) and _has_month(text):
        # "March 3" is the one nearest to the article, before or after it; "in April" likewise.
        other = _day(text, base, "past" if ahead else "future")
        if other is not None and abs(other[0] - base.date()) < abs(day - base.date()):
            day = other[0]
    return _around(day, unit)


def _has_month(text: str) -> bool:
    return re.search(_MONTH, text) is not None


def _day(text: str, base: dt.datetime | None, prefer: str) -> tuple[dt.date, str] | None:
    absolute = ["absolute-time"] if base is None else ["relative-time", "absolute-time"]
    parts = ["year"] if base is None else []
    parser = _parser(prefer, tuple(absolute), tuple(parts), base)
    found = parser.get_date_data(text)
    if found is None or found.date_obj is None:
        return None
    return found.date_obj.date(), str(found.period)


def _around(day: dt.date, unit: str) -> Period | None:
    if unit == "week":
        first = day - dt.timedelta(days=day.weekday())
        return Period(first.isoformat(), (first + dt.timedelta(days=6)).isoformat())
    iso = {"year": f"{day:%Y}", "month": f"{day:%Y-%m}", "day": day.isoformat()}.get(unit)
    return None if iso is None else period_of(iso.zfill(4))


@lru_cache(maxsize=64)
def _parser(prefer: str, kinds: tuple[str, ...], parts: tuple[str, ...], base: Any) -> Any:
    from dateparser.date import DateDataParser

    settings = {**_settings(prefer), "PARSERS": list(kinds), "REQUIRE_PARTS": list(parts)}
    if base is not None:
        settings["RELATIVE_BASE"] = base
    return DateDataParser(languages=list(_LANGUAGES), settings=settings)


def _settings(prefer: str) -> dict[str, Any]:
    return {
        "PREFER_DATES_FROM": prefer,
        "PREFER_DAY_OF_MONTH": "first",
        "RETURN_AS_TIMEZONE_AWARE": False,
        "RETURN_TIME_AS_PERIOD": False,
    }
