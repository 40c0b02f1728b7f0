"""Which rows may be among the k best of a sum over words, without going through all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Weighted", "bounds_of", "rows_worth_scoring"]

_STEPS = 255
"""Steps in which a posting's share of its word's weight is kept: a byte each, rounded up."""
_AT_ONCE = 1 << 20
"""Postings whose bounds are computed at once."""
_ROUNDING = 1e-4
"""More than what is lost by adding up in float32, as a share of the sum."""

Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Weighted:
    """A word of the query: the rows that have it, and the most that it may add to each."""

    weight: float
    """What it would add at a share of 1: a word's idf, as often as it is asked for."""
    rows: Rows
    """Ascending."""
    bounds: npt.NDArray[np.uint8]
    """Of each row its share of the weight, in steps of 1/255, rounded up."""

    @property
    def step(self) -> float:
        return self.weight / _STEPS

    def most(self, at: slice | npt.NDArray[np.intp] = slice(None)) -> npt.NDArray[np.float32]:
        """What it adds at most to its rows at these places."""
        added: npt.NDArray[np.float32] = self.bounds[at] * np.float32(self.step)
        return added

    def places(self, rows: Rows) -> npt.NDArray[np.intp]:
        """Where those of some rows, ascending, that have it are among its own."""
        at: npt.NDArray[np.intp] = np.searchsorted(self.rows, rows)
        at = np.minimum(at, len(self.rows) - 1)
        held: npt.NDArray[np.intp] = at[self.rows[at] == rows]
        return held


def bounds_of(
    rows: Rows, counts: npt.NDArray[np.uint16], norms: npt.NDArray[np.float64]
) -> npt.NDArray[np.uint8]:
    """The share count / (count + norm) of each posting, below 1, in steps of 1/255, rounded up."""
    bounds = np.empty(len(rows), np.uint8)
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        share = counts[part] / (counts[part] + norms[rows[part]])
        bounds[part] = np.ceil(_STEPS * share)
    return bounds


def rows_worth_scoring(
    words: Sequence[Weighted], n_rows: int, k: int, among: npt.NDArray[np.bool_] | None = None
) -> Rows:
    """All rows that may be among the k best, ties included, ascending; a few that are not as well.

    `among`, of n_rows, says which rows count. Rarer words are gone through first; as soon as k
    rows have more than all the words that are left could add, those bring no new row and are only
    looked up for the rows that are still in question.
    Source: Turtle & Flood 1995 (MaxScore), a word at a time.
    """
    words = sorted((word for word in words if len(word.rows)), key=lambda word: len(word.rows))
    most = [word.step * int(word.bounds.max()) for word in words]
    # What the words from each place on can add at most.
    left = [sum(most[i:]) for i in range(len(words) + 1)]
    # Zeroed pages are made as they are written to: it costs what the words' rows cost.
    sums = np.zeros(n_rows, np.float32)
    rows: Rows = np.zeros(0, np.int32)
    least = seen = 0.0
    for i, word in enumerate(words):
        seen += word.step
        if left[i] >= least:
            before, added = sums[word.rows], word.most()
            sums[word.rows] = before + added
            is_new = (before == 0) & (added + left[i + 1] >= least)
            if among is not None:
                is_new &= among[word.rows]
            rows = np.concatenate([rows, word.rows[is_new]])
        else:
            rows.sort()
            at = word.places(rows)
            sums[word.rows[at]] += word.most(at)
        if 0 < k <= len(rows):
            highest = sums[rows]
            # A bound is less than a step above what it bounds.
            kth = float(np.partition(highest, -k)[-k])
            least = max(least, kth * (1 - _ROUNDING) - seen)
            rows = rows[highest + left[i + 1] >= least]
    rows.sort()
    return rows
