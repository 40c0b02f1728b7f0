"""One probability that the documents answer the question and that the answer says it right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from index.lexical import tokenize
from rag.claims import analyse
from rag.evidence import Candidate

__all__ = ["MIN_CONFIDENCE", "confidence", "signals", "topic_signals"]

COEFFICIENTS: Mapping[str, float] = {
    "bias": -5.0,
    "cosine": 4.0,
    "sentence": 5.0,
    "held": 2.0,
    "support": 1.0,
}
"""Logistic regression over `signals`, fitted by tests/benchmarks/fit_confidence.py."""

MIN_CONFIDENCE = 0.3
"""Abstain below this; chosen for at most 8 % false abstention."""

MIN_TOPIC = 0.25
"""Below this fit of the best sentence, [0, 1], the model is not even asked."""


def topic_signals(candidates: Sequence[Candidate]) -> dict[str, float]:
    """What is known before the model is asked."""
    best = candidates[0].evidence
    return {
        "cosine": max(c.evidence.cosine for c in candidates),
        "sentence": best.score,
    }


def signals(
    question: str,
    candidates: Sequence[Candidate],
    cited: Sequence[Candidate],
    coverage: float,
) -> dict[str, float]:
    """Everything the probability is made of; each in [0, 1] but the cosine, in [-1, 1]."""
    asked = set(tokenize(question))
    there: set[str] = set()
    for candidate in cited:
        there |= set(tokenize(candidate.evidence.text)) | set(tokenize(candidate.context))
    names = analyse(question).names
    named = [w for w in names if w.stem in there]
    return {
        **topic_signals(candidates),
        "held": len(asked & there) / len(asked) if asked else 0.0,
        "named": len(named) / len(names) if names else 1.0,
        "cited": max((c.evidence.score for c in cited), default=0.0),
        "support": coverage,
    }


def confidence(values: Mapping[str, float]) -> float:
    """The calibrated probability, [0, 1]; a signal that is missing counts as 0."""
    z = sum(
        weight * (1.0 if name == "bias" else values.get(name, 0.0))
        for name, weight in COEFFICIENTS.items()
    )
    return 1 / (1 + math.exp(-z))
