"""The Documents tab: list, filter, read, upload, remove, and ask only about some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import ConfigError, PressmarkError
from index.ingest.outcome import Outcome
from ui.chat import page, panel
from ui.chat.desk import Desk
from ui.chat.library import filter_entries
from ui.chat.listing import document_list
from ui.chat.widgets import PRIVATE, detail
from ui.ingest import read_collection

__all__ = ["MAX_FILES", "add_documents_tab"]

MAX_FILES = 50
"""Files of one upload."""
_INTRODUCTION = (
    '<h2>Documents</h2><p class="quiet">The library is shared: everyone who uses this page sees '
    "what is added here and can ask about it. Text, Markdown, HTML, PDF, Word (.docx), EPUB, "
    f"e-mail and JSONL files, at most {MAX_FILES} at once.</p>"
)


def add_documents_tab(
    desk: Desk, bridge: Any, tabs: Any, scope: Any, limit: Any, masthead: Any
) -> None:
    """Lay out the tab and wire it; `scope` and `limit` belong to the reading room."""
    does = _Documents(desk)
    tab = _lay_out(does)
    for box in tab.filters:
        box.change(does.listed, tab.filters, tab.listing, trigger_mode="always_last", **PRIVATE)
    tab.files.upload(
        does.upload,
        [tab.files, tab.collection, *tab.filters],
        [tab.files, tab.outcomes, tab.listing, masthead],
        concurrency_limit=1,
        **PRIVATE,
    )
    removed = [tab.listing, tab.outcomes, masthead, tab.reader]
    bridge.removed(does.remove, tab.filters, removed, **PRIVATE)
    bridge.read_whole(does.read_whole, None, tab.reader, **PRIVATE)
    bridge.chosen(does.choose, tab.filters, [scope, limit, tabs], **PRIVATE)
    tabs.select(does.listed, tab.filters, tab.listing, **PRIVATE)


@dataclass(frozen=True, slots=True)
class _Tab:
    """The widgets of the tab."""

    collection: Any
    files: Any
    outcomes: Any
    filters: list[Any]
    listing: Any
    reader: Any


def _lay_out(does: _Documents) -> _Tab:
    with gr.Row(elem_id="archive"):
        with gr.Column(elem_id="stacks"):
            gr.HTML(_INTRODUCTION)
            with gr.Row(elem_id="adding"):
                collection = gr.Textbox(
                    label="Collection for what is added (optional)",
                    placeholder="Such as: elections",
                    elem_id="upload-collection",
                    min_width=140,
                )
            files = gr.File(
                label="Add documents", file_count="multiple", height=140, elem_id="upload"
            )
            outcomes = gr.HTML("", elem_id="outcomes")
            with gr.Row(elem_id="filters"):
                text = gr.Textbox(
                    label="Title, file, author or collection", elem_id="filter-text", min_width=140
                )
                since = gr.Textbox(
                    label="From", placeholder="2020-03", elem_id="filter-since", min_width=100
                )
                until = gr.Textbox(
                    label="To", placeholder="2020-12-31", elem_id="filter-until", min_width=100
                )
            listing = gr.HTML(does.listed("", "", ""), elem_id="listing")
        with gr.Column(elem_id="reader-side"):
            reader = gr.HTML(panel.unread(), elem_id="reader")
    return _Tab(collection, files, outcomes, [text, since, until], listing, reader)


@dataclass(frozen=True, slots=True)
class _Documents:
    """What the reader does in the tab; the filters come along, to list again."""

    desk: Desk

    def listed(self, text: str, since: str, until: str) -> str:
        library = self.desk.library
        entries = library.entries()
        try:
            found = filter_entries(entries, text, since, until)
        except ValueError as error:
            return page.notice(str(error))
        return document_list(found, len(entries), library.sentences)

    def upload(
        self, paths: list[str] | None, named: str, text: str, since: str, until: str
    ) -> Iterator[tuple[Any, ...]]:
        names = [Path(path) for path in paths or []]
        try:
            collection = _collection(names, named)
        except PressmarkError as error:
            _discard(names)
            yield None, page.notice(str(error)), gr.skip(), gr.skip()
            return
        done: list[Outcome] = []
        yield gr.skip(), page.upload_outcomes(done, len(names)), gr.skip(), gr.skip()
        try:
            for outcome in self.desk.library.add(names, collection):
                done.append(outcome)
                yield gr.skip(), page.upload_outcomes(done, len(names)), gr.skip(), gr.skip()
        finally:
            _discard(names)
        yield (
            None,
            page.upload_outcomes(done, len(names)),
            self.listed(text, since, until),
            page.masthead(*self.desk.library.counts()),
        )

    def remove(self, text: str, since: str, until: str, event: gr.EventData) -> tuple[Any, ...]:
        library = self.desk.library
        document_id = str(detail(event).get("document", ""))
        article = library.read(document_id)
        try:
            library.remove(document_id)
        except PressmarkError as error:
            return gr.skip(), page.notice(str(error)), gr.skip(), gr.skip()
        said = f"Removed: {article.title}" if article else "It had been removed already."
        listing = self.listed(text, since, until)
        return listing, page.notice(said), page.masthead(*library.counts()), panel.unread()

    def read_whole(self, event: gr.EventData) -> str:
        article = self.desk.library.read(str(detail(event).get("document", "")))
        return panel.article(article, None, None, closable=False) if article else panel.gone()

    def choose(self, text: str, since: str, until: str, event: gr.EventData) -> tuple[Any, ...]:
        ids = detail(event).get("ids")
        if ids is None:
            try:
                entries = filter_entries(self.desk.library.entries(), text, since, until)
            except ValueError as error:
                raise gr.Error(str(error)) from error
            ids = [entry.id for entry in entries]
        chosen = self.desk.scope([str(i) for i in ids] if isinstance(ids, list) else [])
        if chosen is None:
            raise gr.Error("Tick at least one document first.")
        return chosen, page.scope_line(chosen), gr.Tabs(selected="chat")


def _collection(files: list[Path], typed: str) -> str | None:
    """Where the files go. Raises: ConfigError for too many, or a name that is none."""
    if len(files) > MAX_FILES:
        raise ConfigError(f"{len(files)} files are too many at once; add at most {MAX_FILES}.")
    return read_collection(typed) if (typed or "").strip() else None


def _discard(files: list[Path]) -> None:
    """Gradio's own copies: any reader of the page could fetch them."""
    for file in files:
        file.unlink(missing_ok=True)
