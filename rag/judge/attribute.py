"""Answer text -> statements, each pinned to the fewest evidence sentences that support it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from index.embed.embedder import Array, Embedder
from rag.evidence import Candidate
from rag.judge.claims import Claim, analyse
from rag.judge.extract import Extraction
from rag.judge.numbers import qualify
from rag.judge.verify import Check, check

__all__ = ["WEIGHTS", "Pin", "attribute", "quote", "statement_signals"]

WEIGHTS = {
    "similarity": 0.63,
    "coverage": 1.12,
    "focus": 2.12,
    "hard": 1.25,
    "question": 1.21,
    "span": 2.09,
}
"""Weights of the signals of `_signals`, fitted by tests/benchmarks/fit_attribution.py on 192 right
answers over bench/xquad and bench/squad2-normans: 95.8 % of first choices right in five folds."""

_TRIED = 5
"""Sentences tried, strongest first."""

_TOGETHER = 3
"""Sentences apart, at most, for two of them to be cited for one statement: a fact may be spread
over neighbours, while a name here and a weekday there prove nothing."""

_NEAR = 0.6
"""Share of the strongest one's strength that a sentence needs to be tried."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A statement, the sentences that it cites, and whether they say it."""

    text: str
    candidates: tuple[Candidate, ...]
    strengths: tuple[float, ...]
    """Share of the greatest possible strength, [0, 1], one a candidate."""
    check: Check


def attribute(
    statements: Sequence[str],
    question: str,
    candidates: Sequence[Candidate],
    embedder: Embedder,
    weight: Callable[[str], float],
    extraction: Extraction | None = None,
) -> list[Pin]:
    """Pin each statement to the candidates that say it; one when one is enough.

    What the statement adds to the question counts most: it is the answer.
    """
    if not statements:
        return []
    tables = statement_signals(statements, question, candidates, embedder, weight, extraction)
    return [
        _pin(text, question, candidates, table, weight)
        for text, table in zip(statements, tables, strict=True)
    ]


def quote(candidate: Candidate) -> Pin:
    """A sentence of the documents as its own statement."""
    return Pin(candidate.evidence.text, (candidate,), (1.0,), Check(1.0, 1.0, None))


def statement_signals(
    statements: Sequence[str],
    question: str,
    candidates: Sequence[Candidate],
    embedder: Embedder,
    weight: Callable[[str], float],
    extraction: Extraction | None = None,
) -> list[Array]:
    """For each statement the signals of every candidate: float32, (candidates, len(WEIGHTS))."""
    asked = analyse(question)
    claims = [analyse(c.evidence.text) for c in candidates]
    spans = [0.0 if extraction is None else extraction.at(c) for c in candidates]
    tables = []
    for text, vector in zip(statements, embedder.embed(list(statements)), strict=True):
        said = analyse(text)
        rows = [
            [*_signals(said, asked, claim, c, vector, weight), mass]
            for claim, c, mass in zip(claims, candidates, spans, strict=True)
        ]
        tables.append(np.array(rows, dtype=np.float32).reshape(len(rows), len(WEIGHTS)))
    return tables


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
    question: str,
    candidates: Sequence[Candidate],
    table: Array,
    weight: Callable[[str], float],
) -> Pin:
    """The first sentence, by strength, that says the statement; else the first two that do.

    When none do, the strongest stands for what was compared, and the check says what is wrong.
    """
    if not len(candidates):
        return Pin(text, (), (), check(text, []))
    strengths = table @ np.array(list(WEIGHTS.values()), dtype=np.float32) / sum(WEIGHTS.values())
    order = [int(i) for i in np.argsort(-strengths, kind="stable")]
    near = [i for i in order[:_TRIED] if strengths[i] >= _NEAR * strengths[order[0]]]
    pairs = [
        (order[0], i) for i in near[1:] if _stand_together(candidates[order[0]], candidates[i])
    ]
    first: Pin | None = None
    for chosen in [*((i,) for i in near), *pairs]:
        cited = [candidates[i].evidence.text for i in chosen]
        exact = qualify(text, cited)
        pin = Pin(
            exact,
            tuple(candidates[i] for i in chosen),
            tuple(float(strengths[i]) for i in chosen),
            check(
                exact,
                cited,
                context=" ".join(candidates[i].context for i in chosen),
                question=question,
                surroundings=" ".join(candidates[i].surroundings for i in chosen),
                similarity=max(float(table[i, 0]) for i in chosen),
                weight=weight,
            ),
        )
        if pin.check.supported:
            return pin
        first = first or pin
    assert first is not None
    return first


def _stand_together(a: Candidate, b: Candidate) -> bool:
    same = a.evidence.document_id == b.evidence.document_id
    return same and abs(a.evidence.ordinal - b.evidence.ordinal) <= _TOGETHER
