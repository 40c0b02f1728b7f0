"""What each command does; the number that it returns is the process's exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from ui.commands.ask import ask, bench, serve
from ui.commands.index import printable, run_index, run_remove
from ui.console import ANSWERED
from ui.console import print_json as _print_json
from ui.console import settings_of as _settings
from ui.wiring import (
    answer_settings,
    cached_engine,
    engine_opener,
    open_engine,
    open_index,
    open_retriever,
    open_set_index,
)

__all__ = ["COMMANDS"]


def _index(arguments: argparse.Namespace) -> int:
    return run_index(arguments, _settings(arguments))


def _remove(arguments: argparse.Namespace) -> int:
    return run_remove(arguments, _settings(arguments))


def _eval(arguments: argparse.Namespace) -> int:
    from rag.measure.figures import plot, table, table_of_sets
    from rag.measure.run import Openers, Options, run_evaluation

    settings = _settings(arguments)
    openers = Openers(
        settings.index / "eval",
        answer_settings(settings),
        open_index=lambda: open_index(settings),
        open_set_index=lambda folder: open_set_index(settings, folder),
        open_retriever=lambda index: open_retriever(settings, index),
        open_engine=engine_opener(settings),
    )
    options = Options(
        limit=arguments.limit,
        seed=arguments.seed,
        with_peer=arguments.peer,
        n_held_out=arguments.hold_out_articles,
        retrieval_only=arguments.retrieval_only,
    )
    sets = run_evaluation(arguments.files, openers, options)
    if arguments.plot is not None:
        plot({name: figures["items"] for name, figures in sets.items()}, arguments.plot)
    if len(arguments.files) > 1:
        shown, figures = table_of_sets(sets), {"sets": sets}
    else:
        (figures,) = sets.values()
        shown = table(figures)
    if arguments.json:
        _print_json(figures)
    else:
        print(shown)
    return ANSWERED


def _chat(arguments: argparse.Namespace) -> int:
    from ui.chat.launch import check_host, launch, parse_auth
    from ui.chat.library import IndexLibrary
    from ui.chat.uploads import UPLOADS_FOLDER

    settings = _settings(arguments)
    auth = parse_auth(arguments.auth) if arguments.auth else None
    # Before models are loaded: may this address be served at all?
    check_host(arguments.host, auth, insecure=arguments.insecure)
    max_file_bytes = settings.max_bytes
    with open_index(settings) as index:
        launch(
            cached_engine(settings, index, open_engine(settings, index)),
            IndexLibrary(
                index,
                settings.index / UPLOADS_FOLDER,
                max_file_bytes=max_file_bytes,
                limits=settings,
            ),
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
    from ui.chat.feedback import add_golden
    from ui.chat.launch import FEEDBACK_FILE

    feedback = arguments.feedback or _settings(arguments).index / FEEDBACK_FILE
    line = add_golden(feedback, arguments.to, arguments.line, answerable=arguments.answerable)
    if arguments.json:
        _print_json(line)
    else:
        print(f"added to {arguments.to}: {printable(line['question'])}")
    return ANSWERED


def _models(arguments: argparse.Namespace) -> int:
    from index.errors import ModelError
    from index.models.check import find, verify
    from index.models.fetch import pull
    from index.models.registry import REGISTRY

    settings = _settings(arguments)
    in_use = [name for name in (settings.model, settings.embedder) if name in REGISTRY]
    if arguments.action == "list":
        rows: list[dict[str, Any]] = []
        for name in arguments.names or REGISTRY:
            path: str | None = None
            try:
                state, path = "on disk", str(find(name, settings.models))
            except ModelError as error:
                state = error.state
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
    from index.errors import ModelError
    from index.models.check import find
    from index.store.index import Index

    settings = _settings(arguments)
    with Index.peek(settings.index) as index:
        counts, stamp, precision = index.counts(), index.stamp, index.precisions
    near = counts.near
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
                "near_duplicates": near,
                "disk_bytes": disk,
                "stamp": stamp,
                "precision": precision,
                "models": models,
            }
        )
        return ANSWERED
    print(f"index      {settings.index}, {disk / 1e6:.1f} MB on disk")
    alike = f", {near} of them nearly the same as another" if near else ""
    print(f"documents  {counts.documents}{alike}")
    print(f"sentences  {counts.sentences}")
    print(f"chunks     {counts.chunks} of at most {stamp.get('chunk_tokens')} tokens")
    computed = ", ".join([models["embedder"]["state"], *precision])
    print(f"embedder   {models['embedder']['name']} ({computed})")
    print(f"model      {models['model']['name']} ({models['model']['state']})")
    return ANSWERED


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "ask": ask,
    "bench": bench,
    "chat": _chat,
    "eval": _eval,
    "golden": _golden,
    "index": _index,
    "models": _models,
    "remove": _remove,
    "serve": serve,
    "status": _status,
}
