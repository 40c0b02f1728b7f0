"""Who does it, in the question and in the evidence: the librarian, or the tailor?

"The librarian teaches a class" is not said by "A tailor teaches a class", and "Which pilot …" is
not answered by what an engineer did, though both sentences are true and rightly cited.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Sequence

from rag.english import BE, DETERMINERS, GENERAL, POSSESSIVES
from rag.english_forms import INTRANSITIVE_PASTS, PLACE_PREPOSITIONS
from rag.english_values import CREATURES, WORKS
from rag.judge.claims import Claim, Word, analyse, is_same_name, subject_words
from rag.judge.premise import ALIKE, Exchange, is_named, is_slot

__all__ = ["exchanged_doer", "exchanged_owner", "exchanged_subject"]

_SUBJECT = 6
"""Words; a longer change at the beginning of a statement is more than its subject."""

_SAME_DEED = 3
"""Words that a statement repeats of its sentence after the subject, from which on it says that the
same was done; two where one is a past tense."""

_MOST_BEFORE = 8
"""Words before a deed, of which the doer is one."""

_OF_A_SORT = 0.25
"""Cosine similarity of two words from which on a capitalised one is what somebody is called, as
the other is, and no name: "Jan Peter Berg", where "Treasurer Karl Voss" has a role before."""


_CLAUSES = re.compile(r"(?:,|;)? (?:and|but|while|whereas) |; ")
_BELONGS = frozenset("at of in".split())
_ASKS = frozenset("did does do has have had which what".split())


def exchanged_subject(
    statement: str,
    cited: str,
    near: str,
    question: str,
    alike: Callable[[str, str], float],
    passage: str = "",
) -> Exchange | None:
    """Who does in a statement what another does in its sentence, as the question had it.

    `near` is the title and what the sentence refers back to; `alike` gives two words' cosine
    similarity. Whom the `passage` writes as a name "the town" or "the company" may stand for.
    """
    said, source, asked = analyse(statement), analyse(cited), analyse(question)
    ours, theirs = [_form(w) for w in said.words], [_form(w) for w in source.words]
    steps = difflib.SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes()
    for at, (tag, i1, i2, j1, j2) in enumerate(steps):
        if tag != "replace" or max(i2 - i1, j2 - j1) > _SUBJECT:
            continue
        if not {*ours[:j1], *theirs[:i1]} <= DETERMINERS:
            break
        # What the sentence has besides ("the club of Ostrow moved") is no other deed.
        kept = itertools.takewhile(lambda s: s[0] in ("equal", "delete"), steps[at + 1 :])
        done = [word for *_, k1, k2 in kept for word in said.words[k1:k2]]
        if len(done) < _SAME_DEED and not (len(done) > 1 and any(w.is_past for w in done)):
            continue
        if {said.words[j2 - 1].lower, done[0].lower} & PLACE_PREPOSITIONS:
            # "The train arrives at …": a deed is in the change.
            continue
        who, other = _called(said.words[j1:j2]), _called(source.words[i1:i2])
        if who is None or other is None or other.stem in said.content:
            continue
        if who.is_past or other.text.isdigit() or _has_deed(source.words[i1:i2]):
            # "Oregon passed …" of "Measure 16 … established …": the change is more than who it was.
            continue
        if who.stem not in asked.content or (other.lower in GENERAL and is_named(who, passage)):
            continue
        if _is_other(who, source.words[i1:i2], source, near, alike):
            return Exchange(who.text, other.text)
    return None


def exchanged_doer(
    question: str, cited: str, near: str, alike: Callable[[str, str], float], passage: str = ""
) -> Exchange | None:
    """Who, in a question, did what another did in a sentence; parameters as above.

    Only what an active past tense follows is looked at. A general word ("official", "ship") may
    stand for any that it covers. Of 4,600 questions of natural, natural-long, XQuAD, Normans and
    SelQA, each beside the sentence that answers it, none is taken for this.
    """
    asked, source = analyse(question), analyse(cited)
    for clause in _CLAUSES.split(cited):
        words = analyse(clause).words
        for at, deed in enumerate(words[:_MOST_BEFORE]):
            if not at or not deed.is_past or deed.capitalised or deed.stem not in asked.content:
                continue
            before = words[:at]
            if any(w.is_past or w.lower in BE for w in before):
                break
            if clause[: clause.find(deed.text)].count(",") % 2:
                # No aside between doer and deed: "the sensor data, landed at noon".
                break
            who, other = _asked_for(asked.words, deed), _called(before)
            if who is None or other is None or other.stem in asked.content:
                continue
            if _may_stand_for(other, who, passage):
                continue
            if who.lower in GENERAL or (other.lower in GENERAL and is_named(who, passage)):
                continue
            named = any(w.capitalised for w in before[before.index(other) + 1 :])
            if other.capitalised and named and alike(who.lower, other.lower) < _OF_A_SORT:
                continue
            if _is_other(who, before, source, near, alike):
                return Exchange(who.text, other.text)
    return None


def _has_deed(words: Sequence[Word]) -> bool:
    """Whether "the prizes went elsewhere" stands there, and not a subject alone."""
    return any(w.lower in INTRANSITIVE_PASTS for w in words)


def _may_stand_for(name: Word, who: Word, passage: str) -> bool:
    """Whether a sentence begins with the name of somebody who may be called so in the passage:
    "Hallin found", where it speaks of an inquiry by the engineer Petra Hallin."""
    known = who.stem in analyse(passage).content
    return name.first and known and is_named(name, passage, within=True)


def _is_other(
    who: Word,
    doer: Sequence[Word],
    source: Claim,
    near: str,
    alike: Callable[[str, str], float],
) -> bool:
    """Whether nothing in a sentence, or near it, is called so, or by a word that means the same."""
    if who.stem in source.content | analyse(near).content or is_same_name(who, source.words):
        return False
    called = [w for w in doer if w.tells and (w.first or not w.capitalised)]
    if any(is_slot(who, w) for w in called):
        return False
    if who.lower in WORKS and any(w.lower in WORKS for w in called):
        return False
    if any(w.lower in CREATURES for w in called):
        return False
    return max(alike(who.lower, w.lower) for w in called) < ALIKE


def _asked_for(words: Sequence[Word], deed: Word) -> Word | None:
    """Who does it, in a question: "did the pilot land", "which pilot landed", "the pilot who
    landed"; None in a passive, and in keywords, which do not say whether it was done by or to."""
    at = next(i for i, w in enumerate(words) if w.stem == deed.stem)
    before = list(words[:at])
    described = bool(before) and before[-1].lower in ("who", "that")
    if described:
        before.pop()
    found = before[-1] if before and before[-1].tells and not before[-1].is_past else None
    while before and (before[-1].tells or before[-1].lower in DETERMINERS):
        before.pop()
    opens = before[-1].lower if before else ""
    return found if described or opens in _ASKS else None


