"""llama.cpp in this process: tokens in, text out, with the states of what was read before kept."""

from __future__ import annotations

import codecs
import ctypes
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.embed.embedder import Array
from rag.errors import LanguageModelError
from rag.model.drafts import LONGEST, Costs, guess
from rag.model.hidden import HiddenStates
from rag.model.library import copy_state, fill_batch, import_llama, restore_state
from rag.model.states import States
from rag.model.template import open_template

__all__ = ["LlamaModel"]

_BATCH = 512
"""Tokens of one llama.cpp call; larger batches read no faster on a CPU."""

_EQUAL_TOKENS = 256
"""Beyond, llama.cpp attends to a single token's keys in as many parts as it has threads, to a
batch's in one, and the logits are no longer the same, bit for bit."""


class LlamaModel:
    """One model and one context; not safe for two threads at once, so its owner holds a lock."""

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int = 4096,
        n_threads: int = 0,
        state_bytes: int = 512 << 20,
    ) -> None:
        """Load a GGUF file.

        `state_bytes` bounds the kept states, in memory; 0 threads are all.
        Raises: LanguageModelError if the file is not a model.
        """
        self._api = api = import_llama()
        self._longest_guess, self._can_cut = 0, False
        self._context: Any = None
        self._batch: Any = None
        self._hidden: HiddenStates | None = None
        self._n_threads = n_threads or os.cpu_count() or 1
        self._model = self._load(path)
        self._context = self._open(context_tokens)
        if not self._context:
            self.close()
            raise LanguageModelError(
                f"{path} needs more memory than there is: set a smaller `model`"
            )
        self._batch = api.llama_batch_init(_BATCH, 0, 1)
        self._memory = api.llama_get_memory(self._context)
        self._vocabulary = api.llama_model_get_vocab(self._model)
        self._n_vocabulary = api.llama_vocab_n_tokens(self._vocabulary)
        self._formatter = open_template(api, self._model)
        self._read: tuple[int, ...] = ()
        self._boundaries: tuple[int, ...] = ()
        self._is_at_its_end = False
        """Whether what was evaluated last is a prompt, whose logits can be read."""
        self.context_tokens = context_tokens
        self.states = States(state_bytes)
        self.costs = Costs()
        self.n_calls = self.n_written = 0

    def close(self) -> None:
        """Give the memory back; the model cannot be used afterwards."""
        if self._hidden is not None:
            self._hidden.close()
            self._hidden = None
        if self._batch is not None:
            self._api.llama_batch_free(self._batch)
        if self._context:
            self._api.llama_free(self._context)
        if self._model:
            self._api.llama_model_free(self._model)
        self._batch = self._context = self._model = None

    def _inside(self) -> HiddenStates:
        if self._hidden is None:
            self._hidden = HiddenStates(self._api, self._model, self._n_threads)
        return self._hidden

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

    def stream(self, parts: Sequence[str], *, max_tokens: int) -> Iterator[str]:
        """Continue a prompt, greedily, until the model ends its turn.

        `parts` joined are the prompt; the state after each part but the last is kept, and a
        prompt that begins with the same parts is read from there on. What is kept is what
        would be evaluated, bit for bit, so the reply does not depend on it.
        Raises: ValueError for a prompt that leaves no room; RuntimeError if llama.cpp fails.
        """
        self._evaluate([self.tokenize(part, special=True) for part in parts], max_tokens)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for token in itertools.islice(self._write(), max_tokens):
            if piece := decoder.decode(self._bytes(token)):
                yield piece
        if rest := decoder.decode(b"", final=True):
            yield rest

    def hidden_state(self, parts: Sequence[str], layer: int) -> Array:
        """A layer's output at the end of a prompt: float32, shape (dim,); all but
        its last part is kept for the next one."""
        *first, rest = (self.tokenize(part, special=True) for part in parts)
        begun = list(itertools.chain.from_iterable(first))
        return self._inside().at_the_end_of(begun, rest, layer)

    def attention(self, parts: Sequence[str], layer: int) -> tuple[Array, list[int]]:
        """How a layer's heads attend from the end of a prompt to each of its tokens, and where
        each ends: float32, shape (heads, tokens), and numbers of UTF-8 bytes.

        The prompt is evaluated, and is not again if `stream` comes next. Raises: as `stream`.
        """
        self._evaluate([self.tokenize(part, special=True) for part in parts], 0)
        state = copy_state(self._api, self._context)
        attended = self._inside().attention(state, self._read[-1], len(self._read), layer)
        sizes = (len(self._bytes(token, special=True)) for token in self._read)
        return attended, list(itertools.accumulate(sizes))

    def read_ahead(self, parts: Sequence[str]) -> None:
        """Evaluate the parts of a prompt that is likely to come, and keep their states."""
        self._evaluate([*(self.tokenize(part, special=True) for part in parts), []], 0)

    def _load(self, path: Path) -> Any:
        parameters = self._api.llama_model_default_params()
        # Repacked weights write faster and read slower; a prompt is twenty times its answer.
        repacked = b"AVX512 = 1" not in self._api.llama_print_system_info()
        parameters.use_extra_bufts = repacked
        # With them batches of four and more no longer give the same, bit for bit.
        self._longest_guess = 2 if repacked else LONGEST
        model = self._api.llama_model_load_from_file(str(path).encode(), parameters)
        if not model:
            raise LanguageModelError(
                f"{path} cannot be loaded as a language model: run `pressmark models verify`"
            )
        # What a recurrent model has read cannot be taken back in part.
        self._can_cut = not (
            self._api.llama_model_is_recurrent(model) or self._api.llama_model_is_hybrid(model)
        )
        if not self._can_cut:
            self._longest_guess = 0
        return model

    def _open(self, context_tokens: int) -> Any:
        """A context of the model; null where memory is short."""
        wanted = self._api.llama_context_default_params()
        wanted.n_ctx = context_tokens
        wanted.n_batch = wanted.n_ubatch = _BATCH
        wanted.n_threads = wanted.n_threads_batch = self._n_threads
        wanted.no_perf = True
        return self._api.llama_init_from_model(self._model, wanted)

    def _evaluate(self, parts: Sequence[list[int]], max_tokens: int) -> None:
        total = sum(len(part) for part in parts)
        if total + max_tokens > self.context_tokens:
            raise ValueError(
                f"the prompt has {total} tokens, and {self.context_tokens - max_tokens} fit"
            )
        if self._is_at_its_end and self._read == tuple(itertools.chain.from_iterable(parts)):
            return
        done = self._resume(parts)
        for i in range(done, len(parts)):
            part = tuple(parts[i])
            for start in range(0, len(part), _BATCH):
                self._decode(part[start : start + _BATCH], len(self._read) + start)
            self._read += part
            if i < len(parts) - 1:
                self._boundaries = (*self._boundaries, len(self._read))
                if self._read not in self.states:
                    held = copy_state(self._api, self._context)
                    self.states.put(self._read, held, self._boundaries if self._can_cut else ())
        self._is_at_its_end = bool(parts[-1])

    def _write(self) -> Iterator[int]:
        """The likeliest token after the other, to the one that ends the turn.

        Guesses are evaluated beside a token and count as far as the model would write them.
        """
        token = self._next()
        while not self._ends(token):
            yield token
            start, guessed = len(self._read), self._guess(token)
            began = time.perf_counter()
            self._decode((token, *guessed), start, every=True)
            self.costs.add(1 + len(guessed), (time.perf_counter() - began) * 1000)
            following = [self._next(i) for i in range(1 + len(guessed))]
            pairs = zip(guessed, following, strict=False)
            n = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            self._read += (token, *guessed[:n])
            self.n_calls, self.n_written = self.n_calls + 1, self.n_written + 1 + n
            if n < len(guessed):
                self._api.llama_memory_seq_rm(self._memory, 0, len(self._read), -1)
            yield from guessed[:n]
            token = following[n]

    def _guess(self, token: int) -> tuple[int, ...]:
        """What may follow the token; nothing where a batch would not give the same, bit for bit."""
        room = _EQUAL_TOKENS - len(self._read) - 1
        longest = min(self._longest_guess, room)
        if longest < 1:
            return ()
        found = guess((*self._read, token), self.costs, longest)
        return tuple(itertools.takewhile(lambda t: not self._ends(t), found))

    def _ends(self, token: int) -> bool:
        return bool(self._api.llama_vocab_is_eog(self._vocabulary, token))

    def _resume(self, parts: Sequence[list[int]]) -> int:
        """Go back to the longest known beginning of a prompt; return how many parts it holds."""
        read: tuple[int, ...] = ()
        prefixes = [read := read + tuple(part) for part in parts[:-1]]
        for done in range(len(prefixes), 0, -1):
            prefix = prefixes[done - 1]
            live = self._can_cut and len(prefix) in self._boundaries
            if live and self._read[: len(prefix)] == prefix:
                self._api.llama_memory_seq_rm(self._memory, 0, len(prefix), -1)
            elif (state := self.states.get(prefix)) is not None:
                self._restore(state, len(prefix))
            else:
                continue
            self._read = prefix
            self._boundaries = tuple(len(p) for p in prefixes[:done])
            return done
        self._api.llama_memory_clear(self._memory, True)
        self._read, self._boundaries = (), ()
        return 0

    def _decode(self, tokens: Sequence[int], position: int, *, every: bool = False) -> None:
        """Evaluate tokens at a position; the logits of the last, or of every one, can be read."""
        self._is_at_its_end = False
        read = range(len(tokens)) if every else (len(tokens) - 1,)
        fill_batch(self._batch, tokens, position, read)
        status = self._api.llama_decode(self._context, self._batch)
        if status:
            # What the cache holds now is not known: the next prompt begins anew.
            self._read, self._boundaries = (), ()
            raise RuntimeError(f"llama.cpp could not evaluate the prompt (status {status})")

    def _next(self, i: int = -1) -> int:
        """The likeliest token after the i-th of what was evaluated last."""
        return int(self._logits(i).argmax())

    def _logits(self, i: int = -1) -> Any:
        """Of what may follow the i-th of what was evaluated last: float32, shape (vocabulary,)."""
        logits = self._api.llama_get_logits_ith(self._context, i)
        return np.ctypeslib.as_array(logits, (self._n_vocabulary,))

    def _bytes(self, token: int, *, special: bool = False) -> bytes:
        """What a token writes; one of the template's own only if they are wanted."""
        room = ctypes.create_string_buffer(256)
        n = self._api.llama_token_to_piece(self._vocabulary, token, room, 256, 0, special)
        return room.raw[: max(0, n)]

    def _restore(self, state: bytes, n_tokens: int) -> None:
        """Take up a kept state, as far as these tokens go."""
        self._read, self._boundaries = (), ()
        if not restore_state(self._api, self._context, state):
            raise RuntimeError("llama.cpp could not take up a kept state")
        self._api.llama_memory_seq_rm(self._memory, 0, n_tokens, -1)
