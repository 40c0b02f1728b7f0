"""Doubles for tests that are not about the language model."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms import CustomLLM
from pydantic import PrivateAttr

__all__ = ["QueueLLM"]


class QueueLLM(CustomLLM):
    """Replies from a queue, word by word, and records every prompt.

    `gate`, when set, is waited for before each word after the first, so that a test can look at
    an answer while it is being written. `closed` counts streams closed before their end.
    """

    _replies: deque[str] = PrivateAttr(default_factory=deque)
    _prompts: list[str] = PrivateAttr(default_factory=list)
    _gate: threading.Event | None = PrivateAttr(default=None)
    _closed: int = PrivateAttr(default=0)

    @classmethod
    def class_name(cls) -> str:
        return "QueueLLM"

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=4096, num_output=256, model_name="queue")

    @property
    def prompts(self) -> list[str]:
        return self._prompts

    @property
    def closed(self) -> int:
        return self._closed

    def enqueue(self, *replies: str) -> None:
        self._replies.extend(replies)

    def hold(self) -> threading.Event:
        """Make replies wait after their first word until the event is set."""
        self._gate = threading.Event()
        return self._gate

    def stream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponseGen:
        self._prompts.append("\n".join(m.content or "" for m in messages))
        if not self._replies:
            raise AssertionError(f"no reply is queued for: {self._prompts[-1][-200:]}")
        words = re.findall(r"\s*\S+|\s+\Z", self._replies.popleft())

        def generate() -> ChatResponseGen:
            text = ""
            try:
                for i, word in enumerate(words):
                    if i and self._gate is not None:
                        self._gate.wait(timeout=30)
                    text += word
                    yield ChatResponse(
                        message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=word
                    )
            except GeneratorExit:
                self._closed += 1
                raise

        return generate()

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return list(self.stream_complete(prompt, formatted, **kwargs))[-1]

    def stream_complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: ARG002
        **kwargs: Any,
    ) -> CompletionResponseGen:
        for response in self.stream_chat(
            [ChatMessage(role=MessageRole.USER, content=prompt)], **kwargs
        ):
            yield CompletionResponse(
                text=response.message.content or "", delta=response.delta, raw=None
            )
