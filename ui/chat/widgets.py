"""The reading room's widgets: how they are laid out, and how a View changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.filters import Filters
from ui.chat import page, panel
from ui.chat.desk import View
from ui.chat.limits import LimitBoxes, add_limits

__all__ = ["PRIVATE", "Widgets", "add_reading_room", "detail", "draw", "whole_number"]

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""Of every event but the API's: no endpoint of its own, no spinner over the page."""


@dataclass(frozen=True, slots=True)
class Widgets:
    """The parts of the reading room that events read or change."""

    bridge: Any
    memory: Any
    scope: Any
    replacing: Any
    conversation: Any
    live: Any
    side: Any
    limit: Any
    notice: Any
    question: Any
    ask: Any
    stop: Any
    fresh: Any
    shelf: Any
    limits: LimitBoxes

    @property
    def drawn(self) -> list[Any]:
        """Those that a View changes, in the order of `draw`."""
        return [
            self.conversation,
            self.live,
            self.side,
            self.notice,
            self.memory,
            self.shelf,
            self.ask,
            self.stop,
            self.fresh,
        ]


def add_reading_room(
    bridge: Any, memory: Any, scope: Any, replacing: Any, given: Filters, collections: list[str]
) -> Widgets:
    """Lay the room out; `given` is what the chat was started with."""
    with gr.Column(elem_id="desk"):
        conversation = gr.HTML("", elem_id="conversation")
        live = gr.HTML("", elem_id="live")
        with gr.Column(elem_id="composer"):
            limit = gr.HTML("", elem_id="limit")
            limited = gr.HTML("", elem_id="limited")
            notice = gr.HTML("", elem_id="notice")
            question, ask, stop = _add_question_box()
        # Below what sticks to the page's foot: unfolded, it would cover the page.
        limits = add_limits(given, collections, limited)
        with gr.Row(elem_id="below"):
            fresh = gr.Button("New conversation", elem_id="new", size="sm", scale=0)
        shelf = gr.HTML("", elem_id="shelf")
    with gr.Column(elem_id="side"):
        side = gr.HTML(panel.empty(), elem_id="panel")
    above = (bridge, memory, scope, replacing, conversation, live, side, limit, notice)
    return Widgets(*above, question, ask, stop, fresh, shelf, limits)


def _add_question_box() -> tuple[Any, Any, Any]:
    with gr.Row(elem_id="asking"):
        question = gr.Textbox(
            label="Your question",
            placeholder="Ask your articles a question",
            max_lines=6,
            elem_id="question",
            autofocus=True,
            container=False,
            scale=1,
        )
        ask = gr.Button("Ask", variant="primary", elem_id="ask", scale=0, min_width=90)
        stop = gr.Button("Stop", visible=False, elem_id="stop", scale=0, min_width=90)
    return question, ask, stop


def draw(view: View, number: int = 0) -> tuple[Any, ...]:
    """A view as updates of `Widgets.drawn`; the buttons change only with the first and last."""

    def part(value: Any) -> Any:
        return gr.skip() if value is None else value

    settled = number == 0 or not view.asking
    return (
        part(view.conversation),
        part(view.live),
        part(view.panel),
        part(view.notice),
        part(view.memory and view.memory.dump()),
        part(view.memory and page.shelf(view.memory)),
        gr.update(visible=not view.asking) if settled else gr.skip(),
        gr.update(visible=view.asking) if settled else gr.skip(),
        gr.update(interactive=not view.asking) if settled else gr.skip(),
    )


def detail(event: gr.EventData) -> dict[str, Any]:
    """What a button sent; a page can send anything."""
    return event._data if isinstance(event._data, dict) else {}


def whole_number(sent: dict[str, Any], name: str) -> int | None:
    """A number that is 0 or more, or None."""
    value = sent.get(name)
    return int(value) if isinstance(value, (int, str)) and str(value).isdecimal() else None
