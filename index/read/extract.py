"""What a format's reader makes of a file: its text, its pages, and what it says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from index.errors import UnreadableDocument
from index.limits import Limits

__all__ = ["Extract", "FormatReader", "Metadata", "check_length", "tidy"]

# What no article means to say: controls, and halves of characters that no encoding can store.
_JUNK = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u00ad\ufeff\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of itself; dates are YYYY-MM-DD."""

    title: str | None = None
    date: str | None = None
    author: str | None = None
    language: str | None = None
    url: str | None = None
    made: str | None = None
    """When the file was made: stands in where neither the text nor the name gives a date."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A document's text, ready to be stored, with what came with it."""

    text: str
    metadata: Metadata = field(default_factory=Metadata)
    pages: tuple[int, ...] = ()
    """Where each page begins in `text`; empty if the format has none."""
    note: str | None = None
    """What the reader of the report should know, though the file was read."""


class FormatReader(Protocol):
    """The one thing that a format's reader does.

    Raises: UnreadableDocument with the reason. Any other error means a damaged file.
    """

    def __call__(self, raw: bytes, limits: Limits) -> Extract: ...


def tidy(text: str) -> str:
    """Text with one kind of line end and without what cannot be shown or stored."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _JUNK.sub("", text))


def check_length(n_chars: int, limits: Limits) -> None:
    """Raises: UnreadableDocument if a document's text is longer than the limit."""
    if n_chars > limits.max_text_chars:
        raise UnreadableDocument(
            f"its text is over the limit of {limits.max_text_chars:,} characters; "
            "raise max_text_chars to take it"
        )
