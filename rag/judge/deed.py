"""Does a sentence tell what a statement says was done, and to what?

"A clock was stolen from the river" is not said by "He pulled the stolen clock from the river",
though every word of it is there.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rag.english import BE, DETERMINERS, PRONOUN
from rag.english_forms import PARTICIPLES
from rag.judge.claims import Claim, Word, analyse, is_same_name

__all__ = ["wrong_deed"]

_PLACED = frozenset("from in at on to into under over near through".split())


def wrong_deed(statement: str, cited: Sequence[str]) -> str | None:
    """What was not done, or not so, for the reader; None where the sentences may say it.

    Of 540 recorded statements this strikes one.
    """
    said, sources = analyse(statement), [analyse(text) for text in cited]
    if not said.words or not sources:
        return None
    last = said.words[-1]
    is_bare = _is_deed(last) and len(said.words) > 1 and said.words[-2].lower in BE
    telling = [source for source in sources if last.stem in source.content]
    if is_bare and not telling:
        return f"the cited sentence does not say “{last.text}”"
    if is_bare and not any(_is_named(said.words[:-2], source) for source in telling):
        return f"the cited sentence says “{last.text}” of something else"
    both = _on_both_sides(said.words)
    if both is not None and all(
        [n for _, n in _full_names(s.words)].count(both) < 2 for s in sources
    ):
        return f"the cited sentence has {' '.join(both)} on one side of it alone"
    if (doer := _unnamed_doer(said, sources)) is not None:
        return f"the cited sentence does not say that {doer.text} did it"
    there = [found for source in sources for found in _placed(source.words)]
    known = {word.stem for source in sources for word in source.words}
    for deed, preposition, place, at_once in _placed(said.words):
        if not at_once or deed.stem not in known:
            continue
        others = [d for d, p, where, _ in there if p == preposition and where.stem == place.stem]
        if others and all(d.stem != deed.stem for d, *_ in there):
            return f"the cited sentence says “{others[0].text} {preposition} …” of “{place.text}”"
    return None


def _on_both_sides(words: Sequence[Word]) -> tuple[str, ...] | None:
    """A full name that stands before a deed and right after it: "Ole Rud joined Ole Rud"."""
    names = _full_names(words)
    for at, deed in enumerate(words):
        if not _is_deed(deed):
            continue
        after = next((name for start, name in names if start == at + 1), None)
        for start, name in names:
            end = start + len(name)
            between = words[end:at]
            alone = end == at or (end < at and words[end].lower in ("and", "who"))
            if name == after and end <= at and alone and not any(map(_is_deed, between)):
                return name
    return None


def _times(name: tuple[str, ...], source: Claim) -> int:
    return sum(other == name for _, other in _full_names(source.words))


def _full_names(words: Sequence[Word]) -> list[tuple[int, tuple[str, ...]]]:
    """Where each run of two or more capitalised words begins, and the words."""
    found: list[tuple[int, tuple[str, ...]]] = []
    for is_name, run in itertools.groupby(
        enumerate(words), key=lambda pair: pair[1].capitalised and pair[1].tells
    ):
        places = list(run)
        if is_name and len(places) > 1:
            found.append((places[0][0], tuple(w.text for _, w in places)))
    return found


def _unnamed_doer(said: Claim, sources: Sequence[Claim]) -> Word | None:
    """Who did, in a statement, what its sentences only say was done: "Vold fined the company"."""
    for at, deed in enumerate(said.words):
        before = said.words[:at]
        if not _is_deed(deed) or _is_passive(said.words, at) or not before or not before[-1].tells:
            continue
        told = [
            (source, i)
            for source in sources
            for i, word in enumerate(source.words)
            if word.stem == deed.stem and _is_deed(word)
        ]
        if not told or not all(_is_passive(source.words, i) for source, i in told):
            continue
        who = [word for word in before if word.tells]
        if not any(
            word.stem in source.content or is_same_name(word, source.words)
            for word in who
            for source, _ in told
        ):
            return who[-1]
    return None


def _is_passive(words: Sequence[Word], at: int) -> bool:
    return any(word.lower in BE for word in words[max(0, at - 2) : at])


def _is_named(subject: Sequence[Word], source: Claim) -> bool:
    """Whether a sentence speaks of a subject, or of one that stands before it."""
    if any(PRONOUN.fullmatch(w.lower) for w in source.words):
        return True
    telling = [w for w in subject if w.tells]
    return any(w.stem in source.content or is_same_name(w, source.words) for w in telling)


def _placed(words: Sequence[Word]) -> list[tuple[Word, str, Word, bool]]:
    """(deed, preposition, what follows it, whether it follows the deed at once), the deed being
    the last one before."""
    found = []
    deed: tuple[int, Word] | None = None
    for at, word in enumerate(words):
        if _is_deed(word) and not _is_before_a_noun(words, at):
            deed = at, word
        if word.lower in _PLACED and deed is not None:
            place = next((w for w in words[at + 1 :] if w.lower not in DETERMINERS), None)
            if place is not None and place.tells:
                found.append((deed[1], word.lower, place, deed[0] == at - 1))
    return found


def _is_deed(word: Word) -> bool:
    return (word.is_past or word.lower in PARTICIPLES) and word.tells and not word.capitalised


def _is_before_a_noun(words: Sequence[Word], at: int) -> bool:
    """ "The stolen clock": what something is, not what was done."""
    opened = at > 0 and words[at - 1].lower in DETERMINERS
    return opened and at + 1 < len(words) and words[at + 1].tells
