"""Does the cited evidence say the statement? Numbers, names and negations must agree."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.tokens import STOPWORDS
from rag.english import (
    MONTHS,
    NEGATIONS,
    VERBS_AFTER_A_NAME,
    YES_NO,
)
from rag.judge.cause import wrong_cause
from rag.judge.claims import (
    Claim,
    Word,
    analyse,
    canonical_number,
    is_same_name,
    spelled_out,
)
from rag.judge.compared import of_what_is_compared
from rag.judge.deed import wrong_deed
from rag.judge.superlative import unheld_superlative
from rag.judge.turned import exchanged_names
from rag.judge.units import other_unit
from rag.judge.yesno import contrary_word, counterpart

__all__ = ["MIN_COVERAGE", "Check", "check"]

MIN_COVERAGE = 0.5
"""Least share of a statement's words, weighted by how telling they are, that its cited sentences
hold; chosen on bench/xquad with the minimal pairs of tests/benchmarks."""

_REPEATED = 0.3
"""Weight of a word that the statement repeats of the question."""

_VERBATIM = 0.7
"""Share of a statement's words, in order, from which on it counts as a copy with edits."""

_EDIT = 4
"""Words; a longer change is another clause, not an edit."""

_SWAP = 2
"""Words; a number in a longer change may only have moved."""

_MIN_SIMILARITY = 0.8
"""A statement this close to its sentence, as cosine, may use other words."""


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome for one statement."""

    coverage: float
    """Share of the statement's telling words found in the cited sentences, [0, 1]."""
    similarity: float
    """Cosine similarity of the statement and its closest cited sentence, [-1, 1]."""
    problem: str | None
    """What disagrees, for the reader; None when the statement is supported."""
    supposes: bool = False
    """Whether it says what nothing near the cited sentences knows of."""

    @property
    def supported(self) -> bool:
        return self.problem is None


def check(
    statement: str,
    cited: Sequence[str],
    *,
    context: str = "",
    question: str = "",
    surroundings: str = "",
    similarity: float = 0.0,
    rarity: Callable[[str], float] = lambda _: 1.0,
) -> Check:
    """Compare a statement with its cited sentences.

    `context` is what stands before them in the document: names may come from there, where the
    cited sentence says "he" or "the company"; numbers and negations may not. What a statement
    merely repeats of the `question` may stand anywhere in the `surroundings`, the passage.
    """
    if not cited:
        return Check(0.0, similarity, "no sentence of the documents says this")
    said = analyse(statement)
    sources = [analyse(text) for text in cited]
    around = analyse(context)
    asked = analyse(question)
    # Repeated of the question, and there in the passage: known, if not said by this sentence.
    # Numbers must stand closer: "in the 10th century" is true of some sentence of any history.
    known = asked.content & (around.content | (analyse(surroundings).content - asked.numbers))
    coverage = _coverage(said, sources, around, asked, rarity)
    problem = (
        _numbers(said, sources, asked, known | _in_names(said, around))
        or _names(said, sources, around, known)
        or _negations(said, sources)
        or exchanged_names(said, sources)
        or _edits(said, sources)
        or _related(statement, cited, context)
    )
    # Every check above has passed: a new number or name that was found is half of the proof.
    new = (said.numbers | {w.stem for w in said.names}) - asked.content
    enough = MIN_COVERAGE / 2 if new else MIN_COVERAGE
    if problem is None and coverage < enough and similarity < _MIN_SIMILARITY:
        problem = "the cited sentence says too little of this"
    return Check(coverage, similarity, problem)


def _coverage(
    said: Claim,
    sources: Sequence[Claim],
    around: Claim,
    asked: Claim,
    rarity: Callable[[str], float],
) -> float:
    """Share of the statement that is held; what it repeats of the question counts for little."""
    held = frozenset().union(*(s.content for s in sources))
    names = [w for s in sources for w in s.words if w.capitalised]
    kin = {w.stem for w in said.names if is_same_name(w, names)}
    total = got = 0.0
    for token in said.content:
        w = rarity(token) * (_REPEATED if token in asked.content else 1.0)
        total += w
        if token in held or token in kin:
            got += w
        elif token in around.content:
            got += 0.5 * w
    return got / total if total else 0.0


def _numbers(
    said: Claim, sources: Sequence[Claim], asked: Claim, known: frozenset[str]
) -> str | None:
    held = frozenset().union(*(s.numbers | s.content for s in sources))
    for number in sorted(said.numbers - held - known):
        if number in asked.spelled_numbers:
            # "The fourth quarter", "the two leaders": the question's own words.
            continue
        return f"the cited sentence does not have the number {_spoken(said, number)}"
    return None


