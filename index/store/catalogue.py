"""The manifest: documents, where they were found, their sentences and sentence vectors (SQLite).

It is the truth: a row of Chroma or of the lexical index whose document is not here does not exist.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from index.document import Chunk, Document, Kind, Sentence
from index.embed.embedder import Array
from index.store import duplicates
from index.store.database import Database
from index.store.rows import Counts, DocumentRows, Fingerprint, Place, Summary

__all__ = ["Catalogue"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, date TEXT, text TEXT NOT NULL,
    author TEXT, language TEXT, url TEXT, pages TEXT NOT NULL, vectors BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS places (
    place TEXT PRIMARY KEY, path TEXT NOT NULL, document_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS places_of ON places (document_id);
CREATE TABLE IF NOT EXISTS sentences (
    document_id TEXT NOT NULL, ordinal INTEGER NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, kind TEXT NOT NULL, paragraph INTEGER NOT NULL,
    PRIMARY KEY (document_id, ordinal)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL, ordinal INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_of ON chunks (document_id);
CREATE TABLE IF NOT EXISTS pending (document_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS seen (
    file TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL);
"""

_MARKS = 500
"""Values of one statement; SQLite takes 999 at least."""
_DOCUMENT = "id, path, title, date, text, author, language, url, pages"


class Catalogue(Database):
    """One SQLite file; every public method is safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA + duplicates.SCHEMA)

    def reset(self) -> None:
        """Forget everything at once; who is reading sees an empty index at the next look."""
        with self._transaction() as db:
            revision = db.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
            self._drop_tables(db)
            if revision is not None:
                db.execute("INSERT INTO meta VALUES ('revision', ?)", revision)
                self._bump(db)

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

    def near_copies(self) -> int:
        """How many documents are nearly the same as another one."""
        return int(self._rows("SELECT count(DISTINCT document_id) FROM near")[0][0])

    def summaries(self) -> list[Summary]:
        """All documents by path, without reading a text."""
        return [
            Summary(*row)
            for row in self._rows(
                "SELECT d.id, d.path, d.title, d.date, coalesce(s.n, 0), coalesce(n.n, 0) "
                "FROM documents d "
                "LEFT JOIN (SELECT document_id, count(*) AS n FROM sentences GROUP BY document_id)"
                " s ON s.document_id = d.id "
                "LEFT JOIN (SELECT document_id, count(*) AS n FROM near GROUP BY document_id)"
                " n ON n.document_id = d.id ORDER BY d.path"
            )
        ]

    def place(self, place: str) -> Place | None:
        rows = self._rows("SELECT place, path, document_id FROM places WHERE place = ?", place)
        return Place(*rows[0]) if rows else None

    def places(self) -> list[Place]:
        return [
            Place(*row)
            for row in self._rows("SELECT place, path, document_id FROM places ORDER BY place")
        ]

    def ids(self, prefix: str) -> list[str]:
        """The documents whose id begins so, in hexadecimal digits."""
        return [
            row[0]
            for row in self._rows(
                "SELECT id FROM documents WHERE id >= ? AND id < ?", prefix, prefix + "g"
            )
        ]

    def places_of(self, document_id: str) -> list[Place]:
        """Where a document was found."""
        return [
            Place(*row)
            for row in self._rows(
                "SELECT place, path, document_id FROM places WHERE document_id = ? ORDER BY place",
                document_id,
            )
        ]

    def documents_in(self, file: str) -> dict[str, str]:
        """Document ids by place: the file itself, or records of one of several, "file#3"."""
        # "$" follows "#" in the order of characters.
        rows = self._rows(
            "SELECT place, document_id FROM places WHERE place = ? OR (place > ? AND place < ?)",
            file,
            f"{file}#",
            f"{file}$",
        )
        return {
            place: document_id
            for place, document_id in rows
            if place == file or place[len(file) + 1 :].isdigit()
        }

    def has_document(self, document_id: str) -> bool:
        return bool(self._rows("SELECT 1 FROM documents WHERE id = ?", document_id))

    def document(self, document_id: str) -> Document | None:
        rows = self._rows(f"SELECT {_DOCUMENT} FROM documents WHERE id = ?", document_id)
        return _document(*rows[0]) if rows else None

    def documents(self) -> list[Document]:
        """All documents, by path."""
        rows = self._rows(f"SELECT {_DOCUMENT} FROM documents ORDER BY path")
        return [_document(*row) for row in rows]

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
        for start in range(0, len(wanted), _MARKS):
            part = wanted[start : start + _MARKS]
            marks = ",".join("?" * len(part))
            for row in self._rows(
                "SELECT id, document_id, ordinal, first, last, text FROM chunks "
                f"WHERE id IN ({marks})",
                *part,
            ):
                found[row[0]] = Chunk(*row)
        return found

    def chunks_by_serial(self, serials: Iterable[int]) -> dict[int, Chunk]:
        """The chunks that exist among these; a serial is never given twice."""
        found: dict[int, Chunk] = {}
        for serial in serials:
            for row in self._rows(
                "SELECT id, document_id, ordinal, first, last, text FROM chunks WHERE serial = ?",
                int(serial),
            ):
                found[serial] = Chunk(*row)
        return found

    def serials_of(self, document_ids: Collection[str]) -> list[int]:
        """The serials of these documents' chunks."""
        wanted = list(document_ids)
        found: list[int] = []
        for start in range(0, len(wanted), _MARKS):
            part = wanted[start : start + _MARKS]
            marks = ",".join("?" * len(part))
            found += [
                row[0]
                for row in self._rows(
                    f"SELECT serial FROM chunks WHERE document_id IN ({marks})", *part
                )
            ]
        return found

    def searchable(self, after: int) -> tuple[list[int], list[tuple[int, str]]]:
        """All chunks' serials, ascending; and (serial, text with its title) of those above `after`.

        Both are of one moment.
        """
        with self._lock, self._errors():
            self._db.execute("BEGIN")
            try:
                serials = [
                    row[0] for row in self._rows("SELECT serial FROM chunks ORDER BY serial")
                ]
                added = self._rows(
                    "SELECT c.serial, d.title || '. ' || c.text FROM chunks c "
                    "JOIN documents d ON d.id = c.document_id WHERE c.serial > ? ORDER BY c.serial",
                    after,
                )
            finally:
                self._db.execute("COMMIT")
        return serials, added

    def fingerprint(self, file: str) -> Fingerprint | None:
        """How the file was when all of it was stored; None if it must be read to know."""
        rows = self._rows("SELECT * FROM seen WHERE file = ?", file)
        return Fingerprint(*rows[0]) if rows else None

    def near(self, document_id: str) -> dict[str, float]:
        """The documents that are nearly the same, with the share of words in common, [0, 1]."""
        return dict(
            self._rows("SELECT other_id, similarity FROM near WHERE document_id = ?", document_id)
        )

    def pending(self) -> list[str]:
        """Documents whose rows in Chroma an interruption may have left behind."""
        return [row[0] for row in self._rows("SELECT document_id FROM pending")]

    def announce(self, document_ids: Sequence[str]) -> None:
        """Note that rows of these documents are about to be written to Chroma."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO pending VALUES (?)", [(i,) for i in document_ids])

    def settle(self, document_ids: Sequence[str]) -> None:
        """Note that Chroma holds nothing of these documents any more."""
        with self._transaction() as db:
            db.executemany(
                "DELETE FROM pending WHERE document_id = ?", [(i,) for i in document_ids]
            )

    def store(
        self,
        rows: Sequence[DocumentRows],
        places: Sequence[Place] = (),
        files: Sequence[Fingerprint] = (),
    ) -> list[str]:
        """Store documents whose chunks are in Chroma, and where they were found, in one step.

        Returns: the documents that this leaves without a place. They are removed, and pending:
        their rows in Chroma are to be swept.
        """
        with self._transaction() as db:
            for row in rows:
                self._store(db, row)
                db.execute("DELETE FROM pending WHERE document_id = ?", (row.document.id,))
            removed = [self._found_at(db, place) for place in places]
            db.executemany(
                "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?)",
                [(f.file, f.size, f.mtime_ns, f.ctime_ns, f.inode) for f in files],
            )
            if rows:
                self._bump(db)
        return [document_id for document_id in removed if document_id is not None]

    def arrange(self, places: Sequence[Place], gone: Sequence[str]) -> list[str]:
        """Record where documents that exist are found, and drop the places `gone`, all at once.

        So records that change their numbers in a file are never without a place. Documents that
        this leaves without one are removed; they are returned, their rows in Chroma pending
        until `settle`.
        """
        with self._transaction() as db:
            left: dict[str, None] = {}
            for place in [*(p.place for p in places), *gone]:
                for row in db.execute("SELECT document_id FROM places WHERE place = ?", (place,)):
                    left[row[0]] = None
            for place in gone:
                _forget_file(db, place)
            db.executemany("DELETE FROM places WHERE place = ?", [(place,) for place in gone])
            db.executemany(
                "INSERT OR REPLACE INTO places VALUES (?, ?, ?)",
                [(p.place, p.path, p.document_id) for p in places],
            )
            return [i for i in left if self._orphan(db, i) is not None]

    def forget_places(self, places: Sequence[str]) -> list[str]:
        """Drop places; the documents that this leaves without one are removed, as in `store`."""
        removed = []
        with self._transaction() as db:
            for place in places:
                _forget_file(db, place)
                before = db.execute(
                    "SELECT document_id FROM places WHERE place = ?", (place,)
                ).fetchone()
                db.execute("DELETE FROM places WHERE place = ?", (place,))
                removed.append(self._orphan(db, before[0]) if before else None)
        return [document_id for document_id in removed if document_id is not None]

    def remove(self, document_id: str) -> None:
        """Remove a document; its rows in Chroma are pending until `settle`."""
        with self._transaction() as db:
            self._remove(db, document_id)

    def _store(self, db: sqlite3.Connection, row: DocumentRows) -> None:
        document = row.document
        db.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                document.path,
                document.title,
                document.date,
                document.text,
                document.author,
                document.language,
                document.url,
                json.dumps(document.pages),
                row.sentence_vectors.astype(np.float16).tobytes(),
            ),
        )
        db.executemany(
            "INSERT OR REPLACE INTO sentences VALUES (?, ?, ?, ?, ?, ?)",
            [
                (document.id, i, s.start, s.end, s.kind.value, s.paragraph)
                for i, s in enumerate(row.sentences)
            ],
        )
        db.executemany(
            "INSERT OR REPLACE INTO chunks (id, document_id, ordinal, first, last, text) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [(c.id, c.document_id, c.ordinal, c.first, c.last, c.text) for c in row.chunks],
        )
        duplicates.forget(db, document.id)
        duplicates.record(db, document.id, document.text)

    def _found_at(self, db: sqlite3.Connection, place: Place) -> str | None:
        before = db.execute(
            "SELECT document_id FROM places WHERE place = ?", (place.place,)
        ).fetchone()
        db.execute(
            "INSERT OR REPLACE INTO places (place, path, document_id) VALUES (?, ?, ?)",
            (place.place, place.path, place.document_id),
        )
        if before is None or before[0] == place.document_id:
            return None
        return self._orphan(db, before[0])

    def _remove(self, db: sqlite3.Connection, document_id: str) -> None:
        db.execute("INSERT OR IGNORE INTO pending VALUES (?)", (document_id,))
        for (place,) in db.execute(
            "SELECT place FROM places WHERE document_id = ?", (document_id,)
        ).fetchall():
            _forget_file(db, place)
        db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
        for table in ("sentences", "chunks", "places"):
            db.execute(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))
        duplicates.forget(db, document_id)
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


def _forget_file(db: sqlite3.Connection, place: str) -> None:
    """The file of a place must be read again; a place within a file is named `file#n`."""
    for file in (place, re.sub(r"#\d+\Z", "", place)):
        db.execute("DELETE FROM seen WHERE file = ?", (file,))


def _document(
    id: str,
    path: str,
    title: str,
    date: str | None,
    text: str,
    author: str | None,
    language: str | None,
    url: str | None,
    pages: str,
) -> Document:
    return Document(id, path, title, date, text, author, language, url, tuple(json.loads(pages)))
