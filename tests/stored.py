"""The rows of an index, for tests of what is kept there and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from index.address import address_of
from index.store.index import Index
from index.store.local import LocalBackend
from index.store.postgres.backend import PostgresBackend
from index.store.postgres.words import SEGMENT, KeptBlocks, read_words
from tests.hashing import HashEmbedder

__all__ = ["all_rows", "chroma_rows", "chunk_ids", "is_shared", "local", "shared", "vector_rows"]

_TABLES = (
    ("documents", "*"),
    ("places", "*"),
    ("sentences", "*"),
    ("chunks", "id, document_id, ordinal, first, last, text"),
    ("near", "*"),
)


def is_shared(index: Index) -> bool:
    """Whether it is kept in a database."""
    return address_of(index.folder) is not None


def local(index: Index) -> LocalBackend:
    """The backend of an index that is kept in a folder."""
    assert isinstance(index.backend, LocalBackend)
    return index.backend


def shared(index: Index) -> PostgresBackend:
    """The backend of an index that is kept in a database."""
    assert isinstance(index.backend, PostgresBackend)
    return index.backend


def chroma_rows(index: Index, document_id: str | None = None) -> int:
    """Rows that Chroma holds, of one document or of all."""
    with local(index).vectors() as vectors:
        return vectors.count(document_id)


def vector_rows(index: Index, document_id: str | None = None) -> int:
    """Chunk vectors that are kept, of one document or of all."""
    if not is_shared(index):
        return chroma_rows(index, document_id)
    where, values = ("", []) if document_id is None else ("WHERE document_id = %s", [document_id])
    return int(shared(index)._rows(f"SELECT count(vector) FROM chunks {where}", *values)[0][0])


def chunk_ids(index: Index) -> list[str]:
    """The ids of all chunks whose vectors are kept, in order."""
    if is_shared(index):
        return [row[0] for row in shared(index)._rows("SELECT id FROM chunks ORDER BY id")]
    with local(index).vectors() as vectors, vectors.collection() as collection:
        return sorted(collection.get(include=[])["ids"])


def all_rows(place: Path, chunk_tokens: int) -> dict[str, Any]:
    """Every row of an index, in an order and with names that do not depend on its history."""
    with Index(place, HashEmbedder(), chunk_tokens) as index:
        return _shared_rows(index) if is_shared(index) else _local_rows(index)


def _local_rows(index: Index) -> dict[str, Any]:
    catalogue = local(index).catalogue
    assert catalogue.pending() == []
    with local(index).vectors() as vectors, vectors.collection() as collection:
        found = collection.get(include=["embeddings", "metadatas"])
    chroma = {
        id_: (np.asarray(vector, dtype=np.float32).tobytes(), metadata)
        for id_, vector, metadata in zip(
            found["ids"], found["embeddings"], found["metadatas"], strict=True
        )
    }
    tables = {
        table: sorted(catalogue._rows(f"SELECT {columns} FROM {table}"), key=repr)
        for table, columns in (
            *_TABLES,
            ("signatures", "document_id, signature"),
            ("bands JOIN signatures ON serial = bands.signature", "key, document_id"),
        )
    }
    index.search_lexical("ship", 1)
    lexical = local(index).lexical()
    chunk_of = dict(catalogue._rows("SELECT serial, id FROM chunks"))
    words = {
        term: sorted(
            (chunk_of[int(lexical.serials[row])], int(count))
            for row, count in zip(*lexical._postings(term), strict=True)
        )
        for term in lexical._terms
    }
    lengths = dict(
        zip((chunk_of[int(s)] for s in lexical.serials), lexical._lengths.tolist(), strict=True)
    )
    return {"chroma": chroma, "words": words, "lengths": lengths, **tables}


def _shared_rows(index: Index) -> dict[str, Any]:
    backend = shared(index)
    tables = {
        table: sorted(backend._rows(f"SELECT {columns} FROM {table}"), key=repr)
        for table, columns in (
            *(row for row in _TABLES if row[0] != "sentences"),
            ("sentences", "document_id, ordinal, first, last, kind, paragraph, vector::text"),
            ("chunks", "id, document_id, ordinal, first, last, text, length, vector::text"),
            ("signatures", "*"),
            ("bands", "*"),
            ("state", "documents, sentences, chunks, tokens"),
        )
    }
    chunk_of = dict(backend._rows("SELECT serial, id FROM chunks"))
    terms = backend._rows("SELECT term FROM blocks UNION SELECT term FROM fresh")

    read = backend._connections.moment(
        lambda db: read_words(db, [term for (term,) in terms], KeptBlocks())
    )
    words = {
        term: sorted(
            (chunk_of[block.segment * SEGMENT + int(at)], int(count), int(length))
            for block in blocks
            for at, count, length in zip(block.at, block.counts, block.lengths, strict=True)
        )
        for term, blocks in read.blocks.items()
    }
    # What is counted beside the rows is what the rows come to.
    (counted,) = backend._rows("SELECT documents, sentences, chunks, tokens FROM state")
    (summed,) = backend._rows(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM sentences), "
        "(SELECT count(*) FROM chunks), (SELECT coalesce(sum(length), 0) FROM chunks)"
    )
    assert counted == summed
    return {"words": words, **tables}
