"""Can a statement be understood alone? If it begins with "She", who that is is said with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.tokens import STOPWORDS, stem, tokenize
from rag.answer import Evidence
from rag.english import GENERAL, MONTHS, OPENS_BY_REFERRING, PEOPLE, POINTS_BACK, POSSESSIVES
from rag.english_forms import LIGHT_VERBS, ORGANISATIONS, PARTICIPLES, PERSONS
from rag.evidence import Candidate
from rag.judge.claims import Claim, analyse, subject_words

__all__ = [
    "Referred",
    "is_fragment",
    "is_intelligible",
    "is_patched",
    "names_in",
    "refer",
    "stands_on",
    "subject_of",
    "told_of",
]

_MAX_TITLE_WORDS = 5
"""A longer title is a headline: it says what happened, not who or what the article is about."""

_OF_A_SUBJECT = re.compile(
    r"\A(?:(?:early )?life|history|culture|economy|death|geography|list|politics) of (?:the )?",
    re.IGNORECASE,
)
"""How a title begins that is about what follows."""

_REFERS = re.compile(r"\b(?:he|his|she|her|it|its|they|their|there)\b", re.IGNORECASE)

_REFERS_TO_NOTHING = re.compile(
    r"it (?:(?:takes?|took|costs?) [^,;]*\bto [a-z]|(?:is|was) (?:(?:just|nearly|almost|still) )?"
    r"(?:a quarter|half past|midnight|noon|dark|cold|hot|late|early|raining|snowing|\d))",
    re.IGNORECASE,
)
"""How a sentence begins whose "it" stands for what comes later, or for nothing: "It takes an hour
to walk", "It is a quarter to four"."""

_SAID = re.compile(r"[\"“][^\"”]*[\"”],? (?:he|she|they) [a-z]+", re.IGNORECASE)
"""How a sentence begins in which somebody named before it speaks."""

_PLACED = re.compile(r"\b(?:in|at|from|near|of|on)(?: the)? $", re.IGNORECASE)
"""What stands before a name that nobody's "she" is."""

_CLAUSES = re.compile(r",? (?:and|but|while|whereas|as|when) ")

_WHEN = frozenset(map(stem, "after before during since until".split()))
"""Stems that a year follows, whatever is said of it."""

_MAX_JOINED = 2
"""Sentences that are put before one that cannot be understood without them."""

_NAME = re.compile(
    r"[A-Z][\w’'.-]*(?: (?:(?:of|the|de|van|von|der|den|da|di|du|la|le|al|bin|ibn|and) )?"
    r"[A-Z][\w’'.-]*){0,4}"
)


@dataclass(frozen=True, slots=True)
class Referred:
    """A statement that can be understood alone."""

    text: str
    """What we added stands in square brackets, or before it, as its document writes it."""
    beside: tuple[Evidence, ...]
    """The sentences that name what it refers to, to be cited with it."""


def is_intelligible(text: str) -> bool:
    """Whether a sentence does not begin with a word that refers to one before it."""
    return OPENS_BY_REFERRING.match(text) is None


def is_fragment(text: str) -> bool:
    """Whether it was torn off another sentence or is an item of a list: it begins in lower case."""
    return text[:1].islower()


def stands_on(candidate: Candidate) -> set[tuple[str, int]]:
    """A sentence, and those before it that say who its "she" is: documents and ordinals."""
    keys = {candidate.key}
    if not is_intelligible(candidate.evidence.text):
        keys |= {(e.document_id, e.ordinal) for e in candidate.preceding}
    return keys


def told_of(named: Candidate, candidates: Sequence[Candidate]) -> Candidate:
    """The sentence that says what was asked, where `named` only names whom it says it of.

    "Ida Holm built the school. She also drew the plans of the library.": to who drew the plans, the
    name stands in the first, the answer in the second.
    """
    following = [
        c
        for c in candidates
        if named.key in stands_on(c) - {c.key} and c.evidence.score > named.evidence.score
    ]
    return max(following, key=lambda c: c.evidence.score, default=named)


def is_patched(statement: str, cited: Sequence[Candidate], question: str) -> bool:
    """Whether the number that it answers with stands in a sentence on something else.

    "Patients wait 19 days; in 2019 it was four. The pharmacy may close." do not say together that
    the pharmacy opened in 2019, nor do "The cup drew twelve clubs. Falun has 32 boats." that the
    cup had 32 boats; nor is written in 1597 what one sentence has of 1597 and another of writing.
    A sentence that refers to one before it may say less.
    """
    said, asked = analyse(statement), analyse(question)
    clauses = [analyse(part) for part in _CLAUSES.split(statement)]
    held = {c.key: analyse(c.evidence.text).content for c in cited}
    for candidate in cited:
        others = frozenset().union(*(held[c.key] for c in cited if c is not candidate))
        answers = (said.numbers - asked.content) & (held[candidate.key] - others)
        if not others or not answers:
            continue
        telling = said.content - said.numbers - _WHEN
        speaks = telling & held[candidate.key]
        if not is_intelligible(candidate.evidence.text):
            # "It is the third since 2016" is of what stands before it, if of anything that is said.
            meant = analyse(" ".join(e.text for e in candidate.preceding)).content
            if not speaks and not meant & telling:
                return True
            continue
        # "It opened on 17 May while 4,000 people watched": those are of their own clause.
        of = next((c for c in clauses if answers & c.numbers), said)
        subject = {word.stem for word in subject_words(of)}
        of_another = subject and not subject & held[candidate.key]
        done = _done(of)
        if done & others and not done & held[candidate.key]:
            return True
        if not speaks or (of_another and not _may_be_of_it(candidate.evidence.text)):
            return True
    return False


