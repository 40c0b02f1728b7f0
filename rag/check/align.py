"""Which word of one sentence says what a word of another says? By their states in the encoder."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.embed.bert import BertEncoder
from index.embed.embedder import Array
from rag.check.quantity import Quantity, quantities_of
from rag.check.terms import Term, terms_of

__all__ = ["Aligner", "Parsed"]

_KEPT = 4096
"""Sentences whose states are kept: those of the articles come again and again."""

_MAX_TOKENS = 256
"""A longer sentence is read up to here; its later words stand for themselves alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A sentence with what is compared of it."""

    text: str
    terms: tuple[Term, ...]
    quantities: tuple[Quantity, ...]
    states: Array
    """float32, shape (terms, dim), rows of unit length, or nought for what was not read."""
    vector: Array
    """The embedding of the sentence: float32, shape (dim,), unit length."""


class Aligner:
    """Reads sentences with the embedder's own encoder; without one, words match as they stand.

    Two words are alike by the cosine of their last states, each the mean of its tokens'.
    Source: Zhang et al. 2020 (BERTScore).
    """

    def __init__(self, encoder: BertEncoder) -> None:
        self._encoder = encoder
        self._kept: OrderedDict[str, Parsed] = OrderedDict()

    @classmethod
    def of(cls, folder: Path) -> Aligner | None:
        """The aligner over an embedder's folder; None where the encoder is of another kind.

        Raises: OSError, ValueError or KeyError if it is damaged.
        """
        encoder = BertEncoder.open(folder)
        return None if encoder is None else cls(encoder)

    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        """Take sentences apart, all at once; those read before are remembered."""
        new = [t for t in dict.fromkeys(texts) if t not in self._kept]
        encoded = [self._encoder.encode(text) for text in new]
        first, last = self._encoder.marks
        rows = [[first, *e.ids[: _MAX_TOKENS - 2], last] for e in encoded]
        states = self._encoder.states([(row, len(row)) for row in rows])
        made = {
            text: _parsed(text, e.offsets[: _MAX_TOKENS - 2], state)
            for text, e, state in zip(new, encoded, states, strict=True)
        }
        self._kept.update(made)
        found = []
        for text in texts:
            self._kept.move_to_end(text)
            found.append(self._kept[text])
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found


def _parsed(text: str, offsets: Sequence[tuple[int, int]], states: Array) -> Parsed:
    terms = terms_of(text)
    rows = np.zeros((len(terms), states.shape[1]), dtype=np.float32)
    for i, term in enumerate(terms):
        at = [j + 1 for j, (a, b) in enumerate(offsets) if a < term.end and b > term.start]
        if at:
            # The mean of unit vectors: no token outweighs the others.
            units = states[at] / np.linalg.norm(states[at], axis=1, keepdims=True)
            mean = units.mean(axis=0)
            rows[i] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    pooled = states.mean(axis=0)
    return Parsed(text, terms, tuple(quantities_of(text)), rows, pooled / np.linalg.norm(pooled))
