"""The command line: arguments in, exit codes out (0 answered, 1 error, 2 usage, 3 abstained)."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.config import Settings
    from index.embed import Embedder
    from index.store import Index
    from rag.engine import Engine

__all__ = ["main"]

ANSWERED, ERROR, USAGE, ABSTAINED = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the process's exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    from index.errors import PressmarkError

    try:
        return int(arguments.run(arguments))
    except PressmarkError as error:
        if arguments.debug:
            traceback.print_exc()
        print(f"pressmark: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("pressmark: interrupted; what was finished is kept", file=sys.stderr)
        return ERROR
    except BrokenPipeError:
        # The reader of a pipe has gone (`pressmark ask … | head -1`).
        sys.stderr.close()
        return ERROR
    except OSError as error:
        if arguments.debug:
            traceback.print_exc()
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"pressmark: {where}{error.strerror or error}; what was stored before is kept: "
            "mend this and run the command again",
            file=sys.stderr,
        )
        return ERROR


def _parser() -> argparse.ArgumentParser:
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
        epilog="Exit codes: 0 answered, 1 error, 2 usage, 3 abstained.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, about: str, run: Any, *parents: argparse.ArgumentParser) -> Any:
        command = commands.add_parser(name, help=about, description=about, parents=[*parents])
        command.set_defaults(run=run)
        return command

    index = add("index", "Index text and Markdown files.", _index, common, as_json)
    index.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files and folders")
    index.add_argument("--prune", action="store_true", help="remove documents whose file is gone")
    index.add_argument("--rebuild", action="store_true", help="throw the index away first")
    index.add_argument("--strict", action="store_true", help="exit with 1 if a file was skipped")

    ask = add("ask", "Ask one question.", _ask, common, asking, as_json)
    ask.add_argument("question", metavar="QUESTION", help="the question; - reads standard input")

    chat = add("chat", "Ask in the browser.", _chat, common, asking)
    chat.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
    chat.add_argument("--port", metavar="N", type=int, default=7860, help="default: 7860")
    chat.add_argument("--no-browser", action="store_true", help="do not open the browser")
    chat.add_argument(
        "--auth", metavar="USER:PASSWORD", help="ask for a sign-in; or a file that holds it"
    )
    chat.add_argument(
        "--insecure", action="store_true", help="serve others without a sign-in, knowingly"
    )

    golden = add("golden", "Make a golden test line of a rated answer.", _golden, common, as_json)
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

    evaluation = add("eval", "Measure answers over a question set.", _eval, common, asking, as_json)
    evaluation.add_argument("file", metavar="FILE", type=Path, help="SQuAD JSON or golden JSONL")
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

    models = add("models", "List, fetch or check the models on disk.", _models, common, as_json)
    models.add_argument("action", choices=["list", "pull", "verify"])
    models.add_argument("names", metavar="NAME", nargs="*", help="models (default: those in use)")

    add("status", "Show what is indexed, with which models.", _status, common, asking, as_json)
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    from index.config import load_settings

    return load_settings(vars(arguments), arguments.config)


def _say(text: str) -> None:
    print(f"pressmark: {text}", file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


# Building what the commands need: nothing else constructs models and stores.


def open_embedder(settings: Settings) -> Embedder:
    """The configured embedder, fetched first when it is not on disk."""
    from index.embed import MiniLM
    from index.models import REGISTRY, ensure

    path = ensure(settings.embedder, settings.models)
    name = settings.embedder if settings.embedder in REGISTRY else None
    return MiniLM(path, name=name)


def open_index(settings: Settings) -> Index:
    """The configured index; with none, one made of `seeds/` when that folder exists."""
    from index.errors import IndexNotFound
    from index.store import Index, exists

    if exists(settings.index):
        return Index.open(settings.index, open_embedder(settings), settings.chunk_tokens)
    seeds = Path("seeds")
    if not seeds.is_dir():
        raise IndexNotFound(
            f"there is no index in {settings.index} and no folder seeds/ to make one from: "
            "run `pressmark index PATH`"
        )
    _say(f"there is no index in {settings.index}: making one from {seeds}/")
    index = Index(settings.index, open_embedder(settings), settings.chunk_tokens)
    _build(index, [seeds], settings)
    return index


def open_engine(settings: Settings, index: Index) -> Engine:
    """The engine over an index, with the configured language model."""
    from rag.engine import Engine
    from rag.retrieve import HybridRetriever

    return Engine(
        HybridRetriever(index, top_k=settings.passages),
        _open_llm(settings),
        max_answer_tokens=settings.max_answer_tokens,
        min_confidence=settings.min_confidence,
    )


def _open_llm(settings: Settings) -> Any:
    from rag.llms import LlamaCpp, open_server

    if settings.model.startswith(("http://", "https://")):
        return open_server(
            settings.model, settings.server_model, max_tokens=settings.max_answer_tokens
        )
    from index.models import REGISTRY, ensure

    path = ensure(settings.model, settings.models)
    return LlamaCpp(
        path,
        model_name=settings.model if settings.model in REGISTRY else path.stem,
        n_threads=settings.threads,
        max_tokens=settings.max_answer_tokens,
    )


def _build(index: Index, roots: Sequence[Path], settings: Settings, *, prune: bool = False) -> Any:
    from tqdm import tqdm

    from index.build import build

    with tqdm(desc="indexing", unit="file", file=sys.stderr, leave=False) as bar:
        return build(
            index,
            roots,
            prune=prune,
            max_bytes=settings.max_file_mb << 20,
            on_total=lambda n: bar.reset(total=n),
            on_file=lambda _: bar.update(),
        )


# Commands


def _index(arguments: argparse.Namespace) -> int:
    from index.build import find_files
    from index.errors import ConfigError
    from index.store import Index

    settings = _settings(arguments)
    if not arguments.paths and not arguments.prune:
        raise ConfigError("nothing to index; give files or folders: `pressmark index PATH…`")
    # Before anything is thrown away or loaded: do the paths exist?
    find_files(arguments.paths)
    embedder = open_embedder(settings)
    if arguments.rebuild:
        Index.destroy(settings.index)
    with Index(settings.index, embedder, settings.chunk_tokens) as index:
        report = _build(index, arguments.paths, settings, prune=arguments.prune)
        counts = index.catalogue.counts()
    skipped = [o for o in report.outcomes if o.status == "skipped"]
    totals = {
        status: report.count(status)
        for status in ("added", "updated", "unchanged", "removed", "skipped")
    }
    if arguments.json:
        files = [{"path": o.path, "status": o.status, "reason": o.reason} for o in report.outcomes]
        _print_json({**totals, "embedded": report.n_embedded, "files": files})
    else:
        done = ", ".join(f"{n} {status}" for status, n in totals.items() if n) or "no files"
        print(f"{done}; the index holds {counts.documents} documents, {counts.sentences} sentences")
    for outcome in skipped:
        _say(f"skipped {_printable(outcome.path)}: {outcome.reason}")
    if skipped:
        _say(f"{len(skipped)} of {len(report.outcomes)} files were skipped")
    named = {str(path) for path in arguments.paths if not path.is_dir()}
    failed = bool(skipped) and (arguments.strict or any(o.path in named for o in skipped))
    return ERROR if failed or (arguments.paths and not counts.documents) else ANSWERED


def _ask(arguments: argparse.Namespace) -> int:
    from rag.engine import check_question
    from ui.render import to_terminal

    settings = _settings(arguments)
    question = arguments.question
    if question == "-":
        question = sys.stdin.buffer.read(1 << 21).decode("utf-8", errors="replace")
    question = check_question(question)
    with open_index(settings) as index:
        answer = open_engine(settings, index).ask(question)
    if arguments.json:
        _print_json(answer.to_json())
    else:
        print(to_terminal(answer))
    return ABSTAINED if answer.abstained else ANSWERED


def _eval(arguments: argparse.Namespace) -> int:
    from ui.evaluation import Sources, run_evaluation
    from ui.figures import plot, table

    settings = _settings(arguments)
    sources = Sources(
        settings,
        open_index=lambda: open_index(settings),
        embedder=lambda: open_embedder(settings),
        llm=lambda: _open_llm(settings),
    )
    figures = run_evaluation(
        arguments.file,
        sources,
        limit=arguments.limit,
        seed=arguments.seed,
        with_peer=arguments.peer,
        n_held_out=arguments.hold_out_articles,
        retrieval_only=arguments.retrieval_only,
    )
    if arguments.plot is not None:
        plot(figures["items"], arguments.plot)
    if arguments.json:
        _print_json(figures)
    else:
        print(table(figures))
    return ANSWERED


def _chat(arguments: argparse.Namespace) -> int:
    from ui.library import IndexLibrary
    from ui.serve import UPLOADS_FOLDER, check_host, launch, parse_auth

    settings = _settings(arguments)
    auth = parse_auth(arguments.auth) if arguments.auth else None
    # Before models are loaded: may this address be served at all?
    check_host(arguments.host, auth, insecure=arguments.insecure)
    max_file_bytes = settings.max_file_mb << 20
    with open_index(settings) as index:
        launch(
            open_engine(settings, index),
            IndexLibrary(index, settings.index / UPLOADS_FOLDER, max_file_bytes=max_file_bytes),
            settings.index,
            host=arguments.host,
            port=arguments.port,
            auth=auth,
            insecure=arguments.insecure,
            browser=not arguments.no_browser,
            max_file_bytes=max_file_bytes,
            versions={"pressmark": version("pressmark"), "embedder": index.embedder.name},
        )
    return ANSWERED


def _golden(arguments: argparse.Namespace) -> int:
    from ui.feedback import add_golden
    from ui.serve import FEEDBACK_FILE

    feedback = arguments.feedback or _settings(arguments).index / FEEDBACK_FILE
    line = add_golden(feedback, arguments.to, arguments.line, answerable=arguments.answerable)
    if arguments.json:
        _print_json(line)
    else:
        print(f"added to {arguments.to}: {_printable(line['question'])}")
    return ANSWERED


def _models(arguments: argparse.Namespace) -> int:
    from index.errors import ModelError
    from index.models import REGISTRY, find, pull, verify

    settings = _settings(arguments)
    in_use = [name for name in (settings.model, settings.embedder) if name in REGISTRY]
    if arguments.action == "list":
        rows: list[dict[str, Any]] = []
        for name in arguments.names or REGISTRY:
            path: str | None = None
            try:
                state, path = "on disk", str(find(name, settings.models))
            except ModelError as error:
                state = str(error).split(": ", 1)[-1]
            spec = REGISTRY.get(name)
            rows.append(
                {
                    "name": name,
                    "role": spec.role if spec else None,
                    "licence": spec.licence if spec else None,
                    "bytes": spec.size_bytes if spec else None,
                    "state": state,
                    "path": path,
                    "default": name in in_use,
                }
            )
        if arguments.json:
            _print_json({"folder": str(settings.models), "models": rows})
        else:
            for row in rows:
                mark = "*" if row["default"] else " "
                size = f"{(row['bytes'] or 0) / 1e6:,.0f} MB"
                print(
                    f"{mark} {row['name']:<30} {row['role'] or '-':<10} {size:>9}  {row['state']}"
                )
        return ANSWERED
    done = []
    for name in arguments.names or in_use:
        if arguments.action == "pull":
            pulled = pull(name, settings.models)
            done.append({"name": name, "state": "verified", "path": str(pulled)})
        else:
            verify(name, settings.models)
            done.append({"name": name, "state": "verified"})
        if not arguments.json:
            print(f"{name}: every file has its published SHA-256")
    if arguments.json:
        _print_json({"models": done})
    return ANSWERED


def _status(arguments: argparse.Namespace) -> int:
    from index.catalogue import Catalogue
    from index.errors import IndexNotFound, ModelError
    from index.models import find
    from index.store import exists

    settings = _settings(arguments)
    if not exists(settings.index):
        raise IndexNotFound(f"there is no index in {settings.index}: run `pressmark index PATH`")
    catalogue = Catalogue(settings.index / "catalogue.sqlite3")
    counts = catalogue.counts()
    stamp = json.loads(catalogue.meta("stamp") or "{}")
    catalogue.close()
    models = {}
    for role, name in (("model", settings.model), ("embedder", settings.embedder)):
        try:
            if name.startswith(("http://", "https://")):
                models[role] = {"name": name, "state": "a server"}
            else:
                models[role] = {
                    "name": name,
                    "state": "on disk",
                    "path": str(find(name, settings.models)),
                }
        except ModelError as error:
            models[role] = {"name": name, "state": str(error)}
    disk = sum(p.stat().st_size for p in settings.index.rglob("*") if p.is_file())
    if arguments.json:
        _print_json(
            {
                "index": str(settings.index),
                "documents": counts.documents,
                "sentences": counts.sentences,
                "chunks": counts.chunks,
                "disk_bytes": disk,
                "stamp": stamp,
                "models": models,
            }
        )
        return ANSWERED
    print(f"index      {settings.index}, {disk / 1e6:.1f} MB on disk")
    print(f"documents  {counts.documents}")
    print(f"sentences  {counts.sentences}")
    print(f"chunks     {counts.chunks} of at most {stamp.get('chunk_tokens')} tokens")
    print(f"embedder   {models['embedder']['name']} ({models['embedder']['state']})")
    print(f"model      {models['model']['name']} ({models['model']['state']})")
    return ANSWERED


def _printable(path: str) -> str:
    """A file name that cannot rewrite the terminal: newlines and overrides are spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in path)
