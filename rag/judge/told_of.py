"""Of whom does a sentence tell what a statement says? Where it is another, what disagrees."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.english import GENERAL, MONTH_NAMES, POINTS_BACK
from rag.judge.claims import Word, analyse
from rag.judge.clauses import subject_of_clause
from rag.judge.phrases import (
    Phrase,
    Words,
    agent_of,
    is_deed,
    is_passive,
    lower_at,
    passive_subject,
    share,
    spoken,
    words_of,
)

__all__ = [
    "told_of_another_subject",
    "told_of_its_namesake",
    "told_of_what_stood_before",
    "told_of_whom_it_names",
]

_SET_AGAINST = re.compile(
    r";\s+(?=(?:its|his|her|their|the other|another)\b)|,? (?:while|whereas|but)\s+", re.IGNORECASE
)
"""What stands after it is of somebody else than what stands before."""

_PRONOUNS = {
    "she": frozenset("she her hers herself".split()),
    "he": frozenset("he him his himself".split()),
}

_ALIKE = 0.6
"""Cosine similarity from which on two words may mean the same thing."""

_NAMED = re.compile(r"\b[Tt]he (?P<name>[A-Z][\w’'-]+) (?P<what>[a-z]{3,})\b")
"""A thing with a name before it: "the Tolla sawmill"."""

_OWNED = re.compile(r"\b(?P<whose>his|her) (?P<what>[a-z]+)\b", re.IGNORECASE)

_IS_WHO = re.compile(r"(?:he|she|it|they) (?:is|was|are|were)\b", re.IGNORECASE)
"""How a sentence begins that says who was meant: "She is Ada Finch"."""

_LEANS = re.compile(r"(?:he|she|it|they|who|which|that|this)\b", re.IGNORECASE)


def told_of_another_subject(statement: str, cited: Sequence[str], near: str) -> str | None:
    """What is wrong, for the reader, where a sentence says it of somebody else; None elsewhere.

    `near` is the passage with its title and what stands before it.
    """
    said, sources = words_of(statement), [words_of(text) for text in cited]
    other = _of_the_other_side(said, cited) or _of_a_namesake(said, sources, near)
    if other is not None:
        return f"the cited sentence says this of “{other}”"
    if (doer := _done_to_its_doer(said, sources)) is not None:
        return f"the cited sentence says that “{doer}” does it"
    if _of_another_sex(statement, cited):
        return "the cited sentence says this of somebody else"
    if (owned := _of_another_owner(statement, " ".join(cited))) is not None:
        return f"the cited sentence says this of “{owned}”"
    return None


def told_of_its_namesake(
    statement: str, cited: str, near: str, alike: Callable[[str, str], float]
) -> str | None:
    """The thing of a name that sentences tell of, where a statement has another of that name that
    the passage does not know: "the Tolla school", where the Tolla sawmill burned."""
    known = analyse(f"{near} {cited}").content
    for ours in _NAMED.finditer(statement):
        (what,) = analyse(ours["what"]).words
        if what.lower in GENERAL or what.stem in known or not what.tells:
            continue
        for theirs in _NAMED.finditer(cited):
            if ours["name"] == theirs["name"] and alike(what.lower, theirs["what"]) < _ALIKE:
                return f"{theirs['name']} {theirs['what']}"
    return None


def told_of_whom_it_names(
    statement: str, question: str, cited: Sequence[str], preceding: Sequence[str]
) -> bool:
    """Whether a statement has only a name of its sentence, and of the one before it what it says.

    "Her husband was a vet. He died early, and she brought up their daughter Ida": Ida is no vet.
    """
    if len(cited) != 1 or not preceding:
        return False
    if _LEANS.match(cited[0]) is None or _IS_WHO.match(cited[0]):
        return False
    said, here = analyse(statement), analyse(cited[0]).content
    before = analyse(" ".join(preceding[-2:])).content
    names = {w.stem for w in said.words if w.capitalised}
    only_here = said.content & here - before
    answered = said.content - names - analyse(question).content
    return bool(only_here) and only_here <= names and bool(answered) and answered <= before - here


def told_of_what_stood_before(
    statement: str, cited: Sequence[str], preceding: Sequence[str]
) -> bool:
    """Whether a statement puts a thing where its sentence has "that", and the sentence before it
    speaks of none of what the statement adds."""
    if len(cited) != 1 or not preceding or not POINTS_BACK.search(cited[0]):
        return False
    said = analyse(statement)
    names = {w.stem for w in said.words if w.capitalised}
    added = said.content - analyse(cited[0]).content - names
    return bool(added) and not added & analyse(" ".join(preceding[-2:])).content


def _of_the_other_side(said: Words, cited: Sequence[str]) -> str | None:
    """Who "has refused to pay; its rival Velden has paid" speaks of, where Velden is said to have
    refused."""
    who = subject_of_clause(said)
    if not who or not all(w.capitalised for w in who):
        return None
    told = {w.stem for w in said if w is not None and w.tells and w not in who}
    for text in cited:
        parts = [words_of(part) for part in _SET_AGAINST.split(text)]
        mine = [part for part in parts if share(who, _held(part))]
        if len(mine) != 1 or mine[0] is parts[0]:
            continue
        before = parts[0]
        here, there = _stems(before), _stems(mine[0])
        other = subject_of_clause(before)
        leans = _LEANS.match(text) is not None
        if other and not leans and len(told & here - there) > max(1, len(told & there)):
            return spoken(other)
    return None


def _done_to_its_doer(said: Words, sources: Sequence[Words]) -> str | None:
    """ "Holt will be succeeded", where "he will be succeeded by Holt"."""
    for at, deed in enumerate(said):
        if deed is None or not is_deed(said, at) or not is_passive(said, at):
            continue
        to = _before_be(said, at)
        for source in sources:
            for i, word in enumerate(source):
                if word is None or word.stem != deed.stem or not is_passive(source, i):
                    continue
                by = agent_of(source, i)
                if to and share(to, by) and not share(to, _before_be(source, i)):
                    return spoken(to)
    return None


def _before_be(words: Words, at: int) -> Phrase:
    """The names that stand before a passive, in its clause; or what the sentence begins with."""
    found: list[Word] = []
    for i in range(at - 1, -1, -1):
        word = words[i]
        if word is None or lower_at(words, i) in ("and", "while", "but"):
            break
        if word.capitalised and word.tells:
            found.insert(0, word)
        elif found:
            break
    return tuple(found) or passive_subject(words, at)


def _of_a_namesake(said: Words, sources: Sequence[Words], near: str) -> str | None:
    """The first name of whom a sentence tells, where the statement has another of the family."""
    who = [w for w in subject_of_clause(said) if w.capitalised][:2]
    if len(who) != 2:
        return None
    given, family = who
    for source in sources:
        held = _held(source)
        if any(w.stem == given.stem for w in held):
            continue
        for name in [*held[:1], *subject_of_clause(source)]:
            full = rf"\b{re.escape(name.text)} {re.escape(family.text)}\b"
            if name.capitalised and name.tells and re.search(full, near):
                return name.text
        if _begins_with_another(held, given, family, near):
            return held[0].text
    return None


def _begins_with_another(held: Sequence[Word], given: Word, family: Word, near: str) -> bool:
    """Whether a sentence begins with somebody's name and what he did, while the passage names the
    one that is meant elsewhere: "Her sister, Margit, left. Johanna failed in medicine"."""
    if len(held) < 2 or not held[0].tells or not held[1].is_past or held[0].stem == family.stem:
        return False
    is_word = re.search(rf"\b{re.escape(held[0].lower)}\b", near) is not None
    return not is_word and re.search(rf"\b{re.escape(given.text)}\b", near) is not None


def _of_another_sex(statement: str, cited: Sequence[str]) -> bool:
    """Whether a statement is about "her" alone, and each of its sentences about what "he" does."""
    ours = _sexes(statement)
    return len(ours) == 1 and all(_sex_of(text) and not ours & _sexes(text) for text in cited)


def _of_another_owner(statement: str, cited: str) -> str | None:
    """ "His aunt", where the statement has "her aunt" and the sentences nowhere do."""
    told = {f"{m['whose']} {m['what']}".lower() for m in _OWNED.finditer(cited)}
    for match in _OWNED.finditer(statement):
        whose, what = match["whose"].lower(), match["what"]
        other = f"{'his' if whose == 'her' else 'her'} {what}"
        if other in told and f"{whose} {what}" not in told:
            return other
    return None


def _sexes(text: str) -> set[str]:
    words = {w.lower for w in analyse(text).words}
    return {sex for sex, pronouns in _PRONOUNS.items() if words & pronouns}


def _sex_of(sentence: str) -> str | None:
    """ "he" or "she", where a sentence has that before any name."""
    for word in analyse(sentence).words:
        if word.lower in _PRONOUNS:
            return word.lower
        if word.capitalised and word.tells and word.lower not in MONTH_NAMES:
            return None
    return None


def _held(words: Words) -> list[Word]:
    return [w for w in words if w is not None]


def _stems(words: Words) -> set[str]:
    return {w.stem for w in words if w is not None and w.tells}
