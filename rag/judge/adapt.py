"""The embedder's own encoder, taught to read something else: a trained low-rank adaptation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from index.embed.bert import BertEncoder
from index.embed.embedder import Array

__all__ = ["adapted_encoder"]


def adapted_encoder(folder: Path, file: Path) -> tuple[BertEncoder, Array, Array] | None:
    """An embedder's encoder with an adaptation merged into it; the weight and bias of its head.

    `folder` holds the embedder, `file` what `tests/benchmarks/extractor_learner.py` packed. None
    where there is no such file, or the embedder is of another kind.
    Raises: OSError, ValueError or KeyError if one is damaged.
    Source: Hu et al. 2021 (LoRA).
    """
    if not file.is_file():
        return None
    encoder = BertEncoder.open(folder)
    if encoder is None:
        return None
    with np.load(file) as stored:
        tensors = {name: stored[name] for name in stored.files}
    weight, bias = (tensors[f"head.{end}"].astype(np.float32) for end in ("weight", "bias"))
    return encoder.adapted(_deltas(tensors)), weight, bias


def _deltas(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """What is added to each of the encoder's tensors: the products of the low-rank pairs."""
    deltas: dict[str, Array] = {}
    for name in tensors:
        if name.endswith(".up"):
            base = name.removesuffix(".up")
            up, down = (_dequantised(tensors, base + end) for end in (".up", ".down"))
            deltas[base + ".weight"] = up @ down
        elif name.endswith(".plus"):
            deltas[name.removesuffix(".plus")] = tensors[name].astype(np.float32)
    return deltas


def _dequantised(tensors: Mapping[str, Array], name: str) -> Array:
    """int8, shape (rows, columns), times its scale: float32, shape (rows, 1)."""
    out: Array = tensors[name].astype(np.float32) * tensors[name + ".scale"]
    return out
