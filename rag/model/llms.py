"""Language models as llama-index LLMs: in-process llama.cpp, or any OpenAI-compatible server."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms import LLM, CustomLLM
from pydantic import PrivateAttr

from index.embed.embedder import Array
from rag.errors import LanguageModelError
from rag.model.llama import LlamaModel
from rag.model.states import States

__all__ = ["LlamaCpp", "open_server", "stream_text"]


class LlamaCpp(CustomLLM):
    """A GGUF file run in this process.

    llama.cpp aborts the process when two threads use one context, so one lock is held around
    every call, a stream's whole life included; closing the stream releases it.
    """

    model_name: str
    context_window: int = 4096
    max_tokens: int = 160

    _llama: LlamaModel = PrivateAttr()
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def __init__(
        self,
        path: Path,
        *,
        model_name: str | None = None,
        n_threads: int = 0,
        max_tokens: int = 160,
        context_window: int = 4096,
        state_bytes: int = 512 << 20,
        opened: LlamaModel | None = None,
    ) -> None:
        """`opened` is the file, loaded before with the same options."""
        super().__init__(
            model_name=model_name or path.stem,
            context_window=context_window,
            max_tokens=max_tokens,
        )
        self._llama = opened or LlamaModel(
            path, n_threads=n_threads, context_tokens=context_window, state_bytes=state_bytes
        )

    @property
    def states(self) -> States:
        """The evaluated beginnings of prompts that are kept."""
        return self._llama.states

    @property
    def tokens_per_call(self) -> float | None:
        """How many tokens a call of llama.cpp has written on average; None before the first."""
        llama = self._llama
        return llama.n_written / llama.n_calls if llama.n_calls else None

    def close(self) -> None:
        """Give the model's memory back; it cannot be used afterwards."""
        with self._lock:
            self._llama.close()

    @classmethod
    def class_name(cls) -> str:
        return "LlamaCpp"

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(
            context_window=self.context_window,
            num_output=self.max_tokens,
            is_chat_model=True,
            model_name=self.model_name,
        )

    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        empty = ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=""))
        return [empty, *self.stream_chat(messages, **kwargs)][-1]

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Greedy decoding with the chat template that the GGUF file carries.

        `max_tokens` may be given a call, and `keep`: pieces that the last message begins with and
        whose states are worth keeping for later calls.
        """
        parts = self._parts(messages, kwargs.get("keep") or ())

        def generate() -> ChatResponseGen:
            text = ""
            for delta in self._stream(parts, kwargs):
                text += delta
                yield ChatResponse(
                    message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=delta
                )

        return generate()

    def read_ahead(self, messages: Sequence[ChatMessage], keep: Sequence[str]) -> None:
        """Evaluate what these messages begin with, as far as `keep` goes, for a later call."""
        parts = self._parts(messages, keep)[:-1]
        with self._lock, self._running():
            self._llama.read_ahead(parts)

    def hidden_state(self, messages: Sequence[ChatMessage], layer: int) -> Array:
        """What a layer, counted from 0, makes of a chat that is open for the reply: its output at
        the last token, float32, shape (dim,). Raises: LanguageModelError."""
        with self._lock, self._running():
            return self._llama.hidden_state(self._parts(messages, ()), layer)

    def attention(
        self,
        messages: Sequence[ChatMessage],
        keep: Sequence[str],
        spans: Sequence[tuple[int, int]],
        layer: int,
    ) -> Array:
        """How much a layer's heads attend, where the reply would begin, to each of these spans.

        Spans are characters of the last message, from and to; float32, shape (heads, spans), of 1
        that each head has. What is read is kept as by `stream_chat`, which goes on from there.
        Raises: LanguageModelError.
        """
        parts = self._parts(messages, keep)
        content, prompt = messages[-1].content or "", "".join(parts)
        begins = len(prompt[: prompt.rfind(content)].encode())
        with self._lock, self._running():
            attended, ends = self._llama.attention(parts, layer)
        total = np.pad(attended.cumsum(axis=1), ((0, 0), (1, 0)))
        bytes_of = [[begins + len(content[:at].encode()) for at in span] for span in spans]
        first, last = np.searchsorted(ends, np.array(bytes_of).reshape(-1, 2).T, side="right")
        found: Array = total[:, last] - total[:, first]
        return found

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        empty = CompletionResponse(text="")
        return [empty, *self.stream_complete(prompt, formatted, **kwargs)][-1]

    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        """As `stream_chat`; a prompt that is not `formatted` is one user turn."""
        if not formatted:
            return _as_completions(
                self.stream_chat([ChatMessage(role=MessageRole.USER, content=prompt)], **kwargs)
            )

        def generate() -> CompletionResponseGen:
            text = ""
            for delta in self._stream([prompt], kwargs):
                text += delta
                yield CompletionResponse(text=text, delta=delta)

        return generate()

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without the template's own."""
        with self._lock:
            return len(self._llama.tokenize(text))

    def _parts(self, messages: Sequence[ChatMessage], keep: Sequence[str]) -> list[str]:
        """The prompt in pieces: what the template puts first, each piece to keep, the rest."""
        turns = [{"role": m.role.value, "content": m.content or ""} for m in messages]
        prompt = self._llama.render(turns)
        at = prompt.rfind(turns[-1]["content"]) if turns else -1
        if at < 0:
            return [prompt]
        parts = [prompt[:at]]
        for piece in keep:
            if not prompt.startswith(piece, at):
                break
            parts.append(piece)
            at += len(piece)
        return [*parts, prompt[at:]]

    def _stream(self, parts: Sequence[str], kwargs: dict[str, Any]) -> Iterator[str]:
        with self._lock, self._running():
            yield from self._llama.stream(
                parts, max_tokens=kwargs.get("max_tokens") or self.max_tokens
            )

    @contextmanager
    def _running(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, RuntimeError) as error:
            raise LanguageModelError(
                f"{self.model_name} could not answer: {error}; ask a shorter question or set "
                "fewer `passages`"
            ) from error


