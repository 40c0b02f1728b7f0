"""Is it told of the other side, or of the other end, of what the passage tells it of?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from index.tokens import stem
from rag.english_forms import PARTICIPLES
from rag.judge.claims import Claim, Word, analyse, subject_words
from rag.judge.clauses import before_the_verb, clauses_of, subject_of_clause
from rag.judge.phrases import is_deed, is_same_deed, share, spoken, words_of
from rag.judge.premise import Exchange
from rag.judge.yesno import TRAITS

__all__ = ["other_end", "other_event", "other_side", "other_year"]

_ENDS = (
    frozenset(map(stem, "begin beginning began begun open opening start starting".split())),
    frozenset(map(stem, "end ending close closing finish finishing".split())),
)

_AGAINST = re.compile(r"[,;]? (?:but|while|whereas) ")
_YEAR = re.compile(r"\b(?:1[5-9]\d\d|20\d\d)\b")

_EVENTS = frozenset(
    map(stem, "construction creation production recovery rescue restoration work".split())
)
"""What is done to or for a thing, besides what is called so by its verb: "filming"."""


def other_side(statement: str, cited: str, near: Sequence[str]) -> Exchange | None:
    """ "The wall on the west bank" where the passage has the wall on the east bank.

    `near` are the passage's sentences; only what the cited sentence does not have is looked for.
    """
    said, source = analyse(statement), analyse(cited)
    subject = {w.stem for w in subject_words(said)}
    for word, noun in itertools.pairwise(said.words):
        others = {b for pair in TRAITS for a, b in (pair, pair[::-1]) if word.stem in a}
        if not others or word.stem in source.content or not noun.tells:
            continue
        of_it = [c for c in map(analyse, near) if (subject - {word.stem, noun.stem}) & _told(c)]
        before = [w for c in of_it for w, n in itertools.pairwise(c.words) if n.stem == noun.stem]
        told = next((w for w in before if any(w.stem in o for o in others)), None)
        if told is not None and all(w.stem != word.stem for w in before):
            return Exchange(f"{word.text} {noun.text}", f"{told.text} {noun.text}")
    return None


def other_end(statement: str, cited: str, question: str) -> str | None:
    """What is wrong, for the reader, where a beginning is told of what is at the end, or the other
    way: "Ombria hosts the opening" of "beginning in Castrel and ending in Ombria"."""
    said, asked = analyse(statement), analyse(question)
    names = [*said.names, *([said.first_word] if said.first_word else [])]
    answer = (said.numbers | {w.stem for w in names}) - asked.content
    clauses = [{w.stem for w in part if w is not None} for part in clauses_of(words_of(cited))]
    for ours, theirs in (_ENDS, _ENDS[::-1]):
        if not ours & said.content or theirs & said.content:
            continue
        here = [c for c in clauses if answer & c]
        is_there = all(theirs & c and not ours & c for c in here)
        if here and is_there and any(ours & c for c in clauses):
            return "the cited sentence says this of the other end"
    return None


def other_event(statement: str, cited: str) -> str | None:
    """What is wrong, for the reader, where of a thing is told what befell the work on it: "The
    bridge began in 1900" of "Building of the bridge began in 1900"."""
    said, told = words_of(statement), words_of(cited)
    event, ours = subject_of_clause(told), subject_of_clause(said)
    if not event or not ours or not _is_event(event[-1]) or any(map(_is_event, ours)):
        return None
    of_it = before_the_verb(told)
    deeds = [w for at, w in enumerate(said) if w is not None and is_deed(said, at)]
    is_told = any(is_same_deed(told, at, deed) for deed in deeds for at in range(len(told)))
    if is_told and share(before_the_verb(said), [w for w in of_it if w not in event]):
        return f"the cited sentence says this of “{spoken(event)}”"
    return None


def other_year(statement: str, cited: str) -> str | None:
    """What is wrong, for the reader, where the year of one clause is told of what its sentence
    sets against it: "The pump was broken in 2009" of "It was built in 2009, but the pump was
    broken"."""
    said = analyse(statement)
    parts = [analyse(part) for part in _AGAINST.split(cited)]
    years = set(_YEAR.findall(statement))
    for here in parts:
        others = [part for part in parts if part is not here]
        elsewhere = frozenset().union(*(part.content for part in others))
        deeds = {w.stem for w in here.words if w.is_past or w.lower in PARTICIPLES}
        told = (said.content & elsewhere) - here.content
        if (years & here.content) - elsewhere and deeds and not deeds & said.content and told:
            return "the cited sentence says this of another year, or of none"
    return None


def _is_event(word: Word) -> bool:
    # No king, ring or spring.
    is_done = word.lower.endswith("ing") and word.stem != word.lower
    return is_done or word.stem in _EVENTS


def _told(claim: Claim) -> frozenset[str]:
    """What is told of: "which will have no wall" tells of none."""
    return claim.content - claim.negated
