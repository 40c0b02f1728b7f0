"""What a sentence says of one thing, and not of another that it is compared with."""

from __future__ import annotations

from collections.abc import Sequence

from rag.english import COMPARES, OPENS_BY_REFERRING
from rag.judge.claims import analyse, subject_words

__all__ = ["of_what_is_compared"]


def of_what_is_compared(statement: str, cited: Sequence[str]) -> str | None:
    """Whether it says of one thing what a sentence says of another that it is compared with.

    "The claims are 800 million, less than half of what the storm of 1999 cost" does not say that
    the storm of 1999 cost 800 million.
    """
    said = [analyse(side).content for side in COMPARES.split(statement)]
    for text in cited:
        match = COMPARES.search(text)
        if match is None:
            continue
        one = analyse(text[: match.start()]).content
        other = analyse(text[match.end() :]).content
        if OPENS_BY_REFERRING.match(text):
            # "It is better than Winter Tolls, which sold well": who "it" is stands on its side.
            one |= {w.stem for w in subject_words(analyse(statement))} - other
        if any(side & (one - other) and side & (other - one) for side in said):
            return "the cited sentence says this of another thing, which it compares"
    return None
