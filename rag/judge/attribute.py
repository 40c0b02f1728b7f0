"""Answer text -> statements, each pinned to the fewest evidence sentences that support it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from index.embed.embedder import Array, Embedder
from rag.evidence import Candidate
from rag.judge.as_written import dates_as_written
from rag.judge.claims import Claim, analyse
from rag.judge.extract import Extraction
from rag.judge.fitted import read_fit
from rag.judge.numbers import qualify
from rag.judge.refer import is_intelligible
from rag.judge.verify import Check, check

__all__ = ["SIGNALS", "Pin", "attribute", "quote", "statement_signals"]

SIGNALS = ("similarity", "coverage", "focus", "hard", "question", "span")
"""What speaks for a sentence; their weights are fitted by tests/benchmarks/fit_attribution.py."""

_TRIED = 5
"""Sentences tried, strongest first."""

_TOGETHER = 3
"""Sentences apart, at most, for two of them to be cited for one statement: a fact may be spread
over neighbours, while a name here and a weekday there prove nothing."""

_MUCH_MORE = 0.2
"""Of a statement's words, the share that two sentences must hold beyond what one does, for both to
be cited where the one says enough: what is told by the second is not the first's."""

_MANY_WORDS = 3
"""So many of its words, or one name or number, must the second have that the first has not."""

_NEAR = 0.6
"""Share of the strongest one's strength that a sentence needs to be tried alone."""


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
    rarity: Callable[[str], float],
    extraction: Extraction | None = None,
) -> list[Pin]:
    """Pin each statement to the candidates that say it; one when one is enough.

    What the statement adds to the question counts most: it is the answer.
    """
    if not statements:
        return []
    tables = statement_signals(statements, question, candidates, embedder, rarity, extraction)
    return [
        _pin(text, question, candidates, table, rarity)
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
    rarity: Callable[[str], float],
    extraction: Extraction | None = None,
) -> list[Array]:
    """For each statement the signals of every candidate: float32, (candidates, len(SIGNALS))."""
    asked = analyse(question)
    claims = [analyse(c.evidence.text) for c in candidates]
    spans = [0.0 if extraction is None else extraction.at(c) for c in candidates]
    tables = []
    for text, vector in zip(statements, embedder.embed(list(statements)), strict=True):
        said = analyse(text)
        rows = [
            [*_signals(said, asked, claim, c, vector, rarity), mass]
            for claim, c, mass in zip(claims, candidates, spans, strict=True)
        ]
        tables.append(np.array(rows, dtype=np.float32).reshape(len(rows), len(SIGNALS)))
    return tables


def _signals(
    said: Claim,
    asked: Claim,
    claim: Claim,
    candidate: Candidate,
    vector: Array,
    rarity: Callable[[str], float],
) -> list[float]:
    """What speaks for a sentence; each signal in [0, 1] but the cosine, in [-1, 1]."""
    focus = said.content - asked.content
    hard = (said.numbers | {w.stem for w in said.names}) - asked.content
    return [
        float(np.dot(candidate.vector, vector)),
        _share(said.content, claim, rarity),
        _share(focus or said.content, claim, rarity),
        _share(hard, claim, rarity) if hard else 0.5,
        candidate.evidence.score,
    ]


def _share(
    tokens: frozenset[str] | set[str], claim: Claim, rarity: Callable[[str], float]
) -> float:
    total = sum(rarity(t) for t in tokens)
    return sum(rarity(t) for t in tokens if t in claim.content) / total if total else 0.0


