"""Does a sentence say yes or no to a question, or the contrary of a statement?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.tokens import stem
from rag.english import ANSWERS, ASKS_WHETHER, DETERMINERS, OPENS_BY_REFERRING, PRONOUN
from rag.english_forms import PREPOSITIONS
from rag.english_values import COUNTERPARTS, OPPOSITE_TRAITS, OPPOSITES
from rag.judge.claims import Claim, Word, analyse, is_same_name, subject_words

__all__ = [
    "SIDES",
    "TRAITS",
    "Stance",
    "are_contrary",
    "borne_out",
    "contrary_word",
    "counterpart",
    "is_said_by_none",
    "stance",
]

_SHARED = 0.5
"""Share of the question's telling words that a sentence must hold to speak of the same."""

_SAID_AGAIN = 0.3
"""Share of its telling words from which on a sentence says what a statement does."""

_SAID_WITH_ONE_CHANGED = 0.6
"""Share of its telling words from which on a sentence says a statement but for what was put in
another's place."""

_ALIKE = 0.6
"""Cosine similarity from which on a word tells of the same deed: "rebuild", "rebuilt"."""

_IS_IT_SO = re.compile(
    r"\W*(?:is|was|would|will)(?:n[’']t)? (?:it|that|this)(?: be)? (?P<trait>[a-z]+) "
    r"(?:to|for|that)\b",
    re.IGNORECASE,
)
"""Whether something is so that is done, not whether it is done: "was it legal to …"."""

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


_COUNTERPARTS = _stems(COUNTERPARTS)


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


def borne_out(question: str, statement: str, cited: str, alike: Callable[[str, str], float]) -> str:
    """The statement without its "yes" or "no", where its other words do not bear that out.

    To "did she keep it" "Yes, she sold it" says nothing of keeping, and "Yes, it will not be
    rebuilt" is a no. What is left stands on its own.
    """
    answers = ANSWERS.match(statement)
    if answers is None or not ASKS_WHETHER.match(question):
        return statement
    rest = statement[answers.end() :]
    is_yes = answers["word"].lower() == "yes"
    found = _answer(question, rest, cited, alike)
    if found is not None and found.is_yes == is_yes:
        return statement
    return rest[:1].upper() + rest[1:]


def is_said_by_none(
    statement: str,
    question: str,
    cited: Sequence[str],
    title: str,
    alike: Callable[[str, str], float],
) -> bool:
    """Whether a statement says the question again, as so, and none of its sentences does.

    "Yes, the laboratory is moving" of one that has the laboratory and one that has moving. What the
    title has need not be said again.
    """
    said, asked = analyse(statement), analyse(question)
    if not ASKS_WHETHER.match(question) or not said.content or said.content - asked.content:
        return False
    subject = subject_words(said)
    telling = said.content - analyse(title).content
    rest = [w for w in said.words if w.stem in telling and w not in subject]

    def share_of(words: Sequence[Word], text: str) -> float:
        told = [w for w in analyse(text).words if w.tells]
        held = [
            any(w.stem == t.stem or alike(w.lower, t.lower) >= _ALIKE for t in told) for w in words
        ]
        return sum(held) / len(held) if held else 1.0

    by_subject = {
        text: share_of(subject, text) > 0 or PRONOUN.search(text) is not None for text in cited
    }
    agree = [text for text in cited if share_of(rest, text) >= _SAID_AGAIN]
    if any(by_subject.values()):
        agree = [text for text in agree if by_subject[text]]
    return not agree


def _answer(
    question: str, rest: str, cited: str, alike: Callable[[str, str], float]
) -> Stance | None:
    """What a sentence answers to "did they …?"; None where it does not speak of it."""
    said, asked = analyse(rest), analyse(question)
    if (so := _IS_IT_SO.match(question)) is not None:
        traits = [w for w in analyse(so["trait"]).words if w.tells and w.lower != "true"]
        told = [w for text in (rest, cited) for w in analyse(text).words if w.tells]
        for trait in traits:
            if not any(w.stem == trait.stem or alike(w.lower, trait.lower) >= _ALIKE for w in told):
                return None
    opposed = [(_side(asked, sides), _side(said, sides)) for sides in SIDES]
    for wanted, given in opposed:
        if wanted is not None and given is not None:
            return Stance(given == wanted)
    deed = _deed(asked)
    if deed is None:
        return stance(question, rest)

    def is_told(word: Word) -> bool:
        return word.tells and (word.stem == deed.stem or alike(word.lower, deed.lower) >= _ALIKE)

    told = [w for w in said.words if is_told(w)]
    if not told:
        return Stance(True) if any(map(is_told, analyse(cited).words)) else None
    denied = said.negated | said.denied
    is_denied = all(w.stem in denied for w in told)
    return Stance(is_denied == (deed.stem in asked.negated | asked.denied))


def _deed(asked: Claim) -> Word | None:
    """What is asked to be done: the first telling word before what opens a phrase, or the last."""
    words = asked.words[1:]
    for at, word in enumerate(words):
        after = words[at + 1].lower if at + 1 < len(words) else ""
        opens = not after or after in DETERMINERS | PREPOSITIONS or PRONOUN.fullmatch(after)
        if word.tells and not word.capitalised and opens:
            return word
    return None


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


def counterpart(statement: str, cited: Sequence[str]) -> tuple[str, str] | None:
    """A word of a statement, and the one that its sentence has in its place.

    "Kids pay 20 pence" is not said by "Adults pay 20 pence"; it is where that names both, or may
    mean the kids by a "they".
    """
    said = analyse(statement)
    for text in cited:
        told = analyse(text)
        shared = len(said.content & told.content)
        if OPENS_BY_REFERRING.match(text) or shared < _SAID_WITH_ONE_CHANGED * len(said.content):
            continue
        for sides in _COUNTERPARTS:
            for ours, theirs in (sides, sides[::-1]):
                mine = [w for w in said.words if w.stem in ours]
                other = [w for w in told.words if w.stem in theirs]
                named = any(w.stem in ours for one in cited for w in analyse(one).words)
                if mine and other and not named:
                    return mine[0].text, other[0].text
    return None
