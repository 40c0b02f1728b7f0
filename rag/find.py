"""Question -> what may answer it: passages, sentences, what the model reads, what is marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from index.store.index import Index
from index.store.reading import Reading
from index.store.rows import common
from index.tokens import tokenize
from rag.answer import Evidence, Mark, Passage
from rag.english import ASKS_FOR_SEVERAL
from rag.evidence import Candidate, score_sentences
from rag.excerpt import Excerpt, choose
from rag.judge.complete import Part
from rag.judge.extract import Extraction, Extractor, mean, texts_of
from rag.judge.signals import topic
from rag.judge.speaker import heard, is_heard
from rag.narrow import narrow
from rag.plan import parts_of
from rag.retrieve import HybridRetriever
from rag.spelling import respelled
from rag.when import OwnTime

__all__ = ["Found", "find", "gather", "read_closely", "read_on"]

_NEAREST = 3

MIN_SCORE = 0.3
"""Without an extractor, below this fit of the best sentence, [0, 1], the model is not asked. With
one it says nothing more: people who ask about their own articles put things in words that these do
not have, and of 84 such questions it stopped six that the extractor found answered."""

MIN_TOPIC = 0.55
MIN_STATED = 0.1
"""Where the best sentence's cosine and what the extractor finds are both below these, the model is
not asked: of 246 recorded questions with a right answer two are, of 154 without one 46 (bench's
natural, natural-long, xquad and normans; tests/benchmarks/README.md)."""


MIN_MARKED = 0.5
"""From this probability on a marked sentence is shown while the model is still reading."""


@dataclass(frozen=True, slots=True)
class Found:
    """What retrieval and the extractor give the later steps."""

    question: str
    condensed: str
    passages: Sequence[Passage]
    candidates: Sequence[Candidate]
    """The sentences that the extractor reads, best first."""
    excerpts: Sequence[Excerpt]
    """What of them the model reads: all, or of the best passage what the extractor is sure of."""
    extraction: Extraction | None
    """Where in them the answer stands; None without an extractor."""
    parts: Sequence[Part] = ()
    """The same of each question, where several are asked together."""
    own_time: OwnTime | None = None
    """The time that the question names, and whether it was limited to it."""
    about: str = ""
    """What was asked before it, where the question leans on that."""
    unread: Sequence[Candidate] = ()
    """The sentences of the other passages, best first."""
    documents: Sequence[str] = ()
    """Ids of all that tell of it: those of the passages, and the near-duplicates among which one
    of each was taken."""

    @property
    def nearest(self) -> tuple[Evidence, ...]:
        """The sentences closest to the question, best first."""
        return tuple(c.evidence for c in self.candidates[:_NEAREST])

    @property
    def mark(self) -> Mark | None:
        """The likeliest answer's sentence, if the extractor rather finds it than not."""
        if self.extraction is None or not self.candidates:
            return None
        best = max(self.candidates, key=self.extraction.at)
        probability = self.extraction.at(best)
        if probability < MIN_MARKED:
            return None
        words = next((s.text for s in self.extraction.spans if s.at == best.key), "")
        return Mark(best.evidence, words, probability)

    @property
    def hopeless(self) -> str | None:
        """Why it is not worth asking the model, for the reader; None if it is."""
        if not self.candidates:
            return "The documents hold nothing on this."
        if is_heard(self.condensed, self.candidates):
            # Whoever said it is there: that is near enough.
            return None
        if self.extraction is None:
            off = self.candidates[0].evidence.score < MIN_SCORE
        else:
            off = self.extraction.stated < MIN_STATED and topic(self.candidates) < MIN_TOPIC
            # The talk is on something that was found.
            off = off and not self.about
        return "The documents seem to hold nothing on this topic." if off else None


def find(
    retriever: HybridRetriever,
    question: str,
    *,
    condensed: str | None = None,
    documents: Collection[str] | None = None,
    without: Collection[str] = (),
    extractor: Extractor | None = None,
) -> Found:
    """Both steps at once: `gather`, then `read_closely`."""
    found = gather(retriever, question, condensed=condensed, documents=documents, without=without)
    return read_closely(found, extractor)


