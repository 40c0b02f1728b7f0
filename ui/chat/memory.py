"""What a reader's browser keeps: conversations of turns, checked when they come back from it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from rag.answer import Answer
from rag.codec import from_plain, to_plain

if TYPE_CHECKING:
    from rag.model.rewriting import Exchange

__all__ = ["Conversation", "Memory", "Turn", "Unfinished", "Vote"]

_MAX_CONVERSATIONS = 30
_MAX_STORED_CHARS = 1_500_000
"""Browsers give a site about 5 MB; encrypted and encoded, this takes two thirds of it."""

Vote = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A question without an answer: the reader stopped it, or it failed."""

    question: str
    condensed_question: str
    outcome: Literal["stopped", "failed"]
    reason: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: an answer, or what happened instead; never both."""

    answer: Answer | None = None
    unfinished: Unfinished | None = None
    vote: Vote | None = None

    def __post_init__(self) -> None:
        if (self.answer is None) == (self.unfinished is None):
            raise ValueError("a turn has an answer, or is unfinished")

    @classmethod
    def of(cls, answer: Answer) -> Turn:
        """The turn of an answer, without its passages: they would fill the browser."""
        return cls(replace(answer, passages=()))

    @property
    def _asked(self) -> Answer | Unfinished:
        asked = self.answer or self.unfinished
        assert asked is not None
        return asked

    @property
    def question(self) -> str:
        return self._asked.question

    @property
    def condensed_question(self) -> str:
        return self._asked.condensed_question

    @property
    def reason(self) -> str:
        """Why there is no answer."""
        return self._asked.reason or ""

    @property
    def outcome(self) -> Literal["answered", "abstained", "stopped", "failed"]:
        if self.answer is None:
            assert self.unfinished is not None
            return self.unfinished.outcome
        return "abstained" if self.answer.abstained else "answered"

    def to_json(self) -> dict[str, Any]:
        """What is exported and rated: the object of `ask --json` without passages, and more."""
        if self.answer is None:
            none: dict[str, Any] = {"statements": [], "citations": [], "nearest": []}
            return {**to_plain(self.unfinished), "answer": None, "abstained": False, **none}
        shown = self.answer.to_json()
        del shown["passages"]
        for item, statement in zip(shown["statements"], self.answer.statements, strict=True):
            item["problem"] = statement.problem
        vote = {} if self.vote is None else {"vote": self.vote}
        return {**shown, "outcome": self.outcome, **vote}


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    turns: tuple[Turn, ...] = ()

    @property
    def history(self) -> list[Exchange]:
        """The turns as the engine takes them: a follow-up as it was spelled out."""
        return [
            (t.condensed_question, (t.answer.text if t.answer else None) or "") for t in self.turns
        ]


@dataclass(frozen=True, slots=True)
class Memory:
    """All of one reader's conversations; the current one comes last."""

    conversations: tuple[Conversation, ...] = ()
    unreadable: int = 0
    """Conversations that came back from the browser damaged, or written by another version."""

    @classmethod
    def load(cls, payload: object) -> Memory:
        """Read what a browser kept; whatever is not a conversation is counted and left out."""
        kept: list[Conversation] = []
        unreadable = 0
        items = payload.get("conversations", []) if isinstance(payload, Mapping) else []
        for item in items if isinstance(items, list) else []:
            try:
                kept.append(from_plain(item, Conversation))
            except ValueError:
                unreadable += 1
        return cls(tuple(kept), unreadable)

    def dump(self) -> dict[str, Any]:
        """What the browser is to keep; the oldest conversations go when it would be too much."""
        last = self.conversations[-1:]
        kept = [c for c in self.conversations if c.turns or c in last]
        items = [to_plain(c) for c in kept[-_MAX_CONVERSATIONS:]]
        while len(items) > 1 and len(json.dumps(items)) > _MAX_STORED_CHARS:
            items.pop(0)
        return {"conversations": items}

    @property
    def current(self) -> Conversation:
        return self.conversations[-1] if self.conversations else Conversation(_new_id())

    def begun(self) -> Memory:
        """With a new, empty conversation."""
        return Memory((*(c for c in self.conversations if c.turns), Conversation(_new_id())))

    def opened(self, conversation_id: str) -> Memory:
        """With an earlier conversation as the current one."""
        found = [c for c in self.conversations if c.id == conversation_id]
        rest = [c for c in self.conversations if c.id != conversation_id]
        return Memory((*rest, *found))

    def forgotten(self, conversation_id: str) -> Memory:
        return Memory(tuple(c for c in self.conversations if c.id != conversation_id))

    def with_turns(self, turns: tuple[Turn, ...]) -> Memory:
        """With these turns in the current conversation."""
        return Memory((*self.conversations[:-1], replace(self.current, turns=turns)))


def _new_id() -> str:
    return secrets.token_hex(4)
