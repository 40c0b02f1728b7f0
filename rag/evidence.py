"""Passages -> evidence: their sentences, scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from index.document import Document, Sentence
from index.embed.embedder import Array
from index.store.index import Index
from index.store.reading import Reading
from index.store.rows import StoredDocument
from index.tokens import tokenize
from rag.answer import Evidence, Passage

__all__ = [
    "Candidate",
    "Rarity",
    "citable",
    "evidence_at",
    "score_sentences",
]

COSINE_WEIGHT = 0.6
"""Share of the cosine in a sentence's score; the rest is the share of the question's words that
it holds, weighted by how rare they are. Chosen on bench/xquad with tests/benchmarks."""

_CONTEXT = 4
"""Sentences before one that its pronouns may refer to."""


class Rarity:
    """How telling a word is in this index: its inverse document frequency, above 0."""

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
    preceding: tuple[Evidence, ...]
    """The sentences before it, in reading order, where its "he" and "the company" are named."""
    surroundings: str
    """The passage that it stands in."""
    passage: int
    """Which passage it came from, 0 the best."""

    @property
    def key(self) -> tuple[str, int]:
        """Its document and its place among that document's sentences."""
        return self.evidence.document_id, self.evidence.ordinal

    @property
    def context(self) -> str:
        """The title, the author and the sentences before it."""
        author = [f"By {self.evidence.author}."] if self.evidence.author else []
        return " ".join([f"{self.evidence.title}.", *author, *(e.text for e in self.preceding)])


class _Fit:
    """How well a sentence fits one wording of a question."""

    def __init__(self, question: str, vector: Array, rarity: Rarity) -> None:
        self._asked = {token: rarity(token) for token in tokenize(question)}
        self._mass = sum(self._asked.values()) or 1.0
        self._vector = vector

    def score(self, words: set[str], titled: set[str], vector: Array) -> tuple[float, float]:
        """(score, [0, 1]; cosine similarity, [-1, 1]) of a sentence's words and vector."""
        cosine = float(np.dot(vector, self._vector))
        # The title speaks for every sentence of its article, at half its weight.
        held = sum(
            w if t in words else 0.5 * w if t in titled else 0.0 for t, w in self._asked.items()
        )
        return COSINE_WEIGHT * max(0.0, cosine) + (1 - COSINE_WEIGHT) * held / self._mass, cosine


def score_sentences(
    reading: Reading,
    question: str,
    vector: Array,
    passages: Sequence[Passage],
    *,
    typed: tuple[str, Array] | None = None,
) -> list[Candidate]:
    """All citable sentences of the passages, best first.

    `vector` is the question's: float32, shape (dim,), unit length. `typed` is the question that
    it was rewritten from, with its vector: in the order, what the reader asks now then counts as
    much as what the rewriting took from earlier turns.
    """
    rarity = Rarity(reading.index)
    fits = [_Fit(question, vector, rarity)]
    if typed is not None:
        fits.append(_Fit(*typed, rarity))
    found: list[tuple[float, Candidate]] = []
    for rank, passage in enumerate(passages):
        stored = reading.get(passage.document_id)
        if stored is not None:
            found += _scored(stored, passage, rank, fits)
    found.sort(key=lambda pair: (-pair[0], pair[1].passage, pair[1].evidence.start))
    return [candidate for _, candidate in found]


def _scored(
    stored: StoredDocument, passage: Passage, rank: int, fits: Sequence[_Fit]
) -> Iterator[tuple[float, Candidate]]:
    """A passage's sentences, each after what it is worth in the order: the mean of its fits.

    The score that it is given is that of the first fit.
    """
    document, sentences, vectors = stored.document, stored.sentences, stored.vectors
    titled = set(tokenize(document.title))
    for i in citable(sentences, passage):
        words = set(tokenize(sentences[i].text))
        scores = [fit.score(words, titled, vectors[i]) for fit in fits]
        score, cosine = scores[0]
        candidate = Candidate(
            evidence=evidence_at(document, sentences[i], i, score, cosine),
            vector=vectors[i],
            preceding=_preceding(document, sentences, i),
            surroundings=passage.text,
            passage=rank,
        )
        yield sum(s for s, _ in scores) / len(scores), candidate


def citable(sentences: Sequence[Sentence], passage: Passage) -> list[int]:
    """Ordinals of what may be cited: a heading tells of what it cannot be cited for."""
    stop = min(passage.last, len(sentences))
    return [i for i in range(passage.first, stop) if sentences[i].kind.citable]


def evidence_at(
    document: Document, sentence: Sentence, ordinal: int, score: float, cosine: float
) -> Evidence:
    """A sentence of a document as evidence, with its score and cosine."""
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
        page=document.page(sentence.start),
        author=document.author,
        url=document.url,
    )


def _preceding(document: Document, sentences: Sequence[Sentence], i: int) -> tuple[Evidence, ...]:
    before = range(max(0, i - _CONTEXT), i)
    return tuple(evidence_at(document, sentences[j], j, 0.0, 0.0) for j in before)
