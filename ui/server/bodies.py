"""What is sent to the server, checked field by field."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
from llama_index.core.base.llms.types import ChatMessage, MessageRole

from rag.filters import Filters, read_filters
from rag.model.prompt import harmless
from rag.model.rewriting import Exchange
from ui.server.refusal import Refusal

__all__ = ["AskBody", "ChatBody", "CheckBody", "Message", "read_body"]

_T = TypeVar("_T")
_MAX_MESSAGES = 1000
_MAX_WRITER_CHARS = 12_000
_TASK = "### Task:"
"""How Open WebUI begins what it wants of a model for itself: a title, tags, what to ask next."""
_MARKERS = re.compile(r"\s*\[\d{1,3}\](?!\()")


class _Limited(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a request may be limited to."""

    documents: list[str] | None = None
    """Ids."""
    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    author: str | None = None
    collection: str | None = None
    any_time: bool = False
    """Whether a time that the question names limits nothing."""

    @property
    def limits(self) -> Filters:
        """The same as read. Raises: QuestionError for a date that is none."""
        return read_filters(
            since=self.since,
            until=self.until,
            as_of=self.as_of,
            author=self.author,
            collection=self.collection,
            own_time=not self.any_time,
        )


class AskBody(_Limited, forbid_unknown_fields=True, kw_only=True):
    """A question: the body of /v1/ask."""

    question: str
    history: list[tuple[str, str]] = []
    """Earlier [question, answer] pairs."""
    kept: bool = True
    """Whether a kept answer will do."""
    quick: bool = False
    """Whether the verified quotation alone will do: no model is asked."""

    @property
    def filters(self) -> Filters:
        """Its limits. Raises: QuestionError for a date that is none."""
        return replace(self.limits, quick=self.quick)


class CheckBody(_Limited, forbid_unknown_fields=True, kw_only=True):
    """A draft: the body of /v1/check."""

    draft: str


class MessagePart(msgspec.Struct):
    """A piece of a message."""

    type: str
    text: str | None = None


class Message(msgspec.Struct):
    """One message of a conversation."""

    role: str
    content: str | list[MessagePart] | None = None

    @property
    def text(self) -> str:
        """Its words. Raises: Refusal for a picture or a sound."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        for part in self.content:
            if part.type not in ("text", "input_text"):
                raise Refusal(400, f"only text can be read, not {part.type[:40]}", param="messages")
        return "\n".join(part.text or "" for part in self.content)


class StreamOptions(msgspec.Struct):
    """What a stream ends with."""

    include_usage: bool | None = None


class ChatBody(msgspec.Struct):
    """The body of /v1/chat/completions; what it does not name is ignored."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    logprobs: bool | None = None
    modalities: list[str] | None = None
    response_format: dict[str, Any] | None = None
    tool_choice: Any = None
    function_call: Any = None

    @property
    def last(self) -> str:
        """What is asked now."""
        return self.messages[-1].text

    @property
    def is_task(self) -> bool:
        """Whether a front end wants the writer, though it named the other model."""
        return self.last.lstrip().startswith(_TASK)

    def check(self) -> None:
        """Raises: Refusal for what would be answered otherwise than it asks."""
        if not self.messages:
            raise Refusal(400, "messages is empty; send a question", param="messages")
        if len(self.messages) > _MAX_MESSAGES:
            raise Refusal(400, f"send at most {_MAX_MESSAGES} messages", param="messages")
        if self.messages[-1].role != "user":
            raise Refusal(400, "the last message must be the user's question", param="messages")
        refused = {
            "n": self.n not in (None, 1),
            "logprobs": bool(self.logprobs),
            "modalities": self.modalities not in (None, [], ["text"]),
            "response_format": (self.response_format or {}).get("type") not in (None, "text"),
            "tool_choice": self.tool_choice not in (None, "auto", "none"),
            "function_call": self.function_call not in (None, "auto", "none"),
        }
        for name, is_refused in refused.items():
            if is_refused:
                raise Refusal(
                    400,
                    f"{name} is not supported here; leave it out",
                    param=name,
                    code="unsupported_parameter",
                )

    def history(self) -> tuple[Exchange, ...]:
        """Earlier questions with their answers, markers taken out; nobody else's words."""
        turns: list[Exchange] = []
        question: str | None = None
        for message in self.messages[:-1]:
            if message.role == "user":
                question = message.text
            elif message.role == "assistant" and question is not None:
                turns.append((question, _MARKERS.sub("", message.text)))
                question = None
        return tuple(turns)

    def for_writer(self) -> list[ChatMessage]:
        """The conversation for the bare model. Raises: Refusal for one too long for it."""
        roles = {"developer": MessageRole.SYSTEM, "system": MessageRole.SYSTEM}
        roles |= {"user": MessageRole.USER, "assistant": MessageRole.ASSISTANT}
        told = [
            ChatMessage(role=roles[m.role], content=harmless(m.text))
            for m in self.messages
            if m.role in roles
        ]
        n_chars = sum(len(m.content or "") for m in told)
        if n_chars > _MAX_WRITER_CHARS:
            raise Refusal(
                400,
                f"the messages have {n_chars:,} characters; the writer reads {_MAX_WRITER_CHARS:,}",
                param="messages",
                code="context_length_exceeded",
            )
        return told

    def words(self, default: int) -> int:
        """The most tokens that the writer may write."""
        wanted = self.max_completion_tokens or self.max_tokens or default
        return max(1, min(wanted, 1024))


def read_body(raw: bytes, kind: type[_T]) -> _T:
    """The body of a request. Raises: Refusal that names the field at fault."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise Refusal(400, what, param=where.rstrip("`") or None) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(400, f"the body is no JSON: {error}") from error
