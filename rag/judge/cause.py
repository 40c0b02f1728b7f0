"""Does a cause that a statement gives stand in its sentences?"""

from __future__ import annotations

from collections.abc import Sequence

from rag.english import BECAUSE, CAUSAL
from rag.judge.claims import analyse

__all__ = ["wrong_cause"]

_REPEATS = 0.6
"""Share of what is explained from which on a cause that repeats it explains nothing; of ten
recorded statements with a cause none repeats so much."""

_SAME = 0.7
"""Share of what a sentence explains that a statement has, which then explains the same."""


def wrong_cause(statement: str, cited: Sequence[str]) -> str | None:
    """What is wrong with the cause that a statement gives, for the reader; None where it gives
    none, or its sentences do.

    "It sank because it sank on Sunday" gives itself. "The dam failed because the company knew of
    it" is not said by a sentence on what the company knew; nor is "he took the ferry because he was
    rung at five" by "He took the ferry because the bridge was shut".
    """
    effect, *causes = BECAUSE.split(statement)
    said = analyse(effect).content
    for cause in causes:
        given = analyse(cause).content
        if not given - said or len(said & given) >= max(2, _REPEATS * len(said)):
            return "it gives no cause but itself"
    if causes and not any(CAUSAL.search(text) for text in cited):
        return "the cited sentence gives no cause"
    given = frozenset().union(*(analyse(cause).content for cause in causes))
    if causes and any(_gives_another(said, given, text) for text in cited):
        return "the cited sentence gives another cause"
    return None


def _gives_another(effect: frozenset[str], cause: frozenset[str], text: str) -> bool:
    """Whether a sentence explains just this, and by nothing that the statement says."""
    told, *causes = BECAUSE.split(text)
    explained = analyse(told.split(",")[0]).content
    theirs = frozenset().union(*(analyse(part).content for part in causes))
    same = len(explained & effect) >= max(2, _SAME * len(explained))
    return same and bool(theirs) and not theirs & cause
