"""What can be typed: the commands in the order of the help, one function each.

`pressmark --help` imports this alone; what a command does is in `ui.commands`, under its name.
What several share is in `ui.options`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ui.options import Commands, add_cite, add_quick, add_wait, add_write

__all__ = ["make_parser"]


def make_parser() -> argparse.ArgumentParser:
    """The parser of `pressmark`; each command's name is in `command`."""
    parser = argparse.ArgumentParser(
        prog="pressmark",
        description="Answers questions from your own articles, "
        "each sentence pinned to the sentence that says so.",
        epilog="Exit codes: 0 answered, 1 error, 2 usage, 3 abstained, 130 stopped by Ctrl-C.",
    )
    commands = Commands(parser)
    _index(commands)
    _remove(commands)
    _ask(commands)
    _timeline(commands)
    _check(commands)
    _serve(commands)
    _mcp(commands)
    _chat(commands)
    _golden(commands)
    _eval(commands)
    _bench(commands)
    _models(commands)
    _status(commands)
    _copy(commands)
    return parser


def _index(commands: Commands) -> None:
    parser = commands.add(
        "index", "Index articles: text, HTML, PDF, DOCX, EPUB, mail, JSONL.", commands.as_json
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files and folders")
    parser.add_argument("--prune", action="store_true", help="remove documents whose file is gone")
    parser.add_argument("--rebuild", action="store_true", help="throw the index away first")
    parser.add_argument("--collection", metavar="NAME", help="put them in this collection")
    parser.add_argument(
        "--watch", action="store_true", help="then follow the files and folders until Ctrl-C"
    )
    add_wait(parser)
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a file was skipped")
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="read and embed on all cores of a Ray cluster; `local` makes one of this machine",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="embed a small sample, say how many files and hours it would be, and store nothing",
    )


def _remove(commands: Commands) -> None:
    parser = commands.add("remove", "Remove documents from the index.", commands.as_json)
    parser.add_argument(
        "names", metavar="PATH|ID", nargs="+", help="files, folders or documents' ids"
    )
    add_wait(parser)


def _ask(commands: Commands) -> None:
    parser = commands.add(
        "ask", "Ask one question.", commands.asking, commands.limiting, commands.as_json
    )
    parser.add_argument(
        "question", metavar="QUESTION", nargs="?", help="the question; - reads standard input"
    )
    add_quick(parser)
    parser.add_argument("--no-cache", action="store_true", help="take no answer that was kept")
    add_cite(parser)
    parser.add_argument(
        "--batch",
        metavar="FILE",
        help="answer every question of a CSV or JSONL file, or of one a line; - reads them from "
        "standard input",
    )
    parser.add_argument(
        "--to",
        metavar="OUT",
        type=Path,
        help="write the batch's answers here, and go on with what is there (.csv: as CSV)",
    )
    parser.add_argument("--csv", action="store_true", help="print the batch as CSV, not JSONL")
    parser.add_argument("--column", metavar="NAME", help="of the batch's questions (question)")


def _timeline(commands: Commands) -> None:
    parser = commands.add(
        "timeline",
        "List a topic's dated sentences.",
        commands.limiting,
        commands.as_json,
    )
    parser.add_argument("topic", metavar="TOPIC", help="what it is about")
    parser.add_argument("--limit", metavar="N", type=int, default=40, help="default: 40 sentences")
    parser.add_argument("--csv", action="store_true", help="print CSV instead of Markdown")
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, help="also draw it: .png, .svg or .pdf"
    )
    add_cite(parser)


def _check(commands: Commands) -> None:
    parser = commands.add(
        "check", "Check a draft against the articles.", commands.limiting, commands.as_json
    )
    parser.add_argument(
        "draft", metavar="DRAFT", help="text, Markdown or DOCX; - reads standard input"
    )
    parser.add_argument(
        "--html", metavar="FILE", type=Path, help="also write a page: the draft beside the evidence"
    )
    add_cite(parser)


def _serve(commands: Commands) -> None:
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
    add_write(parser)


def _mcp(commands: Commands) -> None:
    parser = commands.add("mcp", "Answer assistants (MCP).", commands.asking)
    add_write(parser)


def _chat(commands: Commands) -> None:
    parser = commands.add("chat", "Ask in the browser.", commands.asking, commands.limiting)
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", metavar="N", type=int, default=7860, help="default: 7860")
    add_quick(parser)
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.add_argument(
        "--auth", metavar="USER:PASSWORD", help="ask for a sign-in; or a file that holds it"
    )
    parser.add_argument(
        "--insecure", action="store_true", help="serve others without a sign-in, knowingly"
    )


def _golden(commands: Commands) -> None:
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


def _eval(commands: Commands) -> None:
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


def _bench(commands: Commands) -> None:
    commands.add(
        "bench", "Measure what to expect of this machine.", commands.asking, commands.as_json
    )


def _models(commands: Commands) -> None:
    parser = commands.add("models", "List, fetch or check models.", commands.as_json)
    parser.add_argument("action", choices=["list", "pull", "verify"])
    parser.add_argument("names", metavar="NAME", nargs="*", help="models (default: those in use)")


def _status(commands: Commands) -> None:
    parser = commands.add("status", "Show what is indexed.", commands.asking, commands.as_json)
    parser.add_argument(
        "--check",
        action="store_true",
        help="tell whether the rows of the index are as they should be",
    )
    parser.add_argument(
        "--changes",
        action="store_true",
        help="show which sentences changed where a document was replaced, and which golden lines "
        "and votes rested on them",
    )
    parser.add_argument(
        "--golden",
        metavar="FILE",
        type=Path,
        nargs="+",
        default=[Path("golden.jsonl")],
        help="golden files to look through (default: golden.jsonl)",
    )


def _copy(commands: Commands) -> None:
    parser = commands.add("copy", "Copy an index elsewhere.", commands.as_json)
    parser.add_argument("origin", metavar="FROM", help="a folder or a database's address")
    parser.add_argument("goal", metavar="TO", help="where nothing else is indexed yet")
    add_wait(parser)