def _called(words: Sequence[Word]) -> Word | None:
    """What somebody is called: the last telling word before "of", "who" or a name; None for a name
    alone."""
    found: Word | None = None
    for at, word in enumerate(words):
        if word.lower in DETERMINERS:
            continue
        if found is not None and word.capitalised and not word.first:
            if found.first and [w.capitalised for w in words[at : at + 2]] != [True, True]:
                # "Per Lund", where "Engineer Tom Baird" has a name of two words.
                return None
            break
        if not word.tells:
            break
        found = word
    return None if found is None or (found.capitalised and not found.first) else found


def _form(word: Word) -> str:
    """What of a word must be the same: "carries" is "carried", while "recording" may be a thing."""
    same = word.lower in DETERMINERS or word.lower.endswith("ing")
    return word.lower if same else word.stem or word.lower


def exchanged_owner(statement: str, cited: str) -> Exchange | None:
    """Whose it is, where the cited sentence says so of another: "the ward at St Ola's".

    "Quill Lane will lose its ward, which saw 31,000" tells of no other's ward.
    """
    said, told = analyse(statement).words, analyse(cited).words
    owner = [w for w in subject_words(analyse(cited)) if w.capitalised]
    for at, word in enumerate(said[:-1]):
        rest = [w for w in said[at + 2 :] if w.lower != "the"]
        name = list(itertools.takewhile(lambda w: w.capitalised, rest))
        if not word.tells or said[at + 1].lower not in _BELONGS or not name:
            continue
        if any(is_same_name(w, told) for w in name):
            continue
        for k, other in enumerate(told):
            is_owned = any(w.lower in POSSESSIVES for w in told[max(0, k - 2) : k])
            if other.stem == word.stem and is_owned and owner:
                return Exchange(" ".join(w.text for w in name), " ".join(w.text for w in owner))
    return None
