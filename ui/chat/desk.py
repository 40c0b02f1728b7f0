"""What happens when a reader does something: the chat's behaviour, without any of its widgets."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from index.errors import PressmarkError
from rag.answer import (
    Event,
    Events,
    Evidence,
    EvidenceFound,
    Finished,
    Mark,
    Marked,
    TextDelta,
    Waiting,
)
from rag.cache import CachedEngine
from rag.check.checker import Checker
from rag.engine import Engine
from rag.filters import ANYTHING, Filters, admitted
from rag.model.rewriting import Exchange
from rag.question import check_question
from rag.starters import starter_questions
from rag.timeline import make_timeline
from ui.chat import page, panel
from ui.chat.annals import timeline_html
from ui.chat.feedback import Feedback
from ui.chat.library import Library, Scope
from ui.chat.memory import Memory, Turn, Unfinished
from ui.chat.runs import Run, Runs
from ui.server.queued import QueuedEngine

__all__ = ["Desk", "View"]

_DRAFT_EVERY_S = 0.06
"""Drafts are sent no more often than this: a page that is drawn at every word stutters."""
_STARTER_ARTICLES = 20
_log = logging.getLogger("pressmark")


@dataclass(frozen=True, slots=True)
class View:
    """What is to change on the page; None leaves a part as it is."""

    conversation: str | None = None
    live: str | None = None
    panel: str | None = None
    notice: str | None = None
    memory: Memory | None = None
    asking: bool = False


@dataclass(slots=True)
class _Progress:
    """A question that is being answered."""

    question: str
    condensed: str
    draft: str = ""
    evidence: tuple[Evidence, ...] = ()
    mark: Mark | None = None
    waiting: Waiting | None = None
    turn: Turn | None = None

    def take(self, events: Sequence[Event]) -> None:
        """Note what happened."""
        for event in events:
            if isinstance(event, EvidenceFound):
                self.condensed = event.condensed_question
                self.evidence = event.evidence
            elif isinstance(event, Marked):
                self.mark = event.mark
            elif isinstance(event, Waiting):
                self.waiting = event
            elif isinstance(event, TextDelta):
                self.draft += event.text
            elif isinstance(event, Finished):
                self.turn = Turn.of(event.answer)

    def unfinished(self, outcome: Literal["stopped", "failed"], reason: str) -> Turn:
        return Turn(unfinished=Unfinished(self.question, self.condensed, outcome, reason))

    def live(self, state: str) -> str:
        return page.draft(self.question, self.condensed, self.draft, state, self.mark)


class Desk:
    """One engine and one library for all readers; what is a reader's own is passed in."""

    def __init__(
        self,
        engine: Engine | CachedEngine | QueuedEngine,
        library: Library,
        feedback: Feedback,
        checker: Checker | None = None,
        *,
        quick: bool = False,
    ) -> None:
        """`quick` answers by quotations alone, without the language model."""
        self.quick = quick
        self.engine = engine
        self.checker = checker
        self.library = library
        self.feedback = feedback
        self.runs = Runs()

    def starters(self) -> list[str]:
        """Three questions drawn from the documents."""
        entries = self.library.entries()[:_STARTER_ARTICLES]
        articles = [self.library.read(entry.id) for entry in entries]
        return starter_questions([a for a in articles if a is not None])

    def show(self, memory: Memory, note: str = "") -> View:
        """The current conversation as it stands."""
        turns = memory.current.turns
        side = panel.evidence_of(turns[-1]) if turns else panel.empty()
        return View(
            conversation=page.conversation(turns, () if turns else self.starters()),
            live="",
            panel=side,
            notice=page.notice(note),
            memory=memory,
        )

    def ask(
        self,
        question: str,
        memory: Memory,
        scope: Scope | None,
        session: str,
        replacing: int | None = None,
        read: Callable[[], Filters] = lambda: ANYTHING,
    ) -> Iterator[View]:
        """Answer a question, view by view: evidence, draft, the answer with its markers.

        `replacing` is the turn that is asked anew; it goes, and those after it. `read` reads the
        limits that the reader typed.
        """
        turns = memory.current.turns[:replacing]
        try:
            question = check_question(question)
            documents, filters = self._documents(scope), replace(read(), quick=self.quick)
            admitted(self.engine.retriever.index, filters, documents)
        except PressmarkError as error:
            yield View(notice=page.notice(str(error)))
            return
        history = replace(memory.current, turns=turns).history
        progress = _Progress(question, question)
        yield View(
            conversation=page.conversation(turns) if turns else "",
            live=progress.live("Looking through the articles …"),
            notice="",
            asking=True,
        )
        run = self.runs.start(session, self._stream(question, history, documents, filters, session))
        try:
            yield from _drafts(run, progress)
        finally:
            self.runs.end(session, run)
        turn = progress.turn or progress.unfinished("stopped", "You stopped this answer.")
        yield _settled(memory.with_turns((*turns, turn)), progress.evidence)

    def answer(
        self,
        question: str,
        history: Sequence[Sequence[str]],
        documents: Sequence[str],
        filters: Filters = ANYTHING,
    ) -> dict[str, Any]:
        """The whole answer as the object of `ask --json`."""
        turns = [(str(q), str(a)) for q, a in history]
        answer = self.engine.ask(
            question,
            turns,
            documents=list(documents) or None,
            filters=replace(filters, quick=self.quick),
        )
        return answer.to_json()

    def timeline(self, topic: str, scope: Scope | None, filters: Filters) -> str:
        """The dated sentences on a topic. Raises: QuestionError; PressmarkError."""
        timeline = make_timeline(
            self.engine.retriever,
            check_question(topic),
            documents=self._documents(scope),
            filters=filters,
        )
        return timeline_html(timeline)

    def open(self, document_id: str, start: int | None, end: int | None) -> str:
        """The panel with an article."""
        article = self.library.read(document_id)
        if article is None:
            return panel.gone()
        return panel.article(article, start, end)

    def scope(self, document_ids: Sequence[str]) -> Scope | None:
        """A limit to the documents that still exist among these; None when there are none."""
        titles = {e.id: e.title for e in self.library.entries()}
        chosen = [i for i in dict.fromkeys(document_ids) if i in titles]
        if not chosen:
            return None
        label = "; ".join(titles[i] for i in chosen[:2])
        return Scope(frozenset(chosen), label + ("; …" if len(chosen) > 2 else ""))

    def _stream(
        self,
        question: str,
        history: Sequence[Exchange],
        documents: frozenset[str] | None,
        filters: Filters,
        session: str,
    ) -> Callable[[], Events]:
        """What starts the question; each page is a client of its own, where there is a queue."""
        engine = self.engine
        if isinstance(engine, QueuedEngine):
            stream: Callable[..., Events] = partial(engine.stream, client=session)
        else:
            stream = engine.stream
        return partial(stream, question, history, documents=documents, filters=filters)

    def _documents(self, scope: Scope | None) -> frozenset[str] | None:
        if scope is None:
            return None
        if self.scope(sorted(scope.ids)) is None:
            raise PressmarkError("the chosen documents have been removed; press “Ask all”")
        return scope.ids


