"""`pressmark ask`: one question, answered from what was kept, by the resident process, or here."""

from __future__ import annotations

import argparse
import sys

from ui import wiring
from ui.console import ABSTAINED, ANSWERED, filters_of, print_json, settings_of
from ui.terminal import to_terminal

__all__ = ["run"]

_MAX_BYTES = 1 << 21
"""Read from standard input."""


def run(arguments: argparse.Namespace) -> int:
    """Answer the question; 3 if Pressmark abstains."""
    settings = settings_of(arguments)
    question = arguments.question
    if question == "-":
        question = sys.stdin.buffer.read(_MAX_BYTES).decode("utf-8", errors="replace")
    kept, filters = not arguments.no_cache, filters_of(arguments)
    answer = wiring.ask_quickly(settings, question, filters, kept=kept)
    if answer is None:
        from rag.engine import check_question
        from rag.filters import admitted

        question = check_question(question)
        with wiring.open_index(settings) as index:
            # Before the model is loaded: is there such a collection?
            admitted(index, filters)
            engine = wiring.open_engine(settings, index)
            answer = (wiring.cached_engine(settings, index, engine) if kept else engine).ask(
                question, filters=filters
            )
    if arguments.json:
        print_json(answer.to_json())
    else:
        print(to_terminal(answer))
    return ABSTAINED if answer.abstained else ANSWERED
