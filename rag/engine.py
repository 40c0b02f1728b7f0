"""The whole way of a question: a llama-index query engine that returns our Answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import RESPONSE_TYPE, Response
from llama_index.core.llms import LLM
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import QueryBundle

from rag.answer import (
    Answer,
    Events,
    EvidenceFound,
    Finished,
    Passage,
    TextDelta,
    Timings,
    answer_of,
)
from rag.condense import Exchange, condense
from rag.errors import QuestionError
from rag.evidence import Candidate, Excerpt, Weights, choose, read_whole, score_sentences
from rag.judge.conclude import conclude, drafts
from rag.judge.confidence import MIN_CONFIDENCE, MIN_TOPIC, confidence, topic_signals
from rag.judge.extract import Extractor, texts_of
from rag.model.prompt import generate, read_ahead
from rag.retrieve import HybridRetriever, node_of

__all__ = ["MAX_QUESTION_CHARS", "Engine", "check_question"]

MAX_QUESTION_CHARS = 2000
_NEAREST = 3
_READ_AHEAD = 64
"""Passages; more take longer than a reader needs to type a question, and do not all fit."""


@dataclass(frozen=True, slots=True)
class _Clock:
    started: float

    def ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000


@dataclass(frozen=True, slots=True)
class _Found:
    """What retrieval gives the later steps."""

    question: str
    condensed: str
    passages: list[Passage]
    candidates: list[Candidate]
    """The sentences that the model reads, best first."""
    excerpts: list[Excerpt]
    retrieve_ms: float


class Engine(BaseQueryEngine):
    """Finds evidence, asks the model, pins and verifies what it says, or abstains."""

    def __init__(
        self,
        retriever: HybridRetriever,
        llm: LLM,
        *,
        max_answer_tokens: int = 160,
        min_confidence: float | None = None,
        extractor: Extractor | None = None,
    ) -> None:
        super().__init__(callback_manager=None)
        self.retriever = retriever
        self.llm = llm
        self.extractor = extractor
        self.max_answer_tokens = max_answer_tokens
        self.min_confidence = MIN_CONFIDENCE if min_confidence is None else min_confidence

    @property
    def model(self) -> str:
        return str(self.llm.metadata.model_name)

    def ask(
        self,
        question: str,
        history: Sequence[Exchange] = (),
        *,
        documents: Collection[str] | None = None,
    ) -> Answer:
        """Answer a question; `history` holds earlier turns, `documents` limits it to these ids.

        Raises: QuestionError for an empty or an endless question; LanguageModelError.
        """
        return answer_of(self.stream(question, history, documents=documents))

    def stream(
        self,
        question: str,
        history: Sequence[Exchange] = (),
        *,
        documents: Collection[str] | None = None,
    ) -> Events:
        """The same as it happens: EvidenceFound, TextDelta …, Finished.

        Closing the iterator stops the model.
        """
        clock = _Clock(time.perf_counter())
        question = check_question(question)
        condensed = condense(self.llm, question, history)
        found = self._find(question, condensed, documents, clock)
        yield EvidenceFound(condensed, tuple(c.evidence for c in found.candidates))
        if not found.candidates:
            yield Finished(self._abstain(found, "The documents hold nothing on this.", clock))
            return
        known = topic_signals(found.candidates, found.passages)
        if known["sentence"] < MIN_TOPIC and self.min_confidence > 0:
            reason = "The documents seem to hold nothing on this topic."
            yield Finished(self._abstain(found, reason, clock, values=known))
            return
        raw = ""
        first_token: float | None = None
        stated: list[float] = []
        pieces = generate(
            self.llm,
            condensed,
            found.excerpts,
            max_tokens=self.max_answer_tokens,
            on_stated=stated.append,
        )
        try:
            for piece in pieces:
                first_token = clock.ms() if first_token is None else first_token
                raw += piece
                yield TextDelta(piece)
        finally:
            # Without this, a reader who leaves would hold the model's lock.
            close: Callable[[], None] | None = getattr(pieces, "close", None)
            if close is not None:
                close()
        yield Finished(self._conclude(found, raw, first_token, clock, *stated))

    def prepare(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Do ahead of the first question what every question needs; seconds, once.

        In a small library every passage is read ahead too, since each may be the lesser one
        that a prompt begins with. A question that comes meanwhile waits for one passage at most,
        and so does the end: `is_over` is asked before each.
        """
        index = self.retriever.index
        passages = self.retriever.passages("warm up", top_k=_READ_AHEAD)
        read_ahead(self.llm)
        if index.counts().chunks <= _READ_AHEAD:
            for passage in passages:
                if is_over():
                    return
                read_ahead(self.llm, [read_whole(index, passage)])

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        answer = self.ask(query_bundle.query_str)
        return Response(
            response=answer.text,
            source_nodes=[node_of(p) for p in answer.passages],
            metadata={"answer": answer},
        )

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return await asyncio.to_thread(self._query, query_bundle)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}

    def _find(
        self,
        question: str,
        condensed: str,
        documents: Collection[str] | None,
        clock: _Clock,
    ) -> _Found:
        embedder = self.retriever.index.embedder
        vector = embedder.embed([condensed])[0]
        passages = self.retriever.passages(condensed, vector=vector, documents=documents)
        typed = None if condensed == question else (question, embedder.embed([question])[0])
        scored = score_sentences(self.retriever.index, condensed, vector, passages, typed=typed)
        excerpts, shown = choose(self.retriever.index, passages, scored)
        return _Found(question, condensed, passages, shown, excerpts, clock.ms())

    def _conclude(
        self,
        found: _Found,
        raw: str,
        first_token: float | None,
        clock: _Clock,
        stated: float | None = None,
    ) -> Answer:
        """Pin, verify, and decide whether what is left is an answer.

        `stated` is the probability that the evidence states one, [0, 1], from a model's probe.
        """
        index = self.retriever.index
        extraction = None
        if self.extractor is not None:
            extraction = self.extractor.read(found.condensed, texts_of(found.candidates))
        verdict = conclude(
            drafts(
                found.condensed,
                raw,
                found.candidates,
                found.passages,
                index.embedder,
                Weights(index),
                stated,
                extraction,
            )
        )
        timings = Timings(found.retrieve_ms, first_token, clock.ms())
        reason = None
        if not verdict.supported:
            reason = "The documents touch on this, but nothing in them supports an answer."
        elif verdict.confidence < self.min_confidence:
            reason = "The documents touch on this, but do not seem to state the answer."
        if reason is not None:
            abstained = self._abstain(found, reason, clock, raw=raw, values=verdict.signals)
            return replace(abstained, timings=timings, statements=verdict.taken_back())
        return Answer(
            question=found.question,
            condensed_question=found.condensed,
            text=" ".join(s.text for s in verdict.supported),
            reason=None,
            statements=verdict.statements,
            citations=verdict.citations,
            passages=tuple(found.passages),
            nearest=tuple(c.evidence for c in found.candidates[:_NEAREST]),
            raw_text=raw,
            model=self.model,
            timings=timings,
            confidence=verdict.confidence,
            signals=verdict.signals,
        )

    def _abstain(
        self,
        found: _Found,
        reason: str,
        clock: _Clock,
        *,
        raw: str = "",
        values: dict[str, float] | None = None,
    ) -> Answer:
        values = values or {}
        return Answer(
            question=found.question,
            condensed_question=found.condensed,
            text=None,
            reason=reason,
            statements=(),
            citations=(),
            passages=tuple(found.passages),
            nearest=tuple(c.evidence for c in found.candidates[:_NEAREST]),
            raw_text=raw,
            model=self.model,
            timings=Timings(found.retrieve_ms, None, clock.ms()),
            confidence=confidence(values) if values else 0.0,
            signals=values,
        )


def check_question(question: str) -> str:
    """The question without blanks around it.

    Raises: QuestionError if it is empty or longer than MAX_QUESTION_CHARS.
    """
    question = question.replace("\0", " ").strip()
    if not question:
        raise QuestionError("the question is empty; type one")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(question):,} characters; "
            f"ask it in at most {MAX_QUESTION_CHARS:,}"
        )
    return question
