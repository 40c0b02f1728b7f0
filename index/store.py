"""The index on disk: Chroma for vectors, BM25 beside it, the catalogue over both."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from index.catalogue import Catalogue
from index.document import Chunk, Document, Sentence
from index.embed import Array, Embedder
from index.errors import IndexLocked, IndexMismatch, IndexNotFound, StoreError
from index.lexical import LexicalIndex

__all__ = ["Index", "exists"]

_SEGMENTATION = 1
"""Raised when reading, segmenting or chunking changes what is stored for the same file."""
_COLLECTION = "chunks"
_BATCH = 5000
"""Rows of one upsert; Chroma takes 5,461 at most."""
_EF_SEARCH = 400
"""Candidates that HNSW keeps: chosen for recall over speed, both measured in tests/benchmarks."""


def exists(folder: Path) -> bool:
    """Whether `folder` holds an index."""
    return (folder / "catalogue.sqlite3").is_file()


class Index:
    """Documents, chunks and vectors in one folder.

    Readers may be many; `writing` admits one writer. Chroma's rows are found through the
    catalogue, so a row that an interruption left behind is never returned.
    """

    def __init__(self, folder: Path, embedder: Embedder, chunk_tokens: int) -> None:
        """Open the index in `folder`, making an empty one when there is none.

        Raises: IndexMismatch if it was made with another embedder or chunking.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the index in {folder}: {error.strerror}; give another --index DIR"
            ) from error
        self.folder = folder
        self.embedder = embedder
        self.chunk_tokens = chunk_tokens
        self.catalogue = Catalogue(folder / "catalogue.sqlite3")
        try:
            self._stamp()
        except IndexMismatch:
            self.catalogue.close()
            raise
        self._lock = threading.RLock()
        self._collection: Any = None
        self._client: Any = None
        self._lexical: LexicalIndex | None = None
        self._seen_revision = -1

    @classmethod
    def open(cls, folder: Path, embedder: Embedder, chunk_tokens: int) -> Index:
        """Open an index that exists.

        Raises: IndexNotFound; IndexMismatch.
        """
        if not exists(folder):
            raise IndexNotFound(f"there is no index in {folder}: run `pressmark index PATH`")
        return cls(folder, embedder, chunk_tokens)

    @staticmethod
    def destroy(folder: Path) -> None:
        """Remove the index's own files from `folder`, and nothing else."""
        for name in (
            "catalogue.sqlite3",
            "catalogue.sqlite3-wal",
            "catalogue.sqlite3-shm",
            "answers.sqlite3",
        ):
            (folder / name).unlink(missing_ok=True)
        for name in ("chroma", "lexical", "lexical.new"):
            shutil.rmtree(folder / name, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            self._drop_client()
            self.catalogue.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Reading

    def search_dense(self, vector: Array, k: int) -> list[tuple[Chunk, float]]:
        """The k nearest chunks with their cosine similarity, [-1, 1], higher is closer."""
        with self._lock, self._vectors() as collection:
            n = collection.count()
            if not n:
                return []
            found = collection.query(
                query_embeddings=[vector.tolist()], n_results=min(k, n), include=["distances"]
            )
        chunks = self.catalogue.chunks(found["ids"][0])
        return [
            (chunks[chunk_id], 1.0 - float(distance))
            for chunk_id, distance in zip(found["ids"][0], found["distances"][0], strict=True)
            if chunk_id in chunks
        ]

    def search_lexical(self, query: str, k: int) -> list[tuple[Chunk, float]]:
        """The k best chunks that share a word with the query, with their BM25, higher is closer."""
        with self._lock:
            self._refresh()
            lexical = self._lexical
        if lexical is None or not lexical.ids:
            return []
        scores = lexical.scores(query)
        top = np.argsort(-scores, kind="stable")[:k]
        hits = [(lexical.ids[i], float(scores[i])) for i in top if scores[i] > 0]
        chunks = self.catalogue.chunks([chunk_id for chunk_id, _ in hits])
        return [(chunks[i], score) for i, score in hits if i in chunks]

    def idf(self, token: str) -> float:
        """How telling a token (of `index.lexical.tokenize`) is in this index, above 0."""
        with self._lock:
            self._refresh()
            return self._lexical.idf(token) if self._lexical is not None else 1.0

    def warm(self) -> None:
        """Load what the first search would, while something else is waited for."""
        with self._lock, self._vectors() as collection:
            collection.count()

    # Writing

    @contextmanager
    def writing(self, timeout_s: float = 0.0) -> Iterator[None]:
        """Hold the writer's lock; clear up first what an interrupted writer left behind.

        Raises: IndexLocked naming the process that holds it.
        """
        owner = self.folder / "writer.pid"
        lock = FileLock(self.folder / "writer.lock")
        try:
            lock.acquire(timeout=timeout_s)
        except Timeout:
            pid = owner.read_text(encoding="ascii").strip() if owner.is_file() else "unknown"
            raise IndexLocked(
                f"process {pid} is writing the index in {self.folder}: "
                "wait until it has ended, then try again"
            ) from None
        try:
            owner.write_text(str(os.getpid()), encoding="ascii")
            with self._lock:
                self._refresh()
                self._recover()
                yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def add(
        self, rows: Sequence[tuple[Document, Sequence[Sentence], Sequence[Chunk], Array, Array]]
    ) -> None:
        """Store documents: (document, sentences, chunks, sentence vectors, chunk vectors).

        They count as half done, and go at the next recovery, until `catalogue.settle`.
        """
        with self._lock, self._vectors() as collection:
            self.catalogue.announce([document.id for document, *_ in rows])
            ids: list[str] = []
            vectors: list[list[float]] = []
            metadata: list[dict[str, str | int]] = []
            for document, sentences, chunks, _, chunk_vectors in rows:
                for chunk, vector in zip(chunks, chunk_vectors, strict=True):
                    ids.append(chunk.id)
                    vectors.append(vector.tolist())
                    metadata.append(_metadata(document, sentences, chunk))
            for start in range(0, len(ids), _BATCH):
                stop = start + _BATCH
                collection.upsert(
                    ids=ids[start:stop],
                    embeddings=vectors[start:stop],
                    metadatas=metadata[start:stop],
                )
            self.catalogue.add([(d, s, c, v) for d, s, c, v, _ in rows])
            self._note_precision()

    def remove(self, document_id: str) -> None:
        """Remove a document and every row of it."""
        with self._lock:
            self._refresh()
            self.catalogue.remove(document_id)
            self.sweep(document_id)

    def sweep(self, document_id: str) -> None:
        """Delete the rows in Chroma of a document that the catalogue has given up."""
        with self._lock, self._vectors() as collection:
            collection.delete(where={"document_id": document_id})
            self.catalogue.settle([document_id])

    def chroma_rows(self, document_id: str | None = None) -> int:
        """Rows that Chroma holds, of one document or of all."""
        with self._lock, self._vectors() as collection:
            if document_id is None:
                return int(collection.count())
            found = collection.get(where={"document_id": document_id}, include=[])
            return len(found["ids"])

    def flush(self) -> None:
        """Bring the lexical index up to the catalogue's revision and write it."""
        with self._lock:
            self._load_lexical(save=True)

    # Inside

    def _stamp(self) -> None:
        stamp = {
            "embedder": self.embedder.name,
            "dim": self.embedder.dim,
            "chunk_tokens": self.chunk_tokens,
            "segmentation": _SEGMENTATION,
        }
        text = self.catalogue.meta("stamp")
        if text is None:
            # Tells this index from the one that stood here before: revisions start anew.
            self.catalogue.set_meta("born", secrets.token_hex(8))
            self.catalogue.set_meta("stamp", json.dumps(stamp))
            return
        before = json.loads(text)
        for key, value in stamp.items():
            if before.get(key) != value:
                raise IndexMismatch(
                    f"the index in {self.folder} was built with {key} {before.get(key)}, "
                    f"the configuration says {value}: run `pressmark index --rebuild PATH`"
                )

    def _note_precision(self) -> None:
        """Keep what the vectors were computed in, for `status`; an index may hold both."""
        before = json.loads(self.catalogue.meta("precision") or "[]")
        if self.embedder.precision not in before:
            self.catalogue.set_meta("precision", json.dumps([*before, self.embedder.precision]))

    def _refresh(self) -> None:
        """See what this or another process has written since the last call."""
        revision = self.catalogue.revision
        if self._collection is None or revision != self._seen_revision:
            self._open_chroma()
            self._load_lexical(save=False)
            self._seen_revision = revision

    def _open_chroma(self) -> None:
        if self._collection is not None and self._is_writer():
            return
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        # A client does not see what another process wrote; a new one does.
        self._drop_client()
        self._client = chromadb.PersistentClient(
            path=str(self.folder / "chroma"),
            settings=ChromaSettings(anonymized_telemetry=False),
        )
        self._collection = self._client.get_or_create_collection(
            _COLLECTION,
            configuration={
                "hnsw": {"space": "cosine", "ef_search": _EF_SEARCH, "ef_construction": 200}
            },
            embedding_function=None,
        )

    @contextmanager
    def _vectors(self) -> Iterator[Any]:
        """The collection of chunk vectors, with Chroma's errors as ours."""
        from chromadb.errors import ChromaError

        try:
            self._refresh()
            yield self._collection
        except ChromaError as error:
            raise StoreError(
                f"the vectors in {self.folder} cannot be used ({error}): free disk space or check "
                "permissions, and if that does not help run `pressmark index --rebuild PATH`"
            ) from error

    def _is_writer(self) -> bool:
        owner = self.folder / "writer.pid"
        try:
            return owner.read_text(encoding="ascii").strip() == str(os.getpid())
        except OSError:
            return False

    def _drop_client(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = self._collection = None

    def _load_lexical(self, *, save: bool) -> None:
        revision = self.catalogue.revision
        if self._lexical is not None and self._lexical.revision == revision:
            return
        folder = self.folder / "lexical"
        loaded = LexicalIndex.load(folder)
        if loaded is None or loaded.revision != revision:
            if self._is_writer() and not save:
                return
            loaded = LexicalIndex.build(*self.catalogue.all_chunks(), revision)
            if save:
                loaded.save(folder)
        self._lexical = loaded

    def _recover(self) -> None:
        for document_id in self.catalogue.pending():
            self.remove(document_id)


def _metadata(
    document: Document, sentences: Sequence[Sentence], chunk: Chunk
) -> dict[str, str | int]:
    spans = [(s.start, s.end) for s in sentences[chunk.first : chunk.last]]
    return {
        "document_id": document.id,
        "ordinal": chunk.ordinal,
        "title": document.title,
        "date": document.date or "",
        "sentences": json.dumps(spans),
    }
