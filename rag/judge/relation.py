"""Does a sentence say it of these together? Who did it, to what, of what, and how many of which.

"Brenn commanded the men, and Roder wrote the articles" has every word of "Brenn wrote the
articles". What a statement puts where its sentence has something else is told here, by what stands
beside a deed, a preposition or a number; where a sentence is built otherwise nothing is told.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from rag.english import DETERMINERS, GENERAL
from rag.judge.claims import Word, is_same_name
from rag.judge.clauses import clauses_of, counting_clauses_of, subject_of_clause
from rag.judge.phrases import (
    Phrase,
    Words,
    after_first,
    after_heads,
    after_prepositions,
    agent_of,
    are_names,
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
    qualified,
    reach_of,
    share,
    spoken,
    words_of,
)
from rag.judge.premise import ALIKE, Exchange
from rag.judge.yesno import are_contrary

__all__ = ["counts_another", "misplaced"]

_PRONOUNS = frozenset("he she him they them it himself herself themselves itself".split())
_OF_ANOTHER_SORT = 0.45
"""Below this cosine similarity of two words one is not the other by another name."""
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
            if pairs is _agents and share(ours, _done_by(sources)):
                continue
            if is_same_name(ours[-1], here) and are_names(ours) == are_names(theirs):
                return Exchange(spoken(ours), spoken(theirs))
    return (
        _other_object(said, sources, here)
        or _other_side(said, sources)
        or _other_modifier(said, sources)
        or _other_trait(said, sources)
        or _other_which(said, sources)
        or _other_clause(said, sources)
        or _other_count(said, sources)
        or _other_complement(said, sources, words_of(near), alike)
    )


def counts_another(question: str, value: str, sentence: str) -> bool:
    """Whether a sentence gives a value for something else than what was asked, and another for
    that: "4.6 million for a roof, 900,000 for the organ"."""
    return _other_count(words_of(f"{question}; {value}"), [words_of(sentence)]) is not None


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


def _done_by(sources: Sequence[Words]) -> list[Word]:
    """All that stands after a "by" of a deed: "by Holt and Berg", "by the minister of France"."""
    return [
        word
        for source in sources
        for at in range(len(source))
        if is_deed(source, at) and lower_at(source, at + 1) == "by"
        for word in reach_of(source, at)
    ]


def _other_object(said: Words, sources: Sequence[Words], here: Sequence[Word]) -> Exchange | None:
    """ "Bought Hedgerow", where the sentence has "bought Velder and sold Hedgerow"."""
    for at, deed in enumerate(said):
        if deed is None or not is_deed(said, at):
            continue
        what = object_of(said, at)
        if is_passive(said, at):
            # "Was awarded the prize": the prize is given, not she.
            what = () if what else passive_subject(said, at)
        same = [(s, i) for s in sources for i in range(len(s)) if is_same_deed(s, i, deed)]
        if not what or not same or not is_same_name(what[-1], here):
            continue
        who = agent_of(said, at)
        if who and not any(share(who, [w for w in s[:i] if w is not None]) for s, i in same):
            # "Rix bought it" is said by "It was sold to Rix".
            continue
        told = [() if is_passive(s, i) else object_of(s, i) for s, i in same]
        reached = [w for s, i in same for w in reach_of(s, i)]
        if all(told) and told[0][-1].lower not in GENERAL and not share(what, reached):
            return Exchange(spoken(what), spoken(told[0]))
    return None


def _other_side(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "A petition for the sale", where the sentence has one against it."""
    told = [found for source in sources for found in after_heads(source)]
    for head, side, phrase, _ in after_heads(said):
        place = (head.stem, phrase[-1].stem)
        sides = {s for h, s, p, _ in told if s in _SIDES and (h.stem, p[-1].stem) == place}
        if side in _SIDES and sides and side not in sides:
            what = spoken(phrase)
            return Exchange(f"{side} {what}", f"{min(sides)} {what}")
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


