"""What a shared index can be asked, beside searching it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from index.document import Chunk, Document, Kind, Sentence
from index.embed.embedder import Array
from index.store.changes import read_changes
from index.store.postgres.connect import Connections
from index.store.rows import (
    Change,
    Counts,
    Fingerprint,
    Place,
    Selection,
    StoredDocument,
    Summary,
)

__all__ = ["SharedManifest"]

_SUMMARIES = """
SELECT d.id, d.path, d.title, d.date, coalesce(s.n, 0), coalesce(n.n, 0), d.author,
    coalesce(p.names, '{}')
FROM documents d
LEFT JOIN (SELECT document_id, count(*) AS n FROM sentences GROUP BY document_id) s
    ON s.document_id = d.id
LEFT JOIN (SELECT document_id, count(*) AS n FROM near GROUP BY document_id) n
    ON n.document_id = d.id
LEFT JOIN (SELECT document_id, array_agg(DISTINCT collection ORDER BY collection) AS names
    FROM places WHERE collection IS NOT NULL GROUP BY document_id) p ON p.document_id = d.id
ORDER BY d.path, d.id
"""


class SharedManifest:
    """The asking half of the backend; nothing here changes anything."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._rows = connections.rows

    def meta(self, key: str) -> str | None:
        row = self._rows("SELECT value FROM meta WHERE key = %s", key)
        return str(row[0][0]) if row else None

    @property
    def revision(self) -> int:
        """Grows with every change of what can be found."""
        return int(self._rows("SELECT revision FROM state")[0][0])

    def counts(self) -> Counts:
        row = self._rows(
            "SELECT documents, sentences, chunks, "
            "(SELECT count(DISTINCT document_id) FROM near) FROM state"
        )[0]
        return Counts(*(int(n) for n in row))

    def summaries(self) -> list[Summary]:
        """All documents by path, without reading a text."""
        return [
            Summary(id_, path, title, date, n, near, author, tuple(names))
            for id_, path, title, date, n, near, author, names in self._rows(_SUMMARIES)
        ]

    def select(self, selection: Selection) -> frozenset[str]:
        """The ids of the documents that a selection admits."""
        where, values = ["true"], []
        # "2020-03" begins before each of its days, and with "~" ends after them.
        if selection.since is not None:
            where.append("date || '~' >= %s")
            values.append(selection.since)
        if selection.until is not None:
            where.append("date <= %s")
            values.append(selection.until)
        if selection.collection is not None:
            where.append("id IN (SELECT document_id FROM places WHERE collection = %s)")
            values.append(selection.collection)
        if selection.author is not None:
            where.append("author IS NOT NULL")
        rows = self._rows(f"SELECT id, author FROM documents WHERE {' AND '.join(where)}", *values)
        return frozenset(row[0] for row in rows if selection.is_by(row[1]))

    def collections(self) -> dict[str, int]:
        """The collections by name, with how many documents each has."""
        return {
            str(name): int(n)
            for name, n in self._rows(
                "SELECT collection, count(DISTINCT document_id) FROM places "
                "WHERE collection IS NOT NULL GROUP BY collection ORDER BY collection"
            )
        }

    def newest_date(self) -> str | None:
        """The latest date that a document has; None if all are undated."""
        found = self._rows("SELECT max(date) FROM documents")[0][0]
        return None if found is None else str(found)

    def places(self, *, file: str | None = None, document_id: str | None = None) -> list[Place]:
        """All places, in order; those in a file, "file" or "file#3"; or those of a document."""
        where, values = "", []
        if file is not None:
            # "$" follows "#" in the order of characters.
            where = "WHERE place = %s OR (place > %s AND place < %s)"
            values = [file, f"{file}#", f"{file}$"]
        elif document_id is not None:
            where, values = "WHERE document_id = %s", [document_id]
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
        return bool(self._rows("SELECT 1 FROM documents WHERE id = %s", document_id))

    def read(self, document_id: str) -> StoredDocument | None:
        """A document with its sentences and their vectors (kept as float16), of one moment."""
        found = self._rows(
            "SELECT d.id, path, title, date, text, author, language, url, pages, "
            "ordinal, first, last, kind, paragraph, vector "
            "FROM documents d LEFT JOIN sentences s ON s.document_id = d.id "
            "WHERE d.id = %s ORDER BY ordinal",
            document_id,
        )
        if not found:
            return None
        id_, path, title, date, text, author, language, url, pages = found[0][:9]
        document = Document(
            id_, path, title, date, text, author, language, url, tuple(json.loads(pages))
        )
        said = [row[10:] for row in found if row[9] is not None]
        sentences = tuple(
            Sentence(start, end, document.text[start:end], Kind(kind), paragraph)
            for start, end, kind, paragraph, _ in said
        )
        vectors = np.zeros((0, 0), dtype=np.float32)
        if said:
            vectors = np.stack([_numbers(row[4]) for row in said]).astype(np.float32)
        return StoredDocument(document, sentences, vectors)

    def chunk_rows(self, document_id: str) -> tuple[list[Chunk], Array]:
        """A document's chunks in order, with their vectors (kept as float16)."""
        rows = self._rows(
            "SELECT id, document_id, ordinal, first, last, text, vector FROM chunks "
            "WHERE document_id = %s ORDER BY ordinal",
            document_id,
        )
        vectors = np.zeros((0, 0), dtype=np.float32)
        if rows:
            vectors = np.stack([_numbers(row[6]) for row in rows]).astype(np.float32)
        return [Chunk(*row[:6]) for row in rows], vectors

    def near(self, document_id: str) -> dict[str, float]:
        """The documents that are nearly the same, with the share of words in common, [0, 1]."""
        return {
            str(other): float(similarity)
            for other, similarity in self._rows(
                "SELECT other_id, similarity FROM near WHERE document_id = %s", document_id
            )
        }

    def fingerprint(self, file: str) -> Fingerprint | None:
        """How the file was when all of it was stored; None if it must be read to know."""
        rows = self._rows(
            "SELECT file, size, mtime_ns, ctime_ns, inode FROM seen WHERE file = %s", file
        )
        return Fingerprint(rows[0][0], *(int(n) for n in rows[0][1:])) if rows else None


def _numbers(vector: Any) -> Any:
    """A halfvec as numpy has it."""
    return vector.to_numpy()
