"""The backend in a database: PostgreSQL for all rows, pgvector for the nearest of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from index.document import Chunk
from index.embed.embedder import Array
from index.errors import DocumentGone, IndexNotFound
from index.store.postgres.connect import Connections
from index.store.postgres.postings import seal_postings
from index.store.postgres.schema import SCHEMA_LOCK, count_faults, schema_faults
from index.store.postgres.search import SharedSearch
from index.store.postgres.told import SharedManifest
from index.store.postgres.write import (
    alone,
    bump,
    forget_place,
    insert_document,
    note_difference,
    note_likeness,
    orphan,
    put_place,
    remove_document,
    settle_paths,
)
from index.store.rows import DocumentRows, Fingerprint, Place

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["PostgresBackend"]

_UNSEALED = 4000
"""New chunks after which their words are sealed into blocks."""


class PostgresBackend(SharedManifest):
    """One database; each call that writes is one transaction, which others see whole or not.

    Many write at once: an advisory lock is held for each place and document that a transaction
    names, and what looks at all others (likeness, counts, blocks) comes last, one at a time.
    """

    def __init__(self, address: str, *, dim: int = 0, make: bool = False) -> None:
        """Open the index at an address; with `make`, an empty one when there is none.

        Raises: IndexNotFound; StoreError; ConfigError without the packages that it takes.
        """
        connections = Connections(address, dim=dim, make=make)
        super().__init__(connections)
        if not connections.has_index:
            raise IndexNotFound(
                f"there is no index in {connections.where}: run `pressmark index PATH`"
            )
        self._search = SharedSearch(connections)

    def close(self) -> None:
        self._connections.close()

    def set_meta(self, key: str, value: str) -> None:
        self._connections.step(
            [],
            lambda db: db.execute(
                "INSERT INTO meta VALUES (%s, %s) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            ),
        )

    def disk_bytes(self) -> int:
        return int(self._rows("SELECT pg_database_size(current_database())")[0][0])

    def faults(self) -> list[str]:
        """What of the database is not as it should be, a phrase each."""
        return self._connections.patiently(schema_faults) or self._connections.moment(count_faults)

    # Search

    def search_dense(
        self, vector: Array, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        return self._search.dense(vector, k, documents)

    def search_lexical(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        return self._search.lexical(query, k, documents)

    def idf(self, token: str) -> float:
        return self._search.idf(token)

    # Writing

    @contextmanager
    def writing(self, timeout_s: float = 0.0) -> Iterator[None]:  # noqa: ARG002
        """Others may write, too; nothing that is half done was ever stored."""
        yield

    def store(
        self,
        rows: Sequence[DocumentRows],
        places: Sequence[Place] = (),
        files: Sequence[Fingerprint] = (),
    ) -> None:
        named = [*(r.document.id for r in rows), *(p.document_id for p in places)]
        self._connections.step(
            [*named, *(p.place for p in places)], lambda db: _store(db, rows, places, files)
        )
        if self._rows("SELECT fresh >= %s FROM state", _UNSEALED)[0][0]:
            self.seal()

    def arrange(self, places: Sequence[Place], gone: Sequence[str]) -> list[str]:
        named = [*(p.place for p in places), *(p.document_id for p in places), *gone]
        return self._connections.step(named, lambda db: _arrange(db, places, gone))

    def remove(self, document_id: str) -> None:
        self._connections.step([document_id], lambda db: remove_document(db, document_id))

    def flush(self) -> None:
        """All that was stored is found already."""

    def seal(self) -> None:
        """Make blocks of the words of new chunks."""

        def work(db: Connection[Any]) -> None:
            alone(db)
            seal_postings(db)

        self._connections.step([], work)

    def empty(self) -> None:
        """Forget everything at once; who is reading sees an empty index at the next look."""

        def work(db: Connection[Any]) -> None:
            db.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
            alone(db)
            db.execute(
                "TRUNCATE documents, places, seen, sentences, chunks, fresh, blocks, signatures, "
                "bands, near, changes"
            )
            db.execute("DELETE FROM meta WHERE key != 'schema'")
            db.execute(
                "UPDATE state SET revision = revision + 1, documents = 0, sentences = 0, "
                "chunks = 0, tokens = 0, fresh = 0"
            )

        self._connections.step([], work)


def _store(
    db: Connection[Any],
    rows: Sequence[DocumentRows],
    places: Sequence[Place],
    files: Sequence[Fingerprint],
) -> None:
    there = {
        row[0]
        for row in db.execute(
            "SELECT id FROM documents WHERE id = ANY(%s)", ([r.document.id for r in rows],)
        )
    }
    new = [row for row in rows if row.document.id not in there]
    grown: Counter[str] = Counter()
    for row in new:
        grown.update(insert_document(db, row))
    _need(db, [place.document_id for place in places])
    replaced, moved = [], False
    for place in places:
        before, is_moved = put_place(db, place)
        moved |= is_moved
        if before is not None:
            note_difference(db, place, before)
            replaced.append(before)
    for f in files:
        db.execute(
            "INSERT INTO seen VALUES (%s, %s, %s, %s, %s) ON CONFLICT (file) DO UPDATE SET "
            "size = excluded.size, mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, "
            "inode = excluded.inode",
            (f.file, f.size, f.mtime_ns, f.ctime_ns, f.inode),
        )
    if new or replaced or moved:
        alone(db)
    for row in new:
        note_likeness(db, row)
    for document_id in replaced:
        orphan(db, document_id)
    settle_paths(db, [place.document_id for place in places])
    if new or moved:
        bump(db, **grown)


def _arrange(db: Connection[Any], places: Sequence[Place], gone: Sequence[str]) -> list[str]:
    _need(db, [place.document_id for place in places])
    named = [*(p.place for p in places), *gone]
    left = [
        row[0]
        for row in db.execute(
            "SELECT DISTINCT document_id FROM places WHERE place = ANY(%s)", (named,)
        ).fetchall()
    ]
    for place in gone:
        forget_place(db, place)
    db.execute("DELETE FROM changes WHERE place = ANY(%s)", (list(gone),))
    db.execute("DELETE FROM places WHERE place = ANY(%s)", (list(gone),))
    for p in places:
        put_place(db, p)
    removed = [document_id for document_id in left if orphan(db, document_id)]
    settle_paths(db, [p.document_id for p in places])
    return removed


def _need(db: Connection[Any], document_ids: Sequence[str]) -> None:
    """Raises: DocumentGone if one of them does not exist; their locks are held."""
    ids = set(document_ids)
    there = db.execute("SELECT count(*) FROM documents WHERE id = ANY(%s)", (list(ids),))
    row = there.fetchone()
    if row is None or row[0] < len(ids):
        raise DocumentGone(
            "another writer took out a document that was about to be found at one more place: "
            "run the same command again"
        )
