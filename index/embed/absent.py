"""An embedder that was not loaded: an index can be counted and removed from without it."""

from __future__ import annotations

from dataclasses import dataclass

from index.embed.embedder import Array
from index.errors import StoreError

__all__ = ["AbsentEmbedder"]


@dataclass(frozen=True, slots=True)
class AbsentEmbedder:
    """What is known of it; to embed with it is an error."""

    name: str
    dim: int
    precision: str = "none"

    def embed(self, *_: object) -> Array:
        raise StoreError("this index was opened without its embedder; open it with `Index.open`")

    def count_tokens(self, *_: object) -> list[int]:
        raise StoreError("this index was opened without its embedder; open it with `Index.open`")
