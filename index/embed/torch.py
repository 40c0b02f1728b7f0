"""Many texts at once, by sentence-transformers: in bf16 where the processor computes in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.embed.embedder import Array, Precision
from index.errors import ModelCorrupt

__all__ = ["TorchEncoder", "computes_bf16"]

_BATCH_TOKENS = 1024
"""Tokens of a batch, padding included: of 256, 512, 1,024 and 2,048 the fastest in either
precision (tests/benchmarks/embed.py); more than that leaves the cache."""


class TorchEncoder:
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
