"""What a run is worth: items go in (rag.measure.items), figures and their intervals come out."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag.measure.calibration import Judged, calibration_error, risk_area
from rag.measure.items import Item
from rag.measure.metrics import abstention_scores, citation_scores, latency, percentile, recall_at

__all__ = ["RESAMPLES", "figures_of", "intervals", "judged", "retrieval_figures", "summarise"]

RESAMPLES = 1000
"""Draws of the questions, with replacement, that an interval is taken from."""

_SEED = 1
_Figures = dict[str, Any]


def figures_of(items: Sequence[Item]) -> _Figures:
    """All that `eval` reports of one run."""
    return {**summarise(items), "intervals": intervals(items), "items": list(items)}


def summarise(items: Sequence[Item]) -> _Figures:
    """The figures of a run; None where nothing counts."""
    answerable = [item for item in items if item["answerable"]]
    known = judged(items)
    return {
        **_retrieval(items),
        "answer": _answer(answerable, [item for item in items if not item["abstained"]]),
        "citation": citation_scores(
            [[c["hit"] for c in i["citations"]] for i in answerable],
            [c["valid"] for i in items for c in i["citations"]],
        ),
        "abstention": abstention_scores(
            [i["abstained"] for i in items], [i["answerable"] for i in items]
        ),
        "calibration": {"ece": calibration_error(known), "aurc": risk_area(known)},
        "latency_ms": latency(
            [i["timings_ms"]["first_token"] for i in items],
            [i["timings_ms"]["total"] for i in items],
        ),
    }


def retrieval_figures(items: Sequence[Item]) -> _Figures:
    """The figures of a run that looked for passages alone."""
    return {**_retrieval(items), "intervals": intervals(items, _retrieval), "items": list(items)}


def judged(items: Sequence[Item]) -> list[Judged]:
    """Each question's confidence and whether what was drafted is right, said or not.

    An unanswerable question is wrong whatever was drafted. A question that nothing was computed
    for, and the peer's, have no confidence and do not count.
    """
    return [
        (item["confidence"], bool(item["answerable"] and item["drafted_right"]))
        for item in items
        if item.get("confidence") is not None
    ]


def intervals(
    items: Sequence[Item],
    summary: Callable[[Sequence[Item]], _Figures] = summarise,
    n: int = RESAMPLES,
) -> _Figures:
    """95 % bootstrap intervals, [low, high], in the nesting of the figures; None for None.

    Questions are drawn with replacement, with a fixed seed; draws that leave a figure with
    nothing to count are left out of its interval.
    Source: Efron & Tibshirani 1993, 13 (percentile interval).
    """
    rng = random.Random(_SEED)
    drawn = [summary(rng.choices(items, k=len(items))) for _ in range(n if items else 0)]
    return {
        group: {key: _interval([d[group][key] for d in drawn], value) for key, value in row.items()}
        for group, row in summary(items).items()
        if isinstance(row, Mapping)
    }


def _interval(drawn: Sequence[float | None], value: float | None) -> list[float] | None:
    known = [figure for figure in drawn if figure is not None]
    if value is None or not known:
        return None
    return [round(percentile(known, 2.5), 4), round(percentile(known, 97.5), 4)]


def _retrieval(items: Sequence[Item]) -> _Figures:
    answerable = [item for item in items if item["answerable"]]
    ranks = [item["rank"] for item in answerable if "rank" in item]
    return {
        "n_answerable": len(answerable),
        "n_unanswerable": len(items) - len(answerable),
        "retrieval": {f"recall@{k}": recall_at(ranks, k) for k in (1, 3, 10)},
    }


def _answer(answerable: Sequence[Item], answered: Sequence[Item]) -> dict[str, float | None]:
    """recall is over the questions that have a gold answer, which golden patterns are not."""
    tried = [item for item in answerable if not item["abstained"]]
    return {
        "contains": _mean([item["contains"] for item in answerable]),
        "f1": _mean([item["f1"] for item in answerable]),
        "recall": _mean([item["recall"] for item in answerable if item["recall"] is not None]),
        "accuracy_answered": _mean([item["contains"] for item in tried]),
        "words": statistics.median(i["words"] for i in answered) if answered else None,
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
