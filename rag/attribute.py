"""Answer text -> statements, each pinned to the fewest evidence sentences that support it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from index.document import Kind
from index.embed import Array, Embedder
from index.segment import segment
from rag.claims import Claim, analyse, is_same_name
from rag.evidence import Candidate

__all__ = ["Pin", "attribute", "split_statements"]

WEIGHTS = {
    "similarity": 2.0,
    "coverage": 3.0,
    "focus": 3.0,
    "hard": 2.0,
    "question": 1.5,
}
"""Weights of the signals of `_signals`, fitted by tests/benchmarks/fit_attribution.py."""

_MIN_GAIN = 0.25
"""A second sentence must hold this much more of the statement, as a share, to be cited too."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A statement and its candidates, best first; `strengths` are comparable within it only."""

    text: str
    candidates: tuple[Candidate, ...]
    strengths: tuple[float, ...]
    similarity: float
    """Cosine similarity of the statement and its first candidate, [-1, 1]."""


def split_statements(text: str) -> list[str]:
    """The sentences of an answer; list items and lines are statements of their own."""
    return [s.text for s in segment(text.replace("\n", "\n\n")) if s.kind is not Kind.CREDIT]


def attribute(
    statements: Sequence[str],
    question: str,
    candidates: Sequence[Candidate],
    embedder: Embedder,
    weight: Callable[[str], float],
) -> list[Pin]:
    """Pin each statement to the candidates that say it; one when one is enough.

    What the statement adds to the question counts most: it is the answer.
    """
    if not statements:
        return []
    vectors = embedder.embed(list(statements))
    asked = analyse(question)
    claims = [analyse(c.evidence.text) for c in candidates]
    pins = []
    for text, vector in zip(statements, vectors, strict=True):
        said = analyse(text)
        rows = np.array(
            [
                _signals(said, asked, claim, c, vector, weight)
                for claim, c in zip(claims, candidates, strict=True)
            ]
        ).reshape(len(candidates), len(WEIGHTS))
        strengths = rows @ np.array(list(WEIGHTS.values()))
        pins.append(_pin(text, said, candidates, claims, strengths, rows[:, 0], weight))
    return pins


def _signals(
    said: Claim,
    asked: Claim,
    claim: Claim,
    candidate: Candidate,
    vector: Array,
    weight: Callable[[str], float],
) -> list[float]:
    """What speaks for a sentence; each signal in [0, 1] but the cosine, in [-1, 1]."""
    focus = said.content - asked.content
    hard = (said.numbers | {w.stem for w in said.names}) - asked.content
    return [
        float(np.dot(candidate.vector, vector)),
        _share(said.content, claim, weight),
        _share(focus or said.content, claim, weight),
        _share(hard, claim, weight) if hard else 0.5,
        candidate.evidence.score,
    ]


def _share(
    tokens: frozenset[str] | set[str], claim: Claim, weight: Callable[[str], float]
) -> float:
    total = sum(weight(t) for t in tokens)
    return sum(weight(t) for t in tokens if t in claim.content) / total if total else 0.0


def _pin(
    text: str,
    said: Claim,
    candidates: Sequence[Candidate],
    claims: Sequence[Claim],
    strengths: Array,
    similarities: Array,
    weight: Callable[[str], float],
) -> Pin:
    if not len(candidates):
        return Pin(text, (), (), 0.0)
    best = int(np.argmax(strengths))
    chosen = [best]
    second = _second(said, candidates, claims, best, strengths, weight)
    if second is not None:
        chosen.append(second)
    return Pin(
        text,
        tuple(candidates[i] for i in chosen),
        tuple(float(strengths[i]) / sum(WEIGHTS.values()) for i in chosen),
        float(max(similarities[i] for i in chosen)),
    )


def _second(
    said: Claim,
    candidates: Sequence[Candidate],
    claims: Sequence[Claim],
    best: int,
    strengths: Array,
    weight: Callable[[str], float],
) -> int | None:
    """A further sentence, if it holds numbers or names that the best one and its context lack."""
    held = list(claims[best].words)
    near = [w for w in analyse(candidates[best].context).words if w.capitalised]
    missing = {n for n in said.numbers if n not in claims[best].content}
    missing |= {
        w.stem
        for w in said.names
        if not is_same_name(w, [h for h in held if h.capitalised] + near)
        and w.stem not in claims[best].content
    }
    if not missing:
        return None
    total = sum(weight(t) for t in said.content) or 1.0
    gains = [
        sum(weight(t) for t in said.content & claim.content - claims[best].content) / total
        if missing & claim.content
        else 0.0
        for claim in claims
    ]
    i = max(range(len(gains)), key=lambda j: (gains[j], float(strengths[j])))
    return i if gains[i] >= _MIN_GAIN else None