def _done(claim: Claim) -> set[str]:
    """Stems of what is done."""
    deeds = (w for w in claim.words if w.is_past or w.lower in PARTICIPLES)
    return {w.stem for w in deeds if w.tells and not w.capitalised and w.lower not in LIGHT_VERBS}


def _may_be_of_it(sentence: str) -> bool:
    """Whether a sentence refers to something, and is about nobody whom it names."""
    names = [w for w in subject_words(analyse(sentence)) if w.capitalised and not w.first]
    return not names and _REFERS.search(sentence) is not None


def refer(text: str, candidate: Candidate) -> Referred:
    """A statement that rests on a candidate, with what its first words refer to.

    A person that the sentence before names, and no other, is added in brackets, as is the title
    of an article about one thing; whatever is less certain is not guessed at: the sentence before
    is put in front, as it stands there.
    """
    opening = OPENS_BY_REFERRING.match(text)
    before = [e for e in candidate.preceding if e.kind.citable]
    if opening is None or _REFERS_TO_NOTHING.match(text):
        if before and text == candidate.evidence.text and POINTS_BACK.search(text):
            return Referred(f"{before[-1].text} {text}", (before[-1],))
        return Referred(text, ())
    word = opening["word"]
    name = _antecedent(word.lower(), before, candidate.evidence.title)
    if name is not None:
        added, named_by = name
        at = opening.end("word")
        genitive = "’s" if word.lower() in POSSESSIVES else ""
        return Referred(f"{text[:at]} [{added}{genitive}]{text[at:]}", named_by)
    joined: list[Evidence] = []
    for sentence in reversed(before[-_MAX_JOINED:]):
        joined.insert(0, sentence)
        if not _goes_on(sentence.text):
            break
    return Referred(" ".join([*(e.text for e in joined), text]), tuple(joined))


def _goes_on(sentence: str) -> bool:
    """Whether it goes on about somebody or something before it."""
    if _SAID.match(sentence):
        return True
    return not is_intelligible(sentence) and _REFERS_TO_NOTHING.match(sentence) is None


def _antecedent(
    word: str, before: Sequence[Evidence], title: str
) -> tuple[str, tuple[Evidence, ...]] | None:
    """What a pronoun stands for and the sentence that says so, where that is beyond doubt."""
    subject = subject_of(title)
    if subject is not None and word in PEOPLE and not _is_persons(subject):
        subject = None
    for sentence in reversed(before):
        if _goes_on(sentence.text):
            continue
        if subject is not None and _is_about(sentence.text, subject):
            # Every citation names its title: no further sentence is needed for it.
            return subject, ()
        name = _person(sentence.text, f"{title} {' '.join(e.text for e in before)}")
        return (name, (sentence,)) if word in PEOPLE and name is not None else None
    if subject is not None and not before:
        return subject, ()
    return None


def _person(sentence: str, known: str) -> str | None:
    """Whom alone a sentence names, or begins with, all others being where it happens.

    A surname is one only if `known`, what stands around, has it with a first name.
    """
    names = names_in(sentence)
    words = analyse(sentence).words
    if any(w.lower in PERSONS and not w.capitalised for w in words):
        # "Ida Holm called on the mayor to resign. She refused."
        return None
    if any(not _is_persons(name) for name in names[:1]):
        return None
    if len(names) == 1 and " " in names[0]:
        return names[0]
    first = names[0] if names else ""
    if not first or not sentence.startswith(first):
        return None
    # Over the end of a line a name is written otherwise, and not found.
    others = (sentence.find(name) for name in names[1:])
    if not all(at > 0 and _PLACED.search(sentence[:at]) for at in others):
        return None
    is_whole = " " in first or any(n.endswith(f" {first}") for n in names_in(known))
    return first if is_whole else None


def subject_of(title: str) -> str | None:
    """A title that names one thing; None for a headline."""
    words = _OF_A_SUBJECT.sub("", re.sub(r"\s*\([^)]*\)\Z", "", title.strip())).split()
    if not 0 < len(words) <= _MAX_TITLE_WORDS:
        return None
    small = [w for w in words if w.lower() not in STOPWORDS and not w[:1].isupper()]
    return None if small else " ".join(words)


def _is_persons(subject: str) -> bool:
    """Whether it may be a person's name: "he" is not "How the Grinch Stole Christmas!", nor "Royal
    Harbour Company"."""
    words = subject.lower().split()
    is_name = _NAME.fullmatch(subject) is not None and words[0] not in STOPWORDS
    return is_name and words[-1] not in GENERAL | ORGANISATIONS


def _is_about(sentence: str, subject: str) -> bool:
    """Whether a sentence begins with the subject, in whole or by its first or last word."""
    opening = set(tokenize(" ".join(sentence.split()[: len(subject.split()) + 2])))
    wanted = tokenize(subject)
    return bool(wanted) and (wanted[0] in opening or wanted[-1] in opening)


def names_in(text: str) -> list[str]:
    """Runs of capitalised words, without those that open a sentence as any word would."""
    found = []
    for match in _NAME.finditer(text):
        words = match.group().split()
        if match.start() == 0 and words[0].lower() in STOPWORDS:
            words = words[1:]
        words = [w.rstrip(".,'’") for w in words]
        if words and words[0].lower() not in MONTHS and words[0].lower() not in STOPWORDS:
            found.append(re.sub(r"[’']s\Z", "", " ".join(words)))
    return [n for n in dict.fromkeys(found) if not any(n != o and n in o for o in found)]
