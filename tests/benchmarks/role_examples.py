"""Questions for who did it, with what he is called: "which surgeon opened the ward".

The sentence names him and calls him something; the question calls him the same, or something else.
And questions for one of a kind ("which river …") made to ask for one of another kind.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from tests.benchmarks.verifier_examples import Pair, Vocabulary, as_typed, stems_of

__all__ = ["kind_pairs", "role_pairs"]

ROLES = tuple(
    "accountant actor actress adviser analyst archaeologist artist athlete author banker "
    "bassist boxer brewer broker builder butcher captain caretaker carpenter champion chancellor "
    "chef chemist clerk coach colonel columnist commander commissioner composer consul coroner "
    "councillor critic curator cyclist dancer dean dentist deputy designer detective diplomat "
    "director doctor drummer economist editor electrician emperor explorer farmer firefighter "
    "fisherman footballer founder gardener general geologist goalkeeper guard guitarist historian "
    "inspector inventor investor judge king landlord lawyer lecturer lieutenant magistrate mayor "
    "mechanic merchant midwife miller minister missionary musician novelist officer owner "
    "philosopher photographer physician physicist pianist playwright plumber poet politician "
    "porter potter president priest prince principal producer professor programmer prosecutor "
    "psychologist publisher queen referee reporter sailor scholar scientist secretary senator "
    "sergeant sheriff singer skipper soldier spokesman surgeon surveyor swimmer teacher trader "
    "trainer translator treasurer violinist warden weaver writer".split()
)

_WHO = re.compile(r"who (?P<rest>(?!(?:is|was|are|were|'s)\b)\w.*?)[?.\s]*", re.IGNORECASE)
_NAME = re.compile(r"[A-Z][\w’'-]+(?: (?:(?:of|de|van|von|der|da|al) )?[A-Z][\w’'-]+)+")
_ONE_OF = re.compile(r"\b(?P<asks>which|what) (?P<kind>[a-z]{3,})\b", re.IGNORECASE)
_VERBS = frozenset("are did does had has have is was were will would can could do".split())


def role_pairs(right: Pair, unseen: frozenset[str], rng: random.Random) -> Iterator[Pair]:
    """A right pair for "who …" with a role beside the name, asked for by it or by another.

    No role has one of the `unseen` stems: they are kept for measuring.
    """
    match = _WHO.fullmatch(right.question.strip())
    names = {m.group() for m in _NAME.finditer(right.sentence)}
    names = {n for n in names if n.lower() not in right.question.lower()}
    if match is None or len(names) != 1:
        return
    (name,) = names
    there = stems_of(f"{right.question} {right.title} {right.before} {right.sentence}")
    role, other = rng.sample(ROLES, 2)
    if stems_of(f"{role} {other}") & (there | unseen):
        return
    forms = ("the {0} {1}", "{0} {1}", "{1}, a {0},", "the {0}, {1},")
    said = rng.choice(forms).format(role, name)
    sentence = right.sentence.replace(name, said, 1).replace("the the ", "the ")
    sentence = sentence[0].upper() + sentence[1:]
    for asked, answers in ((role, True), (other, False)):
        question = as_typed(_asked_for(asked, match["rest"], rng), rng)
        yield Pair(question, right.title, right.before, sentence, answers, "role")


def kind_pairs(right: Pair, words: Vocabulary, rng: random.Random) -> Iterator[Pair]:
    """A question for one of a kind, asked for one of another: its sentence tells of none."""
    match = _ONE_OF.search(right.question)
    if match is None or match["kind"].lower() in _VERBS:
        return
    other = words.like(match["kind"], rng)
    there = stems_of(f"{right.question} {right.title} {right.before} {right.sentence}")
    if other is None or stems_of(other) & there:
        return
    question = right.question[: match.start("kind")] + other + right.question[match.end("kind") :]
    yield Pair(question, right.title, right.before, right.sentence, False, "kind")


def _asked_for(role: str, rest: str, rng: random.Random) -> str:
    form = rng.choice(
        (
            "which {0} {1}?",
            "which {0} {1}?",
            "what {0} {1}?",
            "what is the name of the {0} who {1}?",
            "who was the {0} that {1}?",
            "{0} who {1}",
            "{0} {1} who",
        )
    )
    return form.format(role, rest)
