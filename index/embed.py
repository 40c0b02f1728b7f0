"""The embedder: texts -> unit vectors."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from index.errors import ModelCorrupt, ModelNotFound
from index.light import LightBert

__all__ = ["Array", "Embedder", "MiniLM", "Precision", "computes_bf16"]

Array = npt.NDArray[np.float32]
Precision = Literal["auto", "bf16", "fp32"]

_BATCH_TOKENS = 1024
"""Tokens of a batch, padding included: of 256, 512, 1,024 and 2,048 the fastest in either
precision (tests/benchmarks/embed.py); more than that leaves the cache."""

_FEW = 8
"""Texts that numpy embeds even where torch is loaded: a question's vector is always the same."""

_FEW_BEFORE_TORCH = 256
"""Texts that numpy embeds before torch is loaded: importing it takes as long as embedding these."""


class Embedder(Protocol):
    """What the index and the retriever need of an embedding model."""

    @property
    def name(self) -> str:
        """What the index is stamped with: another name means other vectors."""
        ...

    @property
    def dim(self) -> int: ...

    @property
    def precision(self) -> str:
        """What many texts are embedded in at present: "bf16" or "fp32"."""
        ...

    def embed(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> Array: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...


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
        self._heavy: _Heavy | None = None
        try:
            self._light = LightBert.open(folder)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelCorrupt(f"{folder} cannot be loaded as an embedder: {error}") from error
        self._dim = self._light.dim if self._light is not None else self._load().dim
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
        if self._light is not None and len(texts) <= few:
            for row, text in enumerate(texts):
                vectors[row] = self._light.embed(text)
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
        if self._light is not None:
            return self._light.count_tokens(texts)
        return self._load().count_tokens(texts)

    def _embed_one(self, text: str) -> Array:
        if self._light is not None:
            return self._light.embed(text)
        ((_, vectors),) = self._load().embed([text])
        row: Array = vectors[0]
        return row

    def _load(self) -> _Heavy:
        with self._lock:
            if self._heavy is None:
                self._heavy = _Heavy(self._folder, self._precision)
            return self._heavy


class _Heavy:
    """The folder as sentence-transformers runs it."""

    def __init__(self, folder: Path, precision: Precision) -> None:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        if precision == "auto":
            precision = "bf16" if computes_bf16() else "fp32"
        self.precision: str = precision
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        try:
            self._model: Any = SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelCorrupt(f"{folder} cannot be loaded as an embedder: {error}") from error
        self._model.eval()
        self.dim = int(self._model.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Array]]:
        """Batches, longest texts first: rows of `texts`, and their vectors (float32, unit)."""
        lengths = self.count_tokens(texts)
        longest = int(self._model.max_seq_length or max(lengths, default=0) + 2)
        for rows in _batches([min(n + 2, longest) for n in lengths]):
            vectors = self._model.encode(
                [texts[i] for i in rows],
                batch_size=len(rows),
                convert_to_tensor=True,
                show_progress_bar=False,
            )
            # A norm taken in bf16 is off by up to 0.2 %.
            yield rows, _unit(vectors.float().numpy())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        ids = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )["input_ids"]
        return [len(row) for row in ids]


def computes_bf16() -> bool:
    """Whether this processor multiplies bf16 natively; elsewhere bf16 is slower than fp32."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows by falling length: texts of one length share a batch, since padding is work."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        stop = start + max(1, _BATCH_TOKENS // max(1, lengths[order[start]]))
        yield order[start:stop]
        start = stop


def _unit(vectors: Array) -> Array:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: Array = vectors / np.maximum(norms, 1e-12)
    return out


def _fingerprint(folder: Path) -> str:
    """A name for a folder that is not in the registry: its own, and its weights' size and head."""
    sha = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        sha.update(str(path.stat().st_size).encode())
        with path.open("rb") as file:
            sha.update(file.read(1 << 20))
    return f"{folder.name}-{sha.hexdigest()[:12]}"
