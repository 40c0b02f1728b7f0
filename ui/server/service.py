"""What the server's paths share: engines behind one queue, the library, threads, figures."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.llms import LLM

from rag.answer import Answer, Event, Finished, TextDelta, Waiting
from rag.cache import CachedEngine
from rag.check.checker import Checker
from rag.engine import Engine
from rag.errors import DraftError
from rag.filters import ANYTHING, Filters
from rag.model.rewriting import Exchange
from rag.question import check_question
from ui.chat.library import Library
from ui.server.access import Access
from ui.server.metrics import Metrics
from ui.server.queued import QueuedEngine
from ui.server.threads import Threads
from ui.server.turns import Turns

__all__ = ["Asked", "Service"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came."""

    question: str
    history: tuple[Exchange, ...] = ()
    documents: tuple[str, ...] | None = None
    kept: bool = True
    """Whether a kept answer will do."""
    filters: Filters = ANYTHING


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """One library, one model, whoever asks."""

    engine: QueuedEngine
    fresh: QueuedEngine
    """The same without kept answers; it shares its turns."""
    llm: LLM
    library: Library
    access: Access
    metrics: Metrics
    threads: Threads
    signature: str = ""
    """What `pressmark ask` must share with this server, to be answered by it."""
    public_url: str | None = None
    """How browsers reach the server, where that is not how it was asked."""
    writes: bool = False
    """Whether MCP may add and remove documents."""
    checker: Checker | None = None
    """What checks drafts; None with an embedder whose words cannot be compared."""
    created: int = 0
    """When the server began, in seconds of the epoch."""

    @classmethod
    def over(
        cls,
        engine: Engine,
        cached: Engine | CachedEngine,
        library: Library,
        access: Access,
        *,
        signature: str = "",
        public_url: str | None = None,
        writes: bool = False,
        checker: Checker | None = None,
    ) -> Service:
        """A service over an engine; `cached` is the same with kept answers."""
        turns = Turns()
        return cls(
            engine=QueuedEngine(cached, turns),
            fresh=QueuedEngine(engine, turns),
            llm=engine.llm,
            library=library,
            access=access,
            metrics=Metrics(turns),
            # One more than questions: a page is read while all of them wait.
            threads=Threads(turns.at_most + 4),
            signature=signature,
            public_url=public_url,
            writes=writes,
            checker=checker,
            created=int(time.time()),
        )

    def open_checker(self) -> Checker:
        """What checks drafts. Raises: DraftError where nothing can."""
        if self.checker is None:
            raise DraftError(
                "drafts cannot be checked with this embedder: build the index with the default one"
            )
        return self.checker

    def events(self, asked: Asked, client: str) -> AsyncGenerator[Event, None]:
        """What happens to a question; closing it gives up its place, or stops the model.

        Raises: QuestionError at once; CrowdedError, LanguageModelError.
        """
        check_question(asked.question)
        engine = self.engine if asked.kept else self.fresh
        start = functools.partial(
            engine.stream,
            asked.question,
            asked.history,
            documents=asked.documents,
            filters=asked.filters,
            client=client,
        )
        return self.threads.stream(start)

    async def ask(self, asked: Asked, client: str) -> Answer:
        """The answer that the events end with."""
        events = self.events(asked, client)
        try:
            async for event in events:
                if isinstance(event, Finished):
                    self.metrics.note(event.answer)
                    return event.answer
        finally:
            await events.aclose()
        raise AssertionError("a stream of events ends with Finished")

    def write(
        self, messages: Sequence[ChatMessage], max_tokens: int, client: str
    ) -> AsyncGenerator[TextDelta | Waiting, None]:
        """The bare model's words."""

        def start() -> Generator[TextDelta | Waiting, None, None]:
            return self.engine.write(self.llm, messages, max_tokens=max_tokens, client=client)

        return self.threads.stream(start)