def _other_trait(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "Private schools", where the sentence has public ones."""
    told = [pair for source in sources for pair in qualified(source)]
    for which, head in qualified(said):
        theirs = [w for w, h in told if h.stem == head.stem]
        if any(w is not None and w.stem == which.stem for source in sources for w in source):
            # "Public schools outnumber private ones": it is spoken of, without its noun.
            continue
        if theirs and all(are_contrary(w.stem, which.stem) for w in theirs):
            return Exchange(f"{which.text} {head.text}", f"{theirs[0].text} {head.text}")
    return None


def _other_which(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "Enforces the building rule", where the boating rule is enforced, the building rule not."""
    pairs = {(w.stem, h.stem) for source in sources for w, h in qualified(source)}
    for at, deed in enumerate(said):
        if deed is None or not deed.tells or lower_at(said, at + 1) not in DETERMINERS:
            continue
        ours = phrase_at(said, at + 1)
        if len(ours) < 2 or (ours[-2].stem, ours[-1].stem) not in pairs:
            continue
        same = [
            (source, i)
            for source in sources
            for i, word in enumerate(source)
            if word is not None and word.stem == deed.stem
        ]
        if any(share(ours[:-1], reach_of(source, i)) for source, i in same):
            continue
        theirs = [phrase_at(source, i + 1) for source, i in same]
        same_head = [p for p in theirs if len(p) > 1 and p[-1].stem == ours[-1].stem]
        if not theirs or len(same_head) < len(theirs):
            continue
        if not any(share(ours[:-1], p[:-1]) for p in theirs):
            return Exchange(spoken(ours), spoken(theirs[0]))
    return None


def _other_clause(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "Moe will be chairman", where Moe runs the firm, "while Rud will become chairman"."""
    who = subject_of_clause(said)
    if not who or not all(w.capitalised for w in who):
        # "Moe's wife" is spoken of where Moe is not.
        return None
    told = {w.stem for w in said if w is not None and w.tells and w not in who}
    for source in sources:
        parts = list(clauses_of(source, contrasted=True))
        mine = [p for p in parts if share(who, [w for w in p if w is not None])]
        if len(parts) < 2 or len(mine) != 1:
            continue
        if told & {w.stem for w in mine[0] if w is not None}:
            continue
        for part in parts:
            if _PRONOUNS & {lower_at(part, i) for i in range(len(part))} or _ends_in_her(part):
                # "Holt defeated him": it may be spoken of there, too.
                continue
            others = [w for w in subject_of_clause(part) if w.capitalised and not w.first]
            held = told & {w.stem for w in part if w is not None}
            if part is not mine[0] and held and others and not share(others, who):
                return Exchange(spoken(who), spoken(others))
    return None


def _ends_in_her(words: Words) -> bool:
    """Whether "her" is done to, and owns nothing."""
    following = itertools.pairwise([*words, None])
    return any(
        w is not None and w.lower == "her" and (after is None or not after.tells)
        for w, after in following
    )


def _in_common(one: Phrase, other: Phrase) -> int:
    return sum(is_same_name(word, other) for word in one)


def _other_count(said: Words, sources: Sequence[Words]) -> Exchange | None:
    """ "45 million on research", where the sentence has 45 on a warehouse and 27 on research."""
    ours, placed = numbers_in(said), after_prepositions(said)
    for source in sources:
        parts = counting_clauses_of(source)
        mine = [part for part in parts if ours & numbers_in(part)]
        if len(mine) != 1:
            continue
        held = [w for w in mine[0] if w is not None]
        there = after_prepositions(mine[0])
        others = [part for part in parts if part is not mine[0]]
        for preposition, phrase in placed:
            instead = [p for prep, p in there if prep == preposition]
            if not instead or share(phrase, held):
                continue
            if any(share(phrase, after_first(part, preposition)) for part in others):
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
        if GENERAL & {ours.lower, theirs.lower} or are_names(phrase) != are_names(instead):
            continue
        if alike(ours.lower, theirs.lower) < (ALIKE if are_names(phrase) else _OF_ANOTHER_SORT):
            return Exchange(spoken(phrase), spoken(instead))
    return None
