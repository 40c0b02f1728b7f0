"""A topic or a time -> dated sentences in order, each told once and pinned to its article."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from index.dates import Mention, Period, find_mentions, period_of
from index.document import Kind
from index.embed.embedder import Array
from index.store.index import Index
from index.store.reading import Reading
from index.store.rows import Selection, StoredDocument, common
from rag.answer import Evidence
from rag.evidence import evidence_at
from rag.filters import ANYTHING, Filters, admitted
from rag.judge.claims import Word, analyse, is_same_name
from rag.retrieve import HybridRetriever

__all__ = ["Dated", "Timeline", "find_dated", "make_timeline"]

_PASSAGES = 60
_MIN_COSINE = 0.25
"""A sentence farther from the topic is on another one; so is one farther than this share of the
nearest. Set by hand."""
_SHARE_OF_BEST = 0.55
_SAME = 0.9
"""Sentences of times that meet, whose cosine is above this, tell the same. Set by hand."""
_SINCE = re.compile(r"\bsince\s+(?:(?:early|late|mid|the)[\s-]+)*\Z", re.IGNORECASE)
_FOREMOST = re.compile(
    r"\b(?:\w{2,}est|most|least|worst|best|first|record)\b[^.;:]*\Z", re.IGNORECASE
)
_THAN = re.compile(
    r"\b(?:than|compared (?:with|to)|unlike|as (?:it was|they were)) "
    r"(?:it was |they were |\w+ did )?"
    r"(?:(?:in|on|during|at|of|early|late|the|that)\s+)*\Z",
    re.IGNORECASE,
)
_MOST_DAYS_SINCE = 31
"""Shut "since Monday" was shut then; what is so "since 2019" came about slowly."""
_MAX_ARTICLES = 100
"""Articles of a time that are read for "what happened in …"; of more, every second, third, …"""


@dataclass(frozen=True, slots=True)
class Dated:
    """A sentence and its time."""

    evidence: Evidence
    period: Period
    words: str | None
    """The sentence's own words for the time; None where it is its article's date."""
    counted: bool
    """Whether we counted it from the article's date ("on Thursday")."""
    also: tuple[str, ...] = ()
    """Paths of other articles that tell the same."""

    def to_json(self) -> dict[str, Any]:
        cited = self.evidence.to_json()
        published = cited.pop("date")
        return {
            "date": self.period.iso,
            "since": self.period.first,
            "until": self.period.last,
            "words": self.words,
            "counted": self.counted,
            **cited,
            "published": published,
            "also": list(self.also),
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """Dated sentences on a topic, the earliest first."""

    topic: str
    entries: tuple[Dated, ...]
    n_undated: int
    """Sentences on the topic that have no date, nor does their article."""
    n_left_out: int
    """Sentences on it that came less near than those that are shown."""

    def to_json(self) -> dict[str, Any]:
        """The object of `timeline --json`."""
        return {
            "topic": self.topic,
            "entries": [entry.to_json() for entry in self.entries],
            "undated": self.n_undated,
            "left_out": self.n_left_out,
        }


def make_timeline(
    retriever: HybridRetriever,
    topic: str,
    *,
    documents: Collection[str] | None = None,
    filters: Filters = ANYTHING,
    limit: int = 40,
) -> Timeline:
    """The `limit` dated sentences nearest to a topic, in the order of their dates.

    What `filters` say of dates is said of the articles'. Raises: QuestionError.
    """
    index = retriever.index
    documents = admitted(index, filters, documents)
    reading = Reading(index)
    vector = index.embedder.embed([topic])[0]
    passages = retriever.passages(
        topic, top_k=_PASSAGES, vector=vector, documents=documents, reading=reading
    )
    near: dict[tuple[str, int], tuple[float, _Told]] = {}
    for passage in passages:
        stored = reading.get(passage.document_id)
        if stored is not None:
            for told in _told(stored, range(passage.first, passage.last)):
                near[passage.document_id, told.ordinal] = (float(told.vector @ vector), told)
    best = max((cosine for cosine, _ in near.values()), default=0.0)
    bar = max(_MIN_COSINE, _SHARE_OF_BEST * best)
    names = analyse(f"; {topic}").names
    on_topic = sorted(
        (pair for pair in near.values() if pair[0] >= bar or pair[1].has_all(names)),
        key=lambda pair: -pair[0],
    )
    dated = [told for _, told in on_topic if told.period is not None]
    once = _once(dated, index)
    return Timeline(
        topic,
        tuple(sorted(once[:limit], key=_order)),
        n_undated=len(on_topic) - len(dated),
        n_left_out=max(0, len(once) - limit),
    )


def find_dated(
    index: Index,
    period: Period,
    *,
    documents: Collection[str] | None = None,
    limit: int = 6,
) -> tuple[Dated, ...]:
    """What the articles of a time say happened then, the earliest first.

    Of each article the sentences that name a day of it, or its first one; the articles in turn.
    """
    ids = index.select(Selection(period.first, period.last))
    among = ids if documents is None else common(ids, documents)
    listed = index.backend.spread(among, _MAX_ARTICLES)
    reading = Reading(index)
    reading.load(listed)
    rounds: list[list[_Told]] = []
    for document_id in listed:
        stored = reading.get(document_id)
        if stored is None:
            continue
        told = [t for t in _told(stored, range(len(stored.sentences))) if t.prose]
        said = [t for t in told if t.words and t.period and _within(t.period, period)]
        for turn, sentence in enumerate(said or told[:1]):
            rounds += [[]] if len(rounds) <= turn else []
            rounds[turn].append(sentence)
    once = _once([t for turn in rounds for t in turn], index)
    return tuple(sorted(once[:limit], key=_order))


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """A sentence with its time, before those that tell the same are brought together."""

    stored: StoredDocument
    ordinal: int
    period: Period | None
    words: str | None
    counted: bool

    @property
    def vector(self) -> Array:
        vector: Array = self.stored.vectors[self.ordinal]
        return vector

    @property
    def prose(self) -> bool:
        return self.stored.sentences[self.ordinal].kind is Kind.PROSE

    def has_all(self, names: Sequence[Word]) -> bool:
        """Whether it names everything that a topic names, and so is on it at any cosine."""
        words = analyse(f"; {self.stored.sentences[self.ordinal].text}").words
        return bool(names) and all(is_same_name(name, words) for name in names)

    def dated(self, also: Iterable[str]) -> Dated:
        assert self.period is not None
        sentence = self.stored.sentences[self.ordinal]
        evidence = evidence_at(self.stored.document, sentence, self.ordinal, 0.0, 0.0)
        return Dated(evidence, self.period, self.words, self.counted, tuple(dict.fromkeys(also)))


def _told(stored: StoredDocument, ordinals: range) -> Iterator[_Told]:
    """The citable sentences, each with the finest time that it names, or its article's."""
    date = stored.document.date
    now = date if date is not None and len(date) == 10 else None
    published = None if date is None else period_of(date)
    for ordinal in ordinals:
        sentence = stored.sentences[ordinal]
        if not sentence.kind.citable:
            continue
        mentions = [
            m for m in find_mentions(sentence.text, now) if not _is_measure(sentence.text, m)
        ]
        # A year beside a day is of something else: "the 2016 deal, signed on Friday".
        finest = min(mentions, key=lambda m: m.period.days, default=None)
        if finest is None:
            yield _Told(stored, ordinal, published, None, False)
        else:
            yield _Told(stored, ordinal, finest.period, finest.text, finest.counted)


def _is_measure(text: str, mention: Mention) -> bool:
    """Whether a time is only what the sentence measures by: "the strongest since 1999"."""
    before = text[: mention.start]
    if _THAN.search(before):
        return True
    return bool(_SINCE.search(before)) and (
        mention.period.days > _MOST_DAYS_SINCE or _FOREMOST.search(before) is not None
    )


def _once(told: Sequence[_Told], index: Index) -> list[Dated]:
    """Those that tell the same brought together under the first."""
    kept: list[tuple[_Told, list[str]]] = []
    for new in told:
        for first, also in kept:
            if _tells_same(first, new, index):
                if new.stored.document.id != first.stored.document.id:
                    also.append(new.stored.document.path)
                break
        else:
            kept.append((new, []))
    return [first.dated(also) for first, also in kept]


def _tells_same(one: _Told, other: _Told, index: Index) -> bool:
    first, second = one.period, other.period
    if first is None or second is None or not _meet(first, second):
        return False
    if float(np.dot(one.vector, other.vector)) < _SAME:
        return False
    if one.stored.document.id == other.stored.document.id:
        return one.stored.sentences[one.ordinal].text == other.stored.sentences[other.ordinal].text
    # Near in meaning is not the same: "5 euros" and "7 euros" are. Numbers must agree.
    return _numbers(one) == _numbers(other) or (
        other.stored.document.id in index.near_duplicates(one.stored.document.id)
        and one.stored.sentences[one.ordinal].text == other.stored.sentences[other.ordinal].text
    )


def _numbers(told: _Told) -> list[str]:
    words = told.stored.sentences[told.ordinal].text.split()
    return sorted(w.strip(".,;:()") for w in words if any(c.isdigit() for c in w))


def _meet(one: Period, other: Period) -> bool:
    return one.first <= other.last and other.first <= one.last


def _within(part: Period, whole: Period) -> bool:
    return whole.first <= part.first and part.last <= whole.last


def _order(entry: Dated) -> tuple[str, str, str, int]:
    evidence = entry.evidence
    return entry.period.first, entry.period.last, evidence.document, evidence.start
