"""What is recorded of one question: the answer, what it cited, where the right passage stood."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.store.index import Index
from rag.answer import Answer, Evidence
from rag.engine import Engine
from rag.filters import ANYTHING, Filters
from rag.measure.metrics import overlaps, token_f1, token_recall
from rag.measure.questions import Question, is_right
from rag.retrieve import HybridRetriever

if TYPE_CHECKING:
    from rag.measure.peer import Peer

__all__ = ["Item", "engine_item", "peer_item", "retrieval_item"]

Item = Mapping[str, Any]
"""One question and what came of it, as one JSON object; see the functions below."""

_RANKS = 10


def engine_item(engine: Engine, question: Question, filters: Filters = ANYTHING) -> dict[str, Any]:
    """Ask our engine; record the answer, what it cited, and the rank of the right passage."""
    answer = engine.ask(question.question, question.history, filters=filters)
    item = _item(question, answer.text or "", answer.abstained)
    drafted = answer.text or _drafted(answer)
    item |= {
        "drafted": drafted,
        "drafted_right": _is_right(question, drafted),
        "raw_text": answer.raw_text,
        "reason": answer.reason,
        "confidence": answer.confidence,
        "signals": answer.signals,
        "condensed_question": answer.condensed_question,
        "citations": _citations(engine.retriever.index, answer, question),
    }
    if question.spans:
        item["rank"] = _rank(engine.retriever, answer.condensed_question, question)
    item["timings_ms"] = answer.to_json()["timings_ms"]
    return item


def peer_item(peer: Peer, question: Question) -> dict[str, Any]:
    """Ask the peer; its citations are passages, so a hit is the right document."""
    reply = peer.ask(question.question)
    right = {document_id for document_id, _, _ in question.spans}
    item = _item(question, reply.text, abstained=not reply.text)
    item["citations"] = [
        {"document_id": cited, "hit": cited in right, "valid": True} for cited in reply.cited
    ]
    item["rank"] = next((i for i, d in enumerate(reply.retrieved) if d in right), None)
    item["timings_ms"] = {"first_token": reply.first_token_ms, "total": reply.total_ms}
    return item


def retrieval_item(retriever: HybridRetriever, question: Question) -> dict[str, Any]:
    """Look for the passages alone; no model is asked."""
    return {
        "id": question.id,
        "question": question.question,
        "answerable": question.answerable,
        "rank": _rank(retriever, question.question, question),
    }


def _item(question: Question, text: str, abstained: bool) -> dict[str, Any]:
    return {
        "id": question.id,
        "question": question.question,
        "answerable": question.answerable,
        "gold": list(question.gold),
        "answer": None if abstained else text,
        "abstained": abstained,
        "contains": _is_right(question, text),
        "f1": token_f1(text, question.gold) if text else 0.0,
        "recall": token_recall(text, question.gold) if question.gold else None,
        "words": len(text.split()),
    }


def _is_right(question: Question, text: str) -> bool:
    return bool(text) and question.answerable and is_right(question, text)


def _drafted(answer: Answer) -> str:
    """What an abstention would have said: what verified, or all of it where nothing did."""
    verified = [s.text for s in answer.statements if s.problem is None]
    return " ".join(verified or [s.text for s in answer.statements])


def _citations(index: Index, answer: Answer, question: Question) -> list[dict[str, Any]]:
    return [
        {
            "document_id": c.evidence.document_id,
            "start": c.evidence.start,
            "end": c.evidence.end,
            "text": c.evidence.text,
            "hit": _meets(question, c.evidence.document, c.evidence.text)
            or overlaps((c.evidence.document_id, c.evidence.start, c.evidence.end), question.spans),
            "valid": _is_valid(index, c.evidence),
        }
        for c in answer.citations
    ]


def _rank(retriever: HybridRetriever, text: str, question: Question) -> int | None:
    """The rank, from 0, of the first passage that holds a gold answer; None below the tenth."""
    passages = retriever.passages(text, top_k=_RANKS)
    spans = [(p.document_id, p.start, p.end) for p in passages]
    return next((i for i, span in enumerate(spans) if overlaps(span, question.spans)), None)


def _meets(question: Question, document: str, text: str) -> bool:
    return any(
        Path(document).name == Path(cite.document).name and (cite.text in text or text in cite.text)
        for cite in question.cites
    )


def _is_valid(index: Index, evidence: Evidence) -> bool:
    document = index.document(evidence.document_id)
    return document is not None and document.text[evidence.start : evidence.end] == evidence.text
