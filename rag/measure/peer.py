"""llama-index's CitationQueryEngine, as shipped, on the same documents, embedder and model."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import LLM
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import TextNode
from pydantic import PrivateAttr

from index.document import Document
from index.embed.embedder import Embedder

__all__ = ["Peer", "PeerAnswer"]

_MARKER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What the peer wrote, and the documents of the passages that its markers name."""

    text: str
    cited: tuple[str, ...]
    retrieved: tuple[str, ...]
    first_token_ms: float | None
    total_ms: float


class _Embedding(BaseEmbedding):
    """Our embedder as a llama-index embedding."""

    _embedder: Any = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.name, embed_batch_size=64)
        self._embedder = embedder

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        rows: list[list[float]] = self._embedder.embed(texts).tolist()
        return rows

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class Peer:
    """The engine that a reader would run otherwise; it decides everything but the models."""

    def __init__(
        self, documents: Sequence[Document], embedder: Embedder, llm: LLM, *, top_k: int = 3
    ) -> None:
        nodes = [
            TextNode(
                text=d.text,
                # The engine gives what it re-splits new ids; the metadata survives.
                metadata={"title": d.title, "document_id": d.id},
                excluded_embed_metadata_keys=["document_id"],
            )
            for d in documents
        ]
        index = VectorStoreIndex(nodes, embed_model=_Embedding(embedder))
        self._engine = CitationQueryEngine.from_args(
            index, llm=llm, similarity_top_k=top_k, streaming=True
        )

    def ask(self, question: str) -> PeerAnswer:
        started = time.perf_counter()
        response: Any = self._engine.query(question)
        text, first = "", None
        for piece in response.response_gen:
            first = first or (time.perf_counter() - started) * 1000
            text += piece
        total = (time.perf_counter() - started) * 1000
        nodes = response.source_nodes
        named = [int(n) for n in _MARKER.findall(text)]
        cited = [_document_id(nodes[n - 1]) for n in named if 1 <= n <= len(nodes)]
        return PeerAnswer(
            text=_MARKER.sub("", text).strip(),
            cited=tuple(dict.fromkeys(cited)),
            retrieved=tuple(_document_id(n) for n in nodes),
            first_token_ms=first,
            total_ms=total,
        )


def _document_id(node: Any) -> str:
    return str(node.node.metadata["document_id"])
