"""How rows are kept, as far as an index needs to know: the protocol of a backend.

`index.store.local` keeps them in a folder, `index.store.postgres` in a database. An index
(`index.store.index`) makes its promises over any backend that keeps these invariants:

- One moment decides whether a document exists: before `store` has ended it is nowhere, after it
  its places, sentences, vectors and chunks are all found; `arrange` and `remove` likewise.
- What does not exist is never returned, whatever an interruption left behind; `writing` clears
  that up before anything new is written.
- `revision` has grown whenever something else can be found than before, and names one state for
  good: it does not go back, not even when the index is emptied.
- Reading is safe from several threads and from other processes while a writer writes (in a
  database, several); every call sees all that was written before it.
- What goes wrong with the disk or the server is a StoreError with what to do next.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from typing import Protocol

from index.document import Chunk
from index.embed.embedder import Array
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

__all__ = ["Backend"]


class Backend(Protocol):
    """Documents with their sentences, chunks and vectors: kept, found and removed."""

    # What is known of the index as a whole

    @property
    def revision(self) -> int:
        """Grows with every change of what can be found."""
        ...

    def meta(self, key: str) -> str | None:
        """What was noted under a key; None if nothing was."""
        ...

    def set_meta(self, key: str, value: str) -> None:
        """Note something about the index; `revision` stays."""
        ...

    def counts(self) -> Counts:
        """How much there is."""
        ...

    def summaries(self) -> list[Summary]:
        """All documents by path, without reading a text."""
        ...

    def select(self, selection: Selection) -> AbstractSet[str]:
        """The ids of the documents that a selection admits.

        A backend may read them only when they are listed; a search takes the set as it is.
        """
        ...

    def spread(self, documents: Collection[str], most: int) -> list[str]:
        """Some of these documents by date and id, undated ones first, `most` at most.

        Of more it is every second, third, …: all of their time is in it.
        """
        ...

    def ids(self, prefix: str) -> list[str]:
        """The documents whose id begins so, in order."""
        ...

    def collections(self) -> dict[str, int]:
        """The collections by name, with how many documents each has."""
        ...

    def newest_date(self) -> str | None:
        """The latest date that a document has; None if all are undated."""
        ...

    def disk_bytes(self) -> int:
        """What the rows take, indices included."""
        ...

    def faults(self) -> list[str]:
        """What is not as it should be, a phrase each; empty when all is well."""
        ...

    def close(self) -> None:
        """Let go of files and connections; nothing is called afterwards."""
        ...

    # Documents

    def has_document(self, document_id: str) -> bool: ...

    def read(self, document_ids: Collection[str]) -> dict[str, StoredDocument]:
        """All of each document, of one moment; those that do not exist are left out."""
        ...

    def chunk_rows(self, document_id: str) -> tuple[list[Chunk], Array]:
        """A document's chunks in order, with their vectors as they are kept."""
        ...

    def near(self, document_ids: Collection[str]) -> dict[str, dict[str, float]]:
        """Of each document that has them, those that are nearly the same.

        They come with the share of words in common, [0, 1].
        """
        ...

    def places(self, *, file: str | None = None, document_id: str | None = None) -> list[Place]:
        """All places in order; only those of a file ("file", "file#3"), or of a document."""
        ...

    def changes(self) -> list[Change]:
        """What replaced documents said otherwise, the latest first; of documents that exist."""
        ...

    def fingerprint(self, file: str) -> Fingerprint | None:
        """A file as it was when all of it was stored; None as soon as a place in it has gone."""
        ...

    # Search

    def search_dense(
        self, vector: Array, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        """The k nearest chunks with their cosine similarity, best first.

        `documents` acts inside the search: the k nearest chunks of these, and none if empty.
        """
        ...

    def search_lexical(
        self, query: str, k: int, documents: Collection[str] | None = None
    ) -> list[tuple[Chunk, float]]:
        """The k best chunks that share a word with the query, with their BM25, best first.

        `documents` acts inside the search; words weigh what they do in the whole index.
        """
        ...

    def idf(self, token: str) -> float:
        """How telling a token is in the whole index, above 0."""
        ...

    # Writing: all of it within `writing`

    def writing(self, timeout_s: float = 0.0) -> AbstractContextManager[None]:
        """Be a writer; what an interrupted one left behind is cleared up first.

        A folder admits one at a time, a database several.

        Raises: IndexLocked naming who writes, after `timeout_s`; below 0 it waits for ever.
        """
        ...

    def store(
        self,
        rows: Sequence[DocumentRows],
        places: Sequence[Place] = (),
        files: Sequence[Fingerprint] = (),
    ) -> None:
        """Store documents, places and files that are done, in one step: all of it or nothing.

        A document that these places held before, and that is left without one, is removed.
        Raises: DocumentGone if a place names none that exists or is stored with it.
        """
        ...

    def arrange(self, places: Sequence[Place], gone: Sequence[str]) -> list[str]:
        """Record where documents that exist are found, and drop the places `gone`, in one step.

        Returns: the documents that this leaves without a place. They are removed, and whatever
        was made of them (kept answers) with them. Raises: DocumentGone.
        """
        ...

    def remove(self, document_id: str) -> None:
        """Remove a document and every row of it, its places, and what was made of it."""
        ...

    def flush(self) -> None:
        """Bring what is kept beside the rows up to date, for whoever opens the index next."""
        ...
