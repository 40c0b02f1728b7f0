"""Question -> passages: dense and lexical search, fused. A llama-index retriever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.document import Chunk
from index.embed.embedder import Array
from index.store.index import Index
from index.store.reading import Reading
from rag.answer import Passage

__all__ = ["HybridRetriever", "passage_of"]

DENSE_WEIGHT = 0.6
"""Share of the dense score in the fused one; chosen on bench/xquad with tests/benchmarks."""

_POOL = 30
"""Candidates taken from each search before they are fused."""

_Hit = tuple[Chunk, float, float, float]
"""A chunk with its fused score, cosine and BM25."""


class HybridRetriever(BaseRetriever):
    """Dense (Chroma, cosine) and lexical (BM25) search, summed with weights."""

    def __init__(self, index: Index, *, top_k: int = 6) -> None:
        super().__init__()
        self.index = index
        self.top_k = top_k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [node_of(p) for p in self.passages(query_bundle.query_str)]

    def passages(
        self,
        question: str,
        *,
        top_k: int | None = None,
        vector: Array | None = None,
        documents: Collection[str] | None = None,
        reading: Reading | None = None,
    ) -> list[Passage]:
        """The best passages, best first; `documents` limits the search to these document ids.

        `reading` is what the question's other steps read from, too.
        """
        reading = reading or Reading(self.index)
        if vector is None:
            vector = self.index.embedder.embed([question])[0]
        k = top_k or self.top_k
        pool = max(_POOL, k)
        dense = self.index.search_dense(vector, pool, documents)
        lexical = self.index.search_lexical(question, pool, documents)
        return _passages(_told_once(fuse(dense, lexical), k, reading), reading)


def fuse(
    dense: Sequence[tuple[Chunk, float]], lexical: Sequence[tuple[Chunk, float]]
) -> list[_Hit]:
    """Merge two rankings: (chunk, fused score, cosine, BM25), best first.

    Cosine is used as it is, BM25 as a share of the best: a chunk that one search does not find
    gets that search's lowest score, since all that is known is that it is no better.
    """
    chunks = {chunk.id: chunk for chunk, _ in [*dense, *lexical]}
    cosine = {chunk.id: score for chunk, score in dense}
    bm25 = {chunk.id: score for chunk, score in lexical}
    lowest = min(cosine.values(), default=0.0)
    best = max(bm25.values(), default=0.0) or 1.0
    fused = []
    for chunk_id, chunk in chunks.items():
        near = cosine.get(chunk_id, lowest)
        words = bm25.get(chunk_id, 0.0)
        score = DENSE_WEIGHT * max(0.0, near) + (1 - DENSE_WEIGHT) * words / best
        fused.append((chunk, score, near, words))
    return sorted(fused, key=lambda row: (-row[1], row[0].id))


def _told_once(fused: Sequence[_Hit], k: int, reading: Reading) -> list[_Hit]:
    """The k best, without those that only repeat the story of a better one's document."""
    reading.load_near(chunk.document_id for chunk, *_ in fused[: 2 * k])
    reading.load(chunk.document_id for chunk, *_ in fused[:k])
    kept: list[_Hit] = []
    for hit in fused:
        if not reading.says_again(hit[0], {chunk.document_id for chunk, *_ in kept}):
            kept.append(hit)
        if len(kept) == k:
            break
    return kept


def _passages(fused: Sequence[_Hit], reading: Reading) -> list[Passage]:
    found = []
    reading.load(chunk.document_id for chunk, *_ in fused)
    for chunk, score, cosine, bm25 in fused:
        stored = reading.get(chunk.document_id)
        sentences = stored.sentences[chunk.first : chunk.last] if stored else ()
        if stored is None or not sentences:
            # Removed by another process since the search.
            continue
        document = stored.document
        start, end = sentences[0].start, sentences[-1].end
        found.append(
            Passage(
                chunk_id=chunk.id,
                document_id=document.id,
                document=document.path,
                title=document.title,
                date=document.date,
                start=start,
                end=end,
                text=document.text[start:end],
                score=score,
                cosine=cosine,
                bm25=bm25,
                first=chunk.first,
                last=chunk.last,
            )
        )
    return found


def node_of(passage: Passage) -> NodeWithScore:
    """The llama-index record of a passage; `passage_of` is its inverse."""
    metadata: dict[str, Any] = asdict(passage)
    text = metadata.pop("text")
    node = TextNode(
        id_=passage.chunk_id,
        text=text,
        metadata=metadata,
        excluded_llm_metadata_keys=list(metadata),
        excluded_embed_metadata_keys=list(metadata),
    )
    return NodeWithScore(node=node, score=passage.score)


def passage_of(node: NodeWithScore) -> Passage:
    """The passage that a node records."""
    return Passage(text=node.node.get_content(), **node.node.metadata)
