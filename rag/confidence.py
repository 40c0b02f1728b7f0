"""One probability that the documents answer the question and that the answer says it right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from index.lexical import tokenize
from rag.answer import Passage
from rag.claims import Claim, analyse, is_same_name
from rag.evidence import Candidate

__all__ = [
    "COEFFICIENTS",
    "MIN_CONFIDENCE",
    "MIN_TOPIC",
    "confidence",
    "is_refusal",
    "signals",
    "topic_signals",
]

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

_NUMBER = re.compile(
    r"\bhow (many|much|old|long|far|tall|high|big|large|deep|fast)\b|\b(what|which) (percent\w*|"
    r"number|share|proportion|amount|population|age|fraction|rate)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\bwhen\b|\b(what|which) (year|date|day|month|decade|century|time)\b", re.IGNORECASE
)
_NAME = re.compile(
    r"\b(who|whom|whose|where)\b|\b(what|which) (person|man|woman|country|city|town|state|"
    r"river|region|company|team|king|queen|president|minister|author|province|island)\b",
    re.IGNORECASE,
)
_TIME_WORDS = frozenset(
    """january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday century decade year month week day
    yesterday today spring summer autumn winter night morning""".split()
)
_REFUSAL = re.compile(
    r"\b(no (information|mention|specific)|(not|n't|never) (explicitly |specifically |directly )?"
    r"(mention|mentioned|specif\w+|provide\w*|state[ds]?|say|given|contain|contained|include|"
    r"discuss\w*|available|known from|answer)|cannot (be )?(determine\w*|answer\w*|find|found)|"
    r"unclear from|passages? do(es)? not|article does not)\b",
    re.IGNORECASE,
)


def is_refusal(text: str) -> bool:
    """Whether the model itself says that the passages do not tell."""
    return bool(_REFUSAL.search(text))


def topic_signals(candidates: Sequence[Candidate], passages: Sequence[Passage]) -> dict[str, float]:
    """What is known before the model is asked."""
    nearest = max(passages, key=lambda p: p.cosine)
    return {
        "cosine": max(c.evidence.cosine for c in candidates),
        "sentence": candidates[0].evidence.score,
        "passage": nearest.cosine,
        "agree": float(nearest.bm25 == max(p.bm25 for p in passages) and nearest.bm25 > 0),
    }


def signals(
    question: str,
    statements: Sequence[str],
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    cited: Sequence[Candidate],
    coverage: float,
    weight: Callable[[str], float],
) -> dict[str, float]:
    """Everything the probability is made of; each in [0, 1] but cosines, in [-1, 1]."""
    asked = analyse(question)
    said = analyse(" ".join(statements))
    here = " ".join(c.evidence.text for c in cited)
    near = " ".join([here, *(c.context for c in cited)])
    tokens = set(tokenize(question))
    return {
        **topic_signals(candidates, passages),
        "held": _share(tokens, set(tokenize(here)), weight),
        "near": _share(tokens, set(tokenize(near)), weight),
        "named": _named(asked, analyse(near)),
        "cited": max((c.evidence.score for c in cited), default=0.0),
        "cited_cosine": max((c.evidence.cosine for c in cited), default=0.0),
        "support": coverage,
        "adds": min(1.0, len(said.content - asked.content) / 3),
        "type": _type_match(question, asked, said),
    }


def confidence(values: Mapping[str, float]) -> float:
    """The calibrated probability, [0, 1]; a signal that is missing counts as 0."""
    z = sum(
        weight * (1.0 if name == "bias" else values.get(name, 0.0))
        for name, weight in COEFFICIENTS.items()
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


def _type_match(question: str, asked: Claim, said: Claim) -> float:
    """1 if the answer brings what the question asks for, 0 if not, .5 if nobody can tell."""
    new_numbers = said.numbers - asked.numbers
    new_names = {w.stem for w in said.words if w.capitalised and not w.first} - asked.content
    if _DATE.search(question):
        return float(bool(new_numbers) or any(w.lower in _TIME_WORDS for w in said.words))
    if _NUMBER.search(question):
        return float(bool(new_numbers))
    if _NAME.search(question):
        first = {said.first_word.stem} if said.first_word else set()
        return float(bool(new_names | (first - asked.content)))
    return 0.5
