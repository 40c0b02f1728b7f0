"""An engine whose questions wait for the model in turn; evidence and quotations do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Hashable, Sequence
from contextlib import closing

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.llms import LLM

from rag.answer import (
    Answer,
    Events,
    EvidenceFound,
    Marked,
    TextDelta,
    Waiting,
    answer_of,
)
from rag.cache import CachedEngine
from rag.condense import may_lean
from rag.engine import Engine
from rag.filters import ANYTHING, Filters
from rag.model.llms import stream_text
from rag.model.rewriting import Exchange
from rag.retrieve import HybridRetriever
from ui.server.shared import SharedAnswers
from ui.server.turns import QueueTurn, Turns

__all__ = ["QueuedEngine"]


class QueuedEngine:
    """As the engine that it holds; two of them may share their turns, where they share a model."""

    def __init__(self, engine: Engine | CachedEngine, turns: Turns) -> None:
        self._engine = engine
        self.turns = turns
        self._shared = SharedAnswers()

    @property
    def model(self) -> str:
        return self._engine.model

    @property
    def retriever(self) -> HybridRetriever:
        return self._engine.retriever

    def prepare(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """As `Engine.prepare`."""
        self._engine.prepare(is_over)

    def ask(
        self,
        question: str,
        history: Sequence[Exchange] = (),
        *,
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
        client: str = "",
    ) -> Answer:
        """As `Engine.ask`."""
        return answer_of(
            self.stream(question, history, documents=documents, filters=filters, client=client)
        )

    def stream(
        self,
        question: str,
        history: Sequence[Exchange] = (),
        *,
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
        client: str = "",
    ) -> Events:
        """As `Engine.stream`, with Waiting among the events while others are answered.

        The same asked at once by several is answered once, and told to all of them. Closing it
        gives up its place, or stops the model, unless another reads the same.
        Raises: CrowdedError at the first event.
        """
        key = self._key(question, history, documents, filters)
        turn = self.turns.open(client)
        yield from self._shared.read(
            key,
            turn,
            lambda: self._run(turn, question, history, documents, filters),
        )

    def _run(
        self,
        turn: QueueTurn,
        question: str,
        history: Sequence[Exchange],
        documents: Collection[str] | None,
        filters: Filters,
    ) -> Events:
        # The model spells a follow-up out once its evidence has been told.
        rewritten = bool(history) and not filters.quick and may_lean(question)
        events = self._engine.stream(question, history, documents=documents, filters=filters)
        with closing(events):
            for event in events:
                yield event
                if isinstance(event, Marked) or (rewritten and isinstance(event, EvidenceFound)):
                    yield from turn.wait()

    def _key(
        self,
        question: str,
        history: Sequence[Exchange],
        documents: Collection[str] | None,
        filters: Filters,
    ) -> Hashable:
        """What one answer is for; of another state of the index it is another."""
        index = self.retriever.index
        return (
            question.replace("\0", " ").strip(),
            tuple(tuple(turn) for turn in history),
            None if documents is None else frozenset(documents),
            filters,
            index.born,
            index.revision,
        )

    def write(
        self, llm: LLM, messages: Sequence[ChatMessage], *, max_tokens: int, client: str = ""
    ) -> Generator[TextDelta | Waiting, None, None]:
        """The bare model's words, in turn."""
        with self.turns.open(client) as turn:
            yield from turn.wait()
            with closing(stream_text(llm, messages, max_tokens=max_tokens)) as pieces:
                for piece in pieces:
                    yield TextDelta(piece)
