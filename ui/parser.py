"""What can be typed: the commands in the order of the help, each from its own module."""

from __future__ import annotations

import argparse

from ui.commands import ask, bench, chat, eval, golden, index, models, remove, serve, status

__all__ = ["make_parser"]

_COMMANDS = (index, remove, ask, serve, chat, golden, eval, bench, models, status)


def make_parser() -> argparse.ArgumentParser:
    """The parser of `pressmark`; what the typed command does is in `run`."""
    parser = argparse.ArgumentParser(
        prog="pressmark",
        description="Answers questions from your own articles, "
        "each sentence pinned to the sentence that says so.",
        epilog="Exit codes: 0 answered, 1 error, 2 usage, 3 abstained, 130 stopped by Ctrl-C.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(commands).set_defaults(run=command.run)
    return parser
