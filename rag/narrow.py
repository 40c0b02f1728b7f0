"""Where the extractor is sure of a passage the model reads that one alone."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evidence import Candidate, Excerpt
from rag.judge.extract import Extraction

__all__ = ["SURE", "narrow", "sure_of_best"]

SURE = 0.7
"""From this probability on that the answer stands in the best passage nothing else is read: there
it does in 112 of 114 of 158 answerable questions of bench/natural, and in 175 of 176 of 200 of
bench/xquad; from .9 on in 72 of 73 and all of 142 (tests/benchmarks/README.md)."""


def narrow(
    excerpts: Sequence[Excerpt], candidates: Sequence[Candidate], extraction: Extraction
) -> Sequence[Excerpt]:
    """What is left to read of what was chosen (`rag.evidence.choose`), its best passage last."""
    return excerpts[-1:] if sure_of_best(candidates, extraction) >= SURE else excerpts


def sure_of_best(candidates: Sequence[Candidate], extraction: Extraction) -> float:
    """The probability that the answer stands in the best candidate's passage, [0, 1]."""
    best = candidates[0].passage
    return sum(extraction.at(c) for c in candidates if c.passage == best)
