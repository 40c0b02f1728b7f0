"""A question's misspelled words, as the passages that were found write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from rapidfuzz.distance import OSA

__all__ = ["respelled"]

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 4
_TWO_SLIPS = 8
"""Letters from which on two of them may be wrong."""


def respelled(question: str, texts: Iterable[str], is_known: Callable[[str], bool]) -> str:
    """The question with each word that is not known written as one in the texts, one slip away.

    Two slips in a long word. A name is not taken for another of as many letters: Hanson is not
    Hansen. Where two words are as near, or none is, it stays. Distances are of optimal string
    alignment (a letter too many, too few, wrong, or two exchanged).
    """
    near: set[str] | None = None
    parts: list[str] = []
    at = 0
    for match in _WORD.finditer(question):
        word = match.group()
        if len(word) < _SHORTEST or is_known(word):
            continue
        if near is None:
            near = {w for text in texts for w in _WORD.findall(text) if len(w) >= _SHORTEST}
        other = _nearest(word, near)
        if other is not None:
            parts += [question[at : match.start()], other]
            at = match.end()
    return "".join([*parts, question[at:]])


def _nearest(word: str, near: Iterable[str]) -> str | None:
    """The one word in fewest slips; None where there is none, or more than one."""
    found: dict[int, set[str]] = {}
    for other, slips in _within(word.lower(), near):
        found.setdefault(slips, set()).add(other.lower())
    nearest = found[min(found)] if found else set()
    return nearest.pop() if len(nearest) == 1 else None


def _within(word: str, near: Iterable[str]) -> Iterator[tuple[str, int]]:
    most = 2 if len(word) >= _TWO_SLIPS else 1
    for other in near:
        lower = other.lower()
        if lower[0] != word[0] or abs(len(lower) - len(word)) > most:
            continue
        slips = OSA.distance(word, lower, score_cutoff=most)
        if slips > most:
            continue
        is_name = other[0].isupper()
        # Of as many letters, and not the same ones: it may well be somebody else.
        is_another = len(lower) == len(word) and sorted(lower) != sorted(word)
        if not (is_name and (is_another or slips > 1)):
            yield other, slips
