"""Passages -> evidence: their sentences, scored; the best of them, for the model to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.document import Document, Sentence
from index.embed import Array
from index.lexical import tokenize
from index.store import Index
from rag.answer import Evidence, Passage

__all__ = ["Candidate", "Excerpt", "Weights", "choose", "score_sentences"]

COSINE_WEIGHT = 0.6
"""Share of the cosine in a sentence's score; the rest is the share of the question's words that
it holds, weighted by how rare they are. Chosen on bench/xquad with tests/benchmarks."""

EVIDENCE_TOKENS = 250
"""What the model reads, in tokens of the embedder; chosen by tests/benchmarks on bench/xquad."""

_CONTEXT = 4
"""Sentences before one that its pronouns may refer to."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What the model reads of one passage: sentences in reading order, gaps marked by "…"."""

    title: str
    text: str


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
    surroundings: str
    """The passage that it stands in."""
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
                    surroundings=passage.text,
                    passage=rank,
                )
            )
    return sorted(found, key=lambda c: (-c.evidence.score, c.passage, c.evidence.start))


def choose(
    index: Index,
    passages: Sequence[Passage],
    candidates: Sequence[Candidate],
    *,
    max_tokens: int = EVIDENCE_TOKENS,
) -> tuple[list[Excerpt], list[Candidate]]:
    """What the model is to read, within `max_tokens`; and which candidates are in it.

    The best sentences, each with its neighbours, in reading order within their passage. The
    excerpts come worst first: what stands next to the question is read best.
    """
    sentences = [index.catalogue.sentences(p.document_id) for p in passages]
    picked = _pick(index, passages, candidates, sentences, max_tokens)
    excerpts = []
    for rank in sorted(picked, reverse=True):
        text, before = "", None
        for i in sorted(picked[rank]):
            gap = "" if before is None else " " if i == before + 1 else " … "
            text += gap + sentences[rank][i].text
            before = i
        excerpts.append(Excerpt(passages[rank].title, text))
    shown = [c for c in candidates if c.evidence.ordinal in picked.get(c.passage, ())]
    return excerpts, shown


def _pick(
    index: Index,
    passages: Sequence[Passage],
    candidates: Sequence[Candidate],
    sentences: Sequence[Sequence[Sentence]],
    max_tokens: int,
) -> dict[int, set[int]]:
    """Ordinals by passage, taken in order of worth while the budget lasts."""
    wanted: list[tuple[int, int]] = []
    for c in candidates:
        i = c.evidence.ordinal
        wanted += [(c.passage, j) for j in (i, i - 1, i + 1)]
    wanted = [
        (rank, i)
        for rank, i in dict.fromkeys(wanted)
        if passages[rank].first <= i < min(passages[rank].last, len(sentences[rank]))
        # A heading tells of what it cannot be cited for.
        and sentences[rank][i].kind.citable
    ]
    lengths = index.embedder.count_tokens([sentences[rank][i].text for rank, i in wanted])
    picked: dict[int, set[int]] = {}
    used = 0
    for (rank, i), length in zip(wanted, lengths, strict=True):
        # The first is shown however long it is: without it there is nothing to read.
        if not picked or used + length <= max_tokens:
            used += length
            picked.setdefault(rank, set()).add(i)
    return picked


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
