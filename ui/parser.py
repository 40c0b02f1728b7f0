"""What can be typed: the commands, their arguments and their help."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["make_parser"]


def make_parser() -> argparse.ArgumentParser:
    """The parser of `pressmark`; each command's name is in `command`."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--index", metavar="DIR", help="the index (default: .pressmark)")
    common.add_argument("--config", metavar="FILE", type=Path, help="settings (pressmark.toml)")
    common.add_argument("--embedder", metavar="NAME", help="embedder: a registry name or a folder")
    common.add_argument("--debug", action="store_true", help="print tracebacks")
    asking = argparse.ArgumentParser(add_help=False)
    asking.add_argument("--model", metavar="NAME", help="model: a registry name, GGUF file or URL")
    asking.add_argument(
        "--min-confidence", metavar="P", type=float, help="abstain below this probability"
    )
    as_json = argparse.ArgumentParser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="print one JSON object")

    parser = argparse.ArgumentParser(
        prog="pressmark",
        description="Answers questions from your own articles, "
        "each sentence pinned to the sentence that says so.",
        epilog="Exit codes: 0 answered, 1 error, 2 usage, 3 abstained, 130 stopped by Ctrl-C.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, about: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=about, parents=[*parents])

    index = add(
        "index", "Index articles: text, HTML, PDF, DOCX, EPUB, mail, JSONL.", common, as_json
    )
    index.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files and folders")
    index.add_argument("--prune", action="store_true", help="remove documents whose file is gone")
    index.add_argument("--rebuild", action="store_true", help="throw the index away first")
    index.add_argument(
        "--watch", action="store_true", help="then follow the files and folders until Ctrl-C"
    )
    _add_wait(index)
    index.add_argument("--strict", action="store_true", help="exit with 1 if a file was skipped")

    remove = add("remove", "Remove documents from the index.", common, as_json)
    remove.add_argument(
        "names", metavar="PATH|ID", nargs="+", help="files, folders or documents' ids"
    )
    _add_wait(remove)

    ask = add("ask", "Ask one question.", common, asking, as_json)
    ask.add_argument("question", metavar="QUESTION", help="the question; - reads standard input")
    ask.add_argument("--no-cache", action="store_true", help="take no answer that was kept")

    serve = add("serve", "Keep the models loaded, so that `ask` answers sooner.", common, asking)
    serve.add_argument(
        "--idle", metavar="MINUTES", type=float, default=30.0, help="end after this (default: 30)"
    )

    chat = add("chat", "Ask in the browser.", common, asking)
    chat.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
    chat.add_argument("--port", metavar="N", type=int, default=7860, help="default: 7860")
    chat.add_argument("--no-browser", action="store_true", help="do not open the browser")
    chat.add_argument(
        "--auth", metavar="USER:PASSWORD", help="ask for a sign-in; or a file that holds it"
    )
    chat.add_argument(
        "--insecure", action="store_true", help="serve others without a sign-in, knowingly"
    )

    golden = add("golden", "Make a golden test line of a rated answer.", common, as_json)
    golden.add_argument("action", choices=["add"])
    golden.add_argument("--line", metavar="N", type=int, default=-1, help="default: the last")
    golden.add_argument("--feedback", metavar="FILE", type=Path, help="default: the index's own")
    golden.add_argument(
        "--to", metavar="FILE", type=Path, default=Path("golden.jsonl"), help="what it is added to"
    )
    answerable = golden.add_mutually_exclusive_group()
    answerable.add_argument(
        "--answerable", action="store_true", default=None, help="the documents hold an answer"
    )
    answerable.add_argument(
        "--unanswerable", action="store_false", dest="answerable", help="they hold none"
    )

    evaluation = add("eval", "Measure answers over a question set.", common, asking, as_json)
    evaluation.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="SQuAD JSON or golden JSONL"
    )
    evaluation.add_argument("--limit", metavar="N", type=int, help="ask a sample of N questions")
    evaluation.add_argument("--seed", metavar="S", type=int, default=1, help="of the sample")
    evaluation.add_argument(
        "--peer", action="store_true", help="also run llama-index's CitationQueryEngine"
    )
    evaluation.add_argument(
        "--hold-out-articles",
        metavar="N",
        type=int,
        default=0,
        help="take N articles out of the corpus, so that their questions have no answer",
    )
    evaluation.add_argument(
        "--retrieval-only", action="store_true", help="measure retrieval over all questions"
    )
    evaluation.add_argument("--plot", metavar="FILE.png", type=Path, help="draw the figures")

    add("bench", "Measure what to expect of this machine.", common, asking, as_json)

    models = add("models", "List, fetch or check the models on disk.", common, as_json)
    models.add_argument("action", choices=["list", "pull", "verify"])
    models.add_argument("names", metavar="NAME", nargs="*", help="models (default: those in use)")

    add("status", "Show what is indexed, with which models.", common, asking, as_json)
    return parser


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
