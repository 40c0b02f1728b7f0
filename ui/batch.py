"""Many questions at once: read from a file, answered in order, each a line of the output.

A line that is no question, or that fails, is told in its place; the others go on. What is
written to a file stays, and the next run goes on behind it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from index.errors import ConfigError, DocumentError, PressmarkError
from index.visible import plain

if TYPE_CHECKING:
    from rag.answer import Answer
    from ui.batch_output import BatchOutput

__all__ = ["BatchLine", "BatchTotals", "answer_batch", "read_batch"]

_COLUMN = "question"
_TABLES = {".csv": ",", ".tsv": "\t"}
_RECORDS = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One line of a batch: a question, or why it is none."""

    number: int
    """From 1, as an editor counts."""
    question: str | None
    id: str | None = None
    """Its `id` field, which comes back beside the answer."""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """What became of a batch's lines."""

    answered: int
    abstained: int
    failed: int
    refused: int
    """Lines that are no question."""


def read_batch(raw: bytes, name: str, column: str | None = None) -> list[BatchLine]:
    """The lines of a batch: CSV, JSONL, or a question a line, by its name or its first line.

    Raises: ConfigError if it is no text, holds no question, or is a table without the column.
    """
    from index.read.text import decode

    try:
        text = decode(raw)
    except DocumentError as error:
        raise ConfigError(f"{name}: {error}; give CSV, JSONL or a question a line") from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    first = next((line for line in lines.split("\n") if line.strip()), "")
    suffix = PurePath(name).suffix.lower()
    if suffix in _RECORDS or (suffix not in _TABLES and first.lstrip().startswith("{")):
        found = list(_records(lines, column or _COLUMN))
    elif suffix in _TABLES or column is not None:
        found = list(_table(lines, name, column or _COLUMN, _TABLES.get(suffix, ",")))
    else:
        rows = enumerate(lines.split("\n"), start=1)
        found = [_asked(number, line) for number, line in rows if line.strip()]
    if not found:
        raise ConfigError(f"{name} holds no question; write one a line")
    return found


def _records(text: str, column: str) -> Iterator[BatchLine]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            yield BatchLine(number, None, problem="it is no JSON object")
            continue
        if isinstance(record, str):
            record = {column: record}
        if not isinstance(record, dict) or not isinstance(record.get(column), str):
            yield BatchLine(number, None, problem=f"it is no object with a text `{column}`")
            continue
        given = record.get("id")
        yield _asked(number, record[column], None if given is None else str(given))


def _table(text: str, name: str, column: str, delimiter: str) -> Iterator[BatchLine]:
    first = text.lstrip("\n").split("\n", 1)[0]
    if delimiter not in first:
        delimiter = next((d for d in ";\t" if d in first), delimiter)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    head: list[str] | None = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if head is None:
                head = [cell.strip().lower() for cell in row]
                if column.lower() not in head:
                    raise ConfigError(
                        f"{name} has no column `{column}`; it has {', '.join(map(plain, row))}: "
                        "name one with --column"
                    )
                continue
            cells = dict(zip(head, row, strict=False))
            yield _asked(rows.line_num, cells.get(column.lower(), ""), cells.get("id"))
    except csv.Error as error:
        raise ConfigError(
            f"{name} is no CSV from line {rows.line_num} on: {error}; mend it or give JSONL"
        ) from error


def _asked(number: int, question: str, given: str | None = None) -> BatchLine:
    from rag.question import check_question

    try:
        return BatchLine(number, check_question(question), given)
    except PressmarkError as error:
        return BatchLine(number, None, given, str(error))


def answer_batch(
    lines: Sequence[BatchLine],
    ask: Callable[[str], Answer],
    output: BatchOutput,
    *,
    on_line: Callable[[BatchLine, str | None], None],
) -> BatchTotals:
    """Answer the lines that the output does not hold yet, in order, and write each at once.

    `on_line` is told of every line, with what was wrong with it.
    """
    counts = dict.fromkeys(("answered", "abstained", "failed", "refused"), 0)
    kept = output.resume(lines)
    for line, before in zip(lines, [*kept, *[None] * (len(lines) - len(kept))], strict=True):
        record = _record(line, ask) if before is None else before
        if before is None:
            output.write(record)
        counts[_outcome(record)] += 1
        on_line(line, record["error"])
    return BatchTotals(**counts)


def _record(line: BatchLine, ask: Callable[[str], Answer]) -> dict[str, Any]:
    """The line's part of the output."""
    record: dict[str, Any] = {"line": line.number, "id": line.id, "question": line.question}
    if line.question is None:
        return {**record, "answer": None, "error": line.problem}
    try:
        answered = ask(line.question).to_json()
    except PressmarkError as error:
        return {**record, "answer": None, "error": str(error)}
    except Exception as error:
        # The outermost edge of a question: the others go on.
        what = f"unexpected {type(error).__name__}: {error}"
        return {**record, "answer": None, "error": " ".join(what.split())[:300]}
    del answered["passages"], answered["nearest"]
    return {**record, **answered, "error": None}


def _outcome(record: Mapping[str, Any]) -> str:
    if record["question"] is None:
        return "refused"
    if record["error"]:
        return "failed"
    return "answered" if record["answer"] is not None else "abstained"
