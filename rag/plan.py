"""What a question asks for, part by part: "what did it cost and who paid for it"."""

from __future__ import annotations

import re

from index.tokens import tokenize
from rag.english import ASKS

__all__ = ["parts_of"]

_JOIN = re.compile(
    r"(?:\s*,?\s+and\s+|\s*;\s+|\?\s+(?:and\s+)?)"
    r"(?=(?:(?:by|for|from|in|to|with|since) )?(?:who|whom|whose|what|when|where|why|how|which)\b)",
    re.IGNORECASE,
)
_LEANS = re.compile(r"(?:when|where|why|how|(?:\w+ )?(?:what|which) \w+)", re.IGNORECASE)
"""What asks nothing by itself: "why", "in what year"."""
_MAX_PARTS = 4


def parts_of(question: str) -> tuple[str, ...]:
    """The questions that one asks together, in its own words; one alone is whole.

    Of "who left, and why" the second is "why left": it takes from the first what it lacks, as the
    first of "where and when was he born" takes it from the last.
    """
    pieces = [p.strip(" ?,;") for p in _JOIN.split(question)]
    if not 1 < len(pieces) <= _MAX_PARTS or any(not ASKS.search(p) for p in pieces):
        return (question,)
    first, *others = pieces
    if not tokenize(_rest(first)):
        return (f"{first} {_rest(others[-1])}", *others)
    if any(not tokenize(_rest(p)) and not _LEANS.fullmatch(p) for p in others):
        return (question,)
    return (first, *(f"{p} {_rest(first)}" if _LEANS.fullmatch(p) else p for p in others))


def _rest(part: str) -> str:
    """What a part says beside its asking word."""
    return ASKS.sub("", part, count=1).strip()
