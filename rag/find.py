"""Question -> what may answer it: passages, sentences, what the model reads, what is marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from index.store.reading import Reading
from rag.answer import Evidence, Passage
from rag.evidence import Candidate, Excerpt, choose, score_sentences
from rag.judge.extract import Extraction, Extractor, texts_of
from rag.judge.signals import topic
from rag.judge.speaker import heard
from rag.retrieve import HybridRetriever

__all__ = ["Found", "find"]

_NEAREST = 3

MIN_SCORE = 0.3
"""Below this fit of the best sentence, [0, 1], the model is not asked: of 350 recorded questions
none that was answered rightly lies below, and 80 % of those on held-out articles do."""

MIN_TOPIC = 0.55
MIN_STATED = 0.1
"""Where the best sentence's cosine and what the extractor finds are both below these, the model is
not asked: of 246 recorded questions with a right answer two are, of 154 without one 46 (bench's
natural, natural-long, xquad and normans; tests/benchmarks/README.md)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What retrieval and the extractor give the later steps."""

    question: str
    condensed: str
    passages: Sequence[Passage]
    candidates: Sequence[Candidate]
    """The sentences that the model reads, best first."""
    excerpts: Sequence[Excerpt]
    """The same as they are shown to it."""
    extraction: Extraction | None
    """Where in them the answer stands; None without an extractor."""

    @property
    def nearest(self) -> tuple[Evidence, ...]:
        """The sentences closest to the question, best first."""
        return tuple(c.evidence for c in self.candidates[:_NEAREST])

    @property
    def hopeless(self) -> str | None:
        """Why it is not worth asking the model, for the reader; None if it is."""
        if not self.candidates:
            return "The documents hold nothing on this."
        off = self.candidates[0].evidence.score < MIN_SCORE
        if self.extraction is not None and self.extraction.stated < MIN_STATED:
            off = off or topic(self.candidates) < MIN_TOPIC
        return "The documents seem to hold nothing on this topic." if off else None


def find(
    retriever: HybridRetriever,
    question: str,
    *,
    condensed: str | None = None,
    documents: Collection[str] | None = None,
    extractor: Extractor | None = None,
) -> Found:
    """Search, score every sentence, choose what is read, and mark in it where the answer stands.

    `condensed` is the question as rewritten, `documents` limits the search to these ids.
    """
    condensed = question if condensed is None else condensed
    embedder = retriever.index.embedder
    reading = Reading(retriever.index)
    vector = embedder.embed([condensed])[0]
    passages = retriever.passages(condensed, vector=vector, documents=documents, reading=reading)
    typed = None if condensed == question else (question, embedder.embed([question])[0])
    scored = score_sentences(reading, condensed, vector, passages, typed=typed)
    # "What did X say?" is answered by X's words alone.
    scored = heard(condensed, scored)
    excerpts, shown = choose(reading, passages, scored)
    extraction = None
    if extractor is not None and shown:
        extraction = extractor.read(condensed, texts_of(shown))
    return Found(question, condensed, passages, shown, excerpts, extraction)
