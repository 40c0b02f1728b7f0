"""A pinned statement held to its passage: what it took from the question, what it exchanged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from index.segment import segment
from index.tokens import stem
from rag.english import ASKS, ASKS_WHETHER, FIRST_PERSON
from rag.evidence import Candidate
from rag.judge.amounts import misread_amount
from rag.judge.attribute import Pin
from rag.judge.claims import analyse
from rag.judge.doer import exchanged_doer, exchanged_owner, exchanged_subject
from rag.judge.lacking import lacking
from rag.judge.opposed import other_end, other_event, other_side, other_year
from rag.judge.premise import (
    Exchange,
    exchanged_count,
    exchanged_in_question,
    exchanged_in_statement,
)
from rag.judge.refer import is_intelligible, is_patched, subject_of
from rag.judge.relation import misplaced
from rag.judge.role import other_kin, other_role
from rag.judge.speaker import told_of_another
from rag.judge.told_of import (
    told_of_another_subject,
    told_of_its_namesake,
    told_of_what_stood_before,
    told_of_whom_it_names,
)
from rag.judge.turned import exchanged_parties, is_turned
from rag.judge.unbacked import unbacked, unbacked_word, untold_deed
from rag.judge.yesno import is_said_by_none

__all__ = [
    "exchanged",
    "held_to_the_passage",
    "held_together",
    "in_their_words",
    "is_reworded",
    "sentences_of",
]

_APART = "two sentences on different things do not say this together"
_CHOICE = re.compile(r"\b(?:or|whether|if)\b|n['’]t (?:it|he|she|they)\W*\Z", re.IGNORECASE)

_NAMING = frozenset(map(stem, ("named", "name", "called")))
_YES_OR_NO = re.compile(r"(?:yes|no)\b", re.IGNORECASE)

SAID, UNSAID, ANSWERS = 0.2, 0.05, 0.5
"""Probabilities below which the extractor finds another answer, finds this one nowhere, and the
verifier does not believe it. Of 296 statements of four recorded sets 28 are given so in their
sentences' words: six of the seven that were false, and 22 others, whose sentences hold the answer
as well."""

_Alike = Callable[[str, str], float]
"""Cosine similarity of two words, [-1, 1]."""


def exchanged(question: str, pin: Pin, alike: _Alike, *, quoted: bool = False) -> Exchange | None:
    """What the question supposes, and the sentences that a pin cites say of another thing.

    Of a quotation only the question is held to them: it says what they say.
    """
    told = [c.evidence.text for c in pin.candidates]
    cited = " ".join(told)
    first = pin.candidates[0]
    near = f"{first.context} {first.surroundings}"
    leans = not is_intelligible(first.evidence.text)
    # A headline names several things: it does not say which of them a sentence is about.
    known = first.context if leans else subject_of(first.evidence.title) or ""
    found = exchanged_in_question(question, cited, near)
    sentences = _sentences(first.surroundings)
    found = found or exchanged_parties(question, [*told, *sentences])
    found = found or exchanged_count(question, pin.text, cited, alike)
    found = found or _first(exchanged_doer(question, t, known, alike, near) for t in told)
    if found is not None or quoted:
        return found
    said = (pin.text, cited, known, question, alike)
    found = exchanged_in_statement(*said, near) or other_role(pin.text, cited, question, alike)
    found = found or other_kin(pin.text, cited) or other_side(pin.text, cited, sentences)
    found = found or _first(exchanged_owner(pin.text, t) for t in told)
    found = found or _first(
        exchanged_subject(pin.text, t, known, question, alike, near) for t in told
    )
    known = f"{cited} {first.evidence.title}"
    return found or _supposed(question, known, misplaced(pin.text, told, near, alike))


@lru_cache(maxsize=64)
def _sentences(passage: str) -> tuple[str, ...]:
    return tuple(sentence.text for sentence in segment(passage))


def held_to_the_passage(question: str, pin: Pin, alike: _Alike) -> Pin:
    """The pin, unsupported where it says of the question's what the passage does not know, or of
    one thing what the sentences say of another."""
    if not pin.candidates:
        return pin
    told = [c.evidence.text for c in pin.candidates]
    cited = " ".join(told)
    first = pin.candidates[0]
    near = known = f"{first.context} {first.surroundings}"
    if not pin.check.supported:
        made_up = analyse(pin.text).numbers - analyse(f"{near} {cited} {question}").content
        return replace(pin, check=replace(pin.check, supposes=bool(made_up)))
    if exchanged(question, pin, alike):
        # Told of as an exchange, which says more.
        return pin
    if is_intelligible(first.evidence.text) and not FIRST_PERSON.search(first.evidence.text):
        # Not about what only a later sentence speaks of, or a headline of several things.
        titled = subject_of(first.evidence.title) or ""
        known = " ".join([f"{titled}.", *(e.text for e in first.preceding)])
    unknown = unbacked(pin.text, cited, known, near, first.evidence.title, question, alike)
    supposes = True
    if unknown is not None:
        problem: str | None = f"the documents do not speak of “{unknown}” here"
    else:
        problem = _beyond(pin, told, question, alike)
    if problem is None:
        problem, supposes = _misread(pin, told, near, question, alike), False
    if problem is None:
        return pin
    return replace(pin, check=replace(pin.check, problem=problem, supposes=supposes))


def held_together(question: str, pin: Pin) -> Pin:
    """The pin, unsupported where its sentences are on different things."""
    if not pin.check.supported or not is_patched(pin.text, pin.candidates, question):
        return pin
    return replace(pin, check=replace(pin.check, problem=_APART))


def _beyond(pin: Pin, told: Sequence[str], question: str, alike: _Alike) -> str | None:
    """What is wrong, for the reader, with a statement that says more than its sentences do."""
    first, cited = pin.candidates[0], " ".join(told)
    if other := told_of_another(pin.text, told, *_said_before(first)):
        return f"whoever speaks does not say this of “{other}”"
    preceding = [e.text for e in first.preceding]
    if told_of_what_stood_before(pin.text, told, preceding):
        return "the cited sentence says this of something before it"
    if told_of_whom_it_names(pin.text, question, told, preceding):
        return "the sentence before the cited one says this of somebody else"
    if is_turned(pin.text, question):
        return "it says to whom it was done, not by whom"
    if (lack := lacking(question, cited)) is not None:
        return lack
    if _repeats(pin.text, question, cited):
        return "it says no more than the question"
    if is_said_by_none(pin.text, question, told, first.evidence.title, alike):
        return "no one sentence says so much as the question does"
    return None


def _said_before(first: Candidate) -> tuple[str, str]:
    """What stands before a sentence in its passage; its title and author."""
    before, _, _ = first.surroundings.partition(first.evidence.text)
    return before, f"{first.evidence.title}. {first.evidence.author or ''}"


def in_their_words(
    question: str, pin: Pin, said: float, answers: float, alike: _Alike
) -> list[Pin]:
    """The pin, or the sentences that it cites in its place, where it is in doubt.

    They have nothing like what it says was done, or two readers doubt it.

    `said` is the extractor's probability of this answer. Where that is small, the statement has a
    word of the question that the passage knows nothing like, or it is nothing and `answers`, the
    verifier's probability that the sentences answer the question, is small: "It stopped using the
    chair in 1995" is so taken back to what the law of 1995 says.
    """
    if not pin.check.supported:
        return [pin]
    cited = " ".join(c.evidence.text for c in pin.candidates)
    near = " ".join(
        f"{c.evidence.text} {c.context} {c.surroundings} {c.evidence.title}" for c in pin.candidates
    )
    doubted = said < UNSAID and answers < ANSWERS
    if said < SAID and not doubted:
        doubted = unbacked_word(pin.text, near, question, alike) is not None
    if not doubted and untold_deed(pin.text, cited, alike) is None:
        return [pin]
    return sentences_of(pin)


def sentences_of(pin: Pin) -> list[Pin]:
    """What a pin cites, each sentence in its own words."""
    return [
        Pin(c.evidence.text, (c,), (strength,), pin.check)
        for c, strength in zip(pin.candidates, pin.strengths, strict=True)
    ]


def is_reworded(pin: Pin) -> bool:
    """Whether a statement has a telling word that no sentence it cites has, but for what a "she" of
    theirs stands for, or has theirs in another order, which may say it of another; a "yes" or "no"
    may be worded freely."""
    if _YES_OR_NO.match(pin.text):
        return False
    cited = analyse(" ".join(c.evidence.text for c in pin.candidates))
    leaning = [c for c in pin.candidates if not is_intelligible(c.evidence.text)]
    known = cited.content | analyse(" ".join(c.context for c in leaning)).content
    said = analyse(pin.text)
    if said.content - known - _NAMING:
        return True
    rest = iter(cited.ordered)
    return not all(word in rest for word in said.ordered if word in cited.content)


def _misread(pin: Pin, told: Sequence[str], near: str, question: str, alike: _Alike) -> str | None:
    """What a statement tells of another thing than the sentences do, though its words are there."""
    statement, first = pin.text, pin.candidates[0]
    other = misplaced(statement, told, near, alike)
    if other is not None:
        return f"the cited sentence says this of “{other.told}”, not of “{other.asked}”"
    other_thing = told_of_its_namesake(statement, " ".join(told), near, alike)
    if other_thing is not None:
        return f"the cited sentence says this of “{other_thing}”"
    misread = told_of_another_subject(statement, told, f"{first.context} {near}")
    misread = misread or misread_amount(statement, told, question, alike)
    cited = " ".join(told)
    misread = misread or other_end(statement, cited, question) or other_event(statement, cited)
    misread = misread or other_year(statement, cited)
    if misread is None and is_patched(statement, pin.candidates, question):
        return _APART
    return misread


def _repeats(statement: str, question: str, cited: str) -> bool:
    """Whether a statement answers with nothing but words of the question, which names no choice.

    To keywords a sentence that has them all may be an answer.
    """
    if ASKS_WHETHER.match(question) or _CHOICE.search(question):
        return False
    said = analyse(statement).content
    asks = ASKS.search(question) is not None or not said <= analyse(cited).content
    return asks and not said - analyse(question).content


def _supposed(question: str, cited: str, found: Exchange | None) -> Exchange | None:
    """What the question itself has in another's place, and the sentences nowhere; what they have
    elsewhere they may answer rightly, in their own words."""
    if found is None:
        return None
    words = analyse(found.asked).content
    is_supposed = words <= analyse(question).content and not words & analyse(cited).content
    return found if is_supposed else None


def _first(found: Iterable[Exchange | None]) -> Exchange | None:
    return next((exchange for exchange in found if exchange is not None), None)
