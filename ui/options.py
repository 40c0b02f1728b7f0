"""What several commands take: made once, with a setting's help looked up when it is asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["Commands", "add_cite", "add_quick", "add_wait", "add_write"]


class _Command(argparse.ArgumentParser):
    """A command, or what several share; a flag that is a setting says what `index.config` does."""

    def format_help(self) -> str:
        from index.config import RULES

        for action in self._actions:
            if action.help is None and action.dest in RULES:
                action.help = RULES[action.dest].help.replace("%", "%%")
        return super().format_help()


class Commands:
    """Takes commands in; what several of them share is made once."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(
            dest="command", metavar="COMMAND", required=True, parser_class=_Command
        )
        self._common = _common()
        self.asking = _asking()
        """Of the commands that ask a model."""
        self.limiting = _limiting()
        """Of those that search."""
        self.as_json = _as_json()
        """Of those that can print JSON."""

    def add(self, name: str, about: str, *shared: _Command) -> argparse.ArgumentParser:
        """A command with what all commands take and what it shares with some."""
        return self._commands.add_parser(
            name, help=about, description=about, parents=[self._common, *shared]
        )


def _common() -> _Command:
    parser = _Command(add_help=False)
    parser.add_argument("--index", metavar="DIR")
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings (pressmark.toml)")
    parser.add_argument("--embedder", metavar="NAME")
    parser.add_argument("--debug", action="store_true", help="print tracebacks")
    return parser


def _asking() -> _Command:
    parser = _Command(add_help=False)
    parser.add_argument("--model", metavar="NAME")
    sure = parser.add_mutually_exclusive_group()
    sure.add_argument("--min-confidence", metavar="P", type=float)
    for bar, about in (("strict", "rather decline than err"), ("eager", "rather err than decline")):
        sure.add_argument(f"--{bar}", dest="bar", action="store_const", const=bar, help=about)
    written = "let the model write every answer, also where a quotation is certain"
    parser.add_argument(
        "--written", dest="quote", action="store_const", const="never", help=written
    )
    return parser


def _limiting() -> _Command:
    parser = _Command(add_help=False)
    limits = parser.add_argument_group("limits", 'dates are 2020-03-05, 2020-03, "March 2020"')
    for flag, about in (
        ("since", "only articles of this date and later"),
        ("until", "only articles of this date and earlier"),
        ("as-of", "as if it were this day"),
    ):
        limits.add_argument(f"--{flag}", metavar="DATE", help=about)
    limits.add_argument("--author", metavar="NAME", help="only articles by this author")
    limits.add_argument("--collection", metavar="NAME", help="only articles of this collection")
    limits.add_argument(
        "--any-time", action="store_true", help="a time in the question limits nothing"
    )
    return parser


def _as_json() -> _Command:
    parser = _Command(add_help=False)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def add_cite(parser: argparse.ArgumentParser) -> None:
    """`--cite`, of the commands whose findings can be taken along."""
    parser.add_argument(
        "--cite",
        metavar="FORMAT",
        choices=["bibtex", "ris", "csl", "markdown"],
        help="print what is cited instead: bibtex, ris, csl (CSL-JSON) or markdown (footnotes)",
    )


def add_write(parser: argparse.ArgumentParser) -> None:
    """`--write`, of the commands that serve assistants."""
    parser.add_argument(
        "--write", action="store_true", help="let MCP add and remove documents, too"
    )


def add_quick(parser: argparse.ArgumentParser) -> None:
    """`--quick`, of the commands that answer people."""
    parser.add_argument(
        "--quick", action="store_true", help="quote the sentence that answers, without a model"
    )


def add_wait(parser: argparse.ArgumentParser) -> None:
    """`--wait`, of the commands that write the index."""
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        nargs="?",
        type=float,
        const=-1.0,
        default=0.0,
        help="wait while another process writes the index (default: as long as it takes)",
    )
