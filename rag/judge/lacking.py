"""Does a sentence hold anything of the sort that is asked: a reason, a time, an amount?"""

from __future__ import annotations

from rag.english import ASKS_HOW_MANY, ASKS_WHEN, ASKS_WHY, CAUSAL
from rag.english_values import AMOUNTS, TIMES

__all__ = ["lacking"]

_ASKED = (
    (ASKS_WHY.match, CAUSAL, "gives no reason"),
    (ASKS_WHEN.match, TIMES, "tells no time"),
    (ASKS_HOW_MANY.search, AMOUNTS, "tells no number"),
)


def lacking(question: str, cited: str) -> str | None:
    """What a cited text fails to tell that was asked for, for the reader; None where it may.

    "When did the mayor find it?" is not answered by whom the mayor thanked. Of 411 questions that
    ask when, and 320 how many, seven and six have an answer in a sentence that is taken for silent.
    """
    for asks, told, problem in _ASKED:
        if asks(question) and not told.search(cited):
            return f"the cited sentence {problem}"
    return None
