"""Guesses at what a model writes next, from what it read; and whether trying them pays.

A batch of a few tokens costs less than as many calls, and answers copy: so what followed the last
tokens where they stood before is evaluated with the next one, and kept as far as the model would
have written it.
Source: Saxena 2023 (prompt lookup decoding); Leviathan et al. 2023 (speculative decoding).
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["LONGEST", "Costs", "guess"]

LONGEST = 5
"""Tokens of a guess: batches of up to six give each token the logits, bit for bit, that it has
alone."""

_LOOKED_AT = 6
"""Tokens that stood before; where more of them agree the guess is no better."""

_LIKELY = ((0.0, 0.0), (0.36, 0.65), (0.62, 0.71), (0.68, 0.71), (0.68, 0.75), (0.71, 0.75))
_LIKELIEST = (0.86, 0.86)
"""By how many tokens stood there before: how likely the first guessed token is right, and one more
where those before it are. Of 91 replies to bench/natural, 1,800 tokens."""

_ALONE = 1.0
_AT_FIRST = (0.0, _ALONE, 1.5, 1.8, 2.0, 2.3, 2.6)
"""What a batch of so many tokens costs before any was timed, in calls of one token."""

_TRUST = 3.0
"""So many calls weigh as much as what is believed at first."""
_FORGET = 0.995
"""What a timed call still weighs after the next one: a laptop slows down, and recovers."""


class Costs:
    """How long a call takes by its number of tokens, in calls of a single one, as it was timed."""

    def __init__(self) -> None:
        self._ms = [0.0] * len(_AT_FIRST)
        self._weight = [0.0] * len(_AT_FIRST)

    def add(self, n_tokens: int, ms: float) -> None:
        """A call took so many milliseconds."""
        for n in range(len(self._ms)):
            self._ms[n] *= _FORGET
            self._weight[n] *= _FORGET
        self._ms[n_tokens] += ms
        self._weight[n_tokens] += 1

    def of(self, n_tokens: int) -> float:
        """What a call of so many tokens costs."""
        if not self._weight[1] or n_tokens == 1:
            return _AT_FIRST[n_tokens]
        alone = self._ms[1] / self._weight[1]
        timed = self._ms[n_tokens] / alone
        return (timed + _TRUST * _AT_FIRST[n_tokens]) / (self._weight[n_tokens] + _TRUST)


def guess(tokens: Sequence[int], costs: Costs, longest: int = LONGEST) -> tuple[int, ...]:
    """What is worth trying after these tokens; nothing where a call of one pays better."""
    stood, at = _last_stood(tokens)
    first, further = _LIKELY[stood] if stood < len(_LIKELY) else _LIKELIEST
    best, most = 0, _ALONE
    expected, right = 1.0, first
    for n in range(1, min(longest, len(tokens) - at) + 1):
        expected += right
        right *= further
        if expected / costs.of(n + 1) > most:
            best, most = n, expected / costs.of(n + 1)
    return tuple(tokens[at : at + best])


def _last_stood(tokens: Sequence[int]) -> tuple[int, int]:
    """How many of the last tokens stood together before, and where what followed them begins."""
    end = len(tokens)
    stood, at = 0, end
    for i in range(end - 1, 0, -1):
        n = 0
        while n < min(i, _LOOKED_AT) and tokens[i - 1 - n] == tokens[end - 1 - n]:
            n += 1
        if n > stood:
            stood, at = n, i
    return stood, at
