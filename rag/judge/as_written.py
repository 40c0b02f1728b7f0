"""A date of a statement as its sentence writes it: "20 June 2017", not "June 20, 2017"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.english import MONTH_NAMES

__all__ = ["dates_as_written"]

_MONTH = rf"(?P<month>{'|'.join(sorted(MONTH_NAMES))})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?P<year>\d{4}))?"
_FORMS = [
    re.compile(rf"(?<![\w-]){form}(?![\w,]*\d)", re.IGNORECASE)
    for form in (rf"{_MONTH} {_DAY}{_YEAR}", rf"(?:the )?{_DAY}(?: of)? {_MONTH}{_YEAR}")
]

_Day = tuple[str, str, str | None]


def dates_as_written(statement: str, cited: Sequence[str]) -> str:
    """The statement with every day in its sentences' form, where they write it in one way."""
    forms: dict[_Day, set[str]] = {}
    for text in cited:
        for day, match in _days(text):
            forms.setdefault(day, set()).add(match.group())
    found = sorted(_days(statement), key=lambda one: -one[1].start())
    for day, match in found:
        written = forms.get(day, set())
        if len(written) == 1:
            statement = statement[: match.start()] + written.pop() + statement[match.end() :]
    return statement


def _days(text: str) -> Iterator[tuple[_Day, re.Match[str]]]:
    """(day of the month, month, year or None) and where it stands."""
    for form in _FORMS:
        for match in form.finditer(text):
            yield (str(int(match["day"])), match["month"].lower(), match["year"]), match