def _pin(
    text: str,
    question: str,
    candidates: Sequence[Candidate],
    table: Array,
    rarity: Callable[[str], float],
) -> Pin:
    """The first sentence, by strength, that says the statement, or two that say much more of it.

    When none do, the strongest stands for what was compared, and the check says what is wrong.
    """
    if not len(candidates):
        return Pin(text, (), (), check(text, []))
    strengths = table @ _weights()

    @cache
    def pinned(chosen: tuple[int, ...]) -> Pin:
        return _pin_to(
            text,
            question,
            [candidates[i] for i in chosen],
            [float(strengths[i]) for i in chosen],
            max(float(table[i, 0]) for i in chosen),
            rarity,
        )

    order = [int(i) for i in np.argsort(-strengths, kind="stable")][:_TRIED]
    near = [i for i in order if i == order[0] or strengths[i] >= _NEAR * strengths[order[0]]]
    tried = [(i,) for i in near] + _pairs(near[0], near, candidates)
    tried += _leaning(near[0], order, candidates)
    said_by = next((chosen for chosen in tried if pinned(chosen).check.supported), None)
    if said_by is None:
        return pinned(tried[0])
    pairs = _pairs(said_by[0], order, candidates) if len(said_by) == 1 else []
    fuller = [pinned(pair) for pair in pairs if _brings(text, *(candidates[i] for i in pair))]
    return _fullest(pinned(said_by), fuller)


def _fullest(pin: Pin, fuller: Sequence[Pin]) -> Pin:
    """The pin, or one of two sentences that say much more of the statement."""
    best = max((p for p in fuller if p.check.supported), key=_coverage, default=pin)
    return best if _coverage(best) >= _coverage(pin) + _MUCH_MORE else pin


def _coverage(pin: Pin) -> float:
    return pin.check.coverage


def _brings(text: str, first: Candidate, second: Candidate) -> bool:
    """Whether a second sentence has of a statement what neither the first has, nor its title.

    Where the first leans on what stands before, that will be cited with it.
    """
    leans = not is_intelligible(first.evidence.text)
    near = first.context if leans else first.evidence.title
    said, known = analyse(text), analyse(f"{first.evidence.text} {near}").content
    brought = (said.content & analyse(second.evidence.text).content) - known
    telling = said.numbers | {w.stem for w in said.names}
    return len(brought) >= _MANY_WORDS or bool(brought & telling)


def _pairs(
    one: int, others: Sequence[int], candidates: Sequence[Candidate]
) -> list[tuple[int, ...]]:
    """One candidate with each of the others that stands near it."""
    return [
        (one, i) for i in others if i != one and _stand_together(candidates[one], candidates[i])
    ]


def _leaning(
    one: int, others: Sequence[int], candidates: Sequence[Candidate]
) -> list[tuple[int, ...]]:
    """One candidate with each that goes on from it: "It was played …", however weak alone."""
    first = candidates[one].evidence.ordinal
    return [
        (one, i)
        for one, i in _pairs(one, others, candidates)
        if candidates[i].evidence.ordinal > first
        and not is_intelligible(candidates[i].evidence.text)
    ]


def _pin_to(
    text: str,
    question: str,
    cited: Sequence[Candidate],
    strengths: Sequence[float],
    similarity: float,
    rarity: Callable[[str], float],
) -> Pin:
    """The statement held to these sentences; `similarity` is the cosine of the closest of them."""
    texts = [c.evidence.text for c in cited]
    exact = dates_as_written(qualify(text, texts), texts)
    checked = check(
        exact,
        texts,
        context=" ".join(c.context for c in cited),
        question=question,
        surroundings=" ".join(c.surroundings for c in cited),
        similarity=similarity,
        rarity=rarity,
    )
    return Pin(exact, tuple(cited), tuple(strengths), checked)


def _weights() -> Array:
    """Of SIGNALS: float32, shape (len(SIGNALS),), summing to 1."""
    fitted = read_fit("attribution")["weights"]
    weights = np.array([fitted[name] for name in SIGNALS], dtype=np.float32)
    out: Array = weights / weights.sum()
    return out


def _stand_together(a: Candidate, b: Candidate) -> bool:
    same = a.evidence.document_id == b.evidence.document_id
    return same and abs(a.evidence.ordinal - b.evidence.ordinal) <= _TOGETHER
