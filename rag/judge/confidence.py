"""One probability that the documents answer the question and that the answer says it right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from index.tokens import tokenize
from rag.answer import Passage
from rag.evidence import Candidate
from rag.judge.claims import Claim, analyse, is_same_name
from rag.judge.extract import Extraction
from rag.judge.premise import contradicts

__all__ = [
    "COEFFICIENTS",
    "MIN_CONFIDENCE",
    "MIN_QUOTED",
    "MIN_TOPIC",
    "confidence",
    "signals",
    "span_signals",
    "topic_signals",
]

COEFFICIENTS: Mapping[tuple[str, bool, bool], Mapping[str, float]] = {
    ("written", True, True): {
        "bias": -4.56,
        "cosine": 0.44,
        "sentence": -0.68,
        "agree": 0.45,
        "near": 0.5,
        "named": 0.24,
        "cited": -0.36,
        "cited_cosine": 1.0,
        "premise": 0.49,
        "contradicted": -1.38,
        "stated": 3.37,
        "span": 0.28,
        "span_said": 2.25,
        "span_cited": 0.11,
    },
    ("quoted", True, True): {
        "bias": -4.6,
        "cosine": -0.35,
        "sentence": -1.15,
        "agree": 1.0,
        "near": 0.89,
        "named": 0.42,
        "cited": 0.01,
        "cited_cosine": 0.74,
        "contradicted": -1.86,
        "stated": 3.86,
        "span": 0.05,
        "span_said": 1.92,
        "span_cited": 0.83,
    },
    ("written", True, False): {
        "bias": -4.2,
        "cosine": 1.08,
        "sentence": -0.35,
        "agree": 0.75,
        "near": 1.1,
        "named": 0.19,
        "cited": -0.72,
        "cited_cosine": 1.08,
        "premise": 0.78,
        "contradicted": -2.09,
        "span": 1.06,
        "span_said": 1.78,
        "span_cited": 0.17,
    },
    ("quoted", True, False): {
        "bias": -4.28,
        "cosine": 0.47,
        "sentence": -0.69,
        "agree": 1.14,
        "near": 1.63,
        "named": 0.5,
        "cited": 0.09,
        "cited_cosine": 0.72,
        "premise": -0.01,
        "contradicted": -2.33,
        "span": 0.54,
        "span_said": 1.64,
        "span_cited": 1.08,
    },
    ("written", False, True): {
        "bias": -5.06,
        "cosine": 0.52,
        "sentence": -0.14,
        "agree": 0.37,
        "near": 0.79,
        "named": 0.64,
        "cited": 0.51,
        "cited_cosine": 1.5,
        "premise": 0.79,
        "contradicted": -1.36,
        "quoted": -0.29,
        "stated": 3.39,
    },
    ("written", False, False): {
        "bias": -4.78,
        "cosine": 1.41,
        "sentence": 0.64,
        "agree": 0.85,
        "near": 1.42,
        "named": 0.59,
        "cited": 0.01,
        "cited_cosine": 1.48,
        "premise": 1.1,
        "contradicted": -1.81,
    },
}
"""For the model's own words and for a quotation, with an extractor or not, with a probe or not:
logistic regressions of "right" over the signals, fitted by tests/benchmarks/fit_confidence.py on
408 recorded answers (bench/xquad 150, bench/squad2-normans 198, questions on held-out articles
60; each set weighs the same). AUC in five folds, in this order: .82, .89, .76, .84, .76, .68. Where
7 % of bench/xquad's questions are declined, .83 are answered rightly, with a citation precision
of .91; without an extractor .77 and .88.
Tried and of no help: whether the answer brings what the question asks for (a number, a date, a
name), how much it adds to the question, the model's own token probabilities, and asking it
whether the sentence answers the question."""

MIN_CONFIDENCE = 0.22
"""Abstain below this. In folds, by threshold, on bench/squad2-normans abstention F1 and its false
rate, and bench/xquad's false rate: .10: .46, .02, .04; .20: .62, .04, .06; .22: .61, .08, .06;
.25: .64, .08, .07; .30: .66, .11, .09; .40: .69, .20, .13; .45: .72, .26, .16. Of questions on
held-out articles 97 % and more are declined from .10 on."""

MIN_QUOTED = 0.5
"""Without an extractor: from this probability on that the evidence states an answer, a reply that
does not verify is replaced by the sentence it was closest to."""

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
        "contradicted": float(contradicts(question, here, near)),
    }


def span_signals(
    extraction: Extraction, statements: Sequence[str], cited: Sequence[Candidate]
) -> dict[str, float]:
    """What the extractor makes of it; each in [0, 1]."""
    once = {(c.evidence.document_id, c.evidence.ordinal): c for c in cited}
    return {
        "span": extraction.stated,
        "span_said": extraction.said(" ".join(statements)),
        "span_cited": sum(extraction.at(c) for c in once.values()),
    }


def confidence(values: Mapping[str, float]) -> float:
    """The calibrated probability, [0, 1]; a signal that is missing counts as 0."""
    has_span = "span" in values
    kind = "quoted" if has_span and values.get("quoted") else "written"
    z = sum(
        weight * (1.0 if name == "bias" else values.get(name, 0.0))
        for name, weight in COEFFICIENTS[kind, has_span, "stated" in values].items()
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
