"""What goes on inside the model, read out of llama.cpp; what is not wanted is not evaluated."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from index.embed.embedder import Array
from rag.model.library import copy_state, fill_batch, restore_state

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

    def __init__(self, api: Any, model: Any, n_threads: int) -> None:
        """`api` is the `llama_cpp` module, `model` its loaded model.

        Raises: RuntimeError if there is no memory for it.
        """
        self._api, self._model = api, model
        self._wanted: Sequence[str] = ()
        self._taken: dict[str, bytes] = {}
        self._first: tuple[int, ...] = ()
        self._held = b""
        """What the last prompt began with, and its state."""
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

    def at_the_end_of(self, first: Sequence[int], rest: Sequence[int], layer: int) -> Array:
        """A layer's output, counted from 0, at a prompt's last token: float32, shape (dim,).

        What the prompt begins with is read apart, and not again for the next one that begins so;
        of a rest that does not fit the end is read. Raises: RuntimeError if llama.cpp fails, or
        hands nothing out since its names have changed.
        """
        self._want(f"l_out-{layer}")
        if self._first != tuple(first) or not restore_state(self._api, self._context, self._held):
            self._forget(0)
            self._first = ()
            self._evaluate(first, 0)
            self._first, self._held = tuple(first), copy_state(self._api, self._context)
        self._evaluate(rest[len(first) - _CONTEXT :], len(first))
        n = self._api.llama_model_n_embd(self._model)
        return np.frombuffer(self._given(f"l_out-{layer}"), dtype=np.float32)[-n:].copy()

    def attention(self, state: bytes, last: int, n_tokens: int, layer: int) -> Array:
        """How a layer's heads attend from a prompt's last token to each: float32, shape (heads,
        n_tokens), each head's sum 1.

        `state` is what another context of the model holds of the prompt; the `last` token is
        evaluated once more, as far as this layer, counted from 0.
        Raises: RuntimeError as above, or for a prompt that does not fit.
        """
        if n_tokens > _CONTEXT or not restore_state(self._api, self._context, state):
            raise RuntimeError("llama.cpp could not take up the state of a prompt")
        queries, keys = f"Qcur-{layer}", f"cache_k_l{layer} (view)"
        self._want(queries, keys, f"kqv_out-{layer}")
        self._forget(n_tokens - 1)
        self._decode([last], n_tokens - 1)
        n_heads = self._api.llama_model_n_head(self._model)
        n_shared = self._api.llama_model_n_head_kv(self._model)
        query = np.frombuffer(self._given(queries), dtype=np.float32).reshape(n_heads, -1)
        size = query.shape[1]
        held = np.frombuffer(self._given(keys), dtype=np.float16).reshape(-1, n_shared, size)
        held = np.repeat(held[:n_tokens].astype(np.float32), n_heads // n_shared, axis=1)
        logits = np.einsum("thd,hd->ht", held, query) / np.sqrt(np.float32(size))
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Array = weights / weights.sum(axis=1, keepdims=True)
        return shares

    def _want(self, *names: str) -> None:
        """Have these tensors handed out; the evaluation ends with the last of them."""
        self._wanted = names
        self._taken = {}

    def _given(self, name: str) -> bytes:
        if name not in self._taken:
            raise RuntimeError(
                f"llama.cpp handed out no tensor {name}; "
                "install the llama-cpp-python that pyproject.toml names"
            )
        return self._taken[name]

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
        name = self._name_of(tensor).decode()
        if ask:
            return name in self._wanted
        # Of several of one name, before and after a step, the last is kept.
        size = self._size_of(tensor)
        room = ctypes.create_string_buffer(size)
        self._copy(tensor, room, 0, size)
        self._taken[name] = room.raw
        is_last: bool = name == self._wanted[-1]
        return not is_last


def _function(function: Any, returns: Any, *takes: Any) -> Any:
    function.restype = returns
    function.argtypes = list(takes)
    return function
