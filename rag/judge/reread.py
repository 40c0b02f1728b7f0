"""A second choice among all that was found, where nothing that is marked can be given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rag.evidence import Candidate
from rag.judge.extract import Extraction
from rag.judge.lacking import lacking
from rag.judge.refer import is_fragment

__all__ = ["Look", "reread"]

Look = Callable[[str, Sequence[Candidate]], float | None]
"""What a slower reader says of a question and cited sentences: log-odds that they answer it, or
None if it has no say."""

_MOST = 5
"""Sentences that are looked at; a third of a second each."""

_SEEN = 0.5
"""From these log-odds on a sentence answers (tests/benchmarks/README.md)."""

_FIT = 4.0
"""What a sentence's fit to the question counts beside the logarithm of what is marked in it. Of 20
answers on own articles that stand in passages which the model does not read, twelve are among the
two best of those by this order."""

_LEAST_MARKED = 1e-4


def reread(
    question: str, candidates: Sequence[Candidate], extraction: Extraction, look: Look
) -> Candidate | None:
    """The first sentence in which the slower reader sees the answer, or None.

    Small readers go by likeness; of questions in words of their own they find the right sentence
    nearly always, and mark it every other time.
    """

    def likely(candidate: Candidate) -> float:
        marked = math.log(max(extraction.at(candidate), _LEAST_MARKED))
        return marked + _FIT * candidate.evidence.score

    texts = ((c, c.evidence.text) for c in candidates)
    fit = [c for c, text in texts if not is_fragment(text) and not lacking(question, text)]
    for candidate in sorted(fit, key=likely, reverse=True)[:_MOST]:
        told = look(question, [candidate])
        if told is not None and told >= _SEEN:
            return candidate
    return None
