"""What can be typed: the commands in the order of the help, one function each.

`pressmark --help` imports this alone; what a command does is in `ui.commands`, under its name.
A flag that is a setting says what `index.config` says of the setting.
"""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["make_parser"]


def make_parser() -> argparse.ArgumentParser:
    """The parser of `pressmark`; each command's name is in `command`."""
    parser = argparse.ArgumentParser(
        prog="pressmark",
        description="Answers questions from your own articles, "
        "each sentence pinned to the sentence that says so.",
        epilog="Exit codes: 0 answered, 1 error, 2 usage, 3 abstained, 130 stopped by Ctrl-C.",
    )
    commands = _Commands(parser)
    _index(commands)
    _remove(commands)
    _ask(commands)
    _serve(commands)
    _mcp(commands)
    _chat(commands)
    _golden(commands)
    _eval(commands)
    _bench(commands)
    _models(commands)
    _status(commands)
    return parser


class _Command(argparse.ArgumentParser):
    """A command, or what several share; a setting is looked up when its help is asked for."""

    def format_help(self) -> str:
        from index.config import RULES

        for action in self._actions:
            if action.help is None and action.dest in RULES:
                action.help = RULES[action.dest].help.replace("%", "%%")
        return super().format_help()


class _Commands:
    """Takes commands in; what several of them share is made once."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(
            dest="command", metavar="COMMAND", required=True, parser_class=_Command
        )
        self._common = _common()
        self.asking = _asking()
        """Of the commands that ask a model."""
        self.as_json = _as_json()
        """Of those that can print JSON."""

    def add(self, name: str, about: str, *shared: _Command) -> argparse.ArgumentParser:
        """A command with what all commands take and what it shares with some."""
        return self._commands.add_parser(
            name, help=about, description=about, parents=[self._common, *shared]
        )


def _index(commands: _Commands) -> None:
    parser = commands.add(
        "index", "Index articles: text, HTML, PDF, DOCX, EPUB, mail, JSONL.", commands.as_json
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files and folders")
    parser.add_argument("--prune", action="store_true", help="remove documents whose file is gone")
    parser.add_argument("--rebuild", action="store_true", help="throw the index away first")
    parser.add_argument(
        "--watch", action="store_true", help="then follow the files and folders until Ctrl-C"
    )
    _add_wait(parser)
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a file was skipped")


def _remove(commands: _Commands) -> None:
    parser = commands.add("remove", "Remove documents from the index.", commands.as_json)
    parser.add_argument(
        "names", metavar="PATH|ID", nargs="+", help="files, folders or documents' ids"
    )
    _add_wait(parser)


def _ask(commands: _Commands) -> None:
    parser = commands.add("ask", "Ask one question.", commands.asking, commands.as_json)
    parser.add_argument("question", metavar="QUESTION", help="the question; - reads standard input")
    parser.add_argument("--no-cache", action="store_true", help="take no answer that was kept")


def _serve(commands: _Commands) -> None:
    parser = commands.add("serve", "Answer programs over HTTP.", commands.asking)
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", metavar="N", type=int, default=7861, help="default: 7861")
    parser.add_argument(
        "--socket", metavar="FILE", type=Path, help="a Unix socket in place of host and port"
    )
    parser.add_argument(
        "--idle", metavar="MINUTES", type=float, help="end when nobody asks (default: never)"
    )
    parser.add_argument(
        "--token-file", metavar="FILE", type=Path, help="who may ask: a token a line"
    )
    parser.add_argument(
        "--insecure", action="store_true", help="serve others without a token, knowingly"
    )
    parser.add_argument(
        "--allow-host", metavar="NAME", action="append", default=[], help="one of its names"
    )
    parser.add_argument(
        "--origin", metavar="URL", action="append", default=[], help="a site whose pages may ask"
    )
    parser.add_argument("--public-url", metavar="URL", help="how browsers reach it, for links")
    _add_write(parser)


def _mcp(commands: _Commands) -> None:
    parser = commands.add("mcp", "Answer assistants (MCP).", commands.asking)
    _add_write(parser)


def _chat(commands: _Commands) -> None:
    parser = commands.add("chat", "Ask in the browser.", commands.asking)
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", metavar="N", type=int, default=7860, help="default: 7860")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.add_argument(
        "--auth", metavar="USER:PASSWORD", help="ask for a sign-in; or a file that holds it"
    )
    parser.add_argument(
        "--insecure", action="store_true", help="serve others without a sign-in, knowingly"
    )


def _golden(commands: _Commands) -> None:
    parser = commands.add("golden", "Make a golden test line of a rated answer.", commands.as_json)
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


def _eval(commands: _Commands) -> None:
    parser = commands.add(
        "eval", "Measure answers over a question set.", commands.asking, commands.as_json
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="SQuAD JSON or golden JSONL"
    )
    parser.add_argument("--limit", metavar="N", type=int, help="ask a sample of N questions")
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="of the sample")
    parser.add_argument(
        "--peer", action="store_true", help="also run llama-index's CitationQueryEngine"
    )
    parser.add_argument(
        "--hold-out-articles",
        metavar="N",
        type=int,
        default=0,
        help="take N articles out of the corpus, so that their questions have no answer",
    )
    parser.add_argument(
        "--retrieval-only", action="store_true", help="measure retrieval over all questions"
    )
    parser.add_argument("--plot", metavar="FILE.png", type=Path, help="draw the figures")


def _bench(commands: _Commands) -> None:
    commands.add(
        "bench", "Measure what to expect of this machine.", commands.asking, commands.as_json
    )


def _models(commands: _Commands) -> None:
    parser = commands.add("models", "List, fetch or check the models on disk.", commands.as_json)
    parser.add_argument("action", choices=["list", "pull", "verify"])
    parser.add_argument("names", metavar="NAME", nargs="*", help="models (default: those in use)")


def _status(commands: _Commands) -> None:
    commands.add(
        "status", "Show what is indexed, with which models.", commands.asking, commands.as_json
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
    return parser


def _as_json() -> _Command:
    parser = _Command(add_help=False)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _add_write(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--write", action="store_true", help="let MCP add and remove documents, too"
    )


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        nargs="?",
        type=float,
        const=-1.0,
        default=0.0,
        help="wait while another process writes the index (default: as long as it takes)",
    )
