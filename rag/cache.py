"""Answers kept beside the index: the same question on the same index, settings and code."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import index
from index.store.identity import Identified
from index.store.kept_answers import forget_answers
from rag.answer import Answer, Events, EvidenceFound, Finished, Timings, answer_of
from rag.codec import read_json, to_plain, write_json
from rag.filters import ANYTHING, Filters

if TYPE_CHECKING:
    from rag.engine import Engine
    from rag.retrieve import HybridRetriever

__all__ = ["AnswerCache", "CachedEngine", "code_digest"]

_MAX_ANSWERS = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, record TEXT NOT NULL, used INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS answers_by_use ON answers (used);
CREATE TABLE IF NOT EXISTS made_for (state TEXT NOT NULL);
"""
_T = TypeVar("_T")


class AnswerCache:
    """One SQLite file that may be lost at any time; nothing that is wrong with it is an error.

    `settings` names what an answer depends on beside the index: any other value of it, any
    change of the index or of our own code empties the cache.
    """

    def __init__(self, path: Path, opened: Identified, settings: str) -> None:
        self._path = path
        self._index = opened
        self._settings = f"{settings} {code_digest()}"
        self._lock = threading.Lock()

    def state(self) -> str:
        """What the answers of this moment depend on."""
        made = self._index.born, self._index.revision, self._settings
        return hashlib.sha256(repr(made).encode()).hexdigest()

    def find(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
    ) -> Answer | None:
        """The kept answer, marked as such, with the time that finding it took."""
        started = time.perf_counter()
        key = _key(question, history, documents, filters)
        state = self.state()

        def look(db: sqlite3.Connection) -> str | None:
            if not _is_made_for(db, state):
                return None
            row = db.execute("SELECT record FROM answers WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            db.execute("UPDATE answers SET used = ? WHERE key = ?", (time.time_ns(), key))
            return str(row[0])

        text = self._run(look)
        if text is None:
            return None
        try:
            answer = read_json(text, Answer)
        except ValueError:
            self.clear()
            return None
        took = (time.perf_counter() - started) * 1000
        return replace(answer, cached=True, timings=Timings(took, None, took))

    def keep(
        self,
        answer: Answer,
        history: Sequence[tuple[str, str]] = (),
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
        *,
        state: str,
    ) -> None:
        """Keep an answer that was begun in `state`; the least used goes when there are too many."""
        if state != self.state():
            # The index changed while the model wrote.
            return
        key = _key(answer.question, history, documents, filters)
        record = write_json(answer).decode()

        def write(db: sqlite3.Connection) -> None:
            if not _is_made_for(db, state):
                db.execute("DELETE FROM answers")
                db.execute("DELETE FROM made_for")
                db.execute("INSERT INTO made_for VALUES (?)", (state,))
            db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, record, time.time_ns())
            )
            db.execute(
                "DELETE FROM answers WHERE key IN "
                "(SELECT key FROM answers ORDER BY used DESC LIMIT -1 OFFSET ?)",
                (_MAX_ANSWERS,),
            )

        self._run(write)

    def clear(self) -> None:
        """Forget every answer."""
        forget_answers(self._path.parent)

    def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do one transaction; a damaged file is thrown away, a busy or full disk left alone."""
        with self._lock:
            try:
                # A connection a call: another process may have thrown the file away.
                with contextlib.closing(sqlite3.connect(self._path, timeout=1.0)) as db, db:
                    db.executescript(_SCHEMA)
                    return work(db)
            except sqlite3.OperationalError:
                return None
            except sqlite3.DatabaseError:
                self.clear()
                return None


class CachedEngine:
    """An engine that answers from the cache when it can."""

    def __init__(self, engine: Engine, cache: AnswerCache) -> None:
        self._engine = engine
        self._cache = cache

    @property
    def model(self) -> str:
        return self._engine.model

    @property
    def retriever(self) -> HybridRetriever:
        return self._engine.retriever

    def prepare(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """As `Engine.prepare`."""
        self._engine.prepare(is_over)

    def ask(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        *,
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
    ) -> Answer:
        """As `Engine.ask`."""
        return answer_of(self.stream(question, history, documents=documents, filters=filters))

    def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        *,
        documents: Collection[str] | None = None,
        filters: Filters = ANYTHING,
    ) -> Events:
        """As `Engine.stream`; a kept answer comes at once, with no TextDelta."""
        kept = self._cache.find(question, history, documents, filters)
        if kept is not None:
            yield EvidenceFound(kept.condensed_question, kept.nearest)
            yield Finished(kept)
            return
        state = self._cache.state()
        # Whoever leaves this stream closes the engine's, and with it the model.
        with contextlib.closing(
            self._engine.stream(question, history, documents=documents, filters=filters)
        ) as events:
            for event in events:
                if isinstance(event, Finished):
                    self._cache.keep(event.answer, history, documents, filters, state=state)
                yield event


def code_digest() -> str:
    """Our code's digest, fitted weights and llama.cpp's version included.

    An answer of another version is not kept for this one.
    """
    sha = hashlib.sha256(version("llama-cpp-python").encode())
    for folder in (Path(str(index.__file__)).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__" and path.suffix != ".md":
                sha.update(path.read_bytes())
    return sha.hexdigest()


def _is_made_for(db: sqlite3.Connection, state: str) -> bool:
    row = db.execute("SELECT state FROM made_for").fetchone()
    return row is not None and row[0] == state


def _key(
    question: str,
    history: Sequence[tuple[str, str]],
    documents: Collection[str] | None,
    filters: Filters,
) -> str:
    asked = [
        question.replace("\0", " ").strip(),
        [list(turn) for turn in history],
        None if documents is None else sorted(documents),
        to_plain(filters),
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
