"""What a question takes for granted, beside what the evidence says: another time, the opposite."""

from __future__ import annotations

import re

__all__ = ["contradicts"]

_OPPOSITES = """after before, always never, began ended, begin end, best worst, can cannot,
    decrease increase, decreased increased, earlier later, earliest latest, east west,
    eastern western, exterior interior, external internal, fewer more, first last,
    followed preceded, follows precedes, higher lower, highest lowest, inside outside,
    larger smaller, largest smallest, least most, legalized outlawed, less more, longer shorter,
    longest shortest, maximum minimum, new old, north south, northern southern, older younger,
    oldest youngest, preceded succeeded, precedes succeeds, preceding succeeding"""

_OPPOSITE: dict[str, set[str]] = {}
for _pair in _OPPOSITES.split(","):
    _one, _other = _pair.split()
    _OPPOSITE.setdefault(_one, set()).add(_other)
    _OPPOSITE.setdefault(_other, set()).add(_one)

_ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    twenty-first""".split()

_CENTURY = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)|([a-z]+(?:-[a-z]+)?))"
    r"(?:(?: and | or | to |-)(?:the )?(\d{1,2})(?:st|nd|rd|th))?[ -]centur"
)
_IN_YEAR = re.compile(r"\b(?:in|during|year) (1\d{3}|20\d\d)\b")
_YEAR = re.compile(r"\b([5-9]\d\d|1\d{3}|20\d\d)\b")


def contradicts(question: str, cited: str, near: str) -> bool:
    """Whether the evidence speaks of another time than the question, or of the opposite.

    `cited` is the sentences that are to answer, `near` those with what stands before them. A
    question that names a year or a century is contradicted when dates stand near and none of them
    lies in it; where no date stands, nothing is known.
    """
    return _another_time(question.lower(), near.lower()) or _opposite(
        _words(question), _words(cited)
    )


def _another_time(question: str, near: str) -> bool:
    years = {int(y) for y in _YEAR.findall(near)}
    asked_years = {int(y) for y in _IN_YEAR.findall(question)}
    if asked_years and years and not asked_years & years:
        return True
    asked = _centuries(question)
    told = _centuries(near) | {(year - 1) // 100 + 1 for year in years}
    return bool(asked and told and not asked & told)


def _centuries(text: str) -> set[int]:
    found: set[int] = set()
    for first, word, second in _CENTURY.findall(text):
        found |= {int(n) for n in (first, second) if n}
        if word in _ORDINALS:
            found.add(_ORDINALS.index(word) + 1)
    return found


def _opposite(asked: set[str], said: set[str]) -> bool:
    """A word of the question missing, its opposite there; not when it asks which of the two."""
    return any(
        word not in said and not others & asked and others & said
        for word, others in _OPPOSITE.items()
        if word in asked
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))
