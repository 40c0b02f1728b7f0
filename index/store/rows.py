"""What the store keeps and tells, each with a name: documents, places, files as they were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.document import Chunk, Document, Sentence

if TYPE_CHECKING:
    # numpy, which who only looks for a kept answer does not need.
    from index.embed.embedder import Array

__all__ = [
    "Change",
    "Counts",
    "DocumentRows",
    "Fingerprint",
    "Place",
    "Selection",
    "StoredDocument",
    "Summary",
    "common",
]


@dataclass(frozen=True, slots=True, eq=False)
class DocumentRows:
    """A document as it is stored: with its sentences and chunks, and the vectors of both."""

    document: Document
    sentences: Sequence[Sentence]
    chunks: Sequence[Chunk]
    sentence_vectors: Array
    """float32, shape (sentences, dim), unit rows."""
    chunk_vectors: Array
    """float32, shape (chunks, dim), unit rows."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredDocument:
    """A document as it is read back: with its sentences, and their vectors."""

    document: Document
    sentences: Sequence[Sentence]
    vectors: Array
    """float32, shape (sentences, dim), unit rows (kept as float16)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document was found: `place` is absolute, `path` is as the reader typed it."""

    place: str
    path: str
    document_id: str
    collection: str | None = None
    """What the reader put it in; a document is in the collections of all its places."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents may be searched; what is None limits nothing.

    A document without a date lies in no range; one of "2020-03" in each that has a day of it.
    """

    since: str | None = None
    until: str | None = None
    """The first and the last day, YYYY-MM-DD."""
    author: str | None = None
    """Words of an author's name, in any order; upper and lower case are one."""
    collection: str | None = None

    def is_by(self, author: str | None) -> bool:
        """Whether these are words of the author's name."""
        named = (author or "").casefold()
        return all(word in named for word in (self.author or "").casefold().split())


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file as it was when it was read: while nothing of this changes, its content has not."""

    file: str
    """Its absolute path, links resolved."""
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What an index holds."""

    documents: int
    sentences: int
    chunks: int
    near: int
    """Documents that are nearly the same as another one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A document's line in a list, without its text."""

    id: str
    path: str
    title: str
    date: str | None
    sentences: int
    near: int
    """How many other documents are nearly the same."""
    author: str | None = None
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is different since a document was replaced by another version of it."""

    path: str
    at: str
    """When, in ISO 8601, UTC."""
    sentences: tuple[tuple[str | None, str | None], ...]
    """(was, is); None for a sentence that is new, and for one that is gone."""


def common(found: AbstractSet[str], documents: Collection[str]) -> AbstractSet[str]:
    """The ids that are in both; where one is a condition of a database, it is not read for that."""
    return found & (documents if isinstance(documents, AbstractSet) else frozenset(documents))
