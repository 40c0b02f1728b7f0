"""A question with one thing in it changed, so that what answered it does so no more."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

__all__ = ["NAME", "perturb"]

NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}")
_WORD = re.compile(r"[A-Za-z][\w'-]*|\d[\d,.]*\d|\d")
_PAIRS = """first last, largest smallest, most least, before after, won lost, increase decrease,
    increased decreased, north south, northern southern, east west, eastern western,
    highest lowest, more fewer, older younger, early late, earliest latest, began ended, begin end,
    best worst, major minor, high low, higher lower, large small, larger smaller, long short,
    longest shortest, old new, inside outside, win lose, can cannot, male female,
    positive negative, maximum minimum, oldest youngest"""
_OPPOSITES = {
    a: b
    for pair in _PAIRS.split(",")
    for a, b in (tuple(pair.split()), tuple(reversed(pair.split())))
}


def perturb(question: str, names: Sequence[str], rng: random.Random) -> tuple[str, str] | None:
    """(kind, question) with one name, year or antonym changed; None if it has none."""
    ways = []
    for word in list(_WORD.finditer(question))[1:]:
        text = word.group()
        if text.lower() in _OPPOSITES:
            ways.append(("antonym", word, _OPPOSITES[text.lower()]))
        elif re.fullmatch(r"1\d{3}|20\d\d", text):
            year = int(text) + rng.choice([-40, -17, -8, -3, 4, 9, 21])
            ways.append(("year", word, str(year)))
        elif text[0].isupper() and len(text) > 2 and (others := set(names) - {text}):
            other = rng.choice(sorted(others))
            if other not in question:
                ways.append(("name", word, other))
    if not ways:
        return None
    kind, word, new = rng.choice(ways)
    return kind, question[: word.start()] + new + question[word.end() :]
