"""Passages -> evidence: their sentences, scored; the best of them, for the model to read."""

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
    "Excerpt",
    "Rarity",
    "choose",
    "evidence_at",
    "read_whole",
    "score_sentences",
]

COSINE_WEIGHT = 0.6
"""Share of the cosine in a sentence's score; the rest is the share of the question's words that
it holds, weighted by how rare they are. Chosen on bench/xquad with tests/benchmarks."""

READ_PASSAGES = 2
"""Passages that the model reads whole: with the one that holds the best sentence and the next by
rank, 98.7 % of 300 questions of bench/xquad have their answer before the model, 94.8 % of 96 of
bench/squad2-normans. Read so, it answers as many questions rightly as from the best 250 tokens of
sentences out of six passages (36 against 35 of 44), and evaluates 187 tokens afresh, not 310: the
state of the lesser passage, which comes first, is the same for every question and can be kept.
By tests/benchmarks/evidence.py, 24 other questions: the best sentences, 60 tokens: .67 right, 120:
.71; one passage .67, two .79, three .75, four .58."""

PASSAGE_TOKENS = 400
"""Tokens of the embedder; of a longer passage the best sentences are read, with their neighbours.
Chunks of the default size are never longer."""

_CONTEXT = 4
"""Sentences before one that its pronouns may refer to."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What the model reads of one passage: sentences in reading order, gaps marked by "…"."""

    title: str
    text: str
    whole: bool = True
    """Whether it is all of the passage, and so the same for every question."""


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
        """The title and the sentences before it."""
        return " ".join([f"{self.evidence.title}.", *(e.text for e in self.preceding)])


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


def choose(
    reading: Reading,
    passages: Sequence[Passage],
    candidates: Sequence[Candidate],
    *,
    n_passages: int = READ_PASSAGES,
    max_tokens: int = PASSAGE_TOKENS,
) -> tuple[list[Excerpt], list[Candidate]]:
    """What the model is to read; and which candidates are in it.

    The passage that holds the best sentence comes last, since what stands next to the question
    is read best; before it come the others, the best by rank nearest. `max_tokens` bounds each.
    """
    ranks = dict.fromkeys([candidates[0].passage, *range(len(passages))] if candidates else ())
    excerpts: list[Excerpt] = []
    shown: set[tuple[int, int]] = set()
    for rank in reversed(list(ranks)[:n_passages]):
        mine = [c for c in candidates if c.passage == rank]
        stored = reading.get(passages[rank].document_id)
        sentences = stored.sentences if stored is not None else ()
        citable = _citable(sentences, passages[rank])
        picked = _pick(reading.index, mine, sentences, citable, max_tokens)
        if not picked:
            continue
        text, before = "", None
        for i in picked:
            gap = "" if before is None else " … " if set(range(before + 1, i)) & {*citable} else " "
            text += gap + sentences[i].text
            before = i
        excerpts.append(Excerpt(passages[rank].title, text, whole=len(picked) == len(citable)))
        shown |= {(rank, i) for i in picked}
    return excerpts, [c for c in candidates if (c.passage, c.evidence.ordinal) in shown]


def read_whole(reading: Reading, passage: Passage) -> Excerpt:
    """A passage as `choose` shows it when it is not too long."""
    stored = reading.get(passage.document_id)
    sentences = stored.sentences if stored is not None else ()
    citable = _citable(sentences, passage)
    return Excerpt(passage.title, " ".join(sentences[i].text for i in citable))


def _scored(
    stored: StoredDocument, passage: Passage, rank: int, fits: Sequence[_Fit]
) -> Iterator[tuple[float, Candidate]]:
    """A passage's sentences, each after what it is worth in the order: the mean of its fits.

    The score that it is given is that of the first fit.
    """
    document, sentences, vectors = stored.document, stored.sentences, stored.vectors
    titled = set(tokenize(document.title))
    for i in _citable(sentences, passage):
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


def _citable(sentences: Sequence[Sentence], passage: Passage) -> list[int]:
    """Ordinals of what may be cited: a heading tells of what it cannot be cited for."""
    stop = min(passage.last, len(sentences))
    return [i for i in range(passage.first, stop) if sentences[i].kind.citable]


def _pick(
    index: Index,
    candidates: Sequence[Candidate],
    sentences: Sequence[Sentence],
    citable: Sequence[int],
    max_tokens: int,
) -> list[int]:
    """All ordinals of a passage; of one too long, the best and their neighbours, as room lasts."""
    lengths = dict(
        zip(citable, index.embedder.count_tokens([sentences[i].text for i in citable]), strict=True)
    )
    if sum(lengths.values()) <= max_tokens:
        return list(citable)
    order = dict.fromkeys(
        j for c in candidates for i in [c.evidence.ordinal] for j in (i, i - 1, i + 1)
    )
    picked: list[int] = []
    used = 0
    for i in order:
        # The first is shown however long it is: without it there is nothing to read.
        if i in lengths and (not picked or used + lengths[i] <= max_tokens):
            used += lengths[i]
            picked.append(i)
    return sorted(picked)


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
