"""One probability that the documents answer the question and that the answer says it right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from index.lexical import tokenize
from rag.answer import Passage
from rag.claims import Claim, analyse, is_same_name
from rag.evidence import Candidate

__all__ = [
    "COEFFICIENTS",
    "MIN_CONFIDENCE",
    "MIN_QUOTED",
    "MIN_TOPIC",
    "UNPROBED",
    "confidence",
    "signals",
    "topic_signals",
]

COEFFICIENTS: Mapping[str, float] = {
    "bias": -4.5,
    "cosine": 0.51,
    "sentence": -0.5,
    "agree": 0.34,
    "near": 1.01,
    "named": 0.33,
    "cited": 0.78,
    "cited_cosine": 1.69,
    "premise": 0.29,
    "quoted": -0.82,
    "stated": 3.35,
}
"""Logistic regression of "right" over `signals`, fitted by tests/benchmarks/fit_confidence.py on
400 recorded answers (bench/xquad 150, bench/squad2-normans 198, questions on held-out articles
45; each set weighs the same): AUC .81 in five folds, .75 without the model's probe ("stated").
Tried and of no help: whether the answer brings what the question asks for (a number, a date, a
name), how much it adds to the question, the model's own token probabilities, and asking it
whether the sentence answers the question."""

UNPROBED: Mapping[str, float] = {
    "bias": -4.06,
    "cosine": 1.16,
    "sentence": 0.36,
    "agree": 0.64,
    "near": 1.67,
    "named": 0.39,
    "cited": 0.63,
    "cited_cosine": 1.54,
    "premise": 0.37,
}
"""The same for models that have no probe."""

MIN_CONFIDENCE = 0.2
"""Abstain below this. In folds, by threshold, on bench/squad2-normans abstention F1 and its false
rate, and bench/xquad's false rate: .10: .31, .02, .05; .20: .53, .07, .08; .30: .64, .16, .10;
.40: .69, .21, .15. Of questions on held-out articles 98 % and more are declined from .10 on."""

MIN_QUOTED = 0.5
"""From this probability on that the evidence states an answer, a reply that does not verify is
replaced by the sentence it was closest to: on bench/xquad 9 of 10 such quotations answered, on
bench/squad2-normans 2 of 3, while most of its unanswerable questions lie below."""

MIN_TOPIC = 0.3
"""Below this fit of the best sentence, [0, 1], the model is not even asked: of 350 recorded
questions none that was answered rightly lies below, and 80 % of those on held-out articles do."""


def topic_signals(candidates: Sequence[Candidate], passages: Sequence[Passage]) -> dict[str, float]:
    """What is known before the model is asked."""
    nearest = max(passages, key=lambda p: p.cosine)
    return {
        "cosine": max(c.evidence.cosine for c in candidates),
        "sentence": candidates[0].evidence.score,
        "agree": float(nearest.bm25 == max(p.bm25 for p in passages) and nearest.bm25 > 0),
    }


def signals(
    question: str,
    statements: Sequence[str],
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    cited: Sequence[Candidate],
    weight: Callable[[str], float],
) -> dict[str, float]:
    """Everything the probability is made of; each in [0, 1] but cosines, in [-1, 1]."""
    here = " ".join(c.evidence.text for c in cited)
    near = " ".join([here, *(c.context for c in cited)])
    tokens = set(tokenize(question))
    repeated = tokens & set(tokenize(" ".join(statements)))
    return {
        **topic_signals(candidates, passages),
        "near": _share(tokens, set(tokenize(near)), weight),
        "named": _named(analyse(question), analyse(near)),
        "cited": max((c.evidence.score for c in cited), default=0.0),
        "cited_cosine": max((c.evidence.cosine for c in cited), default=0.0),
        # What the answer took over from the question: is it in the cited sentences?
        "premise": _share(repeated, set(tokenize(here)), weight) if repeated else 1.0,
    }


def confidence(values: Mapping[str, float]) -> float:
    """The calibrated probability, [0, 1]; a signal that is missing counts as 0."""
    coefficients = COEFFICIENTS if "stated" in values else UNPROBED
    z = sum(
        weight * (1.0 if name == "bias" else values.get(name, 0.0))
        for name, weight in coefficients.items()
    )
    return 1 / (1 + math.exp(-z))


def _share(tokens: set[str], held: set[str], weight: Callable[[str], float]) -> float:
    total = sum(weight(t) for t in tokens)
    return sum(weight(t) for t in tokens & held) / total if total else 0.0


def _named(asked: Claim, near: Claim) -> float:
    """Share of the question's names and numbers that stand in or just before the cited text."""
    names = [w for w in near.words if w.capitalised]
    wanted = list(asked.names)
    if asked.first_word is not None and asked.first_word.lower not in ("name", "list"):
        wanted.append(asked.first_word)
    found = [
        is_same_name(w, names) or any(w.stem == o.stem for o in near.words) for w in wanted
    ] + [number in near.content for number in asked.numbers]
    return sum(found) / len(found) if found else 1.0
