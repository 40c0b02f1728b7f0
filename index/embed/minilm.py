"""A sentence-transformers folder as an embedder: a few texts by numpy, many by torch."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embed.bert import BertEncoder
from index.embed.embedder import Array, Precision
from index.errors import ModelCorrupt, ModelNotFound

if TYPE_CHECKING:
    from index.embed.torch import TorchEncoder

__all__ = ["MiniLM"]

_FEW = 8
"""Texts that numpy embeds even where torch is loaded: a question's vector is always the same."""

_FEW_BEFORE_TORCH = 256
"""Texts that numpy embeds before torch is loaded: importing it takes as long as embedding these."""


class MiniLM:
    """A sentence-transformers folder on disk; the default holds all-MiniLM-L6-v2.

    Many texts go through sentence-transformers, in bf16 where the processor computes in it; a
    few, such as a question, through numpy in fp32, without the seconds that torch takes to load.
    An index may hold vectors of both precisions: the least cosine between the two of one text is
    .9999, and over XQuAD's 1,190 questions recall@1 is .947 in bf16, .946 in fp32 and .947 half
    and half (@3 .986 and @10 .996 in all three).
    """

    def __init__(
        self, folder: Path, *, name: str | None = None, precision: Precision = "auto"
    ) -> None:
        if not folder.is_dir():
            raise ModelNotFound(f"{folder} is not a sentence-transformers folder; set `embedder`")
        self._folder = folder
        self._name = name or _fingerprint(folder)
        self._precision = precision
        self._lock = threading.Lock()
        self._heavy: TorchEncoder | None = None
        try:
            self._encoder = BertEncoder.open(folder)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelCorrupt(f"{folder} cannot be loaded as an embedder: {error}") from error
        self._dim = self._encoder.dim if self._encoder is not None else self._load().dim
        self._one = lru_cache(maxsize=256)(self._embed_one)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def precision(self) -> str:
        return "fp32" if self._heavy is None else self._heavy.precision

    def embed(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Array:
        """Embed passages for cosine search; `on_batch` is told how many are done.

        Returns: float32, shape (len(texts), dim), rows L2-normalised, in the order of `texts`.
        """
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        few = _FEW if self._heavy is not None else _FEW_BEFORE_TORCH
        if len(texts) == 1:
            vectors[0] = self._one(texts[0])
            return vectors
        if self._encoder is not None and len(texts) <= few:
            for row, text in enumerate(texts):
                vectors[row] = self._encoder.embed(text)
                if on_batch is not None:
                    on_batch(1)
            return vectors
        for rows, part in self._load().embed(texts):
            vectors[rows] = part
            if on_batch is not None:
                on_batch(len(rows))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special ones."""
        if self._encoder is not None:
            return self._encoder.count_tokens(texts)
        return self._load().count_tokens(texts)

    def _embed_one(self, text: str) -> Array:
        if self._encoder is not None:
            return self._encoder.embed(text)
        ((_, vectors),) = self._load().embed([text])
        row: Array = vectors[0]
        return row

    def _load(self) -> TorchEncoder:
        with self._lock:
            if self._heavy is None:
                from index.embed.torch import TorchEncoder

                self._heavy = TorchEncoder(self._folder, self._precision)
            return self._heavy


def _fingerprint(folder: Path) -> str:
    """A name for a folder that is not in the registry: its own, and its weights' size and head."""
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        sha.update(str(path.stat().st_size).encode())
        with path.open("rb") as file:
            sha.update(file.read(1 << 20))
    return f"{folder.name}-{sha.hexdigest()[:12]}"