def _in_names(said: Claim, around: Claim) -> frozenset[str]:
    """The numbers that are part of a name, as what stands around has it: "the Dornick 40"."""

    def named(claim: Claim) -> set[tuple[str, str]]:
        return {
            (one.stem, number)
            for one, other in itertools.pairwise(claim.words)
            if one.capitalised and one.tells and one.lower not in MONTHS
            if (number := canonical_number(other.lower)) is not None
        }

    return frozenset(number for _, number in named(said) & named(around))


def _names(
    said: Claim, sources: Sequence[Claim], around: Claim, known: frozenset[str]
) -> str | None:
    held = [w for s in sources for w in s.words]
    named = [w for w in held if w.capitalised]
    near = [w for w in around.words if w.capitalised]
    expanded = known | spelled_out(said.words, [*named, *near])
    for name in said.names:
        if (
            name.stem in expanded
            or any(name.stem == w.stem for w in held)
            or is_same_name(name, named)
        ):
            continue
        if is_same_name(name, near):
            continue
        return f"the cited sentence does not name {name.text}"
    first = said.first_word
    # First and capitalised: a name only if it is not an ordinary word.
    if (
        first is not None
        and first.lower not in YES_NO
        and first.stem not in expanded
        and not any(first.stem == w.stem for w in [*held, *around.words])
        and not is_same_name(first, [*named, *near])
        and _looks_like_name(first, said)
    ):
        return f"the cited sentence does not name {first.text}"
    return None


def _looks_like_name(first: Word, said: Claim) -> bool:
    """Followed by another name, or by a verb right away: "Erdogan said", "Angela Merkel was"."""
    at = said.words.index(first)
    following = said.words[at + 1 : at + 2]
    if not following:
        return True
    after = following[0]
    past = after.lower.endswith("ed") and not first.lower.endswith("s")
    return after.capitalised or after.lower in VERBS_AFTER_A_NAME or past


def _negations(said: Claim, sources: Sequence[Claim]) -> str | None:
    negated = frozenset().union(*(s.negated for s in sources))
    denied = frozenset().union(*(s.denied for s in sources))
    plain = frozenset().union(*(s.plain for s in sources))
    dropped = (said.content - said.negated - said.denied) & negated - plain
    if dropped and not (said.negated or said.denied):
        return f"the cited sentence negates “{_spoken(said, min(dropped))}”"
    for token in sorted(said.negated_first & plain - negated - denied):
        return f"the cited sentence does not negate “{_spoken(said, token)}”"
    return None


def _edits(said: Claim, sources: Sequence[Claim]) -> str | None:
    """Where a statement repeats its sentence nearly word for word, what was changed in it."""
    for source in sources:
        ours = [w.lower for w in said.words]
        theirs = [w.lower for w in source.words]
        matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
        matched = sum(block.size for block in matcher.get_matching_blocks())
        if matched < _VERBATIM * len(ours):
            continue
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal" or i2 - i1 > _EDIT or j2 - j1 > _EDIT:
                continue
            before, after = source.words[i1:i2], said.words[j1:j2]
            if any(w.lower in NEGATIONS for w in before) is not any(
                w.lower in NEGATIONS for w in after
            ):
                return "the cited sentence says the opposite"
            was = [w for w in before if w.capitalised and w.lower not in STOPWORDS]
            now = [w for w in after if w.capitalised and w.lower not in STOPWORDS]
            if was and now and not any(is_same_name(w, was) for w in now):
                return f"the cited sentence says this of {was[0].text}, not of {now[0].text}"
            numbers = analyse(" ".join(w.text for w in before)).numbers
            others = analyse(" ".join(w.text for w in after)).numbers
            short = len(before) <= _SWAP and len(after) <= _SWAP
            if short and numbers and others and not numbers & others:
                return f"the cited sentence says {min(numbers)} here, not {min(others)}"
    return None


def _related(statement: str, cited: Sequence[str], context: str) -> str | None:
    """What it compares, explains, measures, joins or ranks wrongly, or the contrary."""
    return (
        of_what_is_compared(statement, cited)
        or wrong_cause(statement, cited)
        or other_unit(statement, cited)
        or wrong_deed(statement, cited)
        or unheld_superlative(statement, cited, context)
        or _contrary(statement, cited)
    )


def _contrary(statement: str, cited: Sequence[str]) -> str | None:
    """Whether it says "refused" where its sentences say "accepted", or "kids" where "adults"."""
    if (exchanged := counterpart(statement, cited)) is not None:
        return f"the cited sentence says this of “{exchanged[1]}”, not of “{exchanged[0]}”"
    word = contrary_word(statement, " ".join(cited))
    return None if word is None else f"the cited sentence says the contrary of “{word}”"


def _spoken(said: Claim, token: str) -> str:
    """The word of the statement behind a canonical token."""
    for word in said.words:
        if token in (word.stem, word.lower) or analyse(word.text).content == {token}:
            return word.text
    return token
