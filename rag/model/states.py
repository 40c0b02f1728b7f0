"""What a language model has read, kept for prompts that begin with the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["States"]

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _State:
    held: bytes
    ends: frozenset[int]
    """After how many tokens it may be cut: what is left is what evaluating these alone gives."""


class States:
    """Evaluated beginnings of prompts, the least recently used given up first.

    A state is llama.cpp's own bytes of a sequence's keys and values, 28 kB a token for the
    default model; the key is every token from the prompt's beginning on, so a state is only
    ever used where evaluating again would give the same. One that goes on holds those that it
    goes on from.
    Source: Gim et al. 2023 (Prompt Cache), for prefixes only.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self._states: OrderedDict[Tokens, _State] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, tokens: Tokens) -> bool:
        return self._that_holds(tokens) is not None

    def get(self, tokens: Tokens) -> bytes | None:
        """A state that is right up to these tokens, and may go on; None if none is kept."""
        key = self._that_holds(tokens)
        if key is None:
            return None
        self._states.move_to_end(key)
        return self._states[key].held

    def put(self, tokens: Tokens, state: bytes, ends: Sequence[int] = ()) -> None:
        """Keep a state that may be cut after so many tokens; one larger than the room is not."""
        if len(state) > self.max_bytes:
            return
        cuts = frozenset((*ends, len(tokens)))
        for key in [k for k in self._states if len(k) in cuts and tokens[: len(k)] == k]:
            self.size_bytes -= len(self._states.pop(key).held)
        self._states[tokens] = _State(state, cuts)
        self.size_bytes += len(state)
        while self.size_bytes > self.max_bytes:
            _, oldest = self._states.popitem(last=False)
            self.size_bytes -= len(oldest.held)

    def _that_holds(self, tokens: Tokens) -> Tokens | None:
        n = len(tokens)
        for key, state in reversed(self._states.items()):
            if n in state.ends and key[:n] == tokens:
                return key
        return None
