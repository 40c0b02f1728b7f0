"""The manifest: documents, where they were found, their sentences and sentence vectors (SQLite).

It is the truth: a row of Chroma or of the lexical index whose document is not here does not exist.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.document import Chunk, Document, Kind, Sentence
from index.embed import Array
from index.errors import StoreError

__all__ = ["Catalogue", "Counts", "Place"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, date TEXT, text TEXT NOT NULL,
    vectors BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS places (
    place TEXT PRIMARY KEY, path TEXT NOT NULL, document_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS places_of ON places (document_id);
CREATE TABLE IF NOT EXISTS sentences (
    document_id TEXT NOT NULL, ordinal INTEGER NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, kind TEXT NOT NULL, paragraph INTEGER NOT NULL,
    PRIMARY KEY (document_id, ordinal)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (
    id TEXT PRIMARY KEY, document_id TEXT NOT NULL, ordinal INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_of ON chunks (document_id);
CREATE TABLE IF NOT EXISTS pending (document_id TEXT PRIMARY KEY);
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document was found: `place` is absolute, `path` is as the reader typed it."""

    place: str
    path: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What an index holds."""

    documents: int
    sentences: int
    chunks: int


class Catalogue:
    """One SQLite file; every public method is safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._path = path
        with self._errors():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA busy_timeout=5000")
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def meta(self, key: str) -> str | None:
        row = self._rows("SELECT value FROM meta WHERE key = ?", key)
        return str(row[0][0]) if row else None

    def set_meta(self, key: str, value: str) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def revision(self) -> int:
        """Grows with every change of what can be found."""
        return int(self.meta("revision") or 0)

    def counts(self) -> Counts:
        return Counts(
            *(
                int(self._rows(f"SELECT count(*) FROM {table}")[0][0])
                for table in ("documents", "sentences", "chunks")
            )
        )

    def place(self, place: str) -> Place | None:
        rows = self._rows("SELECT place, path, document_id FROM places WHERE place = ?", place)
        return Place(*rows[0]) if rows else None

    def places(self) -> list[Place]:
        return [
            Place(*row)
            for row in self._rows("SELECT place, path, document_id FROM places ORDER BY place")
        ]

    def has_document(self, document_id: str) -> bool:
        return bool(self._rows("SELECT 1 FROM documents WHERE id = ?", document_id))

    def document(self, document_id: str) -> Document | None:
        rows = self._rows(
            "SELECT id, path, title, date, text FROM documents WHERE id = ?", document_id
        )
        return Document(*rows[0]) if rows else None

    def documents(self) -> list[Document]:
        """All documents, by path."""
        rows = self._rows("SELECT id, path, title, date, text FROM documents ORDER BY path")
        return [Document(*row) for row in rows]

    def sentences(self, document_id: str) -> list[Sentence]:
        document = self.document(document_id)
        if document is None:
            return []
        rows = self._rows(
            "SELECT start, end, kind, paragraph FROM sentences WHERE document_id = ? "
            "ORDER BY ordinal",
            document_id,
        )
        return [
            Sentence(start, end, document.text[start:end], Kind(kind), paragraph)
            for start, end, kind, paragraph in rows
        ]

    def vectors(self, document_id: str) -> Array:
        """Sentence vectors: float32, shape (sentences, dim), unit rows (kept as float16)."""
        n = int(
            self._rows("SELECT count(*) FROM sentences WHERE document_id = ?", document_id)[0][0]
        )
        rows = self._rows("SELECT vectors FROM documents WHERE id = ?", document_id)
        if not rows or not n:
            return np.zeros((0, 0), dtype=np.float32)
        return np.frombuffer(rows[0][0], dtype=np.float16).astype(np.float32).reshape(n, -1)

    def chunks(self, ids: Iterable[str]) -> dict[str, Chunk]:
        """The chunks that exist among `ids`."""
        found: dict[str, Chunk] = {}
        wanted = list(ids)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            for row in self._rows(
                f"SELECT id, document_id, ordinal, first, last, text FROM chunks "
                f"WHERE id IN ({marks})",
                *part,
            ):
                found[row[0]] = Chunk(*row)
        return found

    def all_chunks(self) -> tuple[list[str], list[str]]:
        """Ids and searchable texts (with the title) of all chunks, in the order of their ids."""
        rows = self._rows(
            "SELECT c.id, d.title || '. ' || c.text FROM chunks c "
            "JOIN documents d ON d.id = c.document_id ORDER BY c.id"
        )
        return [row[0] for row in rows], [row[1] for row in rows]

    def pending(self) -> list[str]:
        """Documents whose rows in Chroma an interruption may have left behind."""
        return [row[0] for row in self._rows("SELECT document_id FROM pending")]

    def announce(self, document_ids: Sequence[str]) -> None:
        """Note that rows of these documents are about to be written elsewhere."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO pending VALUES (?)", [(i,) for i in document_ids])

    def settle(self, document_ids: Sequence[str]) -> None:
        """Note that nothing of these documents is left half done."""
        with self._transaction() as db:
            db.executemany(
                "DELETE FROM pending WHERE document_id = ?", [(i,) for i in document_ids]
            )

    def add(
        self,
        rows: Sequence[tuple[Document, Sequence[Sentence], Sequence[Chunk], Array]],
    ) -> None:
        """Store documents whose chunks are already in Chroma; they stay pending until `settle`."""
        with self._transaction() as db:
            for document, sentences, chunks, vectors in rows:
                db.execute(
                    "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        document.id,
                        document.path,
                        document.title,
                        document.date,
                        document.text,
                        vectors.astype(np.float16).tobytes(),
                    ),
                )
                db.executemany(
                    "INSERT OR REPLACE INTO sentences VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (document.id, i, s.start, s.end, s.kind.value, s.paragraph)
                        for i, s in enumerate(sentences)
                    ],
                )
                db.executemany(
                    "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?)",
                    [(c.id, c.document_id, c.ordinal, c.first, c.last, c.text) for c in chunks],
                )
            self._bump(db)

    def found_at(self, place: Place) -> str | None:
        """Record where a document was found.

        A document that this leaves without a place is removed; it is returned, its rows in
        Chroma pending until `settle`.
        """
        with self._transaction() as db:
            before = db.execute(
                "SELECT document_id FROM places WHERE place = ?", (place.place,)
            ).fetchone()
            db.execute(
                "INSERT OR REPLACE INTO places VALUES (?, ?, ?)",
                (place.place, place.path, place.document_id),
            )
            if before is None or before[0] == place.document_id:
                return None
            return self._orphan(db, before[0])

    def forget_place(self, place: str) -> str | None:
        """Drop a place; a document that this leaves without one is removed, as in `found_at`."""
        with self._transaction() as db:
            before = db.execute(
                "SELECT document_id FROM places WHERE place = ?", (place,)
            ).fetchone()
            db.execute("DELETE FROM places WHERE place = ?", (place,))
            return self._orphan(db, before[0]) if before else None

    def remove(self, document_id: str) -> None:
        """Remove a document; its rows in Chroma are pending until `settle`."""
        with self._transaction() as db:
            self._remove(db, document_id)

    def _remove(self, db: sqlite3.Connection, document_id: str) -> None:
        db.execute("INSERT OR IGNORE INTO pending VALUES (?)", (document_id,))
        db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
        for table in ("sentences", "chunks", "places"):
            db.execute(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))
        self._bump(db)

    def _orphan(self, db: sqlite3.Connection, document_id: str) -> str | None:
        """Remove the document if no place is left; else its path becomes one of those left."""
        row = db.execute(
            "SELECT path FROM places WHERE document_id = ? ORDER BY place", (document_id,)
        ).fetchone()
        if row is None:
            self._remove(db, document_id)
            return document_id
        db.execute("UPDATE documents SET path = ? WHERE id = ?", (row[0], document_id))
        # Citations name the path: an answer that was kept names the old one.
        self._bump(db)
        return None

    @staticmethod
    def _bump(db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT INTO meta VALUES ('revision', '1') "
            "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
        )

    def _rows(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, self._errors():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._path}: {error}; free disk space or check permissions, and if that does "
                "not help run `pressmark index --rebuild PATH`"
            ) from error
