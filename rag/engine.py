"""The whole way of a question: a llama-index query engine that returns our Answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import replace

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
    TextDelta,
    Timings,
    answer_of,
)
from rag.chronicle import list_time
from rag.condense import background, condense
from rag.days import with_days
from rag.english import GREETING
from rag.evidence import Candidate
from rag.excerpt import read_whole
from rag.filters import ANYTHING, Filters
from rag.find import Found
from rag.judge.confidence import Bar
from rag.judge.extract import Extractor
from rag.judge.reply import Reply
from rag.model.prompt import generate, read_ahead
from rag.model.rewriting import Exchange, read_rewriting_ahead
from rag.question import check_question
from rag.respond import Clock, Responder
from rag.retrieve import HybridRetriever, node_of
from rag.seek import seek

__all__ = ["Engine"]

_READ_AHEAD = 64
"""Passages; more take longer than a reader needs to type a question, and do not all fit."""

_WELCOME = "Ask me something that your articles may say: I answer with the sentences that say it."


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
        quote_when_certain: bool = False,
    ) -> None:
        super().__init__(callback_manager=None)
        self.retriever = retriever
        self.llm = llm
        self.extractor = extractor
        self.max_answer_tokens = max_answer_tokens
        self.quote_when_certain = quote_when_certain
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
        clock = Clock(time.perf_counter())
        question = check_question(question)
        responder = self._responder()
        if GREETING.match(question):
            nothing = Found(question, question, (), (), (), None)
            yield EvidenceFound(question, ())
            yield Finished(responder.abstain(nothing, _WELCOME, clock, is_courtesy=True))
            return
        about = background(question, history)
        if about and not filters.quick:
            # The model takes a second or two to spell it out: the evidence need not wait.
            early = next(
                seek(self.retriever, question, about=about, documents=documents, filters=filters)
            )
            yield EvidenceFound(question, tuple(c.evidence for c in early.candidates))
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
            about=about,
            documents=documents,
            filters=filters,
            extractor=self.extractor,
        ):
            if found.candidates is not shown:
                shown, clock.retrieve = found.candidates, clock.ms()
                yield EvidenceFound(found.condensed, tuple(c.evidence for c in shown))
            reason = self._no_use(found, filters, is_chosen=documents is not None)
            if reason is not None:
                yield Finished(with_days(responder.abstain(found, reason, clock)))
                return
        clock.quoted = None if found.mark is None else clock.ms()
        quoted = self._quotation(responder, found, filters, clock)
        if quoted is not None:
            yield Finished(with_days(quoted))
            return
        yield Marked(found.mark)
        found = responder.look_up(found)
        unwritten = responder.without_writing(found, clock) if self._may_quote else None
        if unwritten is not None:
            yield Finished(with_days(unwritten))
            return
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
        yield Finished(with_days(responder.respond(found, Reply(raw), clock)))

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
        if not is_over():
            read_rewriting_ahead(self.llm)

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

    def _no_use(self, found: Found, filters: Filters, *, is_chosen: bool) -> str | None:
        """Why the model need not be asked, for the reader; None if it is worth it.

        At a threshold of 0 everything is asked: an evaluation wants to see what would be said. So
        it is of documents that the reader chose: they are on what is asked.
        """
        if not found.candidates and filters.label:
            return f"The articles {filters.label} hold nothing on this."
        if found.candidates and found.extraction is None and self.extractor is not None:
            # Not read yet: people ask in words that their articles do not have.
            return None
        is_asked = self.min_confidence == 0 or (is_chosen and self.extractor is not None)
        return None if is_asked and found.candidates else found.hopeless

    def _quotation(
        self, responder: Responder, found: Found, filters: Filters, clock: Clock
    ) -> Answer | None:
        """The quotation alone, where it is asked for or nobody doubts it."""
        if filters.quick:
            return responder.quote(found, clock)
        return responder.quote_if_certain(found, clock) if self._may_quote else None

    @property
    def _may_quote(self) -> bool:
        """Whether the model need not write; at a threshold of 0 it does, so that one sees what."""
        return self.quote_when_certain and self.min_confidence > 0

    def _responder(self) -> Responder:
        index = self.retriever.index
        return Responder(index, self.extractor, self.min_confidence, self.model, self.llm)
