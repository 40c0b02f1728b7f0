"""Does a sentence say yes or no to a question, or the contrary of a statement?"""

from __future__ import annotations

from dataclasses import dataclass

from index.tokens import stem
from rag.english_values import OPPOSITE_TRAITS, OPPOSITES
from rag.judge.claims import Claim, analyse, is_same_name

__all__ = ["SIDES", "TRAITS", "Stance", "are_contrary", "contrary_word", "stance"]

_SHARED = 0.5
"""Share of the question's telling words that a sentence must hold to speak of the same."""

_Pair = tuple[frozenset[str], ...]


def _stems(pairs: tuple[str, ...]) -> list[_Pair]:
    return [
        tuple(frozenset(stem(word) for word in side.split()) for side in pair.split("|"))
        for pair in pairs
    ]


SIDES = _stems(OPPOSITES)
"""What is done or so, and the contrary: the stems of each."""

TRAITS = _stems(OPPOSITE_TRAITS)
"""What may be said of two things, and the contrary: the stems of each."""


@dataclass(frozen=True, slots=True)
class Stance:
    """Yes or no."""

    is_yes: bool

    @property
    def text(self) -> str:
        return "yes" if self.is_yes else "no"


def stance(question: str, sentence: str) -> Stance | None:
    """What a sentence says to the question; None where it does not speak of it."""
    asked, told = analyse(question), analyse(sentence)
    names = [w for w in asked.names if not w.first]
    if any(not is_same_name(name, told.words) for name in names):
        return None
    for sides in SIDES:
        wanted = _side(asked, sides)
        if wanted is None:
            continue
        said = _side(told, sides)
        if said is not None:
            return Stance(said == wanted)
    telling = asked.content
    if not telling or len(telling & told.content) < _SHARED * len(telling):
        return None
    denied = (told.negated | told.denied) & telling - (asked.negated | asked.denied)
    return Stance(not denied)


def _side(claim: Claim, sides: tuple[frozenset[str], ...]) -> int | None:
    """On which side of two opposites a sentence stands; None where on neither, or on both."""
    found = set()
    for i, words in enumerate(sides):
        for word in words & claim.content:
            found.add(1 - i if word in claim.negated | claim.denied else i)
    return found.pop() if len(found) == 1 else None


def are_contrary(one: str, other: str) -> bool:
    """Whether two stems are contrary traits: "public" and "private"."""
    return any((one in a and other in b) or (one in b and other in a) for a, b in TRAITS)


def contrary_word(statement: str, cited: str) -> str | None:
    """The word by which a statement says the contrary of its sentence; None where it does not.

    "She refused to play the part" is not said by "She accepted, because the part has the best
    jokes". Only words that the sentence does not have itself are looked at.
    """
    said, told = analyse(statement), analyse(cited)
    for sides in SIDES:
        ours, theirs = _side(said, sides), _side(told, sides)
        if ours is None or theirs is None or ours == theirs:
            continue
        words = (sides[0] | sides[1]) & said.content
        if not words & told.content:
            return next(w.text for w in said.words if w.stem in words)
    return None
