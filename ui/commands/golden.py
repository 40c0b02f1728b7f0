"""`pressmark golden`: an answer that a reader rated becomes a golden test line."""

from __future__ import annotations

import argparse

from ui.console import ANSWERED, print_json, settings_of
from ui.terminal import printable

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Add the line."""
    from ui.chat.feedback import FEEDBACK_FILE, add_golden

    feedback = arguments.feedback or settings_of(arguments).index / FEEDBACK_FILE
    line = add_golden(feedback, arguments.to, arguments.line, answerable=arguments.answerable)
    if arguments.json:
        print_json(line)
    else:
        print(f"added to {arguments.to}: {printable(line['question'])}")
    return ANSWERED
