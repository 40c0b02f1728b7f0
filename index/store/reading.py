"""What one question reads of an index: each document is loaded once."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from index.document import Chunk
from index.store import duplicates
from index.store.index import Index
from index.store.rows import StoredDocument

__all__ = ["Reading"]


class Reading:
    """The documents that a question has met, kept until it is answered; then it is dropped.

    So all steps of a question see a document as its first one did, whatever is written meanwhile.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self._read: dict[str, StoredDocument | None] = {}
        self._near: dict[str, frozenset[str]] = {}

    def get(self, document_id: str) -> StoredDocument | None:
        """A document with its sentences and their vectors; None when it does not exist."""
        self.load([document_id])
        return self._read[document_id]

    def load(self, document_ids: Iterable[str]) -> None:
        """Read at once what `get` will be asked for."""
        new = [i for i in dict.fromkeys(document_ids) if i not in self._read]
        if new:
            found = self.index.backend.read(new)
            self._read.update((i, found.get(i)) for i in new)

    def near_duplicates(self, document_id: str) -> frozenset[str]:
        """The documents that tell the same story in nearly the same words."""
        self.load_near([document_id])
        return self._near[document_id]

    def load_near(self, document_ids: Iterable[str]) -> None:
        """Look up at once what `near_duplicates` and `says_again` will be asked for."""
        new = [i for i in dict.fromkeys(document_ids) if i not in self._near]
        if new:
            found = self.index.backend.near(new)
            self._near.update((i, frozenset(found.get(i, ()))) for i in new)

    def says_again(self, chunk: Chunk, documents: Collection[str]) -> bool:
        """Whether one of these documents, a near-duplicate of the chunk's, has its words too."""
        for document_id in self.near_duplicates(chunk.document_id).intersection(documents):
            copy = self.get(document_id)
            if copy is None:
                continue
            if duplicates.contained(chunk.text, copy.document.text) >= duplicates.MIN_SIMILARITY:
                return True
        return False
