"""llama.cpp in this process: tokens in, text out, with the states of what was read before kept."""

from __future__ import annotations

import codecs
import ctypes
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.embed.embedder import Array
from rag.errors import LanguageModelError
from rag.model.tap import LayerTap

__all__ = ["LlamaModel", "States", "import_llama"]

_BATCH = 512
"""Tokens of one llama.cpp call; larger batches read no faster on a CPU."""


class States:
    """Evaluated beginnings of prompts, the least recently used given up first.

    A state is llama.cpp's own bytes of a sequence's keys and values, 28 kB a token for the
    default model; the key is every token from the prompt's beginning on, so a state is only
    ever used where evaluating again would give the same.
    Source: Gim et al. 2023 (Prompt Cache), for prefixes only.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self._states: OrderedDict[tuple[int, ...], bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def __contains__(self, tokens: tuple[int, ...]) -> bool:
        return tokens in self._states

    def get(self, tokens: tuple[int, ...]) -> bytes | None:
        """The state after these tokens, if it is kept."""
        state = self._states.get(tokens)
        if state is not None:
            self._states.move_to_end(tokens)
        return state

    def put(self, tokens: tuple[int, ...], state: bytes) -> None:
        """Keep a state; one larger than the whole room is not kept."""
        if len(state) > self.max_bytes:
            return
        before = self._states.pop(tokens, None)
        self.size_bytes += len(state) - len(before or b"")
        self._states[tokens] = state
        while self.size_bytes > self.max_bytes:
            _, oldest = self._states.popitem(last=False)
            self.size_bytes -= len(oldest)


class LlamaModel:
    """One model and one context; not safe for two threads at once, so its owner holds a lock."""

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int,
        n_threads: int,
        state_bytes: int,
        tap_layer: int | None = None,
    ) -> None:
        """Load a GGUF file.

        `state_bytes` bounds the kept states, in memory; `tap_layer` is the layer whose state at
        a prompt's last token `hidden` gives.
        Raises: LanguageModelError if the file is not a model.
        """
        self._api = api = import_llama()
        self._context: Any = None
        self._batch: Any = None
        self._model = self._load(path)
        dim = api.llama_model_n_embd(self._model)
        self._tap = None if tap_layer is None else LayerTap(api, tap_layer, dim)
        self._context = self._open(context_tokens, n_threads or os.cpu_count() or 1)
        if not self._context:
            self.close()
            raise LanguageModelError(
                f"{path} needs more memory than there is: set a smaller `model`"
            )
        self._batch = api.llama_batch_init(_BATCH, 0, 1)
        self._memory = api.llama_get_memory(self._context)
        self._vocabulary = api.llama_model_get_vocab(self._model)
        self._n_vocabulary = api.llama_vocab_n_tokens(self._vocabulary)
        self._formatter = self._make_formatter()
        self._read: tuple[int, ...] = ()
        self._boundaries: tuple[int, ...] = ()
        self.context_tokens = context_tokens
        self.states = States(state_bytes)

    def close(self) -> None:
        """Give the memory back; the model cannot be used afterwards."""
        if self._batch is not None:
            self._api.llama_batch_free(self._batch)
        if self._context:
            self._api.llama_free(self._context)
        if self._model:
            self._api.llama_model_free(self._model)
        self._batch = self._context = self._model = None

    def render(self, turns: Sequence[dict[str, str]]) -> str:
        """The turns of a chat as the file's own template writes them, open for the reply."""
        return str(self._formatter(messages=list(turns)).prompt)

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of a text; `special` reads the template's tokens in it as such."""
        raw = text.encode()
        room = len(raw) + 8
        ids = (self._api.llama_token * room)()
        n = self._api.llama_tokenize(self._vocabulary, raw, len(raw), ids, room, False, special)
        return list(ids[:n])

    def stream(
        self,
        parts: Sequence[str],
        *,
        max_tokens: int,
        on_read: Callable[[Array], None] | None = None,
    ) -> Iterator[str]:
        """Continue a prompt, greedily, until the model ends its turn.

        `parts` joined are the prompt; the state after each part but the last is kept, and a
        prompt that begins with the same parts is read from there on. What is kept is what
        would be evaluated, bit for bit, so the reply does not depend on it. `on_read` is given
        the tapped layer's state at the prompt's last token: float32, shape (dim,).
        Raises: ValueError for a prompt that leaves no room; RuntimeError if llama.cpp fails.
        """
        self._evaluate([self.tokenize(part, special=True) for part in parts], max_tokens)
        if on_read is not None and self._tap is not None:
            on_read(self._tap.state())
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for _ in range(max_tokens):
            token = self._next()
            if self._api.llama_vocab_is_eog(self._vocabulary, token):
                break
            if piece := decoder.decode(self._bytes(token)):
                yield piece
            self._decode((token,), len(self._read))
            self._read += (token,)
        if rest := decoder.decode(b"", final=True):
            yield rest

    def read_ahead(self, parts: Sequence[str]) -> None:
        """Evaluate the parts of a prompt that is likely to come, and keep their states."""
        self._evaluate([*(self.tokenize(part, special=True) for part in parts), []], 0)

    def _load(self, path: Path) -> Any:
        parameters = self._api.llama_model_default_params()
        # Repacked weights write faster and read slower; a prompt is twenty times its answer.
        parameters.use_extra_bufts = b"AVX512 = 1" not in self._api.llama_print_system_info()
        model = self._api.llama_model_load_from_file(str(path).encode(), parameters)
        if not model:
            raise LanguageModelError(
                f"{path} cannot be loaded as a language model: run `pressmark models verify`"
            )
        return model

    def _open(self, context_tokens: int, n_threads: int) -> Any:
        """A context of the model, in which the tap listens; null where memory is short."""
        wanted = self._api.llama_context_default_params()
        wanted.n_ctx = context_tokens
        wanted.n_batch = wanted.n_ubatch = _BATCH
        wanted.n_threads = wanted.n_threads_batch = n_threads
        wanted.no_perf = True
        if self._tap is not None:
            wanted.cb_eval = self._tap.callback
        return self._api.llama_init_from_model(self._model, wanted)

    def _evaluate(self, parts: Sequence[list[int]], max_tokens: int) -> None:
        total = sum(len(part) for part in parts)
        if total + max_tokens > self.context_tokens:
            raise ValueError(
                f"the prompt has {total} tokens, and {self.context_tokens - max_tokens} fit"
            )
        done = self._resume(parts)
        for i in range(done, len(parts)):
            part = tuple(parts[i])
            for start in range(0, len(part), _BATCH):
                last = i == len(parts) - 1 and start + _BATCH >= len(part)
                self._decode(part[start : start + _BATCH], len(self._read) + start, tap=last)
            self._read += part
            if i < len(parts) - 1:
                self._boundaries = (*self._boundaries, len(self._read))
                if self._read not in self.states:
                    self.states.put(self._read, self._state())

    def _resume(self, parts: Sequence[list[int]]) -> int:
        """Go back to the longest known beginning of a prompt; return how many parts it holds."""
        read: tuple[int, ...] = ()
        prefixes = [read := read + tuple(part) for part in parts[:-1]]
        for done in range(len(prefixes), 0, -1):
            prefix = prefixes[done - 1]
            if len(prefix) in self._boundaries and self._read[: len(prefix)] == prefix:
                self._api.llama_memory_seq_rm(self._memory, 0, len(prefix), -1)
            elif (state := self.states.get(prefix)) is not None:
                self._restore(state)
            else:
                continue
            self._read = prefix
            self._boundaries = tuple(len(p) for p in prefixes[:done])
            return done
        self._api.llama_memory_clear(self._memory, True)
        self._read, self._boundaries = (), ()
        return 0

    def _decode(self, tokens: Sequence[int], position: int, *, tap: bool = False) -> None:
        """Evaluate tokens at a position; the last one's logits can be read afterwards."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = i == len(tokens) - 1
        if self._tap is not None:
            self._tap.open(tap)
        status = self._api.llama_decode(self._context, batch)
        if status:
            # What the cache holds now is not known: the next prompt begins anew.
            self._read, self._boundaries = (), ()
            raise RuntimeError(f"llama.cpp could not evaluate the prompt (status {status})")

    def _next(self) -> int:
        logits = self._api.llama_get_logits_ith(self._context, -1)
        return int(np.ctypeslib.as_array(logits, (self._n_vocabulary,)).argmax())

    def _bytes(self, token: int) -> bytes:
        room = ctypes.create_string_buffer(256)
        n = self._api.llama_token_to_piece(self._vocabulary, token, room, 256, 0, False)
        return room.raw[: max(0, n)]

    def _state(self) -> bytes:
        size = self._api.llama_state_seq_get_size(self._context, 0)
        room = (ctypes.c_uint8 * size)()
        n = self._api.llama_state_seq_get_data(self._context, room, size, 0)
        return bytes(room[:n]) if n < size else bytes(room)

    def _restore(self, state: bytes) -> None:
        self._api.llama_memory_clear(self._memory, True)
        room = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if not self._api.llama_state_seq_set_data(self._context, room, len(state), 0):
            raise RuntimeError("llama.cpp could not take up a kept state")

    def _make_formatter(self) -> Any:
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        template = self._api.llama_model_chat_template(self._model, None)

        def token(token_id: int) -> str:
            if token_id < 0:
                return ""
            return str(self._api.llama_vocab_get_text(self._vocabulary, token_id).decode())

        return Jinja2ChatFormatter(
            template.decode() if template else _CHATML,
            eos_token=token(self._api.llama_vocab_eos(self._vocabulary)),
            bos_token=token(self._api.llama_vocab_bos(self._vocabulary)),
        )


_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
"""For a file that carries no template of its own."""


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


def _ignore(_level: int, _text: bytes, _user: Any) -> None:
    """llama.cpp writes its own log to standard error; what matters comes back as an error."""


_SILENT = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(_ignore)
