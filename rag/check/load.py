"""Where a draft comes from: a file in any format that can be read, or standard input."""

from __future__ import annotations

from pathlib import Path

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.reader import Reader
from index.read.text import decode
from rag.check.draft import MAX_DRAFT_BYTES
from rag.errors import DraftError

__all__ = ["load_draft", "text_of_draft"]


def load_draft(path: Path, limits: Limits | None = None) -> str:
    """The text of a draft's file: text, Markdown, Word, or what else is read as an article.

    Raises: DraftError with the reason.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DraftError(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}; give the draft's file, "
            "or - for standard input"
        ) from error
    if size > MAX_DRAFT_BYTES:
        raise DraftError(_too_long(size))
    try:
        with Reader(limits) as reader:
            records = reader.records(path)
            if len(records) != 1:
                raise DraftError(f"{path} holds {len(records)} documents: give one draft")
            return reader.document(records[0], str(path))[0].text
    except UnreadableDocument as error:
        raise DraftError(
            f"cannot check {path}: {error}; give text, Markdown or Word (.docx)"
        ) from error


def text_of_draft(raw: bytes) -> str:
    """The text of a draft that was piped in.

    Raises: DraftError if it is too long, or no text.
    """
    if len(raw) > MAX_DRAFT_BYTES:
        raise DraftError(_too_long(len(raw)))
    try:
        return decode(raw).replace("\r\n", "\n").replace("\r", "\n")
    except UnreadableDocument as error:
        raise DraftError(f"cannot check standard input: {error}; pipe in plain text") from error


def _too_long(size: int) -> str:
    return (
        f"the draft has {size / 1e6:.1f} MB; at most {MAX_DRAFT_BYTES / 1e6:.0f} MB can be "
        "checked: split it"
    )
