"""What a statement took from the question alone: a subject or a deed that no passage speaks of."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from rag.english import ASKS_WHO, DETERMINERS, FIRST_PERSON, NAMING, VERBS_AFTER_A_NAME
from rag.english_forms import LIGHT_VERBS, PARTICIPLES, PREPOSITIONS, SHELL_NOUNS
from rag.judge.claims import Claim, Word, analyse, is_same_name, subject_words
from rag.judge.refer import is_intelligible
from rag.judge.tense import told_as_done, told_as_now, told_as_to_come

__all__ = [
    "unbacked",
    "unbacked_aside",
    "unbacked_deed",
    "unbacked_name",
    "unbacked_present",
    "unbacked_relation",
    "unbacked_subject",
    "unbacked_word",
    "untold_deed",
]

_KNOWN = 0.5
"""The same for a subject that stands nowhere in the passage: below this nothing there is like it.
Of 460 recorded statements 18 were struck that were wrong or false, and 4 that were right."""

_SAME_DEED = 0.45
"""The same for what is said to have been done: "designed", where the passage says "warned". Of 398
recorded statements this strikes 13 that were wrong or false, and 14 of 224 right ones, in whose
place their sentence is quoted."""

_PLACED = frozenset("based found lies located set situated".split())
"""What is said of anything that is somewhere."""

_OF_A_THING = re.compile(r"\W*(?:it|its|this|these)\b", re.IGNORECASE)
_BESIDE = re.compile(
    r"\b(?:by|with|from|to|of|for|at) (?:the |an? |its |their )?(?:[a-z]+ )?"
    r"(?:[A-Z][\w’'-]+ ?)+"
)
"""A name that a sentence brings in beside what it is about."""

_DOES = re.compile(
    r"(?P<who>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,3}) (?P<does>[a-z]{3,}s)"
    r"(?= (?:the|an?|it|its|his|her|their|this|that|[A-Z]))"
)


def unbacked(
    statement: str,
    cited: str,
    known: str,
    near: str,
    title: str,
    question: str,
    alike: Callable[[str, str], float],
) -> str | None:
    """The first thing that a statement took from elsewhere than its sentences, by all of these.

    `known` is what stands before the cited sentence, `near` the whole passage with its title;
    `alike` gives two words' cosine similarity.
    """
    leans = not is_intelligible(cited) or FIRST_PERSON.search(cited) is not None
    before = known if leans else ""
    if _OF_A_THING.match(cited):
        # "It will be led by Pim Oster. It looks at three things": he does not.
        before = _BESIDE.sub(" ", before)
    return (
        unbacked_name(statement, cited, f"{title}. {before}", question, alike)
        or unbacked_subject(statement, cited, known, question, alike)
        or unbacked_relation(statement, cited, near, question, alike)
        or unbacked_deed(statement, cited, alike)
        or unbacked_aside(statement, cited, near, question, alike)
        or told_as_to_come(statement, cited)
        or told_as_done(statement, cited)
        or told_as_now(statement, cited)
        or unbacked_present(statement, cited, alike)
    )


def unbacked_subject(
    statement: str, cited: str, near: str, question: str, alike: Callable[[str, str], float]
) -> str | None:
    """What a statement speaks of as only the question does, the passage nowhere: "the mayor".

    `near` is the title with what stands before, or the whole passage where the cited sentence leans
    on it. None where that has the word, or the cited sentence one like it. Of "the name of the
    mayor" it is the mayor who must be spoken of.
    """
    said, source = analyse(statement), analyse(cited)
    around, asked = analyse(f"{cited} {near}"), analyse(question)
    subject = _subject(said.words)
    if subject and subject[-1].lower in SHELL_NOUNS:
        subject = _held_in(subject, said.words)
    if not subject:
        return None
    head = subject[-1]
    if head.stem in around.content or head.stem not in asked.content:
        return None
    if is_same_name(head, around.words):
        return None
    likest = max((alike(head.lower, w.lower) for w in source.words if w.tells), default=0.0)
    return " ".join(w.text for w in subject) if likest < _KNOWN else None


def unbacked_name(
    statement: str, cited: str, known: str, question: str, alike: Callable[[str, str], float]
) -> str | None:
    """What a statement says it of, by a name or without an article, where its sentence speaks of
    something else.

    "Germany was given a seat on 8 September" is not said by "The seats were increased to nine on
    8 September", wherever else the passage has Germany. `known` is the title, with what stands
    before a sentence that leans on that. Of 260 recorded statements this strikes four: two false,
    two whose sentence leaves out who it was.
    """
    said, here = analyse(statement), analyse(cited)
    subject = subject_words(said)
    if not subject or said.words[0].lower in DETERMINERS - {"the"}:
        return None
    is_name = any(w.capitalised and not w.first for w in subject) or len(subject) == 1
    if not is_name and not {w.stem for w in subject} <= analyse(question).content:
        # "Commercial quantities": only the first is written so, and the question has it not.
        return None
    near = analyse(f"{cited} {known}").words
    if any(w.stem in here.content or is_same_name(w, near) for w in subject):
        return None
    told = [w for w in here.words if w.tells]
    plain = [w for w in subject if not w.capitalised or w.first]
    if any(alike(w.lower, t.lower) >= _KNOWN for w in plain for t in told):
        return None
    return " ".join(w.text for w in subject)


def unbacked_relation(
    statement: str, cited: str, near: str, question: str, alike: Callable[[str, str], float]
) -> str | None:
    """The deed that a statement took from a question for who did it, where the passage knows none
    like it.

    "Who designed the bridge?" is not answered by the engineer who warned of it. Only past tenses
    are looked at, and what "will" be done. `near` is the whole passage with its title.
    """
    if ASKS_WHO.search(question) is None:
        return None
    said, source = analyse(statement), analyse(cited)
    around, asked = analyse(f"{cited} {near}"), analyse(question)
    for before, word in itertools.pairwise((None, *said.words)):
        if word is None:
            continue
        done = word.is_past or (before is not None and before.lower == "will")
        is_deed = done and word.tells and not word.capitalised
        if not is_deed or word.stem in around.content or word.stem not in asked.content:
            continue
        if word.lower in NAMING | LIGHT_VERBS:
            # "His dog, Max" names him without the word.
            continue
        likest = max((alike(word.lower, w.lower) for w in source.words if w.tells), default=0.0)
        if likest < _SAME_DEED:
            return word.text
    return None


def unbacked_deed(statement: str, cited: str, alike: Callable[[str, str], float]) -> str | None:
    """What a statement joins with "and" to what its sentence says, and that knows nothing of.

    "He had met both sides and apologised" is not said by "He had met both sides".
    """
    said, source = analyse(statement), analyse(cited)
    tell = [w for w in source.words if w.tells]
    at = [i for i, w in enumerate(said.words) if w.is_past and w.tells and not w.capitalised]
    if not any(said.words[i].stem in source.content for i in at):
        return None
    for i in at:
        word = said.words[i]
        if said.words[i - 1].lower != "and" or word.stem in source.content:
            continue
        if max((alike(word.lower, w.lower) for w in tell), default=0.0) < _SAME_DEED:
            return word.text
    return None


def unbacked_word(
    statement: str, near: str, question: str, alike: Callable[[str, str], float]
) -> str | None:
    """The first word that a statement repeats of the question, and nothing in the passage is like.

    `near` is the passage with its title. People ask in words of their own, so that most such
    statements are true: of 296 given to recorded questions a sixth has one.
    """
    around = analyse(near)
    light = LIGHT_VERBS | SHELL_NOUNS | NAMING | _PLACED
    found = _repeated(statement, question, around, around, alike)
    return next((word.text for word in found if word.lower not in light), None)


def untold_deed(statement: str, cited: str, alike: Callable[[str, str], float]) -> str | None:
    """What a statement says was done, where its sentences have nothing like it: "voted against it"
    of "hopes for a million from the state"."""
    here = analyse(cited)
    for word in analyse(statement).words:
        if not word.is_past or word.capitalised or not word.tells or word.stem in here.content:
            continue
        if word.lower in LIGHT_VERBS | NAMING | _PLACED:
            continue
        likest = (alike(word.lower, w.lower) for w in here.words if w.tells)
        if max(likest, default=0.0) < _SAME_DEED:
            return word.text
    return None


def unbacked_aside(
    statement: str, cited: str, near: str, question: str, alike: Callable[[str, str], float]
) -> str | None:
    """What a statement adds after ", which" of the question's, and the passage knows nothing of.

    "The firm plans 24 flats, which will be affordable" is not said by "The firm plans 24 flats".
    """
    _, _, aside = statement.partition(", which ")
    if not aside:
        return None
    found = _repeated(aside, question, analyse(f"{cited} {near}"), analyse(cited), alike)
    return next((word.text for word in found), None)


def unbacked_present(statement: str, cited: str, alike: Callable[[str, str], float]) -> str | None:
    """What somebody does by a statement, where its sentence has neither him nor that.

    "Aubry opposes the plan" is not said by "The campaign was dominated by the plan".
    """
    match = _DOES.match(statement)
    if match is None:
        return None
    here = analyse(cited)
    who, does = analyse(match["who"]).words, analyse(match["does"]).words[0]
    if does.stem in here.content or any(is_same_name(w, here.words) for w in who):
        return None
    likest = max((alike(does.lower, w.lower) for w in here.words if w.tells), default=0.0)
    return does.text if likest < _SAME_DEED else None


def _repeated(
    text: str, question: str, around: Claim, told: Claim, alike: Callable[[str, str], float]
) -> Iterator[Word]:
    """The words that a text repeats of the question, that do not stand around, and are like none
    that is told."""
    asked = analyse(question)
    for word in analyse(text).words:
        if not word.tells or word.stem in around.content or word.stem not in asked.content:
            continue
        if is_same_name(word, around.words):
            continue
        likest = (alike(word.lower, w.lower) for w in told.words if w.tells)
        if max(likest, default=0.0) < _KNOWN:
            yield word


def _subject(words: Sequence[Word], *, opened: bool = False) -> list[Word]:
    """The words after the article that a statement begins with, up to a verb or a small word.

    What is `opened` already need not begin with one.
    """
    begins = 1 if words and words[0].lower in ("the", "a", "an") else 0
    if not begins and not opened:
        return []
    subject: list[Word] = []
    for at, word in enumerate(words[begins : begins + 4], begins):
        if not word.tells or word.is_past or (subject and _is_present(words, at)):
            break
        if subject and word.lower in PARTICIPLES and _goes_on(words, at):
            break
        subject.append(word)
    return subject


def _held_in(shell: Sequence[Word], words: Sequence[Word]) -> list[Word]:
    """What such a noun says something of: the mayor, of "the name of the mayor"."""
    at = words.index(shell[-1]) + 1
    is_held = at < len(words) and words[at].lower in PREPOSITIONS
    return _subject(words[at + 1 :], opened=True) if is_held else []


def _goes_on(words: Sequence[Word], at: int) -> bool:
    """Whether a participle belongs to the noun before it: "the money stolen from the club"."""
    return any(w.lower in PREPOSITIONS for w in words[at + 1 : at + 2])


def _is_present(words: Sequence[Word], at: int) -> bool:
    """Whether a word in "-s" is what a subject does: "arrives at", "contains one", and nothing
    that follows can be the verb in its place."""
    word, following = words[at], words[at + 1 :]
    if not following or not word.lower.endswith("s") or word.lower.endswith("’s"):
        return False
    if word.capitalised or word.lower.endswith("'s") or following[0].tells:
        return False
    return not any(w.is_past or w.lower in VERBS_AFTER_A_NAME for w in following)
