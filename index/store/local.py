"""The backend in a folder: Chroma for vectors, BM25 beside it, the catalogue over both."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from index.document import Chunk
from index.embed.embedder import Array
from index.errors import StoreError
from index.store.catalogue import Catalogue
from index.store.identity import CATALOGUE_FILE
from index.store.kept_answers import forget_answers
from index.store.lexical import LexicalIndex
from index.store.lock import writer_lock
from index.store.rows import (
    Change,
    Counts,
    DocumentRows,
    Fingerprint,
    Place,
    Selection,
    StoredDocument,
    Summary,
)
from index.store.vectors import ChunkVectors

__all__ = ["LocalBackend", "destroy"]

_LEXICAL = "lexical.npz"
_SWEEP = 200
"""Documents whose rows are deleted at once."""
_GROWTH = 2000
"""Chunks after which the lexical index is brought up to date and written: what a stop waits for."""
_GROWTH_SHARE = 50
"""Of a large library, a part of so many: to bring it up to date goes through all of it."""


def destroy(folder: Path, wait_s: float = 0.0) -> None:
    """Empty the index in `folder`, and touch nothing else there; readers see it empty.

    Raises: IndexLocked while another process writes it.
    """
    if not folder.is_dir():
        return
    with writer_lock(folder, wait_s):
        file = folder / CATALOGUE_FILE
        try:
            catalogue = Catalogue(file)
            catalogue.reset()
            catalogue.close()
        except StoreError:
            # Too damaged to be emptied; nobody can be reading it.
            for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
                (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "chroma", ignore_errors=True)
        (folder / _LEXICAL).unlink(missing_ok=True)
        forget_answers(folder)


class LocalBackend:
    """One folder; the catalogue alone says what exists.

    Chroma and the catalogue cannot be written in one step. So a document is announced in the
    catalogue (`pending`), its vectors are written, and the transaction that stores it there takes
    the announcement back; a document that is removed is pending until Chroma holds nothing of it.
    What an interruption leaves pending is swept by the next writer, and no reader has seen it: a
    row of Chroma or of the lexical index counts only if the catalogue has it. A reader looks at
    the catalogue's revision before each search, and opens Chroma anew when it has grown.
    """

    def __init__(self, folder: Path) -> None:
        """Open what is in `folder`, making an empty index when there is none."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the index in {folder}: {error.strerror}; give another --index DIR"
            ) from error
        self.folder = folder
        self.catalogue = Catalogue(folder / CATALOGUE_FILE)
        # Held for one search or one batch, never for a whole ingest: readers are not kept waiting.
        self._lock = threading.RLock()
        self._writing = False
        self._vectors = ChunkVectors(folder)
        self._seen_revision = -1
        self._lexical = LexicalIndex.empty()
        self._unwritten = 0
        self._counted = -1, Counts(0, 0, 0, 0)

    def close(self) -> None:
        with self._lock:
            self._vectors.close()
            self.catalogue.close()

    # What the catalogue answers

    @property
    def revision(self) -> int:
        return self.catalogue.revision

    def meta(self, key: str) -> str | None:
        return self.catalogue.meta(key)

    def set_meta(self, key: str, value: str) -> None:
        self.catalogue.set_meta(key, value)

    def counts(self) -> Counts:
        # SQLite counts by going through all rows: once a revision, not at every question.
        revision = self.catalogue.revision
        if self._counted[0] != revision:
            self._counted = revision, self.catalogue.counts()
        return self._counted[1]

    def summaries(self) -> list[Summary]:
        return self.catalogue.summaries()

    def select(self, selection: Selection) -> frozenset[str]:
        return self.catalogue.select(selection)

    def spread(self, documents: Collection[str], most: int) -> list[str]:
        return self.catalogue.spread(documents, most)

    def ids(self, prefix: str) -> list[str]:
        return self.catalogue.ids(prefix)

    def collections(self) -> dict[str, int]:
        return self.catalogue.collections()

    def newest_date(self) -> str | None:
        return self.catalogue.newest_date()

    def has_document(self, document_id: str) -> bool:
        return self.catalogue.has_document(document_id)

    def read(self, document_ids: Collection[str]) -> dict[str, StoredDocument]:
        found = {document_id: self.catalogue.read(document_id) for document_id in document_ids}
        return {document_id: stored for document_id, stored in found.items() if stored is not None}

    def chunk_rows(self, document_id: str) -> tuple[list[Chunk], Array]:
        chunks = self.catalogue.chunks_of(document_id)
        with self.vectors() as vectors:
            return chunks, vectors.of([chunk.id for chunk in chunks])

    def near(self, document_ids: Collection[str]) -> dict[str, dict[str, float]]:
        found = {document_id: self.catalogue.near(document_id) for document_id in document_ids}
        return {document_id: others for document_id, others in found.items() if others}

    def places(self, *, file: str | None = None, document_id: str | None = None) -> list[Place]:
        return self.catalogue.places(file=file, document_id=document_id)

    def changes(self) -> list[Change]:
        return self.catalogue.changes()

    def fingerprint(self, file: str) -> Fingerprint | None:
        return self.catalogue.fingerprint(file)

    def disk_bytes(self) -> int:
        return sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file())

    def faults(self) -> list[str]:
        faults = self.catalogue.damage()
        n_chunks = self.catalogue.counts().chunks
        with self.vectors() as vectors:
            n_vectors = vectors.count()
        if n_vectors != n_chunks and not self.catalogue.pending():
            faults.append(f"{n_vectors} vectors of {n_chunks} chunks")
        if len(self.lexical().serials) != n_chunks:
            faults.append("the lexical index has not the chunks of the catalogue")
        return faults

    # Search

    def search_dense(
        self, vector: Array, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        if documents is not None and not documents:
            return []
        with self.vectors() as vectors:
            hits = vectors.nearest(vector, k, documents)
        chunks = self.catalogue.chunks([chunk_id for chunk_id, _ in hits])
        return [(chunks[chunk_id], cosine) for chunk_id, cosine in hits if chunk_id in chunks]

    def search_lexical(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        lexical = self.lexical()
        among = None if documents is None else self.catalogue.serials_of(documents)
        hits = lexical.search(query, k, among)
        chunks = self.catalogue.chunks_by_serial([serial for serial, _ in hits])
        return [(chunks[serial], score) for serial, score in hits if serial in chunks]

    def idf(self, token: str) -> float:
        return self.lexical().idf(token)

    @contextmanager
    def vectors(self) -> Iterator[ChunkVectors]:
        """The chunk vectors as this or another process has left them, for one thread."""
        with self._lock:
            revision = self.catalogue.revision
            changed = revision != self._seen_revision and not self._writing
            if changed or not self._vectors.is_open:
                self._vectors.open()
            self._seen_revision = revision
            yield self._vectors

    def lexical(self) -> LexicalIndex:
        """The lexical index, brought up to the catalogue's revision."""
        with self._lock:
            revision = self.catalogue.revision
            if self._lexical.revision < 0:
                self._lexical = LexicalIndex.load(self.folder / _LEXICAL) or self._lexical
            if self._lexical.revision != revision:
                last = int(self._lexical.serials[-1]) if len(self._lexical.serials) else 0
                serials, added = self.catalogue.searchable(after=last)
                self._lexical = self._lexical.updated(serials, added, revision)
            return self._lexical

    # Writing

    @contextmanager
    def writing(self, timeout_s: float = 0.0) -> Iterator[None]:
        with writer_lock(self.folder, timeout_s):
            with self._lock:
                if self._vectors.is_open:
                    # What another process wrote is seen for the last time until this one has ended.
                    with self.vectors():
                        pass
                self._writing = True
            try:
                self._sweep(self.catalogue.pending())
                yield
            finally:
                with self._lock:
                    self._writing = False
                    # Nobody else can have changed anything: the client stays open.
                    self._seen_revision = self.catalogue.revision

    def store(
        self,
        rows: Sequence[DocumentRows],
        places: Sequence[Place] = (),
        files: Sequence[Fingerprint] = (),
    ) -> None:
        self.catalogue.announce([row.document.id for row in rows])
        with self._lock:
            n_chunks = 0
            if rows:
                with self.vectors() as vectors:
                    n_chunks = vectors.put(rows)
            orphans = self.catalogue.store(rows, places, files)
        self._sweep(orphans)
        self._unwritten += n_chunks
        if self._unwritten >= max(_GROWTH, len(self._lexical.serials) // _GROWTH_SHARE):
            self.flush()

    def arrange(self, places: Sequence[Place], gone: Sequence[str]) -> list[str]:
        removed = self.catalogue.arrange(places, gone)
        self._sweep(removed)
        return removed

    def remove(self, document_id: str) -> None:
        self.catalogue.remove(document_id)
        self._sweep([document_id])

    def flush(self) -> None:
        with self._lock:
            file = self.folder / _LEXICAL
            if not self._unwritten and LexicalIndex.revision_at(file) == self.catalogue.revision:
                return
            lexical = self.lexical()
            try:
                lexical.save(file)
            except OSError as error:
                raise StoreError(
                    f"cannot write {file}: {error.strerror or error}; free disk "
                    "space or check permissions, then run the command again: nothing is lost"
                ) from error
            self._unwritten = 0

    def _sweep(self, document_ids: Sequence[str]) -> None:
        """Delete the vectors of documents that the catalogue has given up.

        And the answers that were kept: some may quote them.
        """
        if document_ids:
            forget_answers(self.folder)
        for start in range(0, len(document_ids), _SWEEP):
            part = document_ids[start : start + _SWEEP]
            with self.vectors() as vectors:
                vectors.delete(part)
            self.catalogue.settle(part)
