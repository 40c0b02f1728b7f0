"""What a question becomes: passages, evidence, statements with citations, an Answer."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from index.document import Kind
from rag.sides import Correction, Side
from rag.when import OwnTime, Reckoned, reckon

__all__ = [
    "Answer",
    "Citation",
    "Event",
    "Events",
    "Evidence",
    "EvidenceFound",
    "Finished",
    "Mark",
    "Marked",
    "Passage",
    "Statement",
    "TextDelta",
    "Timings",
    "Verdict",
    "Waiting",
    "answer_of",
]


class Verdict(StrEnum):
    """Whether a statement's cited sentences say it."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved chunk, `document.text[start:end]`, with the scores that found it."""

    chunk_id: str
    document_id: str
    document: str
    title: str
    date: str | None
    start: int
    end: int
    text: str
    score: float
    """Fused score, [0, 1], higher is closer."""
    cosine: float
    """Cosine similarity of question and chunk, [-1, 1]."""
    bm25: float
    """BM25 of the chunk, 0 and up."""
    first: int
    last: int
    """sentences[first:last] of the document."""

    def to_json(self) -> dict[str, Any]:
        return {
            "document": self.document,
            "document_id": self.document_id,
            "title": self.title,
            "date": self.date,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence that an answer may rest on; `document.text[start:end] == text`."""

    document_id: str
    document: str
    """Path of the document as indexed."""
    title: str
    date: str | None
    ordinal: int
    """Its place among the document's sentences."""
    start: int
    end: int
    text: str
    kind: Kind
    score: float
    """Fit to the question, [0, 1], higher is better."""
    cosine: float
    """Cosine similarity of question and sentence, [-1, 1]."""
    page: int | None = None
    author: str | None = None
    url: str | None = None
    days: tuple[Reckoned, ...] | None = None
    """`reckoned`, where it was worked out already."""

    @property
    def reckoned(self) -> tuple[Reckoned, ...]:
        """Its "on Thursday", counted from the article's date: our reading, not its words."""
        return reckon(self.text, self.date) if self.days is None else self.days

    def to_json(self) -> dict[str, Any]:
        return {
            "document": self.document,
            "document_id": self.document_id,
            "title": self.title,
            "date": self.date,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "reckoned": [r.to_json() for r in self.reckoned],
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """An evidence sentence under its marker in the answer, counted from 1."""

    marker: int
    evidence: Evidence
    score: float
    """How strongly it supports its statement, [0, 1]."""
    speaker: str | None = None
    """Whose words it quotes, where it quotes somebody."""

    def to_json(self) -> dict[str, Any]:
        spoken = {} if self.speaker is None else {"speaker": self.speaker}
        evidence = self.evidence.to_json()
        return {"marker": self.marker, **evidence, "score": round(self.score, 4), **spoken}


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim of an answer, the markers of the sentences that say it, and whether they do."""

    text: str
    verdict: Verdict
    citations: tuple[int, ...]
    problem: str | None = None
    """Why it is unsupported, for the reader."""

    @property
    def supported(self) -> bool:
        return self.verdict is Verdict.SUPPORTED

    def to_json(self) -> dict[str, Any]:
        citations = list(self.citations)
        return {"text": self.text, "verdict": self.verdict.value, "citations": citations}


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds from the question to each step's end; None for a step that did not run."""

    retrieve: float
    first_token: float | None
    total: float
    quoted: float | None = None
    """When a sentence was marked, to be shown as a quotation; None where none was."""

    def to_json(self) -> dict[str, float | None]:
        steps = ("retrieve", "quoted", "first_token", "total")
        took = {step: getattr(self, step) for step in steps}
        return {step: None if ms is None else round(ms, 1) for step, ms in took.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """All that came of a question; `text` is None when Pressmark abstains."""

    question: str
    condensed_question: str
    text: str | None
    reason: str | None
    """Why it abstained."""
    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    nearest: tuple[Evidence, ...]
    """The sentences closest to the question, best first: what an abstention shows."""
    raw_text: str
    """What the model wrote, before anything was pinned or taken out."""
    model: str
    timings: Timings
    confidence: float | None
    """Calibrated probability that the documents answer the question and this answer says it (of an
    abstention: what was drafted); None where nothing was drafted, and so nothing was weighed."""
    signals: dict[str, float] = field(default_factory=dict)
    """What the confidence was made of; for evaluation."""
    cached: bool = False
    """Whether it was kept from an earlier time that the same was asked."""
    is_courtesy: bool = False
    """Whether nothing was asked ("hello"): then `reason` is a friendly line."""
    missing: tuple[str, ...] = ()
    """Of several questions asked together, those that nothing answers."""
    own_time: OwnTime | None = None
    """The time that the question names, as a limit; None when it names none."""
    disagreement: tuple[Side, ...] = ()
    """The values that articles give, newest first, where they differ; then the answer says so."""
    correction: Correction | None = None
    """What one article puts right in another, where the answer gives it."""
    marked: str | None = None
    """Of a quotation in it, the words that answer, as the extractor marks them."""

    @property
    def abstained(self) -> bool:
        return self.text is None

    def to_json(self) -> dict[str, Any]:
        """The object of `ask --json`; its field names are a contract."""
        return {
            "question": self.question,
            "condensed_question": self.condensed_question,
            "answer": self.text,
            "abstained": self.abstained,
            "reason": self.reason,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "disagreement": [s.to_json() for s in self.disagreement] or None,
            "correction": None if self.correction is None else self.correction.to_json(),
            "statements": [s.to_json() for s in self.statements],
            "missing": list(self.missing),
            "citations": [c.to_json() for c in self.citations],
            "nearest": [e.to_json() for e in self.nearest],
            "own_time": None if self.own_time is None else self.own_time.to_json(),
            "passages": [p.to_json() for p in self.passages],
            "model": self.model,
            "cached": self.cached,
            "timings_ms": self.timings.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence in which the extractor marks the answer, before the model has begun."""

    evidence: Evidence
    words: str
    """Of the sentence, those that it marks."""
    probability: float
    """That the answer stands there, [0, 1]; nothing else has checked it yet."""


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """The evidence is known; again, where the question's own time turns out to lead nowhere."""

    condensed_question: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """The extractor has read the evidence, and the model is asked next, if it is at all."""

    mark: Mark | None
    """What may be shown meanwhile, as not yet checked; None where the extractor is not sure."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The model is busy with other questions."""

    position: int
    """How many are answered before this one."""
    expected_s: float | None
    """How long that may take; None while nothing has been measured."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The model wrote a little more; unverified until Finished."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is pinned and verified."""

    answer: Answer


Event = EvidenceFound | Marked | Waiting | TextDelta | Finished
Events = Generator[Event, None, None]
"""How an engine answers; closing it stops the model."""


def answer_of(events: Iterator[Event]) -> Answer:
    """The answer that a stream of events ends with."""
    for event in events:
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("a stream of events ends with Finished")
