"""What the tools of MCP give back, field by field: their output schemas."""

from __future__ import annotations

from dataclasses import dataclass

from index.store.rows import Summary
from rag.answer import Answer, Citation, Evidence
from rag.check.outcome import Checked

__all__ = [
    "DocumentText",
    "ListedDocument",
    "ListedDocuments",
    "SentenceFound",
    "SentencesFound",
    "ToldAnswer",
    "ToldStatement",
    "ToldVerdict",
    "Written",
    "uri_of",
]


def uri_of(document_id: str) -> str:
    """The resource that a document is."""
    return f"pressmark://document/{document_id}"


@dataclass(frozen=True)
class SentenceFound:
    """A sentence, byte for byte as its document has it at [start:end]."""

    text: str
    document_id: str
    uri: str
    title: str
    date: str | None
    page: int | None
    start: int
    end: int
    score: float
    marker: int | None = None

    @classmethod
    def of(cls, evidence: Evidence, marker: int | None = None) -> SentenceFound:
        """The sentence of an evidence, under its marker in an answer."""
        return cls(
            text=evidence.text,
            document_id=evidence.document_id,
            uri=uri_of(evidence.document_id),
            title=evidence.title,
            date=evidence.date,
            page=evidence.page,
            start=evidence.start,
            end=evidence.end,
            score=round(evidence.score, 4),
            marker=marker,
        )

    @classmethod
    def cited(cls, citation: Citation) -> SentenceFound:
        """The sentence of a citation."""
        return cls.of(citation.evidence, citation.marker)


@dataclass(frozen=True)
class ToldStatement:
    """One claim of an answer, and the markers of the sentences that say it."""

    text: str
    supported: bool
    citations: list[int]
    problem: str | None = None


@dataclass(frozen=True)
class ToldAnswer:
    """An answer, or an abstention with its reason and the nearest sentences."""

    question: str
    condensed_question: str
    answer: str | None
    abstained: bool
    reason: str | None
    confidence: float | None
    statements: list[ToldStatement]
    citations: list[SentenceFound]
    nearest: list[SentenceFound]

    @classmethod
    def of(cls, answer: Answer) -> ToldAnswer:
        """The answer as it is told."""
        return cls(
            question=answer.question,
            condensed_question=answer.condensed_question,
            answer=answer.text,
            abstained=answer.abstained,
            reason=answer.reason,
            confidence=answer.confidence,
            statements=[
                ToldStatement(s.text, s.supported, list(s.citations), s.problem)
                for s in answer.statements
            ],
            citations=[SentenceFound.cited(c) for c in answer.citations],
            nearest=[SentenceFound.of(e) for e in answer.nearest],
        )


@dataclass(frozen=True)
class SentencesFound:
    """Sentences, the nearest first."""

    sentences: list[SentenceFound]


@dataclass(frozen=True)
class ToldVerdict:
    """Whether the documents say a statement."""

    statement: str
    finding: str
    """supported, contradicted, partly or not found"""
    problem: str | None
    sentences: list[SentenceFound]

    @classmethod
    def of(cls, checked: Checked) -> ToldVerdict:
        """The verdict as it is told."""
        sentences = [SentenceFound.of(e) for e in checked.evidence]
        finding = "not found" if checked.outcome is None else checked.outcome.value
        return cls(checked.sentence.text, finding, checked.note or None, sentences)


@dataclass(frozen=True)
class ListedDocument:
    """A document's line in a list."""

    document_id: str
    uri: str
    title: str
    date: str | None
    sentences: int

    @classmethod
    def of(cls, summary: Summary) -> ListedDocument:
        """The line of a document."""
        return cls(summary.id, uri_of(summary.id), summary.title, summary.date, summary.sentences)


@dataclass(frozen=True)
class ListedDocuments:
    """A page of the list, by title; `total` counts all."""

    total: int
    documents: list[ListedDocument]


@dataclass(frozen=True)
class DocumentText:
    """A document's text from `start` on; `next_start` goes on where it was cut."""

    document_id: str
    title: str
    date: str | None
    author: str | None
    text: str
    start: int
    next_start: int | None


@dataclass(frozen=True)
class Written:
    """What became of a document."""

    name: str
    status: str
    reason: str | None = None
