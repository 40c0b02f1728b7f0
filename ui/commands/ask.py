"""`pressmark ask`: one question, answered from what was kept, by the resident process, or here."""

from __future__ import annotations

import argparse
import sys

from ui.arguments import Commands, add_asking, add_command, add_json

__all__ = ["add_parser", "run"]

_MAX_BYTES = 1 << 21
"""Read from standard input."""


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """What can be typed."""
    parser = add_command(commands, "ask", "Ask one question.")
    add_asking(parser)
    add_json(parser)
    parser.add_argument("question", metavar="QUESTION", help="the question; - reads standard input")
    parser.add_argument("--no-cache", action="store_true", help="take no answer that was kept")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Answer the question; 3 if Pressmark abstains."""
    from ui.console import ABSTAINED, ANSWERED, print_json, settings_of
    from ui.terminal import to_terminal
    from ui.wiring import ask_quickly, cached_engine, open_engine, open_index

    settings = settings_of(arguments)
    question = arguments.question
    if question == "-":
        question = sys.stdin.buffer.read(_MAX_BYTES).decode("utf-8", errors="replace")
    kept = not arguments.no_cache
    answer = ask_quickly(settings, question, kept=kept)
    if answer is None:
        from rag.engine import check_question

        question = check_question(question)
        with open_index(settings) as index:
            engine = open_engine(settings, index)
            answer = (cached_engine(settings, index, engine) if kept else engine).ask(question)
    if arguments.json:
        print_json(answer.to_json())
    else:
        print(to_terminal(answer))
    return ABSTAINED if answer.abstained else ANSWERED
