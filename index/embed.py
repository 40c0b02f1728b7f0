"""The embedder: texts -> unit vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.errors import ModelCorrupt, ModelNotFound

__all__ = ["Array", "Embedder", "MiniLM"]

Array = npt.NDArray[np.float32]

_BATCH = 32


class Embedder(Protocol):
    """What the index and the retriever need of an embedding model."""

    @property
    def name(self) -> str:
        """What the index is stamped with: another name means other vectors."""
        ...

    @property
    def dim(self) -> int: ...

    def embed(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> Array: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...


class MiniLM:
    """A sentence-transformers folder on disk; the default holds all-MiniLM-L6-v2."""

    def __init__(self, folder: Path, *, name: str | None = None) -> None:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        if not folder.is_dir():
            raise ModelNotFound(f"{folder} is not a sentence-transformers folder; set `embedder`")
        self._name = name or _fingerprint(folder)
        try:
            self._model: Any = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise ModelCorrupt(f"{folder} cannot be loaded as an embedder: {error}") from error
        self._dim = int(self._model.get_embedding_dimension())
        self._one = lru_cache(maxsize=256)(self._embed_one)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dim(self) -> int:
        return self._dim

    def embed(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Array:
        """Embed passages for cosine search; `on_batch` is told how many are done.

        Returns: float32, shape (len(texts), dim), rows L2-normalised, in the order of `texts`.
        Source: Reimers & Gurevych 2019 (mean pooling).
        """
        if len(texts) == 1:
            return self._one(texts[0])[None, :].copy()
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        # Texts of one length share a batch: padding is work.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = self._encode([texts[i] for i in rows])
            if on_batch is not None:
                on_batch(len(rows))
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special ones."""
        if not texts:
            return []
        ids = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )["input_ids"]
        return [len(row) for row in ids]

    def _embed_one(self, text: str) -> Array:
        row: Array = self._encode([text])[0]
        return row

    def _encode(self, texts: list[str]) -> Array:
        vectors: Array = self._model.encode(
            texts,
            batch_size=_BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return vectors.astype(np.float32, copy=False)


def _fingerprint(folder: Path) -> str:
    """A name for a folder that is not in the registry: its own, and its weights' size and head."""
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        sha.update(str(path.stat().st_size).encode())
        with path.open("rb") as file:
            sha.update(file.read(1 << 20))
    return f"{folder.name}-{sha.hexdigest()[:12]}"
