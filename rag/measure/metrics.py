"""The metrics: small pure functions over what an engine answered."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = [
    "abstention_scores",
    "citation_scores",
    "contains",
    "latency",
    "normalise",
    "overlaps",
    "percentile",
    "recall_at",
    "token_f1",
    "token_recall",
]

Span = tuple[str, int, int]
"""Document id, start and end in characters."""

_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "–—‘’“”…", " "))
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalise(text: str) -> str:
    """Lower case, without punctuation and articles, single blanks (after SQuAD's script)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def contains(answer: str, gold: Sequence[str]) -> bool:
    """Whether the answer holds one of the gold answers as whole words."""
    held = f" {normalise(answer)} "
    return any(f" {normalise(g)} " in held for g in gold if normalise(g))


def token_f1(answer: str, gold: Sequence[str]) -> float:
    """Best F1 of the bags of words, [0, 1] (Rajpurkar et al. 2016)."""
    words = normalise(answer).split()
    best = 0.0
    for g in gold:
        wanted = normalise(g).split()
        common = sum((Counter(words) & Counter(wanted)).values())
        if common:
            best = max(best, 2 * common / (len(words) + len(wanted)))
    return best


def token_recall(answer: str, gold: Sequence[str]) -> float:
    """Best share of a gold answer's words that the answer holds, [0, 1], each as often."""
    words = Counter(normalise(answer).split())
    best = 0.0
    for g in gold:
        wanted = Counter(normalise(g).split())
        if wanted:
            best = max(best, (words & wanted).total() / wanted.total())
    return best


def overlaps(span: Span, gold: Iterable[Span]) -> bool:
    """Whether a span shares a character with one of the gold spans."""
    document, start, end = span
    return any(d == document and start < e and s < end for d, s, e in gold)


def recall_at(ranks: Sequence[int | None], k: int) -> float | None:
    """Share of questions whose first right passage has a rank (from 0) below k."""
    if not ranks:
        return None
    return sum(1 for rank in ranks if rank is not None and rank < k) / len(ranks)


def citation_scores(
    hits: Sequence[Sequence[bool]], valid: Sequence[bool]
) -> dict[str, float | None]:
    """`hits[i]` says of each citation of answerable question i whether it meets a gold span.

    precision: share of citations that do; recall: share of questions with one that does;
    valid: share of all citations whose text is the stored document's. None where nothing counts.
    """
    flat = [hit for row in hits for hit in row]
    return {
        "precision": sum(flat) / len(flat) if flat else None,
        "recall": sum(any(row) for row in hits) / len(hits) if hits else None,
        "valid": sum(valid) / len(valid) if valid else None,
    }


def abstention_scores(
    abstained: Sequence[bool], answerable: Sequence[bool]
) -> dict[str, float | None]:
    """Abstaining as a detector of unanswerable questions.

    false_rate: share of answerable questions that it declined.
    """
    both = list(zip(abstained, answerable, strict=True))
    right = sum(1 for a, ok in both if a and not ok)
    n_abstained = sum(abstained)
    n_unanswerable = sum(1 for ok in answerable if not ok)
    n_answerable = len(both) - n_unanswerable
    precision = right / n_abstained if n_abstained else None
    recall = right / n_unanswerable if n_unanswerable else None
    f1 = None
    if n_unanswerable:
        f1 = 2 * right / (n_abstained + n_unanswerable)
    false_rate = (n_abstained - right) / n_answerable if n_answerable else None
    return {"precision": precision, "recall": recall, "f1": f1, "false_rate": false_rate}


def latency(first_token: Sequence[float | None], total: Sequence[float]) -> dict[str, float | None]:
    """Medians and 95th percentiles in milliseconds; questions that reached no model are left out
    of the first token's."""
    first = [value for value in first_token if value is not None]
    return {
        "first_token_p50": _rounded(first, 50),
        "first_token_p95": _rounded(first, 95),
        "total_p50": _rounded(total, 50),
        "total_p95": _rounded(total, 95),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of them lie below, between two neighbours by their distance."""
    order = sorted(values)
    place = (len(order) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(order) - 1)
    return order[low] + (order[high] - order[low]) * (place - low)


def _rounded(values: Sequence[float], percent: float) -> float | None:
    return round(percentile(values, percent), 1) if values else None
