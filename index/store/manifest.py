"""What the catalogue can be asked: documents, where they were found, their chunks and sentences."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

import numpy as np

from index.document import Chunk, Document, Kind, Sentence
from index.errors import StoreError
from index.store import duplicates
from index.store.changes import CHANGES_SCHEMA, read_changes
from index.store.identity import META_SCHEMA, Identity
from index.store.rows import (
    Change,
    Counts,
    Fingerprint,
    Place,
    Selection,
    StoredDocument,
    Summary,
)

__all__ = ["Manifest"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, date TEXT, author TEXT,
    language TEXT, url TEXT, text TEXT NOT NULL, pages TEXT NOT NULL, vectors BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS documents_by_date ON documents (date);
CREATE TABLE IF NOT EXISTS places (
    place TEXT PRIMARY KEY, path TEXT NOT NULL, document_id TEXT NOT NULL, collection TEXT);
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


class Manifest(Identity):
    """The reading half of the catalogue; what is asked changes nothing."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, META_SCHEMA + _SCHEMA + duplicates.SCHEMA + CHANGES_SCHEMA)
        columns = [row[1] for row in self._rows("PRAGMA table_info(places)")]
        if "collection" not in columns:
            # Made before there were any; another process may add it first.
            with contextlib.suppress(StoreError), self._transaction() as db:
                db.execute("ALTER TABLE places ADD COLUMN collection TEXT")

    def counts(self) -> Counts:
        documents, sentences, chunks, near = (
            int(self._rows(f"SELECT count({what}) FROM {table}")[0][0])
            for what, table in (
                ("*", "documents"),
                ("*", "sentences"),
                ("*", "chunks"),
                ("DISTINCT document_id", "near"),
            )
        )
        return Counts(documents, sentences, chunks, near)

    def summaries(self) -> list[Summary]:
        """All documents by path, without reading a text."""
        within: dict[str, set[str]] = {}
        for document_id, name in self._rows(
            "SELECT document_id, collection FROM places WHERE collection IS NOT NULL"
        ):
            within.setdefault(document_id, set()).add(name)
        return [
            Summary(id_, path, title, date, n, near, author, tuple(sorted(within.get(id_, ()))))
            for id_, path, title, date, n, near, author in self._rows(
                "SELECT d.id, d.path, d.title, d.date, coalesce(s.n, 0), coalesce(n.n, 0), "
                "d.author FROM documents d "
                "LEFT JOIN (SELECT document_id, count(*) AS n FROM sentences GROUP BY document_id)"
                " s ON s.document_id = d.id "
                "LEFT JOIN (SELECT document_id, count(*) AS n FROM near GROUP BY document_id)"
                " n ON n.document_id = d.id ORDER BY d.path"
            )
        ]

    def select(self, selection: Selection) -> frozenset[str]:
        """The ids of the documents that a selection admits."""
        where, values = ["1"], []
        # "2020-03" begins before each of its days, and with "~" ends after them.
        if selection.since is not None:
            where.append("date || '~' >= ?")
            values.append(selection.since)
        if selection.until is not None:
            where.append("date <= ?")
            values.append(selection.until)
        if selection.collection is not None:
            where.append("id IN (SELECT document_id FROM places WHERE collection = ?)")
            values.append(selection.collection)
        rows = self._rows(f"SELECT id, author FROM documents WHERE {' AND '.join(where)}", *values)
        return frozenset(row[0] for row in rows if selection.is_by(row[1]))

    def spread(self, documents: Collection[str], most: int) -> list[str]:
        """`most` of these documents at most, by date and id, evenly."""
        among = documents if isinstance(documents, AbstractSet) else frozenset(documents)
        rows = self._rows("SELECT id FROM documents ORDER BY coalesce(date, ''), id")
        listed = [row[0] for row in rows if row[0] in among]
        return listed[:: len(listed) // most + 1]

    def ids(self, prefix: str) -> list[str]:
        """The documents whose id begins so."""
        sql = "SELECT id FROM documents WHERE substr(id, 1, ?) = ? ORDER BY id"
        return [row[0] for row in self._rows(sql, len(prefix), prefix)]

    def collections(self) -> dict[str, int]:
        """The collections by name, with how many documents each has."""
        return dict(
            self._rows(
                "SELECT collection, count(DISTINCT document_id) FROM places "
                "WHERE collection IS NOT NULL GROUP BY collection ORDER BY collection"
            )
        )

    def newest_date(self) -> str | None:
        """The latest date that a document has; None if all are undated."""
        found = self._rows("SELECT max(date) FROM documents")[0][0]
        return None if found is None else str(found)

    def places(self, *, file: str | None = None, document_id: str | None = None) -> list[Place]:
        """All places, in order; those in a file, "file" or "file#3"; or those of a document."""
        where, values = "", []
        if file is not None:
            # "$" follows "#" in the order of characters.
            where = "WHERE place = ? OR (place > ? AND place < ?)"
            values = [file, f"{file}#", f"{file}$"]
        elif document_id is not None:
            where, values = "WHERE document_id = ?", [document_id]
        sql = f"SELECT place, path, document_id, collection FROM places {where} ORDER BY place"
        found = [Place(*row) for row in self._rows(sql, *values)]
        if file is None:
            return found
        return [p for p in found if p.place == file or p.place[len(file) + 1 :].isdigit()]

    def changes(self) -> list[Change]:
        """What replaced documents said otherwise, the latest first."""
        return read_changes(
            self._rows("SELECT path, at, sentences FROM changes ORDER BY serial DESC")
        )

    def has_document(self, document_id: str) -> bool:
        return bool(self._rows("SELECT 1 FROM documents WHERE id = ?", document_id))

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """A document's chunks, in order."""
        rows = self._rows(
            "SELECT id, document_id, ordinal, first, last, text FROM chunks "
            "WHERE document_id = ? ORDER BY ordinal",
            document_id,
        )
        return [Chunk(*row) for row in rows]

    def read(self, document_id: str) -> StoredDocument | None:
        """A document with its sentences and their vectors (kept as float16), of one moment."""
        with self._moment():
            found = self._rows(
                "SELECT id, path, title, date, text, author, language, url, pages, vectors "
                "FROM documents WHERE id = ?",
                document_id,
            )
            rows = self._rows(
                "SELECT start, end, kind, paragraph FROM sentences WHERE document_id = ? "
                "ORDER BY ordinal",
                document_id,
            )
        if not found:
            return None
        id_, path, title, date, text, author, language, url, pages, blob = found[0]
        document = Document(
            id_, path, title, date, text, author, language, url, tuple(json.loads(pages))
        )
        sentences = tuple(
            Sentence(start, end, document.text[start:end], Kind(kind), paragraph)
            for start, end, kind, paragraph in rows
        )
        vectors = np.zeros((0, 0), dtype=np.float32)
        if sentences:
            vectors = np.frombuffer(blob, dtype=np.float16).astype(np.float32)
            vectors = vectors.reshape(len(sentences), -1)
        return StoredDocument(document, sentences, vectors)

    def near(self, document_id: str) -> dict[str, float]:
        """The documents that are nearly the same, with the share of words in common, [0, 1]."""
        return dict(
            self._rows("SELECT other_id, similarity FROM near WHERE document_id = ?", document_id)
        )

    def fingerprint(self, file: str) -> Fingerprint | None:
        """How the file was when all of it was stored; None if it must be read to know."""
        rows = self._rows("SELECT * FROM seen WHERE file = ?", file)
        return Fingerprint(*rows[0]) if rows else None

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file, a phrase each."""
        found = [str(row[0]) for row in self._rows("PRAGMA quick_check")]
        return [] if found == ["ok"] else found

    def pending(self) -> list[str]:
        """Documents whose rows in Chroma an interruption may have left behind."""
        return [row[0] for row in self._rows("SELECT document_id FROM pending")]

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
        with self._moment():
            serials = [row[0] for row in self._rows("SELECT serial FROM chunks ORDER BY serial")]
            added = self._rows(
                "SELECT c.serial, d.title || '. ' || c.text FROM chunks c "
                "JOIN documents d ON d.id = c.document_id WHERE c.serial > ? ORDER BY c.serial",
                after,
            )
        return serials, added
