"""Does the evidence speak of what was asked about, or of another of the same sort?

Numbers, names and negations of a sentence may agree with its source, and yet the question has put
another subject, place or time in place of the article's: "The clinic hired 40 nurses", where the
school did. What is exchanged so is told here; what is only worded otherwise is not.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.segment import segment
from index.tokens import stem
from rag.english import DETERMINERS, GENERAL, MONTH_NAMES, NUMBER_WORDS, WEEKDAYS
from rag.english_forms import FURTHER, PLACE_PREPOSITIONS, PREPOSITIONS, RECENT, SHELL_NOUNS
from rag.english_values import WORKS
from rag.judge.claims import Claim, Word, analyse, canonical_number, is_same_name
from rag.judge.refer import names_in

__all__ = [
    "ALIKE",
    "Exchange",
    "exchanged_count",
    "exchanged_in_question",
    "exchanged_in_statement",
    "is_named",
    "is_slot",
]

_VERBATIM = 0.6
"""Share of a statement's words, in order, from which on it counts as its sentence with edits."""

_BLOCK = 5
"""Words; a longer change is another clause, not one thing in place of another."""

_THING = 3
"""Telling words; what has more is a clause, too: "four members walking across"."""

ALIKE = 0.6
"""Cosine similarity of two words from which on one may stand for the other: "film" and "movie" lie
above; of 205 things exchanged for others of their sort (tests/benchmarks/premises.json) one in six
does."""

_THE_SAME = 0.8
"""The same from which on it is another word for it: "soldiers" and "troops" .89, "homes" and
"houses" .90; "civilians" .65."""

_PLURAL = r"[\w’-]*[^\W\ds]s|people|men|women|children|police"
_HOW_MANY = re.compile(rf"\bhow many (?:[\w’-]+ ){{0,3}}?(?P<noun>{_PLURAL})\b", re.IGNORECASE)
_COUNTED = re.compile(
    rf"\b(\d[\d,.]*|{'|'.join(NUMBER_WORDS)}) (?:[\w’-]+ ){{0,2}}?({_PLURAL})\b", re.IGNORECASE
)

_YEAR = re.compile(r"\b(1\d{3}|20\d\d)\b")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One thing in place of another of its sort."""

    asked: str
    """What the question speaks of."""
    told: str | None
    """What the evidence does; None where it is not known who."""

    @property
    def reason(self) -> str:
        """For the reader."""
        if self.told is None:
            return f"The documents do not speak of “{self.asked}” here."
        return f"The documents say this of “{self.told}”, not of “{self.asked}”."


def exchanged_in_statement(
    statement: str,
    cited: str,
    near: str,
    question: str,
    alike: Callable[[str, str], float],
    passage: str = "",
) -> Exchange | None:
    """What a statement took from the question and put in place of what its sentence says.

    Only where the statement repeats its sentence nearly word for word, both the old and the new
    open a noun phrase, and the same past tense follows or goes before: who did it, or to what, is
    another, what was done is not; a verb, a kind or a relation may be worded otherwise. `near` is
    the title and what the sentence refers back to; `alike` gives two words' cosine similarity.
    Whom the `passage` names "the team" may stand for.
    """
    said, source, asked = analyse(statement), analyse(cited), analyse(question)
    held = source.content | analyse(near).content
    ours, theirs = [w.lower for w in said.words], [w.lower for w in source.words]
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    if sum(block.size for block in matcher.get_matching_blocks()) < _VERBATIM * len(ours):
        return None
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "replace" or max(i2 - i1, j2 - j1) > _BLOCK:
            continue
        if not _is_of_a_deed(source.words, said.words, i1, j1, j2):
            continue
        before = [w for w in source.words[i1:i2] if w.tells and w.stem not in said.content]
        after = [w for w in said.words[j1:j2] if w.tells and w.stem not in held]
        after = [w for w in after if w.stem in asked.content and not is_same_name(w, source.words)]
        if {w.lower for w in before} <= GENERAL and all(is_named(w, passage) for w in after):
            continue
        if _are_others(before, after, alike):
            return Exchange(_spoken(after), _spoken(before))
    return None


def _are_others(
    before: Sequence[Word], after: Sequence[Word], alike: Callable[[str, str], float]
) -> bool:
    """Whether what was put in the place of something else is not the same in other words."""
    if not before or not after or len(before) > _THING or is_slot(after[-1], before[-1]):
        return False
    if all(any(w.lower in WORKS for w in words) for words in (before, after)):
        return False
    return max(alike(b.lower, a.lower) for b in before for a in after) < ALIKE


def _is_of_a_deed(
    source: Sequence[Word], said: Sequence[Word], at: int, begins: int, ends: int
) -> bool:
    """Whether both open a noun phrase there, with a past tense right before or after it."""
    if _joined_by(source, at) != _joined_by(said, begins):
        return False
    led = _before(said, begins)
    is_done_to = led is not None and led.is_past
    theirs, ours = [w.lower for w in source], [w.lower for w in said]
    if not (_opens_noun(theirs, at) and _opens_noun(ours, begins)):
        return is_done_to and said[begins].tells
    return is_done_to or (ends < len(said) and said[ends].is_past)


def is_named(who: Word, passage: str, *, within: bool = False) -> bool:
    """Whether somebody is written as a name in a passage; within a sentence, if that is asked."""
    words = [w for w in analyse(passage).words if w.capitalised and not (within and w.first)]
    return any(w.stem == who.stem for w in words)


def is_slot(asked: Word, told: Word) -> bool:
    """Whether a word of the question only holds the place of what the sentence has there: "the
    first step" of "the earliest predecessors", "the new season" of "the nineteenth"."""
    if asked.lower in SHELL_NOUNS or told.lower in FURTHER:
        return True
    return asked.lower in RECENT and canonical_number(told.lower) is not None


