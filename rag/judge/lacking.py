"""Does a sentence hold anything of the sort that is asked: a reason, a time, an amount?"""

from __future__ import annotations

import re

from rag.english import ASKS_HOW_MANY, ASKS_WHEN, ASKS_WHY, CAUSAL, MONTH_NAMES
from rag.english_asked import AMOUNTS, ASKS_HOW_MUCH_MONEY, MONEY, TIMES

__all__ = ["lacking"]

_MONTH = "|".join(sorted(MONTH_NAMES))
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTH})\b|"
    rf"(?:{_MONTH}) \d{{1,2}}(?:st|nd|rd|th)?(?=,|[.;)]|\s+\d{{4}}|\Z)|"
    r"(?:in|since|until|during) (?:1\d{3}|20\d\d)(?![\w,.]*\d)(?! [a-z-]+s\b))",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(?:an?|the) (?:first|second|third|fourth|fifth|sixth|\d+th)\b", re.IGNORECASE
)
_ASKED = (
    (ASKS_WHY.match, CAUSAL.search, "gives no reason"),
    (ASKS_WHEN.match, TIMES.search, "tells no time"),
    (ASKS_HOW_MUCH_MONEY.search, MONEY.search, "tells no sum of money"),
    (ASKS_HOW_MANY.search, lambda cited: AMOUNTS.search(_undated(cited)), "tells no number"),
)


def lacking(question: str, cited: str) -> str | None:
    """What a cited text fails to tell that was asked for, for the reader; None where it may.

    "When did the mayor find it?" is not answered by whom the mayor thanked. Of 411 questions that
    ask when, and 320 how many, seven and six have an answer in a sentence that is taken for silent.
    """
    for asks, told, problem in _ASKED:
        if asks(question) and not told(cited):
            return f"the cited sentence {problem}"
    return None


def _undated(text: str) -> str:
    """A text without its days, years and places in an order, which count nothing."""
    return _ORDINAL.sub(" ", _DATE.sub(" ", text))
