"""An embedder that is loaded when it first embeds: most runs of `pressmark index` embed nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from index.embed.embedder import Array, Embedder

__all__ = ["DeferredEmbedder"]


@dataclass(slots=True, eq=False)
class DeferredEmbedder:
    """As what `load` gives; its name and its vectors' length are known before."""

    name: str
    dim: int
    load: Callable[[], Embedder]
    _loaded: Embedder | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def precision(self) -> str:
        return self._open().precision

    def embed(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Array:
        return self._open().embed(texts, on_batch)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._open().count_tokens(texts)

    def _open(self) -> Embedder:
        with self._lock:
            if self._loaded is None:
                self._loaded = self.load()
            return self._loaded
