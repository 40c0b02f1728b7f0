"""`pressmark status`: what is indexed, with which models."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ui.console import ANSWERED, ERROR, print_json, settings_of
from ui.terminal import printable

if TYPE_CHECKING:
    from index.config import Settings

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Look without loading a model."""
    settings = settings_of(arguments)
    if arguments.changes:
        return _changes(arguments, settings)
    if arguments.check:
        return _check(arguments, settings)
    status = _indexed(settings)
    status["models"] = _models(settings)
    if arguments.json:
        print_json(status)
    else:
        print(_text(status))
    return ANSWERED


def _changes(arguments: argparse.Namespace, settings: Settings) -> int:
    """What changed where documents were replaced. Raises: IndexNotFound."""
    from index.store.index import Index
    from ui.changes import changes_in_words, changes_to_json
    from ui.chat.feedback import FEEDBACK_FILE

    with Index.peek(settings.index) as index:
        feedback = settings.index / FEEDBACK_FILE
        changes = changes_to_json(index.backend.changes(), arguments.golden, feedback)
    if arguments.json:
        print_json({"changes": changes})
    else:
        print(changes_in_words(changes))
    return ANSWERED


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    """Whether the rows are as they should be; 1 if not. Raises: IndexNotFound."""
    from index.store.index import Index

    with Index.peek(settings.index) as index:
        faults = index.backend.faults()
    if arguments.json:
        print_json({"faults": faults})
    else:
        advice = "run `pressmark index --rebuild PATH`"
        print(f"{'; '.join(faults)}: {advice}" if faults else "the index is as it should be")
    return ERROR if faults else ANSWERED


def _indexed(settings: Settings) -> dict[str, Any]:
    """What the index says of itself. Raises: IndexNotFound."""
    from index.address import shown
    from index.store.index import Index

    with Index.peek(settings.index) as index:
        counts = index.counts()
        return {
            "index": shown(settings.index),
            "documents": counts.documents,
            "sentences": counts.sentences,
            "chunks": counts.chunks,
            "near_duplicates": counts.near,
            "collections": index.collections(),
            "disk_bytes": index.backend.disk_bytes(),
            "stamp": index.stamp,
            "precision": index.precisions,
        }


def _models(settings: Settings) -> dict[str, dict[str, str]]:
    from index.errors import ModelError
    from index.models.check import find_model

    models = {}
    for role, name in (("model", settings.model), ("embedder", settings.embedder)):
        if name.startswith(("http://", "https://")):
            models[role] = {"name": name, "state": "a server"}
            continue
        try:
            path = str(find_model(name, settings.models))
            models[role] = {"name": name, "state": "on disk", "path": path}
        except ModelError as error:
            models[role] = {"name": name, "state": str(error)}
    return models


def _text(status: dict[str, Any]) -> str:
    near, models = status["near_duplicates"], status["models"]
    alike = f", {near} of them nearly the same as another" if near else ""
    held = "".join(
        f"collection {printable(name)}, {n} documents\n"
        for name, n in status["collections"].items()
    )
    computed = ", ".join([models["embedder"]["state"], *status["precision"]])
    return (
        f"index      {status['index']}, {status['disk_bytes'] / 1e6:.1f} MB on disk\n"
        f"documents  {status['documents']}{alike}\n"
        f"sentences  {status['sentences']}\n"
        f"{held}"
        f"chunks     {status['chunks']} of at most {status['stamp'].get('chunk_tokens')} tokens\n"
        f"embedder   {models['embedder']['name']} ({computed})\n"
        f"model      {models['model']['name']} ({models['model']['state']})"
    )
