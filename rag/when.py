"""When a question or a sentence speaks of: its own words for a time -> days."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from index.dates import Mention, Period, find_mentions, period_of

__all__ = ["OwnTime", "Reckoned", "asks_for_all", "asks_for_newest", "own_time", "reckon"]

_NEWEST = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|now|nowadays|currently|current|today|at present"
    r"|at the moment|these days|so far)\b",
    re.IGNORECASE,
)
_STILL = re.compile(
    r"\W*(?:is|are|has|have|do|does|can)\b.*\b(?:again|still|yet|already|any ?more)\b",
    re.IGNORECASE,
)
"""How it is asked whether something is so by now: "is the bridge open again?"."""
_NOW = re.compile(r"(?:today|tonight)\Z", re.IGNORECASE)
_SINCE = re.compile(r"\b(?:since|after|from)(?: (?:early|mid|late))?[ -]+\Z", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:until|till|before|by)(?: (?:early|mid|late))?[ -]+\Z", re.IGNORECASE)
_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
# Beside a time, nothing but these: the question asks for all that is dated so.
_FRAME = frozenset(
    "what which happened happen happens took take place was were is did do there anything "
    "everything all else new news events event reported written published occurred on in at the "
    "of and between during from to until since for list tell me about going went made up".split()
)
_HAPPENED = frozenset(
    "happened happen happens place occurred events event news reported published new".split()
)


@dataclass(frozen=True, slots=True)
class OwnTime:
    """The time that a question names: a limit that is shown, and can be taken off."""

    text: str
    since: str
    until: str
    """Its first and last day, YYYY-MM-DD; the calendar's own first or last one is no end."""
    counted_from: str | None
    """The day that "last week" was counted from; None where the question names a year."""
    applied: bool = True
    """Whether the articles of that time came as near to the question as all others."""

    @property
    def period(self) -> Period:
        return Period(self.since, self.until)

    @property
    def days(self) -> str:
        """As it goes on after "of" or "dated": "2020-03", "2020-03-01 and later"."""
        if self.until == _LAST_DAY:
            return f"{self.since} and later"
        if self.since == _FIRST_DAY:
            return f"{self.until} and earlier"
        return self.period.iso.replace("/", " to ")

    @property
    def label(self) -> str:
        """One line, for the reader, of what it has done."""
        counted = "" if self.counted_from is None else f", counted from {self.counted_from}"
        if self.applied:
            return f"Only articles of {self.days} (“{self.text}”{counted})"
        return f"All articles: those of {self.days} say less (“{self.text}”{counted})"

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "since": self.since,
            "until": self.until,
            "counted_from": self.counted_from,
            "applied": self.applied,
        }


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Words of a sentence that we counted from its article's date; `start` is in its text."""

    text: str
    start: int
    end: int
    iso: str

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "start": self.start, "end": self.end, "date": self.iso}


def own_time(question: str, now: str | None) -> OwnTime | None:
    """The time that a question is about; `now` is what "last week" is counted from."""
    mentions = [
        m for m in _mentions(question, now) if asks_for_all(question) or not _NOW.match(m.text)
    ]
    if not mentions:
        return None
    start, end = mentions[0].start, mentions[-1].end
    since = until = None
    if len(mentions) == 1:
        since, until = _SINCE.search(question[:start]), _UNTIL.search(question[:start])
    bound = since or until
    first, last = min(m.period.first for m in mentions), max(m.period.last for m in mentions)
    if since:
        first, last = _later(last, 1) if "after" in since.group().lower() else first, _LAST_DAY
    elif until:
        first, last = _FIRST_DAY, _later(first, -1) if "before" in until.group().lower() else last
    return OwnTime(
        question[bound.start() if bound else start : end],
        first,
        last,
        _day_of(now) if any(m.counted for m in mentions) else None,
    )


def asks_for_all(question: str) -> bool:
    """Whether it asks only what there is of a time: "What happened in March 2020?"."""
    left = question
    # The day itself does not matter: the words that name it do.
    for mention in reversed(_mentions(question, "2000-01-03")):
        left = left[: mention.start] + " " + left[mention.end :]
    words = set(re.findall(r"\w+", left.lower()))
    return left != question and words <= _FRAME and bool(words & _HAPPENED)


def asks_for_newest(question: str) -> bool:
    """Whether of equals the newer one is asked for: "now", "the latest", "is it open again"."""
    return _NEWEST.search(question) is not None or _STILL.match(question) is not None


def reckon(text: str, date: str | None) -> tuple[Reckoned, ...]:
    """The days that a sentence names by their distance from its article's date."""
    if date is None or len(date) < 10:
        # Of an article of a month, "Thursday" may be any of four.
        return ()
    found = (m for m in find_mentions(text, date) if m.counted)
    return tuple(Reckoned(m.text, m.start, m.end, m.period.iso) for m in found)


def _later(day: str, n_days: int) -> str:
    try:
        return (dt.date.fromisoformat(day) + dt.timedelta(days=n_days)).isoformat()
    except OverflowError:
        return day


def _mentions(question: str, now: str | None) -> tuple[Mention, ...]:
    return find_mentions(question, _day_of(now))


def _day_of(date: str | None) -> str | None:
    """The last day of a date that documents have."""
    period = None if date is None else period_of(date)
    return None if period is None else period.last
