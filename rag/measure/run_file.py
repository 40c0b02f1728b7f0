"""A run on disk: items are kept as they come; the same run again asks only what is missing."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from index.document import Document
from index.store.index import Index
from rag.cache import code_digest
from rag.measure.questions import Question

__all__ = ["RunFile", "digest", "evaluate", "peer_key", "run_key"]


@dataclass(frozen=True, slots=True)
class RunFile:
    """Items written so far, one JSON object a line; an interrupted run goes on from them."""

    path: Path

    def read(self) -> dict[str, dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    item = json.loads(line)
                except ValueError:
                    # The last line of a run that was killed while writing.
                    continue
                items[item["id"]] = item
        return items

    def append(self, item: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(item, ensure_ascii=False) + "\n")


def evaluate(
    questions: Sequence[Question],
    ask: Callable[[Question], dict[str, Any]],
    run: RunFile,
    *,
    label: str,
) -> list[dict[str, Any]]:
    """Ask every question that `run` does not hold yet; return the items in order."""
    from tqdm import tqdm

    done = run.read()
    items = []
    for question in tqdm(questions, desc=label, unit="question", file=sys.stderr, leave=False):
        item = done.get(question.id)
        if item is None:
            item = ask(question)
            run.append(item)
        items.append(item)
    return items


def digest(parts: Iterable[object]) -> str:
    """A short name for these things together: any other gives another."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]


def run_key(answer_settings: str, index: Index, file: Path, documents: Sequence[Document]) -> str:
    """What our items depend on: settings, code, the index as it is now, and the question set.

    `answer_settings` names every setting that an answer depends on, and the models' files.
    """
    index_now = index.born, index.revision, index.embedder.name
    return digest([answer_settings, code_digest(), index_now, _set(file, documents)])


def peer_key(answer_settings: str, file: Path, documents: Sequence[Document]) -> str:
    """The same for the peer, which our code is no part of, nor our index."""
    made_of = [version("llama-index-core"), version("llama-cpp-python")]
    return digest([answer_settings, made_of, _set(file, documents)])


def _set(file: Path, documents: Sequence[Document]) -> tuple[str, list[str]]:
    """The questions, and the documents that they are asked of beside the index."""
    return hashlib.sha256(file.read_bytes()).hexdigest(), [d.id for d in documents]
