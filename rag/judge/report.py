"""The value that one article gives, and whether another one corrects it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from index.store.duplicates import contained
from index.store.rows import StoredDocument
from rag.answer import Evidence
from rag.english import MONTH_NAMES, SAYING
from rag.english_values import (
    CORRECTS,
    MOVED_TO,
    RETRACTED_AFTER,
    RETRACTED_BEFORE,
    TAKES_BACK,
)
from rag.judge.claims import analyse
from rag.judge.values import Value, agree, mentions
from rag.judge.yesno import Stance

__all__ = [
    "Report",
    "corrects",
    "days_between",
    "gives_both",
    "is_ahead",
    "is_later",
    "is_retracted",
    "times_of",
]

_YEAR = re.compile(r"\b(?:1[5-9]\d\d|20\d\d)\b")

_VERSION = 0.5
"""Share of an article's word triples that a later version of it keeps."""

_AHEAD = re.compile(r"\b(?:will|would|shall|(?:expect|plann?|schedul)(?:s|ed)|due to)\b")

_OPENING = 2
"""Sentences in which an article says that it is there to put another right."""


@dataclass(frozen=True, slots=True)
class Report:
    """The value of one article."""

    value: Value | Stance
    stored: StoredDocument
    evidence: Evidence

    @property
    def text(self) -> str:
        return self.value.text

    def same(self, other: Report) -> bool | None:
        """Whether two articles give the same value; None where that cannot be told."""
        if isinstance(self.value, Value) and isinstance(other.value, Value):
            return agree(self.value, other.value)
        if isinstance(self.value, Stance) and isinstance(other.value, Stance):
            return self.value.is_yes == other.value.is_yes
        return None

    def other_figure(self, other: Report) -> bool:
        """Whether two numbers may mean the same ("at least 12" and 15) and are written apart."""
        one, two = self.value, other.value
        if not (isinstance(one, Value) and isinstance(two, Value)):
            return False
        return one.number is not None and one.number != two.number


def corrects(new: Report, old: Report) -> bool:
    """Whether one article takes back what the other says, or is a later version of it."""
    before, after = old.stored.document, new.stored.document
    if is_later(old, new):
        return False
    for sentence in new.stored.sentences:
        marked = CORRECTS.search(sentence.text) is not None
        if isinstance(old.value, Value):
            place = mentions(sentence.text, old.value)
            if place and (marked or _is_retracted_at(sentence.text, *place)):
                return True
        elif marked and sentence.text == new.evidence.text:
            return True
    if is_later(new, old) and (
        MOVED_TO.search(new.evidence.text) or TAKES_BACK.search(_around(new))
    ):
        return True
    is_version = _plain(before.title) == _plain(after.title) and is_later(new, old)
    return is_version and contained(before.text, after.text) >= _VERSION


def _around(report: Report) -> str:
    """An article's title and beginning, and the sentences around its value: what else it takes back
    is not this."""
    at, sentences = report.evidence.ordinal, report.stored.sentences
    near = sorted({*range(_OPENING), *range(max(0, at - 1), at + 2)} & {*range(len(sentences))})
    title = report.stored.document.title
    return " ".join([f"{title}.", *(sentences[i].text for i in near)])


def is_later(one: Report, other: Report) -> bool:
    """Whether an article's date says that it is the later one."""
    return (one.evidence.date or "") > (other.evidence.date or "~")


def gives_both(one: Report, other: Report) -> bool:
    """Whether an article also gives the other's value: then they need not disagree."""
    return any(
        isinstance(b.value, Value) and b.same(a) is False and mentions(s.text, b.value)
        for a, b in ((one, other), (other, one))
        for s in a.stored.sentences
    )


def is_retracted(span: str, sentence: str) -> bool:
    """Whether a sentence gives these words of it as what was said before, or wrongly."""
    at = sentence.find(span)
    return at >= 0 and _is_retracted_at(sentence, at, at + len(span))


def _is_retracted_at(sentence: str, start: int, end: int) -> bool:
    before, after = sentence[:start], sentence[end:]
    return bool(RETRACTED_BEFORE.search(before) or RETRACTED_AFTER.search(after))


def _plain(title: str) -> str:
    """A title without what marks a version: "Update 2: …", "… (corrected)"."""
    title = re.sub(r"(?i)\A\W*(update|updated|corrected|correction)\W*\d*\W+", "", title)
    title = re.sub(r"(?i)\W+(update|updated|corrected|correction|v)\W*\d*\W*\Z", "", title)
    return " ".join(title.lower().split())


def days_between(one: str | None, other: str | None) -> int | None:
    """Days from one date to another, YYYY-MM-DD; None where one is none."""
    try:
        days = dt.date.fromisoformat(one or "") - dt.date.fromisoformat(other or "")
    except ValueError:
        return None
    return abs(days.days)


def times_of(sentence: str) -> set[str]:
    """The months and years that a sentence names."""
    months = {w.lower for w in analyse(sentence).words if w.lower in MONTH_NAMES and w.capitalised}
    return months | set(_YEAR.findall(sentence))


def is_ahead(sentence: str) -> bool | None:
    """Whether a sentence tells of what is to come, or of what was; None where of neither."""
    if _AHEAD.search(sentence):
        return True
    words = analyse(sentence).words
    return False if any(w.is_past and w.lower not in SAYING for w in words) else None
