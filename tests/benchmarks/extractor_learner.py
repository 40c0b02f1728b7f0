"""What learns to extract: the embedder's encoder with a trained low-rank adaptation beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel

from tests.benchmarks.extractor_examples import Row

__all__ = ["Learner", "LowRank", "packed"]

RANK = 16
SCALE = 2.0
_LINEAR = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class LowRank(nn.Module):
    """A frozen linear layer with a trained product of two thin matrices beside it."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__()
        self.frozen = frozen
        self.down = nn.Parameter(
            torch.randn(RANK, frozen.in_features) / math.sqrt(frozen.in_features)
        )
        self.up = nn.Parameter(torch.zeros(frozen.out_features, RANK))

    def forward(self, x: Tensor) -> Tensor:
        added = functional.linear(functional.linear(x, self.down), self.up)
        out: Tensor = self.frozen(x) + added * SCALE
        return out


class Learner(nn.Module):
    """The embedder's encoder with its adaptation, and the two scores of every token."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(str(folder))
        self.encoder.pooler = None
        for name, parameter in self.encoder.named_parameters():
            small = "LayerNorm" in name or name.endswith("bias")
            parameter.requires_grad_(
                (small and name.startswith("encoder.")) or "token_type" in name
            )
        for layer in self.encoder.encoder.layer:
            for path in _LINEAR:
                *way, last = path.split(".")
                owner = layer
                for step in way:
                    owner = getattr(owner, step)
                setattr(owner, last, LowRank(getattr(owner, last)))
        for name, parameter in self.named_parameters():
            if name.endswith("frozen.weight"):
                parameter.requires_grad_(False)
        self.head = nn.Linear(self.encoder.config.hidden_size, 2)

    def forward(self, rows: Sequence[Row]) -> Tensor:
        """Scores of start and end: float32, shape (len(rows), longest, 2)."""
        shape = (len(rows), max(len(r.ids) for r in rows))
        ids, kinds = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        mask, allowed = np.zeros(shape, np.int64), np.zeros(shape, bool)
        for i, row in enumerate(rows):
            n = len(row.ids)
            ids[i, :n], mask[i, :n], kinds[i, row.n_first : n] = row.ids, 1, 1
            allowed[i, row.n_first : n] = allowed[i, 0] = True
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.encoder(
                input_ids=torch.from_numpy(ids),
                attention_mask=torch.from_numpy(mask),
                token_type_ids=torch.from_numpy(kinds),
            ).last_hidden_state
        scores: Tensor = self.head(states.float())
        return scores.masked_fill(~torch.from_numpy(allowed)[..., None], -1e4)

    def trained(self) -> dict[str, Tensor]:
        return {n: p.detach().clone() for n, p in self.named_parameters() if p.requires_grad}


def packed(weights: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Any]:
    """What rag.extract adds to the encoder: factors in int8, the rest as differences in fp16."""
    out: dict[str, Any] = {}
    for name, tensor in weights.items():
        value = tensor.numpy().astype(np.float32)
        short = name.removeprefix("encoder.")
        if name.startswith("head."):
            out[name] = value
        elif short.endswith((".up", ".down")):
            if short.endswith(".up"):
                value = value * SCALE
            scale = np.abs(value).max(axis=1, keepdims=True) / 127 + 1e-12
            out[short] = np.round(value / scale).astype(np.int8)
            out[short + ".scale"] = scale.astype(np.float32)
        else:
            short = short.replace(".frozen.", ".")
            out[short + ".plus"] = (value - base[short].numpy()).astype(np.float16)
    return out
