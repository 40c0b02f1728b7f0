"""Archives of one JSON object a line: {"text", "title", "date", "url", "author", "language"}."""

from __future__ import annotations

import json
from collections.abc import Iterator

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, check_length, tidy
from index.read.metadata import from_fields
from index.read.text import decode

__all__ = ["extract", "split"]

_FIELDS = ("title", "date", "url", "author", "language")


def split(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1.

    Raises: UnreadableDocument if none of them can be an article.
    """
    if b"\0" in raw or raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        raw = decode(raw).encode()
    if b'"text"' not in raw:
        raise UnreadableDocument(
            'no line holds a "text"; give one JSON object a line, {"text": "…", "title": "…"}'
        )
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line := line.strip():
            yield number, line


def extract(raw: bytes, limits: Limits) -> Extract:
    """Read one line."""
    try:
        record = json.loads(decode(raw))
    except ValueError as error:
        raise UnreadableDocument(f"not a line of JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise UnreadableDocument('not an object with a "text"')
    text = tidy(record["text"]).strip()
    check_length(len(text), limits)
    fields = {name: tidy(_words(record.get(name))) for name in _FIELDS}
    return Extract(text, from_fields(fields))


def _words(value: object) -> str:
    """A field's value; several authors are one line."""
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str))
    return value if isinstance(value, str) else ""
