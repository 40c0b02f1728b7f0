"""The clauses of a sentence: what its "and", "while" and "but" part, and of whom each speaks."""

from __future__ import annotations

from collections.abc import Iterator

from rag.english import BE, DETERMINERS
from rag.english_forms import CONTRASTS
from rag.judge.claims import Word
from rag.judge.phrases import Words, is_deed, is_preposition, lower_at, numbers_in

__all__ = ["before_the_verb", "clauses_of", "counting_clauses_of", "subject_of_clause"]

_PARTS = CONTRASTS | {"and"}
_HELPS = BE | frozenset(
    "will would shall can could may might must has have had do does did".split()
)


def clauses_of(words: Words, *, contrasted: bool = False) -> Iterator[Words]:
    """A sentence between its "and", "while" and "but"; without the first where `contrasted`."""
    start, joins = 0, CONTRASTS if contrasted else _PARTS
    for at, word in enumerate(words):
        if word is not None and word.lower in joins:
            yield words[start:at]
            start = at + 1
    yield words[start:]


def counting_clauses_of(words: Words) -> list[Words]:
    """The clauses that have a number, each with those after it that have none: "the organ" of
    "900 for the seats and the organ"."""
    found: list[Words] = []
    for part in clauses_of(words):
        if found and not numbers_in(part):
            found[-1] = [*found[-1], None, *part]
        else:
            found.append(part)
    return [part for part in found if numbers_in(part)]


def subject_of_clause(words: Words) -> list[Word]:
    """The telling words before the first verb, but for those after a preposition."""
    return [word for word, aside in _before_the_verb(words) if not aside]


def before_the_verb(words: Words) -> list[Word]:
    """All telling words before the first verb."""
    return [word for word, _ in _before_the_verb(words)]


def _before_the_verb(words: Words) -> Iterator[tuple[Word, bool]]:
    """Those, each with whether it stands after a preposition."""
    aside = False
    for i, word in enumerate(words):
        if word is None or is_preposition(word):
            aside = word is not None
            continue
        is_verb = is_deed(words, i) and lower_at(words, i - 1) not in DETERMINERS
        if word.lower in _HELPS or is_verb:
            return
        if word.tells:
            yield word, aside
