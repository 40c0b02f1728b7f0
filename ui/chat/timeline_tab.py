"""The Timeline tab: a topic, its dated sentences in order, and the article beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from index.errors import PressmarkError
from ui.chat import page, panel
from ui.chat.desk import Desk
from ui.chat.limits import LimitBoxes, read_limits
from ui.chat.widgets import PRIVATE, detail, whole_number

__all__ = ["add_timeline_tab"]

_INTRODUCTION = (
    '<h2>Timeline</h2><p class="quiet">Dated sentences on a topic, the earliest first, each told '
    "once. The limits of the reading room hold here, too.</p>"
)


def add_timeline_tab(desk: Desk, bridge: Any, scope: Any, limits: LimitBoxes) -> None:
    """Lay out the tab and wire it; `scope` and `limits` belong to the reading room."""
    does = _Timelines(desk)
    with gr.Row(elem_id="annals"):
        with gr.Column(elem_id="annals-main"):
            gr.HTML(_INTRODUCTION)
            with gr.Row(elem_id="topic-row"):
                topic = gr.Textbox(
                    label="Topic",
                    placeholder="A topic, such as the ceasefire",
                    elem_id="topic",
                    container=False,
                    scale=1,
                )
                draw = gr.Button("Show", variant="primary", elem_id="draw", scale=0, min_width=90)
            shown = gr.HTML("", elem_id="timeline")
        with gr.Column(elem_id="annals-side"):
            reader = gr.HTML(panel.unread(), elem_id="annals-reader")
    gr.on(
        [draw.click, topic.submit],
        does.show,
        [topic, scope, *limits.inputs],
        shown,
        **PRIVATE,
    )
    bridge.placed(does.read, None, reader, **PRIVATE)


@dataclass(frozen=True, slots=True)
class _Timelines:
    """What the reader does in the tab."""

    desk: Desk

    def show(self, topic: str, scope: Any, *typed: Any) -> str:
        try:
            return self.desk.timeline(topic, scope, read_limits(*typed))
        except PressmarkError as error:
            return page.notice(str(error))

    def read(self, event: gr.EventData) -> str:
        sent = detail(event)
        article = self.desk.library.read(str(sent.get("document", "")))
        if article is None:
            return panel.gone()
        start, end = whole_number(sent, "start"), whole_number(sent, "end")
        return panel.article(article, start, end, closable=False)
