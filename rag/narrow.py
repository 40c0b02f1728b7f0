"""Where the extractor is sure of a passage the model reads that one, as far as it is marked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from rag.evidence import Candidate
from rag.excerpt import Excerpt
from rag.judge.extract import Extraction

__all__ = ["SURE", "narrow", "sure_of_best"]

SURE = 0.7
"""From this probability on that the answer stands in the best passage nothing else is read: there
it does in 112 of 114 of 158 answerable questions of bench/natural, and in 175 of 176 of 200 of
bench/xquad; from .9 on in 72 of 73 and all of 142 (tests/benchmarks/README.md)."""

UNREAD = 0.02
"""At most this share of the probability in the best passage lies after what is read of it: the gold
answer stands there as often as in the whole passage (103 and 134 of the 107 and 137 of which the
extractor is so sure), in .74 and .66 of its characters."""


def narrow(
    excerpts: Sequence[Excerpt], candidates: Sequence[Candidate], extraction: Extraction
) -> Sequence[Excerpt]:
    """What is left to read of what was chosen (`rag.excerpt.choose`), its best passage last."""
    if not excerpts or sure_of_best(candidates, extraction) < SURE:
        return excerpts
    return [excerpts[-1].up_to(_last_marked(candidates, extraction))]


def sure_of_best(candidates: Sequence[Candidate], extraction: Extraction) -> float:
    """The probability that the answer stands in the best candidate's passage, [0, 1]."""
    return sum(extraction.at(c) for c in _of_best(candidates))


def _last_marked(candidates: Sequence[Candidate], extraction: Extraction) -> int:
    """Ordinal of the sentence of the best passage after which almost nothing is marked."""
    mine = sorted(_of_best(candidates), key=lambda c: c.evidence.ordinal)
    marked = list(accumulate(extraction.at(c) for c in mine))
    enough = (1 - UNREAD) * marked[-1]
    return next(c.evidence.ordinal for c, m in zip(mine, marked, strict=True) if m >= enough)


def _of_best(candidates: Sequence[Candidate]) -> list[Candidate]:
    best = candidates[0].passage
    return [c for c in candidates if c.passage == best]
