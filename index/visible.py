"""What of a text can be seen: no control codes, no direction overrides, no hidden signs."""

from __future__ import annotations

import re

__all__ = ["as_prose", "plain"]

# C0 and C1 controls (an escape sequence could rewrite the terminal), direction overrides and
# other signs that nobody sees.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
    r"|[\U000e0000-\U000e007f]"
)

_BULLET = re.compile(r"\A[-*+•][ \t]+(?=\S)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*\*?)(?=[^\s*])([^*\n]+?)(?<=\S)\1(?![\w*])")


def plain(text: str) -> str:
    """Text without control codes and invisible signs, on one line."""
    return " ".join(_UNSEEN.sub("", text).split())


def as_prose(text: str) -> str:
    """A sentence as it is read: without the bullet and the asterisks of Markdown."""
    return _EMPHASIS.sub(r"\2", _BULLET.sub("", text))
