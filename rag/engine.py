"""The whole way of a question: a llama-index query engine that returns our Answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import RESPONSE_TYPE, Response
from llama_index.core.llms import LLM
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import QueryBundle

from index.store.reading import Reading
from rag.answer import (
    Answer,
    Events,
    EvidenceFound,
    Finished,
    Marked,
    Statement,
    TextDelta,
    Timings,
    answer_of,
)
from rag.chronicle import list_time
from rag.condense import Exchange, condense
from rag.days import with_days
from rag.english import GREETING
from rag.evidence import Candidate, Rarity
from rag.excerpt import read_whole
from rag.filters import ANYTHING, Filters
from rag.find import Found
from rag.judge.conclude import Conclusion, Judge, conclude
from rag.judge.confidence import Bar
from rag.judge.extract import Extractor
from rag.judge.reply import Reply
from rag.judge.settle import settle
from rag.model.prompt import generate, read_ahead
from rag.question import check_question
from rag.retrieve import HybridRetriever, node_of
from rag.seek import seek

__all__ = ["Engine"]

_READ_AHEAD = 64
"""Passages; more take longer than a reader needs to type a question, and do not all fit."""

_WELCOME = "Ask me something that your articles may say: I answer with the sentences that say it."
_UNSUPPORTED = "The documents touch on this, but nothing in them supports an answer."
_ASTRAY = "The documents touch on this, but do not seem to say it of what was asked."
_UNSURE = "The documents touch on this, but do not seem to state the answer."


@dataclass(slots=True)
class _Clock:
    """When each step ended, in milliseconds from the question; None for one that did not run."""

    started: float
    retrieve: float = 0.0
    quoted: float | None = None
    first_token: float | None = None

    def ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000

    def timings(self) -> Timings:
        return Timings(self.retrieve, self.first_token, self.ms(), self.quoted)


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
        chosen = Bar.DEFAULT.min_confidence if min_confidence is None else min_confidence
        self.min_confidence = chosen

    @property
    def model(self) -> str:
        return str(self.llm.metadata.model_name)

    def ask(
        self,
        question: str,
        history: Sequence[Exchange] = (),
        *,
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
    ) -> Answer:
        """Answer a question; `history` holds earlier turns, `documents` limits it to these ids.

        `filters` (rag.filters) limit it to dates, an author, a collection; or to a quotation.
        Raises: QuestionError for an empty or an endless question; LanguageModelError.
        """
        return answer_of(self.stream(question, history, documents=documents, filters=filters))

    def stream(
        self,
        question: str,
        history: Sequence[Exchange] = (),
        *,
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
    ) -> Events:
        """The same as it happens: EvidenceFound, Marked, TextDelta …, Finished.

        Closing the iterator stops the model.
        """
        clock = _Clock(time.perf_counter())
        question = check_question(question)
        if GREETING.match(question):
            nothing = Found(question, question, (), (), (), None)
            yield EvidenceFound(question, ())
            yield Finished(self._abstain(nothing, _WELCOME, clock, is_courtesy=True))
            return
        condensed = condense(None if filters.quick else self.llm, question, history)
        listed = list_time(
            self.retriever.index,
            question,
            condensed,
            documents=documents,
            filters=filters,
            model=self.model,
        )
        if listed is not None:
            cited = tuple(c.evidence for c in listed.citations)
            yield EvidenceFound(condensed, cited)
            timings = Timings(clock.ms(), None, clock.ms())
            yield Finished(with_days(replace(listed, timings=timings)))
            return
        shown: Sequence[Candidate] | None = None
        for found in seek(
            self.retriever,
            question,
            condensed=condensed,
            documents=documents,
            filters=filters,
            extractor=self.extractor,
        ):
            if found.candidates is not shown:
                shown, clock.retrieve = found.candidates, clock.ms()
                yield EvidenceFound(found.condensed, tuple(c.evidence for c in shown))
            reason = self._no_use(found, filters)
            if reason is not None:
                yield Finished(with_days(self._abstain(found, reason, clock)))
                return
        clock.quoted = None if found.mark is None else clock.ms()
        if filters.quick:
            # Nothing that a model wrote: the judge has the quotation alone to weigh.
            yield Finished(with_days(self._conclude(found, Reply(""), clock)))
            return
        yield Marked(found.mark)
        raw = ""
        pieces = generate(
            self.llm,
            found.condensed,
            found.excerpts,
            max_tokens=self.max_answer_tokens,
        )
        # A reader who leaves would else hold the model's lock.
        with closing(pieces):
            for piece in pieces:
                if clock.first_token is None:
                    clock.first_token = clock.ms()
                raw += piece
                yield TextDelta(piece)
        yield Finished(with_days(self._conclude(found, Reply(raw), clock)))

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
            reading = Reading(index)
            for passage in passages:
                if is_over():
                    return
                read_ahead(self.llm, [read_whole(reading, passage)])

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

    def _no_use(self, found: Found, filters: Filters) -> str | None:
        """Why the model need not be asked, for the reader; None if it is worth it.

        At a threshold of 0 everything is asked: an evaluation wants to see what would be said.
        """
        if not found.candidates and filters.label:
            return f"The articles {filters.label} hold nothing on this."
        return found.hopeless if self.min_confidence > 0 or not found.candidates else None

    def _conclude(self, found: Found, reply: Reply, clock: _Clock) -> Answer:
        """Pin, verify, and decide whether what is left is an answer."""
        index = self.retriever.index
        verifier = None if self.extractor is None else self.extractor.verifier
        judge = Judge(index.embedder, Rarity(index), verifier)
        verdict = conclude(
            judge.drafts(
                found.condensed, reply, found.candidates, found.extraction, parts=found.parts
            )
        )
        if not verdict.supported:
            return self._abstain(found, _UNSUPPORTED, clock, reply=reply, verdict=verdict)
        if verdict.exchange is not None and self.min_confidence > 0:
            reason = verdict.exchange.reason
            return self._abstain(found, reason, clock, reply=reply, verdict=verdict)
        if verdict.is_astray and self.min_confidence > 0:
            return self._abstain(found, _ASTRAY, clock, reply=reply, verdict=verdict)
        if verdict.confidence < self.min_confidence:
            return self._abstain(found, _UNSURE, clock, reply=reply, verdict=verdict)
        settled = settle(found, verdict, Reading(index), self.extractor)
        return Answer(
            question=found.question,
            condensed_question=found.condensed,
            text=settled.text,
            reason=None,
            statements=settled.statements,
            citations=settled.citations,
            passages=tuple(found.passages),
            nearest=found.nearest,
            raw_text=reply.text,
            model=self.model,
            timings=clock.timings(),
            confidence=verdict.confidence,
            signals=verdict.signals,
            missing=verdict.missing,
            own_time=found.own_time,
            disagreement=settled.disagreement,
            correction=settled.correction,
        )

    def _abstain(
        self,
        found: Found,
        reason: str,
        clock: _Clock,
        *,
        reply: Reply | None = None,
        verdict: Conclusion | None = None,
        is_courtesy: bool = False,
    ) -> Answer:
        """No answer; what was drafted stays to be looked at, without citations."""
        statements: tuple[Statement, ...] = () if verdict is None else verdict.taken_back()
        return Answer(
            question=found.question,
            condensed_question=found.condensed,
            text=None,
            reason=reason,
            statements=statements,
            citations=(),
            passages=tuple(found.passages),
            nearest=found.nearest,
            raw_text="" if reply is None else reply.text,
            model=self.model,
            timings=clock.timings(),
            confidence=None if verdict is None else verdict.confidence,
            signals={} if verdict is None else verdict.signals,
            is_courtesy=is_courtesy,
            own_time=found.own_time,
        )
