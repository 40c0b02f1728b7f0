"""The reading stage: files -> records -> Documents, within the limits."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.document import Document
from index.errors import UnreadableDocument
from index.limits import Limits
from index.read import formats
from index.read.extract import Extract
from index.read.header import stated_date
from index.read.metadata import date_in_name, title_of
from index.read.process import ReadingProcess
from index.read.sniff import Format, sniff

__all__ = ["Reader", "Record", "file_of", "read_all"]

_RECORD = re.compile(r"#\d+\Z")


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of one document: a whole file, or one of the several that a file holds."""

    id: str
    """SHA-256 of the bytes; the id of the document that they become."""
    format: Format
    raw: bytes
    number: int | None = None
    """Of the line or message, from 1; None for a whole file."""

    def place(self, path: str) -> str:
        """Where the document is, in a file at `path`: "archive.mbox#3"."""
        return path if self.number is None else f"{path}#{self.number}"


class Reader:
    """Reads files; what may crash or hang is read in a process that is started when needed.

    A context manager: leaving it ends the process.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process = ReadingProcess(self._limits)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.close()

    def records(self, path: Path) -> list[Record]:
        """What a file holds, unread: enough to see what is new in it.

        Raises: UnreadableDocument with the reason: not a regular file, no permission, too large,
        empty, or of a format that cannot be read.
        """
        raw = _bytes(path, self._limits)
        if not raw:
            raise UnreadableDocument("the file is empty")
        return list(_split(raw, sniff(raw, path.name)))

    def document(self, record: Record, path: str) -> tuple[Document, str | None]:
        """Read one record; `path` is its file's, as it is to be recorded.

        Returns: the document, and what the reader of the report should know of it, if anything.
        Raises: UnreadableDocument with the reason.
        """
        if record.format in formats.RISKY:
            extracted = self._process.extract(record.format, record.raw)
        else:
            extracted = formats.extract(record.format, record.raw, self._limits)
        return _document(record, extracted, path), extracted.note


def read_all(path: Path, limits: Limits | None = None) -> list[Document]:
    """Every document of one file.

    Raises: UnreadableDocument for the first of them that cannot be read.
    """
    with Reader(limits) as reader:
        return [reader.document(record, str(path))[0] for record in reader.records(path)]


def file_of(place: str) -> Path:
    """The file that holds the document at a place."""
    path = Path(place)
    return path if path.exists() else Path(_RECORD.sub("", place))


def _bytes(path: Path, limits: Limits) -> bytes:
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise UnreadableDocument("not a regular file")
        raw = b""
        if info.st_size <= limits.max_bytes:
            with path.open("rb") as file:
                # One byte more than allowed: it may have grown since.
                raw = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise UnreadableDocument((error.strerror or str(error)).lower()) from error
    size = max(info.st_size, len(raw))
    if size > limits.max_bytes:
        raise UnreadableDocument(
            f"{size / 2**20:.0f} MiB is over the limit of {limits.max_file_mb} MiB; "
            "raise max_file_mb to take it"
        )
    return raw


def _split(raw: bytes, format: Format) -> Iterator[Record]:
    if format is Format.JSONL:
        from index.read.jsonl import split
    elif format is Format.MBOX:
        from index.read.mail import split
    else:
        yield Record(hashlib.sha256(raw).hexdigest(), format, raw)
        return
    for number, part in split(raw):
        yield Record(hashlib.sha256(part).hexdigest(), format, part, number)


def _document(record: Record, extracted: Extract, path: str) -> Document:
    found = extracted.metadata
    # The name of a file of many is not the name of each.
    name = path if record.number is None else ""
    return Document(
        id=record.id,
        path=record.place(path),
        title=title_of(found, extracted.text, name),
        date=found.date or stated_date(extracted.text) or date_in_name(name) or found.made,
        text=extracted.text,
        author=found.author,
        language=found.language,
        url=found.url,
        pages=extracted.pages,
    )
