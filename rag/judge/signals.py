"""What speaks for an answer, a number each, and why each should."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.tokens import tokenize
from rag.evidence import Candidate
from rag.judge.extract import Extraction
from rag.judge.refer import stands_on

__all__ = ["NAMES", "judge_signals", "topic"]

NAMES = ("topic", "said", "marked", "near")
"""The signals of a draft, [0, 1] each but the cosine, [-1, 1]; more of any speaks for it:

- topic: the greatest cosine similarity of the question and a sentence that the model read. It
  tells what the library holds from what it does not.
- said: the probability, by the extractor, of an answer that the draft gives; for a quotation, that
  the model's words give, too. Two readers that err differently agree.
- marked: the probability, by the extractor, that the answer stands in the cited
  sentences, or in those that say who their "she" is.
- near: the share of the question's words, by rarity, that stand in the cited sentences, in those
  just before them or in their title. What is asked about must be there.

What is in doubt by these gets a fifth, `answers`: the log-odds of a probe of the language model's
state that reads the cited sentences once more (`rag.model.probe`).

Tried and left out, since left-out sets gain nothing by them (tests/benchmarks/README.md): the best
score, agreement of the two searches, names alone, the cited sentence's own score and cosine, the
extractor's total, words repeated of the question, another century or an opposite in the evidence,
and a probe of the state in which the language model begins to answer.
"""


def topic(candidates: Sequence[Candidate]) -> float:
    """The greatest cosine similarity of the question and a sentence, [-1, 1]."""
    return max((c.evidence.cosine for c in candidates), default=0.0)


def judge_signals(
    question: str,
    said: str,
    cited: Sequence[Candidate],
    candidates: Sequence[Candidate],
    rarity: Callable[[str], float],
    extraction: Extraction | None,
) -> dict[str, float]:
    """The signals that can be had of a draft; `said` is what the extractor is compared with."""
    near = " ".join([*(c.evidence.text for c in cited), *(c.context for c in cited)])
    signals = {"topic": topic(candidates), "near": _share(question, near, rarity)}
    if extraction is not None:
        signals["said"] = extraction.said(said)
        stood_on = {key for c in cited for key in stands_on(c)}
        signals["marked"] = sum(extraction.mass.get(key, 0.0) for key in stood_on)
    return signals


def _share(question: str, near: str, rarity: Callable[[str], float]) -> float:
    asked = set(tokenize(question))
    total = sum(rarity(t) for t in asked)
    return sum(rarity(t) for t in asked & set(tokenize(near))) / total if total else 0.0
