"""What an index promises: whose it is, what may be seen of it, and that a removal is whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from index.address import shown
from index.document import Chunk, Document, Sentence
from index.embed.absent import AbsentEmbedder
from index.embed.embedder import Array, Embedder
from index.errors import IndexMismatch, IndexNotFound
from index.store.backend import Backend
from index.store.choose import empty_index, has_index, open_backend
from index.store.rows import (
    Counts,
    DocumentRows,
    Fingerprint,
    Place,
    Selection,
    StoredDocument,
    Summary,
)
from index.store.stamp import check_stamp, note_precision, read_precisions, read_stamp

__all__ = ["Index", "exists"]


def exists(folder: Path) -> bool:
    """Whether there is an index in `folder`, or in the database that it stands for."""
    return has_index(folder)


class Index:
    """Documents, chunks and vectors, made with one embedder and one chunking.

    Readers may be many, in this process and in others; `writing` admits one writer. A reader sees
    new documents at once and removed ones never; `index.store.backend` says what rows are kept by
    must hold for that.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        chunk_tokens: int,
        *,
        backend: Backend | None = None,
        is_checked: bool = True,
    ) -> None:
        """Open the index in `folder`, making an empty one when there is none.

        `backend` keeps its rows elsewhere; `is_checked` asks whether it was made for this use.
        Raises: IndexMismatch if it was made with another embedder or chunking.
        """
        self.folder = folder
        self.embedder = embedder
        self.chunk_tokens = chunk_tokens
        if backend is None:
            backend = open_backend(folder, dim=embedder.dim, make=is_checked)
        self.backend: Backend = backend
        try:
            if is_checked:
                check_stamp(self.backend, folder, embedder, chunk_tokens)
        except IndexMismatch:
            self.backend.close()
            raise

    @classmethod
    def open(
        cls, folder: Path, embedder: Embedder, chunk_tokens: int, *, is_checked: bool = True
    ) -> Index:
        """Open an index that exists.

        Raises: IndexNotFound; IndexMismatch.
        """
        if not exists(folder):
            raise IndexNotFound(f"there is no index in {shown(folder)}: run `pressmark index PATH`")
        return cls(folder, embedder, chunk_tokens, is_checked=is_checked)

    @classmethod
    def unembedded(cls, folder: Path) -> Index:
        """Open an index that exists without its embedder: to count and to remove.

        Raises: IndexNotFound; IndexMismatch.
        """
        with cls.peek(folder) as found:
            stamp = found.stamp
        embedder = AbsentEmbedder(str(stamp.get("embedder")), int(stamp.get("dim", 0)))
        return cls(folder, embedder, int(stamp.get("chunk_tokens", 0)))

    @classmethod
    def peek(cls, folder: Path) -> Index:
        """Open an index that exists to look at it alone, whatever it was made with.

        Raises: IndexNotFound.
        """
        return cls.open(folder, AbsentEmbedder("none", 0), 0, is_checked=False)

    @staticmethod
    def destroy(folder: Path, wait_s: float = 0.0) -> None:
        """Empty the index in `folder`, and touch nothing else there; readers see it empty.

        Raises: IndexLocked while another process writes it.
        """
        empty_index(folder, wait_s)

    def close(self) -> None:
        """Let go of its files."""
        self.backend.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Identity

    @property
    def born(self) -> str | None:
        """Tells this index from one that stood here before: revisions start anew."""
        return self.backend.meta("born")

    @property
    def revision(self) -> int:
        """Grows with every change of what can be found."""
        return self.backend.revision

    @property
    def stamp(self) -> dict[str, Any]:
        """What it was made with."""
        return read_stamp(self.backend)

    @property
    def precisions(self) -> list[str]:
        """What its vectors were computed in; it may hold several."""
        return read_precisions(self.backend)

    def counts(self) -> Counts:
        return self.backend.counts()

    # Documents

    def summaries(self) -> list[Summary]:
        """All documents by path, without reading a text."""
        return self.backend.summaries()

    def ids(self, prefix: str) -> list[str]:
        """The documents whose id begins so."""
        return self.backend.ids(prefix)

    def has_document(self, document_id: str) -> bool:
        return self.backend.has_document(document_id)

    def read(self, document_id: str) -> StoredDocument | None:
        """A document with its sentences and their vectors; None when it does not exist.

        A question reads through `index.store.reading`, which does this once for each.
        """
        return self.backend.read([document_id]).get(document_id)

    def document(self, document_id: str) -> Document | None:
        found = self.read(document_id)
        return None if found is None else found.document

    def documents(self) -> list[Document]:
        """All documents, by path."""
        found = [self.read(summary.id) for summary in self.backend.summaries()]
        return [stored.document for stored in found if stored is not None]

    def sentences(self, document_id: str) -> list[Sentence]:
        found = self.read(document_id)
        return [] if found is None else list(found.sentences)

    def vectors(self, document_id: str) -> Array:
        """Sentence vectors: float32, shape (sentences, dim), unit rows."""
        found = self.read(document_id)
        return np.zeros((0, 0), dtype=np.float32) if found is None else found.vectors

    def near(self, document_id: str) -> dict[str, float]:
        """The documents that are nearly the same, with the share of words in common, [0, 1]."""
        return self.backend.near([document_id]).get(document_id, {})

    def near_duplicates(self, document_id: str) -> frozenset[str]:
        """The documents that tell the same story in nearly the same words."""
        return frozenset(self.near(document_id))

    def select(self, selection: Selection) -> AbstractSet[str]:
        """The ids of the documents that a selection admits.

        Kept in a database, they are read only when they are listed one by one.
        """
        return self.backend.select(selection)

    def collections(self) -> dict[str, int]:
        """The collections by name, with how many documents each has."""
        return self.backend.collections()

    def newest_date(self) -> str | None:
        """The latest date that a document has, as documents have it; None if all are undated."""
        return self.backend.newest_date()

    def places(self, *, file: str | None = None) -> list[Place]:
        """Where documents were found, in order; only those of a file when it is given."""
        return self.backend.places(file=file)

    def places_of(self, document_id: str) -> list[Place]:
        """Where a document was found."""
        return self.backend.places(document_id=document_id)

    def documents_in(self, file: str) -> dict[str, str]:
        """Document ids by place: the file itself, or records of one of several, "file#3"."""
        return {place.place: place.document_id for place in self.backend.places(file=file)}

    def fingerprint(self, file: str) -> Fingerprint | None:
        """How the file was when all of it was stored; None if it must be read to know."""
        return self.backend.fingerprint(file)

    # Search

    def search_dense(
        self, vector: Array, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        """The k nearest chunks with their cosine similarity, [-1, 1], higher is closer.

        `documents` limits the search to the chunks of these ids: the k nearest of theirs.
        """
        return self.backend.search_dense(vector, k, documents)

    def search_lexical(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        """The k best chunks that share a word with the query, with their BM25, higher is closer.

        `documents` limits the search to the chunks of these ids.
        """
        return self.backend.search_lexical(query, k, documents)

    def idf(self, token: str) -> float:
        """How telling a token (of `index.tokens.tokenize`) is in this index, above 0."""
        return self.backend.idf(token)

    def warm(self) -> None:
        """Load what the first search would, while something else is waited for."""
        self.backend.search_dense(np.eye(1, self.embedder.dim, dtype=np.float32)[0], 1)

    # Writing

    def writing(self, timeout_s: float = 0.0) -> AbstractContextManager[None]:
        """Be the one writer; clear up first what an interrupted one left behind.

        Raises: IndexLocked naming the process that writes.
        """
        return self.backend.writing(timeout_s)

    def store(
        self,
        rows: Sequence[DocumentRows],
        places: Sequence[Place] = (),
        files: Sequence[Fingerprint] = (),
        *,
        precision: str | None = None,
    ) -> None:
        """Store documents, where they were found, and the files of which all is stored by now.

        What these places held before is replaced in the same step, and removed if it is found
        nowhere else. `precision` is what the vectors were computed in, if another embedder than
        this index's did it.
        """
        if rows:
            note_precision(self.backend, precision or self.embedder.precision)
        self.backend.store(rows, places, files)

    def arrange(self, places: Sequence[Place], gone: Sequence[str]) -> list[str]:
        """Move places of documents that exist, and drop those `gone`, within `writing`.

        So records that change their numbers in a file are never without a place.
        Returns: the documents that this leaves without one; they are removed.
        """
        return self.backend.arrange(places, gone)

    def forget_places(self, places: Sequence[str]) -> None:
        """Remove what was found at these places and nowhere else, within `writing`."""
        self.backend.arrange([], places)

    def remove(self, document_id: str) -> None:
        """Remove a document and every row of it, within `writing`."""
        self.backend.remove(document_id)

    def flush(self) -> None:
        """Leave the index as the next one to open it wants it, within `writing`."""
        self.backend.flush()
