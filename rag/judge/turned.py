"""Who did it to whom: is that the same in question, statement and sentence?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from index.tokens import stem
from rag.english import BE
from rag.english_forms import IRREGULAR_PASTS, PREPOSITIONS
from rag.judge.claims import Claim, Word, analyse
from rag.judge.phrases import agent_of, is_passive, is_same_deed, object_of, share, words_of
from rag.judge.premise import Exchange

__all__ = ["exchanged_names", "exchanged_parties", "is_turned"]

_WHO_DID = re.compile(r"\W*who (?P<deed>[^\W\d_]+) (?P<what>.+)", re.IGNORECASE)
_MUTUAL = frozenset(map(stem, "marry divorce meet met join face fight fought date".split()))
"""Deeds that are done by both."""


def is_turned(statement: str, question: str) -> bool:
    """Whether it is asked who beat Moe, and said whom Moe beat."""
    asked = _WHO_DID.match(question)
    if asked is None:
        return False
    deed, said = analyse(asked["deed"]).words[0], words_of(statement)
    what = [w for w in analyse(asked["what"]).words if w.tells]
    for at in range(len(said)):
        if not deed.tells or deed.stem in _MUTUAL:
            return False
        if not is_same_deed(said, at, deed) or is_passive(said, at):
            continue
        to, by = object_of(said, at), agent_of(said, at)
        if to and share(by, what) and not share(to, what):
            return True
    return False


def exchanged_parties(question: str, near: Sequence[str]) -> Exchange | None:
    """Two names of a question that change places around a deed of a passage's sentences.

    "How much did Crumb pay to buy Halden?" supposes what "Halden agreed to buy Crumb" does not
    say. Names are told from the sentences, since questions are typed in lower case. None where
    another sentence has them as the question does.
    """
    asked = analyse(question)
    found = next((e for text in near if (e := _change_places(asked, analyse(text)))), None)
    if found is None or any(_keeps_places(found, asked, analyse(text)) for text in near):
        return None
    return found


def _keeps_places(found: Exchange, asked: Claim, told: Claim) -> bool:
    """Whether a sentence has the two names as the question has them, with what it asks between."""
    one, other = analyse(found.asked).content, analyse(found.told or "").content
    stems = [w.stem for w in told.words]
    first = next((i for i, s in enumerate(stems) if s in one), len(stems))
    last = max((i for i, s in enumerate(stems) if s in other), default=0)
    return bool(set(stems[first:last]) & asked.content - one - other)


def _change_places(asked: Claim, told: Claim) -> Exchange | None:
    """The names of which one sentence has the second, the deed and the first, in this order."""
    if any(w.lower == "by" for w in (*asked.words, *told.words)):
        return None
    names = {w.stem for w in told.words if w.capitalised and not w.first and w.tells}
    names |= {w.stem for w in told.words[:1] if w.stem in asked.content}
    for one, other, deeds in _parties(asked, names):
        places = [[i for i, w in enumerate(told.words) if w.stem == p] for p in (other, one)]
        if [len(found) for found in places] != [1, 1]:
            continue
        first, second = (found[0] for found in places)
        between = itertools.pairwise(told.words[first : second + 1])
        done = {w.stem for before, w in between if before.lower not in BE | {"been", "being"}}
        if deeds & done - names and not _after_preposition(told.words, first):
            return Exchange(_name_at(told, second), _name_at(told, first))
    return None


def _parties(asked: Claim, names: set[str]) -> Iterator[tuple[str, str, set[str]]]:
    """Two names that follow each other, and the stems between that may be what one does."""
    at = [i for i, w in enumerate(asked.words) if w.stem in names]
    for i, j in itertools.pairwise(at):
        between = asked.words[i + 1 : j]
        is_free = not any(w.lower in PREPOSITIONS - {"to"} for w in between)
        if between and is_free and not _after_preposition(asked.words, j):
            deeds = {w.stem for w in between if w.tells} - _MUTUAL
            yield asked.words[i].stem, asked.words[j].stem, deeds


def _after_preposition(words: tuple[Word, ...], at: int) -> bool:
    return any(w.lower in PREPOSITIONS for w in words[max(0, at - 1) : at])


def _name_at(told: Claim, at: int) -> str:
    """The name that a word is part of."""
    begin = end = at
    while begin > 0 and told.words[begin - 1].capitalised and told.words[begin - 1].tells:
        begin -= 1
    while end + 1 < len(told.words) and told.words[end + 1].capitalised:
        end += 1
    return " ".join(w.text for w in told.words[begin : end + 1])


def exchanged_names(said: Claim, sources: Sequence[Claim]) -> str | None:
    """Two names that change places around the same words: "A thanked B" is not "B thanked A"."""
    names = [w.stem for w in said.words if w.capitalised and w.stem in said.ordered]
    passive = any(w.lower == "by" for w in said.words)
    for source in sources:
        if passive != any(w.lower == "by" for w in source.words):
            continue
        for a, b in itertools.pairwise(names):
            if a == b or said.ordered.count(a) > 1 or said.ordered.count(b) > 1:
                continue
            if source.ordered.count(a) != 1 or source.ordered.count(b) != 1:
                continue
            if not _has_verb(said, a, b):
                # "Oracle founder Ellison", "Ellison, founder of Oracle".
                continue
            here = _between(said.ordered, a, b)
            there = _between(source.ordered, b, a)
            if here and there and len(here & there) * 2 > len(here):
                return "the cited sentence has the names the other way round"
    return None


def _has_verb(said: Claim, a: str, b: str) -> bool:
    """Whether one name does something to the other: a past tense stands between them."""
    stems = [w.stem for w in said.words]
    between = said.words[stems.index(a) + 1 : stems.index(b)]
    return any(w.lower.endswith("ed") or w.lower in IRREGULAR_PASTS for w in between)


def _between(ordered: Sequence[str], a: str, b: str) -> frozenset[str]:
    """Stems between `a` and a later `b`; empty when they stand in the other order."""
    i, j = ordered.index(a), ordered.index(b)
    return frozenset(ordered[i + 1 : j]) if i < j else frozenset()
