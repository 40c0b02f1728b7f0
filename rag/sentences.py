"""A query -> the sentences of the documents that come nearest to it, without any model's words."""

from __future__ import annotations

from collections.abc import Collection

from index.store.reading import Reading
from rag.evidence import Candidate, score_sentences
from rag.retrieve import HybridRetriever

__all__ = ["nearest_sentences"]

_PASSAGES = 12


def nearest_sentences(
    retriever: HybridRetriever,
    query: str,
    *,
    limit: int = 10,
    documents: Collection[str] | None = None,
) -> list[Candidate]:
    """Citable sentences, best first; `documents` limits the search to these ids."""
    reading = Reading(retriever.index)
    vector = retriever.index.embedder.embed([query])[0]
    passages = retriever.passages(
        query, top_k=max(_PASSAGES, limit), vector=vector, documents=documents, reading=reading
    )
    return score_sentences(reading, query, vector, passages)[:limit]
