"""The hidden state of one layer, read out of llama.cpp while it evaluates."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from index.embed.embedder import Array

__all__ = ["LayerTap"]


class LayerTap:
    """Copies the last token's residual stream after one layer, while it is open.

    `callback` is given to llama.cpp's context as `cb_eval`: it is asked of every tensor whether
    it wants it, and called again with those that it does.
    """

    def __init__(self, api: Any, layer: int, dim: int) -> None:
        """`api` is the `llama_cpp` module; layers count from 0; `dim` is the model's width."""
        self._dim = dim
        self._is_open = False
        self._state: Array | None = None
        self._name = f"l_out-{layer}".encode()
        library = api.llama_cpp._lib
        tensor, size = ctypes.c_void_p, ctypes.c_size_t
        self._name_of = _function(library.ggml_get_name, ctypes.c_char_p, tensor)
        self._size_of = _function(library.ggml_nbytes, size, tensor)
        self._copy = _function(
            library.ggml_backend_tensor_get, None, tensor, ctypes.c_void_p, size, size
        )
        self.callback = api.llama_cpp.ggml_backend_sched_eval_callback(self._on_tensor)

    def open(self, is_open: bool) -> None:
        """Listen to the next evaluation, or not; what was copied before is forgotten."""
        self._is_open = is_open
        if is_open:
            self._state = None

    def state(self) -> Array:
        """What was copied since it was opened: float32, shape (dim,).

        Raises: RuntimeError if llama.cpp has called nothing back: its names have changed.
        """
        if self._state is None:
            raise RuntimeError(
                f"llama.cpp handed out no tensor {self._name.decode()}; "
                "install the llama-cpp-python that pyproject.toml names"
            )
        return self._state

    def _on_tensor(self, tensor: int, ask: bool, _: Any) -> bool:
        if ask:
            return self._is_open and self._name_of(tensor) == self._name
        state = np.empty(self._dim, dtype=np.float32)
        self._copy(tensor, state.ctypes.data, self._size_of(tensor) - state.nbytes, state.nbytes)
        self._state = state
        return True


def _function(function: Any, returns: Any, *takes: Any) -> Any:
    function.restype = returns
    function.argtypes = list(takes)
    return function
