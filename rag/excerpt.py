"""What the language model reads: passages in pieces, each evaluated, and kept, by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.document import Sentence
from index.store.reading import Reading
from rag.answer import Passage
from rag.evidence import Candidate, citable

__all__ = ["Excerpt", "Stop", "choose", "read_whole"]

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

PIECE_TOKENS = 32
"""Tokens of the embedder that a piece of a passage has at least: a call of llama.cpp costs as much
as ten or more tokens of a long one, so that shorter pieces would save nothing."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the reading of an excerpt may end."""

    at: int
    """How much of its text is read then."""
    last: int
    """Ordinal of the last sentence before it."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What the model reads of one passage: sentences in reading order, gaps marked by "…"."""

    title: str
    text: str
    rank: int = 0
    """Which passage it is of, 0 the best."""
    whole: bool = True
    """Whether it is the passage from its beginning on, and so the same for every question."""
    stops: tuple[Stop, ...] = ()
    """Where it may be left, in reading order; its pieces lie between them."""
    goes_on: bool = False
    """Whether the passage has more to say after it."""

    @property
    def pieces(self) -> list[str]:
        """Its text, cut at the stops."""
        ends = [*(s.at for s in self.stops), len(self.text)]
        return [self.text[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]

    def up_to(self, ordinal: int) -> Excerpt:
        """Its beginning, as far as the first stop that has this sentence before it."""
        for n, stop in enumerate(self.stops):
            if stop.last >= ordinal:
                return replace(self, text=self.text[: stop.at], stops=self.stops[:n], goes_on=True)
        return self


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
        sentences, lengths = _measured(reading, passages[rank])
        picked = _pick(mine, lengths, max_tokens)
        if not picked:
            continue
        excerpts.append(_excerpt(passages[rank].title, rank, sentences, picked, lengths))
        shown |= {(rank, i) for i in picked}
    return excerpts, [c for c in candidates if (c.passage, c.evidence.ordinal) in shown]


def read_whole(reading: Reading, passage: Passage) -> Excerpt:
    """A passage as `choose` shows it when it is not too long."""
    sentences, lengths = _measured(reading, passage)
    return _excerpt(passage.title, 0, sentences, list(lengths), lengths)


def _measured(reading: Reading, passage: Passage) -> tuple[Sequence[Sentence], dict[int, int]]:
    """The sentences of a passage's document; tokens of those of the passage that may be cited."""
    stored = reading.get(passage.document_id)
    sentences = stored.sentences if stored is not None else ()
    ordinals = citable(sentences, passage)
    counts = reading.index.embedder.count_tokens([sentences[i].text for i in ordinals])
    return sentences, dict(zip(ordinals, counts, strict=True))


def _excerpt(
    title: str,
    rank: int,
    sentences: Sequence[Sentence],
    picked: Sequence[int],
    lengths: dict[int, int],
) -> Excerpt:
    """The picked sentences of a passage; of all of them, with the stops between its pieces."""
    whole = len(picked) == len(lengths)
    left = sum(lengths.values())
    text, stops = "", []
    read, before = 0, None
    for i in picked:
        if whole and read >= PIECE_TOKENS <= left and before is not None:
            stops.append(Stop(len(text), before))
            read = 0
        gap = "" if before is None else " … " if set(range(before + 1, i)) & {*lengths} else " "
        text += gap + sentences[i].text
        read, left, before = read + lengths[i], left - lengths[i], i
    return Excerpt(title, text, rank, whole, tuple(stops))


def _pick(candidates: Sequence[Candidate], lengths: dict[int, int], max_tokens: int) -> list[int]:
    """All ordinals of a passage; of one too long, the best and their neighbours, as room lasts."""
    if sum(lengths.values()) <= max_tokens:
        return list(lengths)
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
