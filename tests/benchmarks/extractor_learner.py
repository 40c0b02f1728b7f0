"""What learns to read: the embedder's encoder with a trained low-rank adaptation beside it."""

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

from index.embed.torch import computes_bf16
from tests.benchmarks.extractor_examples import Row, Tokens

__all__ = ["Learner", "LowRank", "between", "packed"]

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
    """The embedder's encoder with its adaptation, and a head that gives each token scores: two, of
    start and end, for the extractor."""

    def __init__(self, folder: Path, n_scores: int = 2) -> None:
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
        self.head = nn.Linear(self.encoder.config.hidden_size, n_scores)
        # Where the processor has no bf16 of its own it takes six times as long.
        self._is_bf16 = computes_bf16()
        self._adapted = [n for n, p in self.named_parameters() if p.requires_grad]

    def forward(self, rows: Sequence[Row]) -> Tensor:
        """Scores of start and end: float32, shape (len(rows), longest, 2)."""
        scores: Tensor = self.head(self.states(rows))
        allowed = np.zeros(scores.shape[:2], bool)
        for i, row in enumerate(rows):
            allowed[i, row.n_first : len(row.ids)] = allowed[i, 0] = True
        return scores.masked_fill(~torch.from_numpy(allowed)[..., None], -1e4)

    def states(self, rows: Sequence[Tokens]) -> Tensor:
        """The last layer: float32, shape (len(rows), longest, dim)."""
        shape = (len(rows), max(len(r.ids) for r in rows))
        ids, kinds, mask = (np.zeros(shape, np.int64) for _ in range(3))
        for i, row in enumerate(rows):
            n = len(row.ids)
            ids[i, :n], mask[i, :n], kinds[i, row.n_first : n] = row.ids, 1, 1
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._is_bf16):
            found: Tensor = self.encoder(
                input_ids=torch.from_numpy(ids),
                attention_mask=torch.from_numpy(mask),
                token_type_ids=torch.from_numpy(kinds),
            ).last_hidden_state
        return found.float()

    def trained(self) -> dict[str, Tensor]:
        """All that is not the embedder's own, whether it still learns or not."""
        own = dict(self.named_parameters())
        return {name: own[name].detach().clone() for name in self._adapted}

    def start_from(self, stored: Mapping[str, Any]) -> None:
        """Take over what `packed` made of another learner's adaptation, and its head if alike."""
        own = dict(self.named_parameters())
        for name in self._adapted:
            short = name.removeprefix("encoder.")
            if short.startswith("head."):
                if stored[short].shape != own[name].shape:
                    continue
                value = stored[short]
            elif short.endswith((".up", ".down")):
                value = stored[short] * stored[short + ".scale"]
                value = value / SCALE if short.endswith(".up") else value
            else:
                plus = stored[short.replace(".frozen.", ".") + ".plus"]
                value = own[name].detach().numpy() + plus.astype(np.float32)
            with torch.no_grad():
                own[name].copy_(torch.from_numpy(value.astype(np.float32)))

    def freeze(self, n_layers: int) -> None:
        """Teach the first layers and the embeddings no more."""
        kept = ("encoder.embeddings.", *(f"encoder.encoder.layer.{k}." for k in range(n_layers)))
        for name, parameter in self.named_parameters():
            if name.startswith(kept):
                parameter.requires_grad_(False)


def packed(weights: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Any]:
    """What rag.extract adds to the encoder: factors in int8, the rest as differences in fp16."""
    out: dict[str, Any] = {}
    for name, tensor in weights.items():
        value = tensor.numpy().astype(np.float32)
        short = name.removeprefix("encoder.")
        if name.startswith("head."):
            out[name] = value
        elif short.endswith((".up", ".down")):
            out |= _quantised(short, value * SCALE if short.endswith(".up") else value)
        else:
            short = short.replace(".frozen.", ".")
            out[short + ".plus"] = (value - base[short].numpy()).astype(np.float16)
    return out


def between(start: Mapping[str, Any], end: Mapping[str, Any], share: float) -> dict[str, Any]:
    """What lies `share` of the way from one packed adaptation to what it was taught on to.

    It keeps most of what either knows.
    Source: Wortsman et al. 2022 (weights between those before and after fine-tuning).
    """
    out: dict[str, Any] = {}
    for name in (n for n in end if not n.endswith(".scale")):
        one, other = (
            kept[name].astype(np.float32) * kept.get(f"{name}.scale", np.float32(1))
            for kept in (start, end)
        )
        value = (1 - share) * one + share * other
        if f"{name}.scale" in end:
            out |= _quantised(name, value)
        else:
            out[name] = value.astype(end[name].dtype)
    return out


def _quantised(name: str, value: Any) -> dict[str, Any]:
    """A factor in int8 with a scale a row."""
    scale = np.abs(value).max(axis=1, keepdims=True) / 127 + 1e-12
    return {
        name: np.round(value / scale).astype(np.int8),
        f"{name}.scale": scale.astype(np.float32),
    }
