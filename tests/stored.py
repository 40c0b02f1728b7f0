"""The rows of an index in a folder, for tests of what is kept there and what is not."""

from __future__ import annotations

from index.store.index import Index
from index.store.local import LocalBackend

__all__ = ["chroma_rows", "local"]


def local(index: Index) -> LocalBackend:
    """The backend of an index that is kept in a folder."""
    assert isinstance(index.backend, LocalBackend)
    return index.backend


def chroma_rows(index: Index, document_id: str | None = None) -> int:
    """Rows that Chroma holds, of one document or of all."""
    with local(index).vectors() as vectors:
        return vectors.count(document_id)
