"""The index on disk: Chroma for vectors, BM25 beside it, the catalogue over both."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.document import Chunk, Document, Sentence
from index.embed.embedder import Array, Embedder
from index.errors import IndexMismatch, IndexNotFound, StoreError
from index.store import duplicates
from index.store.catalogue import Catalogue
from index.store.kept_answers import forget_answers
from index.store.lexical import LexicalIndex
from index.store.lock import writer_lock
from index.store.rows import DocumentRows, Fingerprint, Place

__all__ = ["Index", "exists"]

_SEGMENTATION = 2
"""Raised when reading, segmenting or chunking changes what is stored for the same file."""
_COLLECTION = "chunks"
_LEXICAL = "lexical.npz"
_BATCH = 5000
"""Rows of one upsert; Chroma takes 5,461 at most."""
_SWEEP = 200
"""Documents whose rows are deleted at once."""
_EF_SEARCH = 400
"""Candidates that HNSW keeps: chosen for recall over speed, both measured in tests/benchmarks."""
_GROWTH = 2000
"""Chunks after which the lexical index is brought up to date and written: what a stop waits for."""


def exists(folder: Path) -> bool:
    """Whether `folder` holds an index."""
    return (folder / "catalogue.sqlite3").is_file()


class Index:
    """Documents, chunks and vectors in one folder.

    Readers may be many, in this process and in others; `writing` admits one writer. A reader
    looks at the catalogue's revision before each search, and what it finds in Chroma or in the
    lexical index counts only if the catalogue has it: new documents are seen, removed ones are
    not, and a row that an interruption left behind is never returned.
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
        # Held for one search or one batch, never for a whole ingest: readers are not kept waiting.
        self._lock = threading.RLock()
        self._writing = False
        self._collection: Any = None
        self._client: Any = None
        self._lexical = LexicalIndex.empty()
        self._unwritten = 0
        self._seen_revision = -1

    @classmethod
    def open(cls, folder: Path, embedder: Embedder, chunk_tokens: int) -> Index:
        """Open an index that exists.

        Raises: IndexNotFound; IndexMismatch.
        """
        if not exists(folder):
            raise IndexNotFound(f"there is no index in {folder}: run `pressmark index PATH`")
        return cls(folder, embedder, chunk_tokens)

    @classmethod
    def unembedded(cls, folder: Path) -> Index:
        """Open an index that exists without its embedder: to count and to remove.

        Raises: IndexNotFound; IndexMismatch.
        """
        if not exists(folder):
            raise IndexNotFound(f"there is no index in {folder}: run `pressmark index PATH`")
        catalogue = Catalogue(folder / "catalogue.sqlite3")
        stamp = json.loads(catalogue.meta("stamp") or "{}")
        catalogue.close()
        embedder = _Absent(str(stamp.get("embedder")), int(stamp.get("dim", 0)))
        return cls(folder, embedder, int(stamp.get("chunk_tokens", 0)))

    @staticmethod
    def destroy(folder: Path, wait_s: float = 0.0) -> None:
        """Empty the index in `folder`, and touch nothing else there; readers see it empty.

        Raises: IndexLocked while another process writes it.
        """
        if not folder.is_dir():
            return
        with writer_lock(folder, wait_s):
            file = folder / "catalogue.sqlite3"
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

    def close(self) -> None:
        with self._lock:
            self._drop_client()
            self.catalogue.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Reading

    def search_dense(
        self, vector: Array, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        """The k nearest chunks with their cosine similarity, [-1, 1], higher is closer.

        `documents` limits the search to the chunks of these ids: the k nearest of theirs.
        """
        where = None if documents is None else {"document_id": {"$in": sorted(documents)}}
        if documents is not None and not documents:
            return []
        with self._lock, self._vectors() as collection:
            found = collection.query(
                query_embeddings=[vector.tolist()],
                n_results=k,
                where=where,
                include=["distances"],
            )
        chunks = self.catalogue.chunks(found["ids"][0])
        return [
            (chunks[chunk_id], 1.0 - float(distance))
            for chunk_id, distance in zip(found["ids"][0], found["distances"][0], strict=True)
            if chunk_id in chunks
        ]

    def search_lexical(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        """The k best chunks that share a word with the query, with their BM25, higher is closer.

        `documents` limits the search to the chunks of these ids.
        """
        with self._lock:
            self._load_lexical()
            lexical = self._lexical
        among = None if documents is None else self.catalogue.serials_of(documents)
        hits = lexical.search(query, k, among)
        chunks = self.catalogue.chunks_by_serial([serial for serial, _ in hits])
        return [(chunks[serial], score) for serial, score in hits if serial in chunks]

    def idf(self, token: str) -> float:
        """How telling a token (of `index.store.lexical.tokenize`) is in this index, above 0."""
        with self._lock:
            self._load_lexical()
            return self._lexical.idf(token)

    def near_duplicates(self, document_id: str) -> frozenset[str]:
        """The documents that tell the same story in nearly the same words."""
        return frozenset(self.catalogue.near(document_id))

    def says_again(self, chunk: Chunk, documents: Collection[str]) -> bool:
        """Whether one of these documents, a near-duplicate of the chunk's, has its words too."""
        for document_id in self.near_duplicates(chunk.document_id).intersection(documents):
            copy = self.catalogue.document(document_id)
            if copy and duplicates.contained(chunk.text, copy.text) >= duplicates.MIN_SIMILARITY:
                return True
        return False

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
        with writer_lock(self.folder, timeout_s):
            with self._lock:
                self._refresh()
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
        """Store documents, where they were found, and the files of which all is stored by now.

        What these places held before is replaced in the same step, and removed if it is found
        nowhere else.
        """
        self.catalogue.announce([row.document.id for row in rows])
        ids: list[str] = []
        vectors: list[list[float]] = []
        metadata: list[dict[str, str | int]] = []
        for row in rows:
            for chunk, vector in zip(row.chunks, row.chunk_vectors, strict=True):
                ids.append(chunk.id)
                vectors.append(vector.tolist())
                metadata.append(_metadata(row.document, row.sentences, chunk))
        with self._lock:
            with self._vectors() as collection:
                for start in range(0, len(ids), _BATCH):
                    stop = start + _BATCH
                    collection.upsert(
                        ids=ids[start:stop],
                        embeddings=vectors[start:stop],
                        metadatas=metadata[start:stop],
                    )
            orphans = self.catalogue.store(rows, places, files)
        if rows:
            self._note_precision()
        self._sweep(orphans)
        self._unwritten += len(ids)
        if self._unwritten >= _GROWTH:
            self.flush()

    def remove(self, document_id: str) -> None:
        """Remove a document and every row of it, within `writing`."""
        self.catalogue.remove(document_id)
        self._sweep([document_id])

    def arrange(self, places: Sequence[Place], gone: Sequence[str]) -> list[str]:
        """Move places of documents that exist, and drop those `gone`, within `writing`.

        Returns: the documents that this leaves without a place; they are removed.
        """
        removed = self.catalogue.arrange(places, gone)
        self._sweep(removed)
        return removed

    def forget_places(self, places: Sequence[str]) -> None:
        """Remove what was found at these places and nowhere else, within `writing`."""
        self._sweep(self.catalogue.forget_places(places))

    def _sweep(self, document_ids: Sequence[str]) -> None:
        """Delete the rows in Chroma of documents that the catalogue has given up.

        And the answers that were kept: some may quote them.
        """
        if document_ids:
            forget_answers(self.folder)
        for start in range(0, len(document_ids), _SWEEP):
            part = list(document_ids[start : start + _SWEEP])
            with self._lock, self._vectors() as collection:
                collection.delete(where={"document_id": {"$in": part}})
            self.catalogue.settle(part)

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
            self._load_lexical()
            try:
                self._lexical.save(self.folder / _LEXICAL)
            except OSError as error:
                raise StoreError(
                    f"cannot write {self.folder / _LEXICAL}: {error.strerror or error}; free disk "
                    "space or check permissions, then run the command again: nothing is lost"
                ) from error
            self._unwritten = 0

    # Inside

    def _stamp(self) -> None:
        stamp = {
            "embedder": self.embedder.name,
            "dim": self.embedder.dim,
            "chunk_tokens": self.chunk_tokens,
            "segmentation": _SEGMENTATION,
            "signatures": duplicates.algorithm(),
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
        if self._collection is None or (revision != self._seen_revision and not self._writing):
            self._open_chroma()
        self._seen_revision = revision

    def _open_chroma(self) -> None:
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

    def _drop_client(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = self._collection = None

    def _load_lexical(self) -> None:
        revision = self.catalogue.revision
        if self._lexical.revision < 0:
            self._lexical = LexicalIndex.load(self.folder / _LEXICAL) or self._lexical
        if self._lexical.revision != revision:
            last = int(self._lexical.serials[-1]) if len(self._lexical.serials) else 0
            serials, added = self.catalogue.searchable(after=last)
            self._lexical = self._lexical.updated(serials, added, revision)


@dataclass(frozen=True, slots=True)
class _Absent:
    """What is known of an embedder that was not loaded."""

    name: str
    dim: int
    precision: str = "none"

    def embed(self, *_: object) -> Array:
        raise StoreError("this index was opened without its embedder; open it with `Index.open`")

    def count_tokens(self, *_: object) -> list[int]:
        raise StoreError("this index was opened without its embedder; open it with `Index.open`")


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
