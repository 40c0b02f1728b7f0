"""The Check tab: paste or upload a draft, watch its sentences turn, press one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import PressmarkError
from rag.check.checker import Checker
from rag.check.draft import read_draft
from rag.check.load import load_draft
from rag.check.outcome import Checked
from ui.chat import page
from ui.chat.checked_html import draft_column, evidence_column, tally
from ui.chat.html import Html, button, verbatim
from ui.chat.widgets import PRIVATE
from ui.cited import cite_draft

__all__ = ["add_check_tab"]

_INTRODUCTION = (
    '<h2>Check a draft</h2><p class="quiet">Each sentence that claims something is held to the '
    "articles: supported, contradicted, partly there, or not found. Nothing of the draft is kept, "
    "and no language model is asked.</p>"
)
_EMPTY = '<p class="quiet">What the articles say of each sentence appears here.</p>'
_DRAWN_EVERY = 4
"""Sentences; a page that is drawn at every one stutters."""


def add_check_tab(checker: Checker) -> None:
    """Lay out the tab and wire it."""
    does = _Checking(checker)
    with gr.Row(elem_id="bench"):
        with gr.Column(elem_id="bench-desk"):
            gr.HTML(_INTRODUCTION)
            text = gr.Textbox(
                label="Your draft", lines=6, max_lines=14, elem_id="draft", placeholder="Paste it"
            )
            with gr.Row(elem_id="drafting"):
                start = gr.Button("Check", variant="primary", elem_id="check", scale=0)
            file = gr.File(
                label="Or upload it: text, Markdown or Word",
                file_count="single",
                height=110,
                elem_id="draft-file",
            )
            shown = gr.HTML("", elem_id="checked")
        with gr.Column(elem_id="bench-side"):
            told = gr.HTML(_EMPTY, elem_id="told")
    start.click(does.typed, text, [shown, told], concurrency_limit=1, **PRIVATE)
    file.upload(does.uploaded, file, [file, text, shown, told], concurrency_limit=1, **PRIVATE)


@dataclass(frozen=True, slots=True)
class _Checking:
    """What the reader does in the tab."""

    checker: Checker

    def typed(self, text: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._columns(text or "")
        except PressmarkError as error:
            yield page.notice(str(error)), _EMPTY

    def uploaded(self, path: str | None) -> Iterator[tuple[Any, ...]]:
        if path is None:
            return
        try:
            text = load_draft(Path(path))
            for columns in self._columns(text):
                yield None, text, *columns
        except PressmarkError as error:
            said = str(error).replace(str(path), Path(path).name)
            yield None, gr.skip(), page.notice(said), _EMPTY
        finally:
            # Gradio's own copy: any reader of the page could fetch it.
            Path(path).unlink(missing_ok=True)

    def _columns(self, text: str) -> Iterator[tuple[str, str]]:
        """The draft and the evidence, as far as they are checked."""
        total = len(read_draft(text))
        done: list[Checked] = []
        for checked in self.checker.check(text):
            done.append(checked)
            if len(done) % _DRAWN_EVERY == 0 or len(done) == total:
                yield self._drawn(done, total)

    def _drawn(self, done: list[Checked], total: int) -> tuple[str, str]:
        state = "Checked." if len(done) == total else "Checking …"
        left = Html('<div class="outcomes" role="status"><p>{}</p></div>{}{}').format(
            state, tally(done), draft_column(done, n_left=total - len(done))
        )
        right = Html(
            '<section class="sheet" tabindex="0" aria-label="What the articles say">'
            "<h2>What the articles say</h2>{}{}</section>"
        ).format(
            evidence_column(done, opens=False), _exports(done) if len(done) == total else Html()
        )
        return left, right


def _exports(done: list[Checked]) -> Html:
    """What supports the draft, to take along."""
    buttons = page.reference_buttons(lambda form: cite_draft(done, form))
    if not buttons:
        return Html()
    notes = button(
        "Export Markdown", "save", name="draft.md", text=verbatim(cite_draft(done, "markdown"))
    )
    return Html('<p class="tools exports"><span>What supports it:</span> {}</p>').format(
        Html(" ").join([notes, *buttons])
    )
