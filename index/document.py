"""What an article becomes: a Document, its Sentences, its Chunks."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Chunk", "Document", "Kind", "Sentence"]


class Kind(StrEnum):
    """What a span of text is on the page."""

    PROSE = "prose"
    HEADING = "heading"
    CAPTION = "caption"
    """The words under a photo or a video still."""
    VIDEO = "video"
    """The teaser of an embedded video, whose running time follows it."""
    CREDIT = "credit"
    """A photographer, an agency or a running time: says who or how long, states nothing."""

    @property
    def citable(self) -> bool:
        """Whether an answer may rest on such a span."""
        return self not in (Kind.HEADING, Kind.CREDIT)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest citable span; `start` and `end` are character offsets into Document.text."""

    start: int
    end: int
    text: str
    kind: Kind = Kind.PROSE
    paragraph: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """One article; `text` is what is stored and cited.

    `id` is the SHA-256 of its file's bytes, or of its record's in a file of several.
    """

    id: str
    path: str
    title: str
    date: str | None
    """ISO 8601: YYYY-MM-DD, or YYYY-MM or YYYY where the document says no more; None if nothing."""
    text: str
    author: str | None = None
    language: str | None = None
    """A BCP 47 tag ("en", "de-CH") as the file gives it; it is never guessed."""
    url: str | None = None
    pages: tuple[int, ...] = ()
    """Where each page begins in `text`; empty for formats without pages."""

    def page(self, offset: int) -> int | None:
        """The page, counted from 1, that the character at `offset` stands on."""
        return bisect.bisect_right(self.pages, offset) or 1 if self.pages else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole sentences packed to a token budget: sentences[first:last] of the document."""

    id: str
    document_id: str
    ordinal: int
    first: int
    last: int
    text: str
    """What is embedded and searched: the sentences joined by blanks, without headings' markup."""
