"""Whether a confidence means what it says: (probability, was it right) a question goes in.

Questions that are equally sure count as their mean, so that nothing depends on their order.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Bin", "Judged", "calibration_error", "reliability", "risk_area", "risk_coverage"]

Judged = tuple[float, bool]
"""The confidence in an answer, [0, 1], and whether it is right."""

_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of like confidence."""

    n: int
    confidence: float
    """Their mean, [0, 1]."""
    right: float
    """The share of them that is right, [0, 1]."""


def reliability(judged: Sequence[Judged], n_bins: int = _BINS) -> list[Bin]:
    """Bins of equal mass (to one question), the least sure first; no more bins than questions."""
    known = _levelled(judged)
    n_bins = min(n_bins, len(known))
    edges = [len(known) * i // n_bins for i in range(n_bins + 1)] if known else [0]
    return [
        Bin(b - a, _mean([c for c, _ in known[a:b]]), _mean([right for _, right in known[a:b]]))
        for a, b in itertools.pairwise(edges)
    ]


def calibration_error(judged: Sequence[Judged], n_bins: int = _BINS) -> float | None:
    """Expected calibration error, [0, 1], lower is better: how far confidence and share of right
    answers lie apart, on average over questions.

    Source: Nguyen & O'Connor 2015 (bins of equal mass).
    """
    if not judged:
        return None
    bins = reliability(judged, n_bins)
    return sum(b.n * abs(b.confidence - b.right) for b in bins) / len(judged)


def risk_coverage(judged: Sequence[Judged]) -> tuple[list[float], list[float]]:
    """Answer the surest first: (share answered, share of those wrong) after each question."""
    coverage, risk, wrong = [], [], 0.0
    known = _levelled(judged)
    for n, (_, right) in enumerate(reversed(known), start=1):
        wrong += 1 - right
        coverage.append(n / len(known))
        risk.append(wrong / n)
    return coverage, risk


def risk_area(judged: Sequence[Judged]) -> float | None:
    """Area under the risk-coverage curve, [0, 1], lower is better: the mean of its risks.

    Source: Geifman, Uziel & El-Yaniv 2019.
    """
    return _mean(risk_coverage(judged)[1]) if judged else None


def _levelled(judged: Sequence[Judged]) -> list[tuple[float, float]]:
    """The least sure first, each with the share of right ones among the equally sure."""
    levelled: list[tuple[float, float]] = []
    for confidence, tied in itertools.groupby(sorted(judged), key=lambda row: row[0]):
        rights = [right for _, right in tied]
        levelled += [(confidence, sum(rights) / len(rights))] * len(rights)
    return levelled


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
