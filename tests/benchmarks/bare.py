"""llama.cpp with nothing of ours around it: how long a prompt and its reply take."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.config import Settings

__all__ = ["BareLlama"]


class BareLlama:
    """llama.cpp's own calls, greedily, with nothing kept between two prompts."""

    def __init__(self, path: Path, settings: Settings) -> None:
        import llama_cpp

        self._api: Any = llama_cpp
        self._max_tokens = settings.max_answer_tokens
        threads = settings.threads or os.cpu_count() or 1
        # Weights as rag.model.llama has them: repacked only where there is no AVX-512.
        has_avx512 = b"AVX512 = 1" in llama_cpp.llama_print_system_info()
        parameters = llama_cpp.llama_model_default_params()
        parameters.use_extra_bufts = not has_avx512
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx, wanted.n_batch, wanted.n_ubatch = 4096, 512, 512
        wanted.n_threads = wanted.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, wanted)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)

    def ask(self, prompt: Sequence[int]) -> dict[str, float | None]:
        """Milliseconds to the first token and to the last, and how many there were."""
        api = self._api
        api.llama_memory_clear(api.llama_get_memory(self._context), True)
        n_vocabulary = api.llama_vocab_n_tokens(self._vocabulary)
        started = time.perf_counter()
        first, n_out, feed = None, 0, list(prompt)
        while n_out < self._max_tokens:
            for start in range(0, len(feed), 512):
                part = feed[start : start + 512]
                tokens = (api.llama_token * len(part))(*part)
                if api.llama_decode(self._context, api.llama_batch_get_one(tokens, len(part))):
                    raise RuntimeError("llama.cpp could not evaluate the prompt")
            logits = api.llama_get_logits_ith(self._context, -1)
            token = int(np.ctypeslib.as_array(logits, (n_vocabulary,)).argmax())
            if api.llama_vocab_is_eog(self._vocabulary, token):
                break
            first = first or (time.perf_counter() - started) * 1000
            n_out, feed = n_out + 1, [token]
        return {
            "evidence": None,
            "quoted": None,
            "first token": first,
            "total": (time.perf_counter() - started) * 1000,
            "tokens in": float(len(prompt)),
            "tokens out": float(n_out),
        }
