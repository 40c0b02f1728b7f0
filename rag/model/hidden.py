"""A layer's hidden state at a prompt's end, read out of llama.cpp; later layers are not run."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from index.embed.embedder import Array
from rag.model.library import fill_batch

__all__ = ["HiddenStates"]

_CONTEXT = 2048
_BATCH = 512
"""Tokens: of the context, and of one llama.cpp call."""


class HiddenStates:
    """Reads prompts with the first layers of a loaded model, in a context of its own (50 MB).

    llama.cpp asks a callback of every tensor whether it is wanted, and hands the wanted ones out; a
    callback that then says no ends the evaluation, which is what a third of the time saves. A state
    is that of its prompt, bit for bit, whatever was read before. Not safe for two threads at once.
    """

    def __init__(self, api: Any, model: Any, layer: int, n_threads: int) -> None:
        """`api` is the `llama_cpp` module, `model` its loaded model; layers count from 0.

        Raises: RuntimeError if there is no memory for it.
        """
        self._api = api
        self.layer = layer
        self._wanted = f"l_out-{layer}".encode()
        self._state = np.empty(api.llama_model_n_embd(model), dtype=np.float32)
        self._is_read = False
        self._first: tuple[int, ...] = ()
        """What is held of the last prompt."""
        library = api.llama_cpp._lib
        tensor, size = ctypes.c_void_p, ctypes.c_size_t
        self._name_of = _function(library.ggml_get_name, ctypes.c_char_p, tensor)
        self._size_of = _function(library.ggml_nbytes, size, tensor)
        self._copy = _function(
            library.ggml_backend_tensor_get, None, tensor, ctypes.c_void_p, size, size
        )
        # Held here: llama.cpp keeps its address alone.
        self._callback = api.llama_cpp.ggml_backend_sched_eval_callback(self._on_tensor)
        self._batch = api.llama_batch_init(_BATCH, 0, 1)
        self._context = self._open(model, n_threads)
        if not self._context:
            self.close()
            raise RuntimeError("there is no memory to look at the model's state")

    def close(self) -> None:
        """Give the memory back, before the model's own."""
        if self._batch is not None:
            self._api.llama_batch_free(self._batch)
        if self._context:
            self._api.llama_free(self._context)
        self._batch = self._context = None

    def at_the_end_of(self, first: Sequence[int], rest: Sequence[int]) -> Array:
        """The layer's output at a prompt's last token: float32, shape (dim,).

        What the prompt begins with is read apart, and not again for the next one that begins so;
        of a rest that does not fit the end is read. Raises: RuntimeError if llama.cpp fails, or
        hands nothing out since its names have changed.
        """
        self._is_read = False
        if self._first != tuple(first):
            self._forget(0)
            self._first = ()
            self._evaluate(first, 0)
            self._first = tuple(first)
        self._forget(len(first))
        self._evaluate(rest[len(first) - _CONTEXT :], len(first))
        if not self._is_read:
            raise RuntimeError(
                f"llama.cpp handed out no tensor {self._wanted.decode()}; "
                "install the llama-cpp-python that pyproject.toml names"
            )
        return self._state.copy()

    def _evaluate(self, tokens: Sequence[int], position: int) -> None:
        for start in range(0, len(tokens), _BATCH):
            self._decode(tokens[start : start + _BATCH], position + start)

    def _forget(self, position: int) -> None:
        memory = self._api.llama_get_memory(self._context)
        self._api.llama_memory_seq_rm(memory, 0, position, -1)

    def _open(self, model: Any, n_threads: int) -> Any:
        wanted = self._api.llama_context_default_params()
        wanted.n_ctx = _CONTEXT
        wanted.n_batch = wanted.n_ubatch = _BATCH
        wanted.n_threads = wanted.n_threads_batch = n_threads
        wanted.no_perf = True
        wanted.cb_eval = self._callback
        return self._api.llama_init_from_model(model, wanted)

    def _decode(self, tokens: Sequence[int], position: int) -> None:
        fill_batch(self._batch, tokens, position, ())
        status = self._api.llama_decode(self._context, self._batch)
        if status:
            raise RuntimeError(f"llama.cpp could not evaluate the prompt (status {status})")

    def _on_tensor(self, tensor: int, ask: bool, _: Any) -> bool:
        if ask:
            return bool(self._name_of(tensor) == self._wanted)
        state = self._state
        self._copy(tensor, state.ctypes.data, self._size_of(tensor) - state.nbytes, state.nbytes)
        self._is_read = True
        return False


def _function(function: Any, returns: Any, *takes: Any) -> Any:
    function.restype = returns
    function.argtypes = list(takes)
    return function
