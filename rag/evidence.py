"""Passages -> evidence: every citable sentence of them, scored against the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.document import Document, Sentence
from index.embed import Array
from index.lexical import tokenize
from index.store import Index
from rag.answer import Evidence, Passage

__all__ = ["Candidate", "Weights", "score_sentences"]

COSINE_WEIGHT = 0.6
"""Share of the cosine in a sentence's score; the rest is the share of the question's words that
it holds, weighted by how rare they are. Chosen on bench/xquad with tests/benchmarks."""

_CONTEXT = 4
"""Sentences before one that its pronouns may refer to."""


class Weights:
    """How telling a word is in this index: its inverse document frequency, at least a floor."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._cache: dict[str, float] = {}

    def __call__(self, token: str) -> float:
        if token not in self._cache:
            self._cache[token] = self._index.idf(token)
        return self._cache[token]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An evidence sentence with what attribution and verification need beside it."""

    evidence: Evidence
    vector: Array
    """Of "title: sentence"; float32, shape (dim,), unit length."""
    context: str
    """The sentences before it, where its "he", "it" and "the company" are named."""
    passage: int
    """Which passage it came from, 0 the best."""


def score_sentences(
    index: Index, question: str, vector: Array, passages: Sequence[Passage]
) -> list[Candidate]:
    """All citable sentences of the passages, best first.

    `vector` is the question's: float32, shape (dim,), unit length.
    """
    weights = Weights(index)
    asked = {token: weights(token) for token in tokenize(question)}
    mass = sum(asked.values()) or 1.0
    found: list[Candidate] = []
    for rank, passage in enumerate(passages):
        document = index.catalogue.document(passage.document_id)
        if document is None:
            continue
        sentences = index.catalogue.sentences(passage.document_id)
        vectors = index.catalogue.vectors(passage.document_id)
        for i in range(passage.first, min(passage.last, len(sentences))):
            sentence = sentences[i]
            if not sentence.kind.citable:
                continue
            cosine = float(np.dot(vectors[i], vector))
            # The title speaks for every sentence of its article, at half its weight.
            words = set(tokenize(sentence.text))
            titled = set(tokenize(document.title))
            held = sum(
                w if t in words else 0.5 * w if t in titled else 0.0 for t, w in asked.items()
            )
            score = COSINE_WEIGHT * max(0.0, cosine) + (1 - COSINE_WEIGHT) * held / mass
            found.append(
                Candidate(
                    evidence=_evidence(document, sentence, i, score, cosine),
                    vector=vectors[i],
                    context=_context(document, sentences, i),
                    passage=rank,
                )
            )
    return sorted(found, key=lambda c: (-c.evidence.score, c.passage, c.evidence.start))


def _evidence(
    document: Document, sentence: Sentence, ordinal: int, score: float, cosine: float
) -> Evidence:
    return Evidence(
        document_id=document.id,
        document=document.path,
        title=document.title,
        date=document.date,
        ordinal=ordinal,
        start=sentence.start,
        end=sentence.end,
        text=sentence.text,
        kind=sentence.kind,
        score=score,
        cosine=cosine,
    )


def _context(document: Document, sentences: Sequence[Sentence], i: int) -> str:
    before = sentences[max(0, i - _CONTEXT) : i]
    return " ".join([document.title + ".", *(s.text for s in before)])
