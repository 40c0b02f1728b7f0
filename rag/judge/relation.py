"""Does a sentence say it of these together? Who did it, to what, of what, and how many of which.

"Brenn commanded the men, and Roder wrote the articles" has every word of "Brenn wrote the
articles". What a statement puts where its sentence has something else is told here, by what stands
beside a deed, a preposition or a number; where a sentence is built otherwise nothing is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rag.english import GENERAL
from rag.judge.claims import Word, is_same_name
from rag.judge.phrases import (
    Phrase,
    Words,
    after_heads,
    after_prepositions,
    agent_of,
    are_names,
    clauses_of,
    is_deed,
    is_passive,
    is_same_deed,
    lower_at,
    modified,
    name_before,
    numbers_in,
    object_of,
    passive_subject,
    phrase_at,
    reach_of,
    share,
    spoken,
    words_of,
)
from rag.judge.premise import ALIKE, Exchange

__all__ = ["misplaced"]

_SIDES = frozenset(("for", "against"))

_Pairs = Iterator[tuple[str, Phrase]]
"""A deed's stem and what stands beside it; nothing where that is not told."""


def misplaced(
    statement: str, cited: Sequence[str], near: str, alike: Callable[[str, str], float]
) -> Exchange | None:
    """What a statement puts where each of its sentences that speaks of it has something else.

    `near` is the passage: what stands there so is no mistake. `alike` gives two words' cosine
    similarity.
    """
    said, sources = words_of(statement), [words_of(text) for text in cited]
    here = [w for source in sources for w in source if w is not None]
    for pairs in (_doers, _agents):
        for ours, theirs in _told_of_others(said, sources, pairs):
            if is_same_name(ours[-1], here) and are_names(ours) == are_names(theirs):
                return Exchange(spoken(ours), spoken(theirs))
    return (
        _other_object(said, sources, here)
        or _other_side(said, sources)
        or _other_modifier(said, sources)
        or _other_count(said, sources)
        or _other_complement(said, sources, words_of(near), alike)
    )


def _told_of_others(
    said: Words, sources: Sequence[Words], pairs: Callable[[Words], _Pairs]
) -> Iterator[tuple[Phrase, Phrase]]:
    """What the statement has in a place, and what its sentences have there instead."""
    told = [pair for source in sources for pair in pairs(source)]
    for deed, ours in pairs(said):
        there = [phrase for d, phrase in told if d == deed]
        if ours and there and all(there) and not any(share(ours, other) for other in there):
            yield ours, there[0]


def _doers(words: Words) -> _Pairs:
    """By each deed the name right before it: "Roder wrote"."""
    for at, deed in enumerate(words):
        if deed is not None and is_deed(words, at) and not is_passive(words, at):
            yield deed.stem, name_before(words, at)


def _agents(words: Words) -> _Pairs:
    """By each deed what stands after its "by": "rescued by the trawler"."""
    for at, deed in enumerate(words[:-2]):
        if deed is not None and is_deed(words, at) and lower_at(words, at + 1) == "by":
            yield deed.stem, phrase_at(words, at + 2)


def _other_object(said: Words, sources: Sequence[Words], here: Sequence[Word]) -> Exchange | None:
    """ "Bought Hedgerow", where the sentence has "bought Velder and sold Hedgerow"."""
    for at, deed in enumerate(said):
        if deed is None or not is_deed(said, at):
            continue
        what = passive_subject(said, at) if is_passive(said, at) else object_of(said, at)
        same = [(s, i) for s in sources for i in range(len(s)) if is_same_deed(s, i, deed)]
        if not what or not same or not is_same_name(what[-1], here):
            continue
        who = agent_of(said, at)
        if who and not any(share(who, [w for w in s[:i] if w is not None]) for s, i in same):
            # "Rix bought it" is said by "It was sold to Rix".
            continue
        told = [() if is_passive(s, i) else object_of(s, i) for s, i in same]
        reached = [w for s, i in same for w in reach_of(s, i)]
        if all(told) and not share(what, reached):
            return Exchange(spoken(what), spoken(told[0]))
    return None


def _other_side(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "A petition for the sale", where the sentence has one against it."""
    told = {
        (head.stem, phrase[-1].stem): side
        for source in sources
        for head, side, phrase, _ in after_heads(source)
        if side in _SIDES
    }
    for head, side, phrase, _ in after_heads(said):
        other = told.get((head.stem, phrase[-1].stem))
        if side in _SIDES and other is not None and other != side:
            what = spoken(phrase)
            return Exchange(f"{side} {what}", f"{other} {what}")
    return None


def _other_modifier(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "The gold medal of the Union", where it is silver, and gold of others."""
    told = [found for source in sources for found in modified(source)]
    for which, head, phrase in modified(said):
        same = [(w, p) for w, h, p in told if h.stem == head.stem]
        closest = max((_in_common(phrase, p) for _, p in same), default=0)
        theirs = [w for w, p in same if closest and _in_common(phrase, p) == closest]
        known = any(w.stem == which.stem for w, _ in same)
        if known and theirs and all(w.stem != which.stem for w in theirs):
            return Exchange(f"{which.text} {head.text}", f"{theirs[0].text} {head.text}")
    return None


def _in_common(one: Phrase, other: Phrase) -> int:
    return sum(is_same_name(word, other) for word in one)


def _other_count(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "45 million on research", where the sentence has 45 on a warehouse and 27 on research."""
    ours, placed = numbers_in(said), after_prepositions(said)
    for source in sources:
        parts = [part for part in clauses_of(source) if numbers_in(part)]
        mine = [part for part in parts if ours & numbers_in(part)]
        if len(mine) != 1:
            continue
        held = [w for w in mine[0] if w is not None]
        there = after_prepositions(mine[0])
        elsewhere = [p for part in parts if part is not mine[0] for p in after_prepositions(part)]
        for preposition, phrase in placed:
            instead = [p for prep, p in there if prep == preposition]
            if not instead or share(phrase, held):
                continue
            if any(prep == preposition and share(phrase, p) for prep, p in elsewhere):
                return Exchange(spoken(phrase), spoken(instead[0]))
    return None


def _other_complement(
    said: Words, sources: Sequence[Words], near: Words, alike: Callable[[str, str], float]
) -> Exchange | None:
    """ "The tax on wine", where the sentence has the tax on salt, and wine is nowhere so taxed."""
    told = [found for source in sources for found in after_heads(source)]
    placed = [pair for source in sources for pair in after_prepositions(source)]
    around = after_heads(near)
    for head, preposition, phrase, deed in after_heads(said):
        if preposition in _SIDES or head.lower in GENERAL:
            continue
        if any(prep == preposition and share(phrase, p) for prep, p in placed):
            # "4,000 crowns on a bell and 900 on candles": the noun is not said twice.
            continue
        place = (head.stem, preposition)
        same = [(p, d) for h, prep, p, d in told if (h.stem, prep) == place]
        # Where the same was done to it what else is said of the other is another matter.
        known = [] if deed and all(d == deed for _, d in same) else around
        said_so = [p for h, prep, p, _ in known if (h.stem, prep) == place]
        if not same or any(share(phrase, p) for p in (*(p for p, _ in same), *said_so)):
            continue
        instead = same[0][0]
        ours, theirs = phrase[-1], instead[-1]
        if theirs.lower in GENERAL or are_names(phrase) != are_names(instead):
            continue
        if are_names(phrase) or alike(ours.lower, theirs.lower) < ALIKE:
            return Exchange(spoken(phrase), spoken(instead))
    return None
