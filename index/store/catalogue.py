"""What exists: documents, where they were found, their sentences and sentence vectors (SQLite).

It is the truth: a row of Chroma or of the lexical index whose document is not here does not exist.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence

import numpy as np

from index.store import duplicates
from index.store.changes import forget_changes, note_change
from index.store.manifest import Manifest
from index.store.rows import DocumentRows, Fingerprint, Place

__all__ = ["Catalogue"]


class Catalogue(Manifest):
    """One SQLite file; every public method is safe to call from several threads."""

    def reset(self) -> None:
        """Forget everything at once; who is reading sees an empty index at the next look."""
        with self._transaction() as db:
            revision = db.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
            self._drop_tables(db)
            if revision is not None:
                db.execute("INSERT INTO meta VALUES ('revision', ?)", revision)
                self._bump(db)

    def set_meta(self, key: str, value: str) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

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
            forget_changes(db, gone)
            db.executemany("DELETE FROM places WHERE place = ?", [(place,) for place in gone])
            db.executemany(
                "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)",
                [(p.place, p.path, p.document_id, p.collection) for p in places],
            )
            return [i for i in left if self._orphan(db, i) is not None]

    def remove(self, document_id: str) -> None:
        """Remove a document; its rows in Chroma are pending until `settle`."""
        with self._transaction() as db:
            self._remove(db, document_id)

    def _store(self, db: sqlite3.Connection, row: DocumentRows) -> None:
        document = row.document
        db.execute(
            "INSERT OR REPLACE INTO documents "
            "(id, path, title, date, author, language, url, text, pages, vectors) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                document.path,
                document.title,
                document.date,
                document.author,
                document.language,
                document.url,
                document.text,
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
            "SELECT document_id, collection FROM places WHERE place = ?", (place.place,)
        ).fetchone()
        db.execute(
            "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)",
            (place.place, place.path, place.document_id, place.collection),
        )
        if before is not None and before[1] != place.collection:
            # What a question limited to a collection may find has changed.
            self._bump(db)
        if before is None or before[0] == place.document_id:
            return None
        note_change(db, place.place, place.path, before[0], place.document_id)
        return self._orphan(db, before[0])

    def _remove(self, db: sqlite3.Connection, document_id: str) -> None:
        db.execute("INSERT OR IGNORE INTO pending VALUES (?)", (document_id,))
        for (place,) in db.execute(
            "SELECT place FROM places WHERE document_id = ?", (document_id,)
        ).fetchall():
            _forget_file(db, place)
            forget_changes(db, [place])
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
