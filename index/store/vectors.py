"""Chunk vectors in a folder of Chroma's: its client, its batches, its errors as ours."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.document import Chunk, Document, Sentence
from index.embed.embedder import Array
from index.errors import StoreError
from index.store.rows import DocumentRows

__all__ = ["ChunkVectors"]

_COLLECTION = "chunks"
_BATCH = 5000
"""Rows of one upsert; Chroma takes 5,461 at most."""
_EF_SEARCH = 400
"""Candidates that HNSW keeps: chosen for recall over speed, both measured in tests/benchmarks."""


class ChunkVectors:
    """One collection, opened when it is first used; its owner lets one thread in at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        """The index's; the collection lies in `chroma` within it."""
        self._client: Any = None
        self._collection: Any = None

    @property
    def is_open(self) -> bool:
        return self._collection is not None

    def open(self) -> None:
        """Open the collection, anew if it is open: what others have written is seen then."""
        with self._errors():
            self._open()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = self._collection = None

    @contextmanager
    def collection(self) -> Iterator[Any]:
        """Chroma's own collection, with its errors as ours."""
        with self._errors():
            if self._collection is None:
                self._open()
            yield self._collection

    def nearest(
        self, vector: Array, k: int, documents: Collection[str] | None
    ) -> list[tuple[str, float]]:
        """(chunk id, cosine similarity) of the k nearest, of these documents when given."""
        with self.collection() as collection:
            found = collection.query(
                query_embeddings=[vector.tolist()],
                n_results=k,
                where=None if documents is None else _of(documents),
                include=["distances"],
            )
        ids, distances = found["ids"][0], found["distances"][0]
        return [(i, 1.0 - float(d)) for i, d in zip(ids, distances, strict=True)]

    def count(self, document_id: str | None = None) -> int:
        """Rows held, of one document or of all."""
        with self.collection() as collection:
            if document_id is None:
                return int(collection.count())
            return len(collection.get(where=_of([document_id]), include=[])["ids"])

    def of(self, ids: Sequence[str]) -> Array:
        """The vectors of these chunks, in this order. Raises: StoreError if one is missing."""
        if not ids:
            return np.zeros((0, 0), dtype=np.float32)
        with self.collection() as collection:
            found = collection.get(ids=list(ids), include=["embeddings"])
        kept = dict(zip(found["ids"], found["embeddings"], strict=True))
        if len(kept) != len(set(ids)):
            raise StoreError(
                f"vectors are missing in {self._folder}: run `pressmark index --rebuild PATH`"
            )
        return np.asarray([kept[id_] for id_ in ids], dtype=np.float32)

    def put(self, rows: Sequence[DocumentRows]) -> int:
        """Write the chunk vectors of documents; return how many."""
        ids: list[str] = []
        vectors: list[list[float]] = []
        metadata: list[dict[str, str | int]] = []
        for row in rows:
            for chunk, vector in zip(row.chunks, row.chunk_vectors, strict=True):
                ids.append(chunk.id)
                vectors.append(vector.tolist())
                metadata.append(_metadata(row.document, row.sentences, chunk))
        with self.collection() as collection:
            for start in range(0, len(ids), _BATCH):
                stop = start + _BATCH
                collection.upsert(
                    ids=ids[start:stop],
                    embeddings=vectors[start:stop],
                    metadatas=metadata[start:stop],
                )
        return len(ids)

    def delete(self, document_ids: Sequence[str]) -> None:
        with self.collection() as collection:
            collection.delete(where=_of(document_ids))

    def _open(self) -> None:
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        # A client does not see what another process wrote; a new one does.
        self.close()
        self._client = chromadb.PersistentClient(
            path=str(self._folder / "chroma"),
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
    def _errors(self) -> Iterator[None]:
        from chromadb.errors import ChromaError

        try:
            yield
        except ChromaError as error:
            raise StoreError(
                f"the vectors in {self._folder} cannot be used ({error}): free disk space or check "
                "permissions, and if that does not help run `pressmark index --rebuild PATH`"
            ) from error


def _of(document_ids: Collection[str]) -> dict[str, Any]:
    return {"document_id": {"$in": sorted(document_ids)}}


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
