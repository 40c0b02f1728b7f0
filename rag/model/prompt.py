"""Excerpts and a question -> the prompt, and the model's words as they come."""

from __future__ import annotations

import itertools
import re
from collections.abc import Generator, Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from rag.english import ASKS_FOR_SEVERAL
from rag.excerpt import Excerpt
from rag.model.llms import LlamaCpp, stream_text
from rag.plan import parts_of

__all__ = ["build_messages", "evidence_parts", "generate", "harmless", "kept_parts", "read_ahead"]

SYSTEM = (
    "You answer questions about articles. You use only what the articles say, and keep names, "
    "numbers and wording exactly as the passages write them."
)
"""What holds for every question stands here, where it is evaluated once, not after the question."""

ONE = "Answer in one complete sentence."
SEVERAL = "Answer in one to three complete sentences."
_END = "\n\n"
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# Special tokens of chat templates: in a document they would end the reader's turn.
_TEMPLATE_TOKENS = re.compile(r"<\|[^|<>\n]{0,40}\|>|</?s>|\[/?INST\]", re.IGNORECASE)


def build_messages(question: str, excerpts: Sequence[Excerpt]) -> list[ChatMessage]:
    """The chat to complete: the excerpts in their order, then the question.

    Nothing in them can pose as a turn of the chat.
    """
    several = ASKS_FOR_SEVERAL.search(question) or len(parts_of(question)) > 1
    instruction = SEVERAL if several else ONE
    before = _END if excerpts and excerpts[-1].goes_on else ""
    asked = f"{before}Question: {harmless(question)}\n{instruction}"
    body = "".join([*evidence_parts(excerpts), asked])
    return [
        ChatMessage(role=MessageRole.SYSTEM, content=SYSTEM),
        ChatMessage(role=MessageRole.USER, content=body),
    ]


def generate(
    llm: LLM,
    question: str,
    excerpts: Sequence[Excerpt],
    *,
    max_tokens: int,
) -> Generator[str, None, None]:
    """The model's words as they come; closing the iterator stops the model."""
    ours: dict[str, Any] = {}
    if isinstance(llm, LlamaCpp):
        ours = {"keep": kept_parts(excerpts)}
    return stream_text(llm, build_messages(question, excerpts), max_tokens=max_tokens, **ours)


def read_ahead(llm: LLM, excerpts: Sequence[Excerpt] = ()) -> None:
    """Evaluate what a prompt begins with, these whole excerpts at last, before a question comes.

    Models other than those in this process do not need it.
    """
    if isinstance(llm, LlamaCpp):
        llm.read_ahead(build_messages("", excerpts), evidence_parts(excerpts))


def kept_parts(excerpts: Sequence[Excerpt]) -> list[str]:
    """What begins a prompt for whatever question: worth keeping evaluated.

    Of several excerpts the last is read beside another one next time.
    """
    fixed = itertools.takewhile(lambda e: e.whole, excerpts[:-1] or excerpts)
    return evidence_parts(list(fixed))


def evidence_parts(excerpts: Sequence[Excerpt]) -> list[str]:
    """What the user's turn begins with: its opening, then the pieces of each excerpt.

    What ends an excerpt is in its last piece, or in what follows it where its passage goes on: so
    a piece is the same however much is read after it.
    """
    parts, before = ["Passages:\n\n"], ""
    for excerpt in excerpts:
        first, *others = (harmless(piece) for piece in excerpt.pieces)
        pieces = [f"{before}{harmless(excerpt.title)}\n{first}", *others]
        before = _END if excerpt.goes_on else ""
        if not excerpt.goes_on:
            pieces[-1] += _END
        parts += pieces
    return parts


def harmless(text: str) -> str:
    """Text in which nothing can pose as a turn of the chat, and nothing is hidden."""
    return _TEMPLATE_TOKENS.sub(" ", _INVISIBLE.sub("", text))
