"""Sentences -> Chunks: whole sentences packed to a token budget."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from index.document import Chunk, Document, Kind, Sentence

__all__ = ["chunk"]


def chunk(
    document: Document,
    sentences: Sequence[Sentence],
    n_tokens: Sequence[int],
    max_tokens: int,
) -> list[Chunk]:
    """Pack sentences into chunks of at most `max_tokens`; a longer sentence stands alone.

    A heading begins a new chunk when the current one is at least half full, so that a section
    stays with its heading. `n_tokens[i]` is the length of sentences[i]. Ids depend on the
    document's bytes and the chunk's place alone: writing a chunk twice changes nothing.
    """
    groups: list[tuple[int, int]] = []
    first, used = 0, 0
    for i, sentence in enumerate(sentences):
        over = used + n_tokens[i] > max_tokens
        section = sentence.kind is Kind.HEADING and used * 2 >= max_tokens
        if i > first and (over or section):
            groups.append((first, i))
            first, used = i, 0
        used += n_tokens[i]
    if first < len(sentences):
        groups.append((first, len(sentences)))
    return [
        Chunk(
            id=_chunk_id(document.id, ordinal),
            document_id=document.id,
            ordinal=ordinal,
            first=first,
            last=last,
            text=" ".join(s.text for s in sentences[first:last] if s.kind is not Kind.CREDIT),
        )
        for ordinal, (first, last) in enumerate(groups)
    ]


def _chunk_id(document_id: str, ordinal: int) -> str:
    return hashlib.sha256(f"{document_id}:{ordinal}".encode()).hexdigest()[:32]
