"""`pressmark golden`: an answer that a reader rated becomes a golden test line."""

from __future__ import annotations

import argparse
from pathlib import Path

from ui.arguments import Commands, add_command, add_json

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """What can be typed."""
    parser = add_command(commands, "golden", "Make a golden test line of a rated answer.")
    add_json(parser)
    parser.add_argument("action", choices=["add"])
    parser.add_argument("--line", metavar="N", type=int, default=-1, help="default: the last")
    parser.add_argument("--feedback", metavar="FILE", type=Path, help="default: the index's own")
    parser.add_argument(
        "--to", metavar="FILE", type=Path, default=Path("golden.jsonl"), help="what it is added to"
    )
    answerable = parser.add_mutually_exclusive_group()
    answerable.add_argument(
        "--answerable", action="store_true", default=None, help="the documents hold an answer"
    )
    answerable.add_argument(
        "--unanswerable", action="store_false", dest="answerable", help="they hold none"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Add the line."""
    from ui.chat.feedback import FEEDBACK_FILE, add_golden
    from ui.console import ANSWERED, print_json, settings_of
    from ui.terminal import printable

    feedback = arguments.feedback or settings_of(arguments).index / FEEDBACK_FILE
    line = add_golden(feedback, arguments.to, arguments.line, answerable=arguments.answerable)
    if arguments.json:
        print_json(line)
    else:
        print(f"added to {arguments.to}: {printable(line['question'])}")
    return ANSWERED