def gather(
    retriever: HybridRetriever,
    question: str,
    *,
    condensed: str | None = None,
    about: str = "",
    documents: Collection[str] | None = None,
    without: Collection[str] = (),
) -> Found:
    """Search, score every sentence, choose what is read; nothing is marked in it yet.

    `condensed` is the question as rewritten, `about` what was asked before one that leans on it,
    `documents` limits the search to these ids, and what is found in those of `without` is left out.
    What is misspelled is looked for as what is found writes it.
    """
    condensed = question if condensed is None else condensed
    found = _gather(retriever, question, condensed, about, documents, without)
    spelled = _respelled(retriever.index, found)
    if spelled == condensed:
        return found
    return _gather(retriever, question, spelled, about, documents, without)


def _gather(
    retriever: HybridRetriever,
    question: str,
    condensed: str,
    about: str,
    documents: Collection[str] | None,
    without: Collection[str],
) -> Found:
    embedder = retriever.index.embedder
    reading = Reading(retriever.index)
    as_typed = f"{question} {about}".strip()
    # "Why?" alone comes near nothing.
    asked = as_typed if about and condensed == question else condensed
    sought = as_typed if about else condensed
    texts = dict.fromkeys((asked, sought, as_typed))
    vectors = {text: embedder.embed([text])[0] for text in texts}
    passages = retriever.passages(
        sought, vector=vectors[sought], documents=documents, reading=reading
    )
    passages = [p for p in passages if p.document_id not in without]
    # A rewriting may err: what was typed counts as much.
    typed = None if as_typed == asked else (as_typed, vectors[as_typed])
    scored = score_sentences(reading, asked, vectors[asked], passages, typed=typed)
    # "What did X say?" is answered by X's words alone.
    scored = heard(condensed, scored)
    excerpts, shown = choose(reading, passages, scored)
    told = [d for d in _told_by(reading, passages, documents) if d not in without]
    known = {c.key for c in shown}
    unread = [c for c in scored if c.key not in known]
    return Found(
        question,
        condensed,
        passages,
        shown,
        excerpts,
        None,
        about=about,
        unread=unread,
        documents=told,
    )


def _respelled(index: Index, found: Found) -> str:
    """The question with its misspelled words as the passages write them.

    A word is known that the library has, or that the embedder reads as one token.
    """
    unheard_of = index.idf("")

    def is_known(word: str) -> bool:
        tokens = tokenize(word)
        if not tokens or index.idf(tokens[0]) < unheard_of:
            return True
        return index.embedder.count_tokens([word.lower()]) == [1]

    texts = [f"{p.title} {p.text}" for p in found.passages]
    return respelled(found.condensed, texts, is_known)


def read_closely(found: Found, extractor: Extractor | None) -> Found:
    """The same with what the extractor marks; as it is without one, or with nothing to read."""
    if extractor is None or not found.candidates:
        return found
    asked = parts_of(found.condensed)
    parted = list(asked) if len(asked) > 1 else []
    worded = [found.condensed]
    if found.about and found.question != found.condensed:
        worded.append(found.question)
    read = extractor.read_each([*worded, *parted], texts_of(found.candidates))
    whole = mean(read[: len(worded)])
    parts = [Part(q, marked) for q, marked in zip(parted, read[len(worded) :], strict=True)]
    # Several things may stand in several places.
    is_one = not parts and not ASKS_FOR_SEVERAL.search(found.condensed)
    excerpts = narrow(found.excerpts, found.candidates, whole) if is_one else found.excerpts
    return replace(found, excerpts=excerpts, extraction=whole, parts=parts)


def read_on(found: Found, extractor: Extractor) -> tuple[Sequence[Candidate], Extraction]:
    """All sentences of all passages, and what the extractor marks in them."""
    candidates = [*found.candidates, *found.unread]
    return candidates, extractor.read(found.condensed, texts_of(candidates))


def _told_by(
    reading: Reading, passages: Sequence[Passage], documents: Collection[str] | None
) -> tuple[str, ...]:
    """The passages' documents and their near-duplicates, within the limit."""
    found = dict.fromkeys(p.document_id for p in passages)
    for document_id in list(found):
        near = reading.near_duplicates(document_id)
        found |= dict.fromkeys(sorted(near if documents is None else common(near, documents)))
    return tuple(found)
