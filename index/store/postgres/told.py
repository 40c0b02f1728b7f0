"""What a shared index can be asked, beside searching it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from index.document import Chunk, Document, Kind, Sentence
from index.embed.embedder import Array
from index.store.changes import read_changes
from index.store.postgres.connect import Connections
from index.store.postgres.selected import SelectedDocuments, condition_on
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

_DOCUMENTS = """
SELECT d.id, path, title, date, text, author, language, url, pages,
    s.first, s.last, s.kind, s.paragraph, s.vectors
FROM documents d, LATERAL (
    SELECT array_agg(first ORDER BY ordinal) AS first, array_agg(last ORDER BY ordinal) AS last,
        array_agg(kind ORDER BY ordinal) AS kind,
        array_agg(paragraph ORDER BY ordinal) AS paragraph,
        string_agg(halfvec_send(vector), ''::bytea ORDER BY ordinal) AS vectors
    FROM sentences WHERE document_id = d.id) s
WHERE d.id = ANY(%s)
"""
"""A row a document, its sentences in arrays: they are many."""


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

    def select(self, selection: Selection) -> AbstractSet[str]:
        """The documents that a selection admits, as a condition."""
        return SelectedDocuments.of(self._connections, selection)

    def spread(self, documents: Collection[str], most: int) -> list[str]:
        """`most` of these documents at most, by date and id, evenly; only they are sent."""
        condition, values = condition_on(documents)
        rows = self._rows(
            "SELECT id FROM (SELECT d.id, count(*) OVER () AS n, "
            "row_number() OVER (ORDER BY coalesce(d.date, ''), d.id) - 1 AS place "
            f"FROM documents d WHERE {condition}) listed "
            "WHERE place %% (n / %s + 1) = 0 ORDER BY place",
            *values,
            most,
        )
        return [str(row[0]) for row in rows]

    def ids(self, prefix: str) -> list[str]:
        """The documents whose id begins so."""
        sql = "SELECT id FROM documents WHERE starts_with(id, %s) ORDER BY id"
        return [str(row[0]) for row in self._rows(sql, prefix)]

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

    def read(self, document_ids: Collection[str]) -> dict[str, StoredDocument]:
        """Documents with their sentences and vectors (kept as float16), of one moment."""
        rows = self._connections.rows(_DOCUMENTS, list(document_ids), binary=True)
        return {row[0]: _stored(row) for row in rows}

    def chunk_rows(self, document_id: str) -> tuple[list[Chunk], Array]:
        """A document's chunks in order, with their vectors (kept as float16)."""
        rows = self._connections.rows(
            "SELECT id, document_id, ordinal, first, last, text, halfvec_send(vector) FROM chunks "
            "WHERE document_id = %s ORDER BY ordinal",
            document_id,
            binary=True,
        )
        return [Chunk(*row[:6]) for row in rows], _vectors(b"".join(row[6] for row in rows))

    def near(self, document_ids: Collection[str]) -> dict[str, dict[str, float]]:
        """The documents that are nearly the same, with the share of words in common, [0, 1]."""
        found: dict[str, dict[str, float]] = {}
        for document_id, other, similarity in self._rows(
            "SELECT document_id, other_id, similarity FROM near WHERE document_id = ANY(%s)",
            list(document_ids),
        ):
            found.setdefault(document_id, {})[other] = float(similarity)
        return found

    def fingerprint(self, file: str) -> Fingerprint | None:
        """How the file was when all of it was stored; None if it must be read to know."""
        rows = self._rows(
            "SELECT file, size, mtime_ns, ctime_ns, inode FROM seen WHERE file = %s", file
        )
        return Fingerprint(rows[0][0], *(int(n) for n in rows[0][1:])) if rows else None


def _stored(row: Sequence[Any]) -> StoredDocument:
    """A document of a row of `_DOCUMENTS`."""
    id_, path, title, date, text, author, language, url, pages, *said, vectors = row
    document = Document(
        id_, path, title, date, text, author, language, url, tuple(json.loads(pages))
    )
    sentences = tuple(
        Sentence(start, end, text[start:end], Kind(kind), paragraph)
        for start, end, kind, paragraph in zip(*(column or () for column in said), strict=True)
    )
    return StoredDocument(document, sentences, _vectors(vectors or b""))


def _vectors(sent: bytes) -> Array:
    """Halfvecs, one after the other, as pgvector sends them: two numbers and the components."""
    if not sent:
        return np.zeros((0, 0), dtype=np.float32)
    dim = int.from_bytes(sent[:2])
    kind = np.dtype([("dim", ">u2"), ("unused", ">u2"), ("vector", ">f2", (dim,))])
    return np.frombuffer(sent, dtype=kind)["vector"].astype(np.float32)
