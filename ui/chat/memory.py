"""What a reader's browser keeps: conversations of turns, checked when they come back from it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rag.answer import Answer, Statement, Verdict

if TYPE_CHECKING:
    from rag.condense import Exchange

__all__ = ["Conversation", "Memory", "Quote", "Turn"]

_MAX_CONVERSATIONS = 30
_MAX_STORED_CHARS = 1_500_000
"""Browsers give a site about 5 MB; encrypted and encoded, this takes two thirds of it."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a document as it is shown, with what opens it in its article."""

    document_id: str
    document: str
    title: str
    date: str | None
    start: int
    end: int
    text: str
    marker: int | None = None
    page: int | None = None

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Quote:
        """Raises: KeyError, TypeError or ValueError for anything else than a quote."""
        date, marker, page = item.get("date"), item.get("marker"), item.get("page")
        return cls(
            document_id=_text(item["document_id"]),
            document=_text(item["document"]),
            title=_text(item["title"]),
            date=None if date is None else _text(date),
            start=int(item["start"]),
            end=int(item["end"]),
            text=_text(item["text"]),
            marker=None if marker is None else int(marker),
            page=None if page is None else int(page),
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it; `record` is the object of `ask --json`, without passages."""

    question: str
    condensed_question: str
    outcome: str
    """"answered", "abstained", "stopped" by the reader, or "failed"."""
    answer: str | None
    reason: str | None
    statements: tuple[Statement, ...]
    citations: tuple[Quote, ...]
    nearest: tuple[Quote, ...]
    record: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_answer(cls, answer: Answer) -> Turn:
        record = answer.to_json()
        del record["passages"]
        record["outcome"] = "abstained" if answer.abstained else "answered"
        for item, statement in zip(record["statements"], answer.statements, strict=True):
            item["problem"] = statement.problem
        return cls.from_record(record)

    @classmethod
    def unfinished(cls, question: str, condensed: str, outcome: str, reason: str) -> Turn:
        """A question that the reader stopped or that failed."""
        return cls.from_record(
            {
                "question": question,
                "condensed_question": condensed,
                "answer": None,
                "abstained": False,
                "outcome": outcome,
                "reason": reason,
                "statements": [],
                "citations": [],
                "nearest": [],
            }
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Turn:
        """Raises: KeyError, TypeError or ValueError for a record that is none."""
        outcome = record["outcome"]
        if outcome not in ("answered", "abstained", "stopped", "failed"):
            raise ValueError(f"no outcome: {outcome!r}")
        answer, reason = record.get("answer"), record.get("reason")
        return cls(
            question=_text(record["question"]),
            condensed_question=_text(record["condensed_question"]),
            outcome=outcome,
            answer=None if answer is None else _text(answer),
            reason=None if reason is None else _text(reason),
            statements=tuple(_statement(item) for item in record["statements"]),
            citations=tuple(Quote.from_json(item) for item in record["citations"]),
            nearest=tuple(Quote.from_json(item) for item in record["nearest"]),
            record=dict(record),
        )

    def voted(self, vote: str) -> Turn:
        return replace(self, record={**self.record, "vote": vote})

    @property
    def cached(self) -> bool:
        """Whether the answer was kept from an earlier time that the same was asked."""
        return self.record.get("cached") is True

    @property
    def vote(self) -> str | None:
        return self.record.get("vote")


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    turns: tuple[Turn, ...] = ()

    @property
    def history(self) -> list[Exchange]:
        """The turns as the engine takes them: (question, answer) pairs."""
        return [(turn.question, turn.answer or "") for turn in self.turns]

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "turns": [turn.record for turn in self.turns]}


@dataclass(frozen=True, slots=True)
class Memory:
    """All of one reader's conversations; the current one comes last."""

    conversations: tuple[Conversation, ...] = ()
    unreadable: int = 0
    """Conversations that came back from the browser damaged."""

    @classmethod
    def load(cls, payload: object) -> Memory:
        """Read what a browser kept; whatever is not a conversation is counted and left out."""
        kept: list[Conversation] = []
        unreadable = 0
        items = payload.get("conversations", []) if isinstance(payload, Mapping) else []
        for item in items if isinstance(items, list) else []:
            try:
                turns = tuple(Turn.from_record(record) for record in item["turns"])
                kept.append(Conversation(_text(item["id"]), turns))
            except (KeyError, TypeError, ValueError, AttributeError):
                unreadable += 1
        return cls(tuple(kept), unreadable)

    def dump(self) -> dict[str, Any]:
        """What the browser is to keep; the oldest conversations go when it would be too much."""
        last = self.conversations[-1:]
        kept = [c for c in self.conversations if c.turns or c in last]
        items = [c.to_json() for c in kept][-_MAX_CONVERSATIONS:]
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


def _statement(item: Mapping[str, Any]) -> Statement:
    problem = item.get("problem")
    return Statement(
        text=_text(item["text"]),
        verdict=Verdict(item["verdict"]),
        citations=tuple(int(marker) for marker in item["citations"]),
        support=0.0,
        problem=None if problem is None else _text(problem),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value
