"""What is made of a new document before it is stored: read, segmented, chunked, embedded.

It asks no index, so that it can be done in any process and on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.chunk import chunk
from index.document import Chunk, Document, Sentence
from index.embed.embedder import Embedder
from index.errors import DocumentError
from index.ingest.outcome import Outcome, Status
from index.read import Reader, Record
from index.segment import segment
from index.store.rows import DocumentRows, Place

__all__ = ["New", "Store", "embed_rows", "read_new", "segmented", "titled"]


@dataclass(frozen=True, slots=True)
class New:
    """A record whose document the index does not have: read it and store it at `place`."""

    record: Record
    name: str
    """Its file's, as the reader typed it."""
    place: Place
    status: Status


@dataclass(frozen=True, slots=True)
class Store:
    """Embed and store this document, which was found at `place`."""

    document: Document
    sentences: list[Sentence]
    chunks: list[Chunk]
    place: Place | None
    """None for a document that does not come from a file."""
    status: Status
    note: str | None = None

    @property
    def n_texts(self) -> int:
        """How many texts are to be embedded for it."""
        return len(self.sentences) + len(self.chunks)


def read_new(reader: Reader, embedder: Embedder, chunk_tokens: int, new: New) -> Store | Outcome:
    """Read a new record and cut it up; the outcome says why when it cannot be read."""
    try:
        document, note = reader.document(new.record, new.name)
    except DocumentError as error:
        return Outcome(new.place.path, Status.SKIPPED, str(error))
    return segmented(embedder, chunk_tokens, document, new.place, new.status, note)


def segmented(
    embedder: Embedder,
    chunk_tokens: int,
    document: Document,
    place: Place | None,
    status: Status,
    note: str | None = None,
) -> Store:
    """A document cut into sentences and chunks."""
    sentences = segment(document.text)
    n_tokens = embedder.count_tokens([s.text for s in sentences])
    chunks = chunk(document, sentences, n_tokens, chunk_tokens)
    return Store(document, sentences, chunks, place, status, note)


def embed_rows(embedder: Embedder, new: Sequence[Store]) -> list[DocumentRows]:
    """The rows of documents, embedded together; one without a sentence has none."""
    new = [item for item in new if item.sentences]
    texts: list[str] = []
    for item in new:
        texts += [titled(item.document.title, s.text) for s in item.sentences]
        texts += [titled(item.document.title, c.text) for c in item.chunks]
    if not texts:
        return []
    vectors = embedder.embed(texts)
    rows = []
    at = 0
    for item in new:
        middle = at + len(item.sentences)
        end = middle + len(item.chunks)
        rows.append(
            DocumentRows(
                item.document,
                item.sentences,
                item.chunks,
                sentence_vectors=vectors[at:middle],
                chunk_vectors=vectors[middle:end],
            )
        )
        at = end
    return rows


def titled(title: str, text: str) -> str:
    """What is embedded: alone, most sentences do not say of what they speak."""
    return f"{title}: {text}"
