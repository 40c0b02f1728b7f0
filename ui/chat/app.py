"""The chat in the browser: widgets, and what each of them sets going."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr

from index.errors import PressmarkError
from rag.filters import ANYTHING, Filters
from ui.chat import page, panel
from ui.chat.checking import add_check_tab
from ui.chat.desk import Desk
from ui.chat.documents import add_documents_tab
from ui.chat.library import Scope
from ui.chat.limits import LimitBoxes, choices_of, limits_shown, read_limits
from ui.chat.memory import Memory, Vote
from ui.chat.timeline_tab import add_timeline_tab
from ui.chat.widgets import PRIVATE, Widgets, add_reading_room, detail, draw, whole_number

__all__ = ["build_app"]

_ACTIONS = (
    "asked retried edited opened closed voted recalled forgotten unscoped chosen read_whole "
    "removed placed"
).split()
# Buttons inside HTML speak through one element: chat.js dispatches, it triggers Gradio's events.
_BRIDGE = f"""
for (const name of {json.dumps(_ACTIONS)})
  document.addEventListener("pressmark:" + name, (event) => trigger(name, event.detail));
"""
_READERS_AT_ONCE = 8
_ASKING: dict[str, Any] = {**PRIVATE, "concurrency_limit": _READERS_AT_ONCE}


def build_app(desk: Desk, *, storage_key: str, secret: str, given: Filters = ANYTHING) -> gr.Blocks:
    """The app over a desk; conversations are kept in the browser under `storage_key`.

    `given` is what the boxes of limits begin with.
    """
    with gr.Blocks(
        title="Pressmark",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(3600, 3600),
    ) as blocks:
        app: gr.Blocks = blocks
        memory = gr.BrowserState(None, storage_key=storage_key, secret=secret)
        scope, replacing = gr.State(None), gr.State(None)
        bridge = gr.HTML("", elem_id="bridge", js_on_load=_BRIDGE)
        masthead = gr.HTML(page.masthead(*desk.library.counts()), elem_id="masthead")
        with gr.Tabs(elem_id="sections") as tabs:
            with gr.Tab("Reading room", id="chat"), gr.Row(elem_id="room"):
                widgets = add_reading_room(
                    bridge, memory, scope, replacing, given, desk.library.collections()
                )
            with gr.Tab("Timeline", id="timeline-tab", render_children=True):
                add_timeline_tab(desk, bridge, scope, widgets.limits)
            with gr.Tab("Documents", id="documents", render_children=True):
                add_documents_tab(desk, bridge, tabs, scope, widgets.limit, masthead)
            if desk.checker is not None:
                with gr.Tab("Check", id="draft-check", render_children=True):
                    add_check_tab(desk.checker)
        _wire_questions(app, desk, widgets)
        _wire_conversations(desk, widgets)
        _wire_reading(desk, widgets)
        _wire_limits(app, desk, widgets.limits, tabs)
        gr.events.api(_ask_endpoint(desk), api_name="ask", concurrency_limit=_READERS_AT_ONCE)
        app.load(lambda: page.masthead(*desk.library.counts()), None, masthead, **PRIVATE)
        app.load(_opening(desk), memory, widgets.drawn, **PRIVATE)
    app.queue(default_concurrency_limit=_READERS_AT_ONCE)
    return app


@dataclass(frozen=True, slots=True)
class _Questions:
    """What the reader does with a question: type it, press a starter, retry, edit, stop.

    `typed` is what stands in the boxes of limits. Gradio puts its own arguments by their place.
    """

    desk: Desk

    def typed(
        self,
        question: str,
        kept: object,
        scope: Scope | None,
        replacing: int | None,
        request: gr.Request,
        *typed: Any,
    ) -> Iterator[tuple[Any, ...]]:
        memory, session = Memory.load(kept), str(request.session_hash)
        read = partial(read_limits, *typed)
        views = self.desk.ask(question, memory, scope, session, replacing, read)
        for number, view in enumerate(views):
            # Cleared once it has been taken; a refused question stays to be mended.
            taken = number == 0 and view.asking
            yield (*draw(view, number), "" if taken else gr.skip(), None)

    def starter(
        self,
        kept: object,
        scope: Scope | None,
        request: gr.Request,
        event: gr.EventData,
        *typed: Any,
    ) -> Iterator[tuple[Any, ...]]:
        question, session = str(detail(event).get("question", "")), str(request.session_hash)
        read = partial(read_limits, *typed)
        views = self.desk.ask(question, Memory.load(kept), scope, session, read=read)
        for number, view in enumerate(views):
            yield draw(view, number)

    def retry(
        self,
        kept: object,
        scope: Scope | None,
        request: gr.Request,
        event: gr.EventData,
        *typed: Any,
    ) -> Iterator[tuple[Any, ...]]:
        memory, session = Memory.load(kept), str(request.session_hash)
        turn = _turn_number(event, memory)
        question = memory.current.turns[turn].question
        if detail(event).get("any_time"):
            # "Ask of all times": the question's own time is taken off this once.
            typed = (*typed[:-1], False)
        read = partial(read_limits, *typed)
        for number, view in enumerate(self.desk.ask(question, memory, scope, session, turn, read)):
            yield draw(view, number)

    def edit(self, kept: object, event: gr.EventData) -> tuple[str, int, str]:
        memory = Memory.load(kept)
        turn = _turn_number(event, memory)
        after = len(memory.current.turns) - turn - 1
        note = "Asking again replaces this answer" + (
            f" and the {after} after it." if after else "."
        )
        return memory.current.turns[turn].question, turn, page.notice(note)

    def stop(self, request: gr.Request) -> None:
        self.desk.runs.stop(str(request.session_hash))


def _wire_questions(app: gr.Blocks, desk: Desk, w: Widgets) -> None:
    """Ask by button, by Enter, by a starter; retry, edit, stop."""
    does = _Questions(desk)
    gr.on(
        [w.ask.click, w.question.submit],
        does.typed,
        [w.question, w.memory, w.scope, w.replacing, *w.limits.inputs],
        [*w.drawn, w.question, w.replacing],
        **_ASKING,
    )
    limited = [w.memory, w.scope, *w.limits.inputs]
    w.bridge.asked(does.starter, limited, w.drawn, **_ASKING)
    w.bridge.retried(does.retry, limited, w.drawn, **_ASKING)
    w.bridge.edited(does.edit, w.memory, [w.question, w.replacing, w.notice], **PRIVATE)
    w.stop.click(does.stop, None, None, queue=False, **PRIVATE)
    # Leaving or reloading the page stops the model, too.
    app.unload(does.stop)


def _wire_conversations(desk: Desk, w: Widgets) -> None:
    """New, earlier and deleted conversations; votes; the limit to some documents."""

    def fresh(kept: object) -> tuple[Any, ...]:
        return (*draw(desk.show(Memory.load(kept).begun())), None)

    def recall(kept: object, event: gr.EventData) -> tuple[Any, ...]:
        memory = Memory.load(kept).opened(str(detail(event).get("id", "")))
        return (*draw(desk.show(memory)), None)

    def forget(kept: object, event: gr.EventData) -> tuple[Any, ...]:
        memory = Memory.load(kept).forgotten(str(detail(event).get("id", "")))
        return memory.dump(), page.shelf(memory)

    def vote(kept: object, event: gr.EventData) -> tuple[Any, ...]:
        memory, sent = Memory.load(kept), detail(event)
        number = _turn_number(event, memory)
        given = _vote(sent)
        desk.feedback.append(memory.current, number, given, str(sent.get("note", "")))
        turns = list(memory.current.turns)
        turns[number] = replace(turns[number], vote=given)
        memory = memory.with_turns(tuple(turns))
        return memory.dump(), page.conversation(turns)

    w.fresh.click(fresh, w.memory, [*w.drawn, w.replacing], **PRIVATE)
    w.bridge.recalled(recall, w.memory, [*w.drawn, w.replacing], **PRIVATE)
    w.bridge.forgotten(forget, w.memory, [w.memory, w.shelf], **PRIVATE)
    w.bridge.voted(vote, w.memory, [w.memory, w.conversation], **PRIVATE)
    w.bridge.unscoped(lambda: (None, ""), None, [w.scope, w.limit], **PRIVATE)


def _wire_reading(desk: Desk, w: Widgets) -> None:
    """A citation opens its article in the panel; Escape brings the evidence back."""

    def opened(event: gr.EventData) -> str:
        sent = detail(event)
        document_id = str(sent.get("document", ""))
        return desk.open(document_id, whole_number(sent, "start"), whole_number(sent, "end"))

    def closed(kept: object) -> str:
        turns = Memory.load(kept).current.turns
        return panel.evidence_of(turns[-1]) if turns else panel.empty()

    w.bridge.opened(opened, None, w.side, **PRIVATE)
    w.bridge.closed(closed, w.memory, w.side, **PRIVATE)


def _wire_limits(app: gr.Blocks, desk: Desk, limits: LimitBoxes, tabs: Any) -> None:
    """What is typed is said in a line; the choice of collections is that of now."""
    # One event of all boxes: of one for each, an earlier answer could come after a later one's.
    gr.on(
        [box.change for box in limits.inputs],
        limits_shown,
        limits.inputs,
        limits.shown,
        trigger_mode="always_last",
        **PRIVATE,
    )

    def choices() -> Any:
        collections = desk.library.collections()
        return gr.update(choices=choices_of(collections), visible=bool(collections))

    app.load(choices, None, limits.collection, **PRIVATE)
    # An upload may have made one.
    tabs.select(choices, None, limits.collection, **PRIVATE)


def _opening(desk: Desk) -> Callable[[object], tuple[Any, ...]]:
    def opening(kept: object) -> tuple[Any, ...]:
        memory = Memory.load(kept)
        note = (
            f"{memory.unreadable} earlier conversations in this browser could not be read."
            if memory.unreadable
            else ""
        )
        return draw(desk.show(memory, note))

    return opening


def _ask_endpoint(desk: Desk) -> Callable[..., dict[str, Any]]:
    def ask(
        question: str,
        history: list[list[str]] | None = None,
        documents: list[str] | None = None,
        since: str = "",
        until: str = "",
        as_of: str = "",
        author: str = "",
        collection: str = "",
        any_time: bool = False,
    ) -> dict[str, Any]:
        """Answer a question from the articles: the object of `pressmark ask --json`.

        `history` holds earlier [question, answer] pairs, `documents` ids to limit it to; the others
        are those of `pressmark ask`.
        """
        try:
            filters = read_limits(since, until, as_of, author, collection, not any_time)
            return desk.answer(question, history or [], documents or [], filters)
        except PressmarkError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except ValueError as error:
            raise gr.Error("history takes [question, answer] pairs", print_exception=False) from (
                error
            )

    return ask


def _vote(sent: dict[str, Any]) -> Vote:
    """Raises: gr.Error for what is no vote."""
    match sent.get("vote"):
        case "up":
            return "up"
        case "down":
            return "down"
    raise gr.Error("A vote is “Helpful” or “Wrong”; press one of them.")


def _turn_number(event: gr.EventData, memory: Memory) -> int:
    """Raises: gr.Error when there is no such turn (any more)."""
    number = whole_number(detail(event), "turn")
    if number is None or number >= len(memory.current.turns):
        raise gr.Error("This question is no longer in the conversation; reload the page.")
    return number
