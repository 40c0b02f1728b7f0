"""What the reader limits questions to: the boxes, what was typed in them, and one line of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from index.errors import PressmarkError
from rag.filters import ANYTHING, Filters, read_filters
from ui.chat import page

__all__ = ["LimitBoxes", "add_limits", "choices_of", "limits_shown", "read_limits"]

_ALL = "All"
_DATES = "2020-03, March 2020"


@dataclass(frozen=True, slots=True)
class LimitBoxes:
    """The boxes, in the order in which `read_limits` takes their values."""

    since: Any
    until: Any
    as_of: Any
    author: Any
    collection: Any
    own_time: Any
    shown: Any
    """Says what the limits are, while they are folded away."""

    @property
    def inputs(self) -> list[Any]:
        return [
            self.since,
            self.until,
            self.as_of,
            self.author,
            self.collection,
            self.own_time,
        ]


def add_limits(given: Filters, collections: list[str], shown: Any) -> LimitBoxes:
    """Lay the boxes out, filled with what the chat was started with; `shown` says it, too."""
    shown.value = _line_of(given)
    with gr.Accordion("Limits: dates, author, collection", open=False, elem_id="limits"):
        with gr.Row(elem_id="limit-boxes"):
            since = _box("From", given.since, _DATES)
            until = _box("To", given.until, _DATES)
            as_of = _box("As if it were", given.as_of, "2020-03-31")
            author = _box("Author", given.author, "Ann Bee")
        collection = gr.Radio(
            choices_of(collections),
            value=given.collection or _ALL,
            label="Collection",
            elem_id="limit-collection",
        )
        own_time = gr.Checkbox(
            given.own_time, label="A time in the question limits it", elem_id="limit-own-time"
        )
    return LimitBoxes(since, until, as_of, author, collection, own_time, shown)


def read_limits(
    since: str, until: str, as_of: str, author: str, collection: str | None, own_time: bool
) -> Filters:
    """What is typed in the boxes. Raises: QuestionError for a date that is none."""
    return read_filters(
        since=since,
        until=until,
        as_of=as_of,
        author=author,
        collection=None if collection == _ALL else collection,
        own_time=own_time,
    )


def choices_of(collections: list[str]) -> list[str]:
    """All, and each collection."""
    return [_ALL, *collections]


def _line_of(filters: Filters) -> str:
    """What is asked, as one line; nothing while nothing is limited."""
    if replace(filters, own_time=True) == ANYTHING:
        return ""
    return page.limits_line(filters.label)


def limits_shown(*typed: Any) -> str:
    """The line for what is typed, or what is wrong with it."""
    try:
        return _line_of(read_limits(*typed))
    except PressmarkError as error:
        return page.notice(str(error))


def _box(label: str, value: str | None, example: str) -> Any:
    name = label.lower().replace(" ", "-")
    return gr.Textbox(
        value or "", label=label, placeholder=example, elem_id=f"limit-{name}", min_width=110
    )
