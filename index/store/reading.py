"""What one question reads of an index: each document is loaded once."""

from __future__ import annotations

from collections.abc import Collection

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

    def get(self, document_id: str) -> StoredDocument | None:
        """A document with its sentences and their vectors; None when it does not exist."""
        if document_id not in self._read:
            self._read[document_id] = self.index.read(document_id)
        return self._read[document_id]

    def says_again(self, chunk: Chunk, documents: Collection[str]) -> bool:
        """Whether one of these documents, a near-duplicate of the chunk's, has its words too."""
        for document_id in self.index.near_duplicates(chunk.document_id).intersection(documents):
            copy = self.get(document_id)
            if copy is None:
                continue
            if duplicates.contained(chunk.text, copy.document.text) >= duplicates.MIN_SIMILARITY:
                return True
        return False
