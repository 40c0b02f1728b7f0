"""An embedder that needs no model, for tests of what the store does with vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from index.embed.embedder import Array

__all__ = ["HashEmbedder"]


class HashEmbedder:
    """A text's vector depends on its bytes alone: the same in every batch and every process."""

    name = "hash"
    dim = 32
    precision = "fp32"

    def embed(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Array:
        if on_batch is not None:
            on_batch(len(texts))
        rows = [np.frombuffer(hashlib.sha256(t.encode()).digest(), dtype=np.uint8) for t in texts]
        vectors = np.stack(rows).astype(np.float32) - 127.5
        unit: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]
