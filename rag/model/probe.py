"""Is the answer in what the model reads? A linear probe on its hidden state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.embed.embedder import Array

__all__ = ["Probe"]

_FOLDER = Path(__file__).parent / "probes"


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Reads off one layer, at a prompt's last token, whether the passages state an answer.

    A model that is about to answer whatever it is asked still tells, halfway through, questions
    that its passages answer from those that they only touch on: what it writes, and how surely,
    hardly does. Fitted by tests/benchmarks/fit_probe.py, which says with what figures.
    Source: Slobodkin et al. 2023 (The Curious Case of Hallucinatory (Un)answerability).
    """

    layer: int
    """Counted from 0."""
    weights: Array
    """Of the state's features: float32, shape (dim,)."""
    bias: float

    @classmethod
    def of(cls, model_name: str) -> Probe | None:
        """The probe that was fitted for a model of the registry, or None."""
        path = _FOLDER / f"{model_name}.npz"
        if not path.is_file():
            return None
        with np.load(path) as stored:
            return cls(int(stored["layer"]), stored["weights"], float(stored["bias"]))

    def save(self, model_name: str) -> Path:
        """Write it where `of` finds it."""
        path = _FOLDER / f"{model_name}.npz"
        path.parent.mkdir(exist_ok=True)
        np.savez(path, layer=self.layer, weights=self.weights, bias=self.bias)
        return path

    def probability(self, state: Array) -> float:
        """That the passages state an answer, [0, 1]; `state` is float32, shape (dim,)."""
        z = float(state @ self.weights) + self.bias
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
