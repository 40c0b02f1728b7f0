"""The llama.cpp library, ready to load a model."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Container, Sequence
from typing import Any

__all__ = ["copy_state", "fill_batch", "import_llama", "restore_state"]


def import_llama() -> Any:
    """The `llama_cpp` module, ready to load a model; nothing is imported after this."""
    # Threads that wait for each other spin by default; beside any other program they then
    # take minutes for what takes seconds. So they spin for microseconds, then sleep: as fast
    # alone, and half as fast beside two busy programs. Read when OpenMP is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    import llama_cpp.llama_chat_format

    llama_cpp.llama_log_set(_SILENT, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp


def fill_batch(batch: Any, tokens: Sequence[int], position: int, read: Container[int]) -> None:
    """Put tokens into a batch, the first at this position of the one sequence that there is; the
    logits of those in `read`, counted from 0, can be read once it has been evaluated."""
    batch.n_tokens = len(tokens)
    for i, token in enumerate(tokens):
        batch.token[i] = token
        batch.pos[i] = position + i
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = 0
        batch.logits[i] = i in read


def copy_state(api: Any, context: Any) -> bytes:
    """What a context holds of its one sequence."""
    size = api.llama_state_seq_get_size(context, 0)
    room = (ctypes.c_uint8 * size)()
    n = api.llama_state_seq_get_data(context, room, size, 0)
    return bytes(room[:n]) if n < size else bytes(room)


def restore_state(api: Any, context: Any, state: bytes) -> bool:
    """Put a state of a context of the same kind in place of what is held; whether it fits."""
    room = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
    api.llama_memory_clear(api.llama_get_memory(context), True)
    return bool(api.llama_state_seq_set_data(context, room, len(state), 0))


def _ignore(_level: int, _text: bytes, _user: Any) -> None:
    """llama.cpp writes its own log to standard error; what matters comes back as an error."""


_SILENT = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(_ignore)