def _settled(memory: Memory, found: Sequence[Evidence]) -> View:
    """The conversation with its last turn finished."""
    turns = memory.current.turns
    return View(
        conversation=page.conversation(turns),
        live="",
        panel=panel.evidence_of(turns[-1], found),
        memory=memory,
    )


def _drafts(run: Run, progress: _Progress) -> Iterator[View]:
    """The evidence, then the draft as it grows, until the turn is there or the reader stops."""
    sent, pending = 0.0, False
    try:
        for events in run.events():
            progress.take(events)
            if progress.turn is not None:
                return
            pending = pending or bool(events)
            found = any(isinstance(event, EvidenceFound) for event in events)
            at_once = found or any(isinstance(event, Marked) for event in events)
            if at_once or (pending and time.monotonic() - sent > _DRAFT_EVERY_S):
                sent, pending = time.monotonic(), False
                yield View(
                    live=progress.live(_state(progress)),
                    panel=panel.evidence(progress.evidence) if found else None,
                    asking=True,
                )
    except PressmarkError as error:
        progress.turn = progress.unfinished("failed", str(error))
    except Exception:
        _log.exception("a question failed")
        progress.turn = progress.unfinished(
            "failed", "Something went wrong; the terminal of `pressmark chat` says what."
        )


def _state(progress: _Progress) -> str:
    if progress.draft:
        return "A draft: nothing in it has been checked yet."
    if progress.waiting is None:
        return "The evidence is beside this; the answer is being written …"
    n = progress.waiting.position
    if n == 0:
        return "The model is finishing another answer; yours is next …"
    return f"{page.counted(n, 'question')} {'is' if n == 1 else 'are'} answered before yours …"
