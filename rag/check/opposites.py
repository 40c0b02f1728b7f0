"""Words that say the opposite of each other, and capitals that stand for their countries."""

from __future__ import annotations

import re

from index.tokens import stem
from rag.judge.yesno import SIDES, TRAITS

__all__ = ["METONYMS", "NOBODY", "are_opposite", "taken_sides"]

NOBODY = frozenset("nobody nothing none nowhere neither nor no not never cannot without".split())
"""Words that turn what stands beside them into its opposite; "no one" is two of them."""

METONYMS = {
    "moscow": "russia",
    "kremlin": "russia",
    "washington": "united",
    "ankara": "turkey",
    "athens": "greece",
    "berlin": "germany",
    "paris": "france",
    "london": "britain",
    "beijing": "china",
    "brussels": "european",
    "kyiv": "ukraine",
    "tehran": "iran",
    "tokyo": "japan",
    "rome": "italy",
    "madrid": "spain",
    "damascus": "syria",
}
"""Capitals that stand for their governments, with a word of the country's name."""


def are_opposite(one: str, other: str) -> bool:
    """Whether two stems say the opposite of each other: "rise" and "fall"."""
    if one == other:
        return False
    if one in (f"un{other}", f"in{other}") or other in (f"un{one}", f"in{one}"):
        return True
    return any((one in a and other in b) or (one in b and other in a) for a, b in (*SIDES, *TRAITS))


_SIDES = re.compile(
    r"\b(?P<deed>vot(?:e|es|ed|ing)|speaks?|spoke|argues?|argued|decides?|decided|rules?|ruled|"
    r"campaigns?|campaigned|stands?|stood|came out|comes? out)\s+(?:\w+\s+){0,2}?"
    r"(?P<side>for|against|in favou?r of)\b",
    re.IGNORECASE,
)


def taken_sides(text: str) -> dict[str, str]:
    """What a sentence says was done for or against: the deed's stem -> "for" or "against"."""
    return {
        stem(m["deed"].split()[0].lower()): "against" if m["side"].lower() == "against" else "for"
        for m in _SIDES.finditer(text)
    }
