"""A draft's text -> its sentences, and which of them claim something."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.document import Kind
from index.segment import segment
from rag.english import GREETING
from rag.errors import DraftError

__all__ = ["MAX_DRAFT_BYTES", "DraftSentence", "read_draft"]

MAX_DRAFT_BYTES = 2_000_000
"""Of a draft's file or text; a long book has less."""

_MIN_WORDS = 3
_CONTEXT = 4
"""Sentences before one that its "she" may refer to."""

_COURTESY = re.compile(
    r"\A\W*(?:dear\b|hi\b|hello\b|good (?:morning|afternoon|evening)\b|(?:many )?thanks\b|"
    r"thank you\b|"
    r"best (?:wishes|regards)\b|kind regards\b|regards\b|yours (?:sincerely|faithfully|truly)\b|"
    r"sincerely\b|cheers\b|see you\b|please\b|let (?:me|us) know\b|i hope (?:this|you)\b)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\A(?:[-*+•>]|\d{1,3}[.)]|\[[ xX]\])\s+|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """One sentence of a draft; `text` stands at start:end of it."""

    text: str
    start: int
    end: int
    paragraph: int
    kind: Kind
    is_claim: bool
    """Whether it says that something is so: no heading, question, greeting or scrap."""
    before: tuple[str, ...]
    """The sentences before it in the draft: they say who "she" is."""

    @property
    def plain(self) -> str:
        """Without Markdown's marks: what is compared."""
        return _MARKUP.sub("", self.text)


def read_draft(text: str) -> list[DraftSentence]:
    """Cut a draft into sentences, in order.

    Raises: DraftError if it is empty, too long, or holds no sentence that claims something.
    """
    if not text.strip():
        raise DraftError("the draft is empty: give a file with sentences in it")
    size = len(text.encode("utf-8", errors="replace"))
    if size > MAX_DRAFT_BYTES:
        raise DraftError(
            f"the draft has {size / 1e6:.1f} MB; at most {MAX_DRAFT_BYTES / 1e6:.0f} MB can be "
            "checked: split it"
        )
    found: list[DraftSentence] = []
    for s in segment(text):
        before = tuple(f.text for f in found[-_CONTEXT:] if f.kind is not Kind.HEADING)
        found.append(
            DraftSentence(
                s.text, s.start, s.end, s.paragraph, s.kind, _claims(s.text, s.kind), before
            )
        )
    if not any(s.is_claim for s in found):
        raise DraftError(
            "the draft claims nothing that could be checked: it holds no whole sentence "
            "besides headings and questions"
        )
    return found


def _claims(text: str, kind: Kind) -> bool:
    words = re.findall(r"[^\W_]+", text)
    if not kind.citable or len(words) < _MIN_WORDS:
        return False
    if text.rstrip("\"'”’»)]* ").endswith("?") and not re.search(r"[“\"]", text):
        return False
    return not (GREETING.match(text) or _COURTESY.match(text))
