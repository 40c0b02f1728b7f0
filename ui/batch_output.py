"""What a batch writes: JSONL or CSV, a line a question, that a later run can go on with."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from index.errors import ConfigError
from ui.batch import BatchLine

__all__ = ["BatchOutput"]

_COLUMNS = (
    "line", "id", "question", "answer", "abstained", "reason", "confidence", "disagreement",
    "citations", "error",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would compute a cell that begins so."""


class BatchOutput:
    """JSONL or CSV, to a file that can be gone on with, or to a stream."""

    def __init__(self, to: Path | None, stream: TextIO, *, as_csv: bool) -> None:
        self._to, self._stream, self._as_csv = to, stream, as_csv
        self._begun = False

    def __enter__(self) -> BatchOutput:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._to is not None and self._begun:
            self._stream.close()

    def resume(self, lines: Sequence[BatchLine]) -> list[dict[str, Any]]:
        """What the file holds of these lines, up to the first that failed; the rest is cut off.

        Raises: ConfigError if it holds something else.
        """
        kept: list[dict[str, Any]] = []
        if self._to is not None and self._to.exists():
            kept = self._kept(self._to, lines)
            text = "".join(map(self._line, kept))
            head = self._head() if kept else ""
            part = self._to.with_name(f"{self._to.name}.part")
            part.write_text(head + text, encoding="utf-8", newline="")
            part.replace(self._to)
        if self._to is not None:
            try:
                self._stream = self._to.open("a", encoding="utf-8", newline="")
            except OSError as error:
                raise ConfigError(
                    f"cannot write {self._to}: {error.strerror}; give another --to"
                ) from error
        self._begun = True
        if not kept:
            self._put(self._head())
        return kept

    def write(self, record: Mapping[str, Any]) -> None:
        """One line, at once."""
        self._put(self._line(record))

    def _put(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()

    def _kept(self, file: Path, lines: Sequence[BatchLine]) -> list[dict[str, Any]]:
        with file.open(encoding="utf-8", errors="replace", newline="") as stored:
            text = stored.read()
        # A line without its end was being written when the run was stopped.
        end = "\r\n" if self._as_csv else "\n"
        whole = text[: text.rfind(end) + len(end)] if end in text else ""
        kept: list[dict[str, Any]] = []
        for record, line in zip(self._records(whole, file), lines, strict=False):
            if record.get("line") != line.number or record.get("question") != line.question:
                raise ConfigError(
                    f"{file} holds answers to other questions; give another --to, or remove it"
                )
            if line.question is not None and record.get("error"):
                break
            kept.append(record)
        return kept

    def _records(self, text: str, file: Path) -> Iterator[dict[str, Any]]:
        try:
            if not self._as_csv:
                for line in text.splitlines():
                    record = json.loads(line)
                    if not isinstance(record, dict) or not {"answer", "error"} <= set(record):
                        raise ValueError("no record of a batch")
                    yield record
                return
            for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
                cells = {name: _unguarded(cell) or None for name, cell in row.items()}
                yield {**cells, "line": int(row["line"])}
        except (ValueError, TypeError, KeyError, csv.Error) as error:
            raise ConfigError(
                f"{file} is no output of a batch; give another --to, or remove it"
            ) from error

    def _head(self) -> str:
        return ",".join(_COLUMNS) + "\r\n" if self._as_csv else ""

    def _line(self, record: Mapping[str, Any]) -> str:
        if not self._as_csv:
            return json.dumps(record, ensure_ascii=False) + "\n"
        row = io.StringIO(newline="")
        csv.writer(row).writerow([_cell(record.get(name)) for name in _COLUMNS])
        return row.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list) and value and "text" in value[0]:
        places = ((c["title"], c.get("date"), c["document"]) for c in value)
        named = (" · ".join(filter(None, place)) for place in places)
        value = "\n".join(
            f"[{c['marker']}] “{c['text']}” {name}" for c, name in zip(value, named, strict=True)
        )
    elif isinstance(value, list):
        value = "; ".join(str(side["value"]) for side in value)
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unguarded(cell: str | None) -> str:
    text = cell or ""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text