def _generator(responses: ChatResponseGen) -> Generator[ChatResponse, None, None]:
    """The same, closable: an integration may return any iterator."""
    if isinstance(responses, Generator):
        return responses
    return (response for response in responses)


def _as_completions(responses: ChatResponseGen) -> CompletionResponseGen:
    for response in responses:
        yield CompletionResponse(
            text=response.message.content or "", delta=response.delta, raw=response.raw
        )


def open_server(url: str, model: str, *, max_tokens: int) -> LLM:
    """A model behind an OpenAI-compatible address (Ollama, vLLM, llama-server).

    The key is read from OPENAI_API_KEY; local servers take any.
    """
    from llama_index.llms.openai_like import OpenAILike

    server: LLM = OpenAILike(
        model=model,
        api_base=url,
        api_key=os.environ.get("OPENAI_API_KEY", "none"),
        is_chat_model=True,
        context_window=4096,
        max_tokens=max_tokens,
        temperature=0.0,
        max_retries=1,
        timeout=120.0,
    )
    return server


def stream_text(
    llm: LLM, messages: Sequence[ChatMessage], **kwargs: Any
) -> Generator[str, None, None]:
    """The pieces of a reply; closing the iterator stops the model.

    Raises: LanguageModelError if the model or its server fails.
    """
    try:
        with closing(_generator(llm.stream_chat(messages, **kwargs))) as responses:
            for response in responses:
                if response.delta:
                    yield response.delta
    except LanguageModelError:
        raise
    except Exception as error:
        # Each llama-index integration raises its own client's errors.
        raise LanguageModelError(
            f"the language model failed: {type(error).__name__}: {error}; "
            "check that its server is running, or set `model` to a registry name"
        ) from error
