"""`pressmark check`: a draft, held to the articles sentence by sentence."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ui import wiring
from ui.console import ABSTAINED, ANSWERED, filters_of, print_json, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index.config import Settings
    from rag.check.outcome import Checked
    from rag.filters import Filters

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Check the draft; 3 if the articles contradict a sentence or do not have it."""
    from rag.check.draft import MAX_DRAFT_BYTES, read_draft
    from rag.check.load import load_draft, text_of_draft
    from ui.checked import sentence_lines, summary_line

    settings = settings_of(arguments)
    _check_target(arguments.html)
    if arguments.draft == "-":
        text = text_of_draft(sys.stdin.buffer.read(MAX_DRAFT_BYTES + 1))
    else:
        text = load_draft(Path(arguments.draft), settings)
    # Before a model is loaded: is there anything to check?
    read_draft(text)
    began = time.perf_counter()
    checked: list[Checked] = []
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for result in _checked(settings, text, filters_of(arguments)):
        checked.append(result)
        if not arguments.json and arguments.cite is None:
            print("\n".join(sentence_lines(result, coloured=coloured)))
    seconds = time.perf_counter() - began
    if arguments.html is not None:
        _write_page(arguments.html, arguments.draft, checked)
    if arguments.cite is not None:
        _cite(checked, arguments.cite)
    elif arguments.json:
        from ui.checked import checked_json

        print_json(checked_json(arguments.draft, checked, seconds))
    else:
        print(f"\n{summary_line(checked, seconds)}")
    return ABSTAINED if any(c.is_open for c in checked) else ANSWERED


def _checked(settings: Settings, text: str, filters: Filters) -> Iterator[Checked]:
    """Each sentence as soon as it is checked."""
    from index.errors import ConfigError
    from rag.filters import admitted

    with wiring.open_index(settings) as index:
        documents = admitted(index, filters)
        checker = wiring.open_checker(settings, index)
        if checker is None:
            raise ConfigError(
                f"drafts cannot be checked with the embedder {settings.embedder}: "
                "build the index with the default one"
            )
        yield from checker.check(text, documents=documents)


def _cite(checked: list[Checked], form: str) -> None:
    """What supports the draft; what it has wrong is cited for nothing."""
    from ui.cited import cite_draft
    from ui.terminal import say

    if cited := cite_draft(checked, form):
        print(cited)
    else:
        say("there is nothing to cite: no article supports a sentence of the draft")


def _check_target(path: Path | None) -> None:
    """Raises: ConfigError if the page could not be written; better now than after the work."""
    from index.errors import ConfigError

    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise ConfigError(f"cannot write {path}: give --html a file in a folder that exists")


def _write_page(path: Path, draft: str, checked: list[Checked]) -> None:
    from ui.checked_page import checked_page

    name = "standard input" if draft == "-" else Path(draft).name
    path.write_text(checked_page(name, checked), encoding="utf-8")
