"""What readers say of answers: a local JSONL file, and its lines as golden test lines."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.errors import ConfigError
from rag.codec import read_json
from ui.chat.memory import Conversation, Vote

__all__ = ["FEEDBACK_FILE", "Feedback", "Rated", "add_golden", "golden_line"]

FEEDBACK_FILE = "feedback.jsonl"
_MAX_NOTE_CHARS = 500


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Cited:
    document: str
    text: str


@dataclass(frozen=True, slots=True)
class Rated:
    """A line of the feedback, as far as a golden line needs it."""

    question: str
    vote: Vote
    answer: str | None
    statements: tuple[_Said, ...]
    citations: tuple[_Cited, ...]
    history: tuple[tuple[str, str], ...]


class Feedback:
    """Appends to one JSONL file; several readers may at once."""

    def __init__(self, path: Path, versions: Mapping[str, str]) -> None:
        self._path = path
        self._versions = dict(versions)
        self._lock = threading.Lock()

    def append(self, conversation: Conversation, number: int, vote: Vote, note: str) -> None:
        """Record a vote on a turn, with the conversation before it."""
        turn = conversation.turns[number]
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "vote": vote,
            "note": note[:_MAX_NOTE_CHARS],
            "history": [list(said) for said in conversation.history[:number]],
            **replace(turn, vote=None).to_json(),
            "versions": self._versions,
        }
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def add_golden(
    feedback: Path, golden: Path, number: int = -1, *, answerable: bool | None = None
) -> dict[str, Any]:
    """Turn line `number` of the feedback (from 1; -1 is the last) into a line of `golden`.

    `answerable` says whether the documents hold an answer; needed for what was marked as wrong.
    Raises: ConfigError when there is no such line, it is no feedback, or `answerable` is missing.
    """
    try:
        lines = feedback.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(
            f"cannot read {feedback}: {error.strerror}; rate an answer in `pressmark chat` first"
        ) from error
    place = len(lines) if number == -1 else number
    if not 1 <= place <= len(lines):
        raise ConfigError(f"{feedback} has {len(lines)} lines; give --line 1 to {len(lines)}")
    try:
        rated = read_json(lines[place - 1], Rated)
    except ValueError as error:
        raise ConfigError(
            f"line {place} of {feedback} is no feedback ({error}); give another --line"
        ) from error
    if rated.vote == "down" and answerable is None:
        raise ConfigError(
            f"line {place} of {feedback} was marked as wrong, which does not tell what is "
            "right: add --answerable or --unanswerable"
        )
    line = golden_line(rated, answerable)
    golden.parent.mkdir(parents=True, exist_ok=True)
    with golden.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return line


def golden_line(rated: Rated, answerable: bool | None = None) -> dict[str, Any]:
    """A golden test line of a rated answer.

    A good answer gives the sentences that it cites and their numbers as `mentions`; of a wrong
    one, what it said becomes `forbids`. A good abstention is a question that has no answer.
    """
    answered = rated.answer is not None
    cites, mentions, forbids = [], [], []
    if answered and rated.vote == "up":
        cites = [{"document": c.document, "text": c.text} for c in rated.citations]
        numbers = re.findall(r"\d[\d.,]*\d|\d", rated.answer or "")
        mentions = [rf"\b{re.escape(number)}\b" for number in numbers]
    elif answered:
        forbids = [re.escape(s.text) for s in rated.statements if s.citations]
    return {
        "question": rated.question,
        "answerable": answered if answerable is None else answerable,
        "cites": cites,
        "mentions": mentions,
        "forbids": forbids,
        "history": [list(said) for said in rated.history],
    }