def exchanged_count(
    question: str, statement: str, cited: str, alike: Callable[[str, str], float]
) -> Exchange | None:
    """What a statement counts in place of what was asked: "16 civilians", not soldiers.

    Only where neither it nor the cited sentence speaks of what was asked, or of the same in another
    word, and what it counts is of the same sort. Or the other way round: "1,150 pupils", where the
    sentence has 1,150 signatures and no pupils.
    """
    match = _HOW_MANY.search(question)
    counts = _COUNTED.findall(statement)
    if match is None or not counts:
        return None
    asked = match["noun"].lower()
    if other := _counted_as(asked, counts, cited, alike):
        return Exchange(asked, other)
    counted = [noun for _, noun in counts]
    there = [w for w in analyse(f"{statement} {cited}").words if w.tells]
    if max((alike(asked, w.lower) for w in there), default=0.0) >= _THE_SAME:
        return None
    told = max(counted, key=lambda noun: alike(asked, noun.lower()))
    return Exchange(asked, told) if alike(asked, told.lower()) >= ALIKE else None


def _counted_as(
    asked: str, counts: Sequence[tuple[str, str]], cited: str, alike: Callable[[str, str], float]
) -> str | None:
    """What a sentence counts by the number that a statement has of what was asked.

    Of several sentences it is the one with the number that must speak of what was asked.
    """
    numbers = {canonical_number(number.lower()) for number, noun in counts if noun.lower() == asked}
    covers = {"men", "children", *map(stem, GENERAL)}
    for sentence in segment(cited):
        found: list[tuple[str, str]] = _COUNTED.findall(sentence.text)
        others = [o.lower() for number, o in found if canonical_number(number.lower()) in numbers]
        if not others or {stem(asked), *map(stem, others)} & covers:
            continue
        there = [w.lower for w in analyse(sentence.text).words if w.tells]
        if max(alike(asked, word) for word in there) < ALIKE:
            return others[0]
    return None


def exchanged_in_question(question: str, cited: str, near: str) -> Exchange | None:
    """Another day, month, year, place or person than the question's, where the evidence has one.

    `near` is the whole passage with its title: what stands there is not missing.
    """
    asked, told, around = analyse(question), analyse(cited), analyse(f"{cited} {near}")
    for kind in (MONTH_NAMES, WEEKDAYS):
        found = _other(
            [w.text for w in asked.words if w.lower in kind and w.capitalised],
            [w.text for w in told.words if w.lower in kind and w.capitalised],
            around,
        )
        if found is not None:
            return found
    found = _other(_YEAR.findall(question), _YEAR.findall(cited), around)
    return found or _other_place(asked, told, around) or _other_person(question, around)


def _other(asked: Sequence[str], told: Sequence[str], around: Claim) -> Exchange | None:
    """None of what was asked stands there, but the sentence has something of its sort."""
    there = {w.lower for w in around.words}
    if not asked or not told or {a.lower() for a in asked} & there:
        return None
    return Exchange(asked[0], told[0])


def _other_place(asked: Claim, told: Claim, around: Claim) -> Exchange | None:
    """ "In Oslo", where the sentence says "in Bergen" and Oslo is named nowhere near."""
    there = _after_preposition(told)
    for preposition, name in _after_preposition(asked):
        if name.stem in around.content or is_same_name(name, around.words):
            continue
        others = [other for p, other in there if p == preposition]
        if others:
            return Exchange(name.text, others[0].text)
    return None


def _other_person(question: str, around: Claim) -> Exchange | None:
    """ "Did Birte Lund drink?", where no word of her name stands anywhere near.

    Of 600 recorded questions one would be declined so, if a short form ("US") were no name.
    """
    for name in names_in(question):
        words = [w for w in analyse(name).words if w.tells]
        known = any(w.stem in around.content or is_same_name(w, around.words) for w in words)
        short = "".join(w.text[0] for w in words)
        if len(words) > 1 and not known and short not in {w.text for w in around.words}:
            return Exchange(name, None)
    return None


def _after_preposition(claim: Claim) -> list[tuple[str, Word]]:
    """Names right after a preposition of place."""
    months = MONTH_NAMES | WEEKDAYS
    return [
        (before.lower, word)
        for before, word in zip(claim.words, claim.words[1:], strict=False)
        if before.lower in PLACE_PREPOSITIONS
        and word.capitalised
        and word.text[:1].isalpha()
        and word.lower not in months
    ]


def _opens_noun(words: Sequence[str], at: int) -> bool:
    return at == 0 or words[at - 1] in DETERMINERS or words[at] in DETERMINERS


def _before(words: Sequence[Word], at: int) -> Word | None:
    """The word before the article, if any, that opens what begins at `at`."""
    left = [w for w in words[:at] if w.lower not in DETERMINERS]
    return left[-1] if left else None


def _joined_by(words: Sequence[Word], at: int) -> str | None:
    """The preposition before what begins at `at`: "by the deputy" is not in the place of "of the
    bill"."""
    before = _before(words, at)
    return before.lower if before is not None and before.lower in PREPOSITIONS else None


def _spoken(words: Sequence[Word]) -> str:
    return " ".join(w.text for w in words)
