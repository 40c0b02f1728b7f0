"""Where a draft's sentence and the sentence of an article differ: amounts, names, yes and no."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from index.embed.embedder import Array
from rag.check.align import Parsed
from rag.check.difference import Difference, Mismatch
from rag.check.opposites import are_opposite, taken_sides
from rag.check.quantity import Quantity, matches
from rag.check.support import ParsedSource, Support
from rag.check.terms import Term, is_known_name
from rag.judge.verify import check

__all__ = ["correction", "differences"]

_SAME_PLACE = 0.3
"""Cosine of the states of two names, or two numbers, from which on one stands for the other."""

_SAME_WORD = 0.5
"""The same for two words of which one is negated."""

_OPPOSED = 0.2
"""The same for two words that are opposites."""

_REPEATS = 0.45
"""Share of the draft's telling words that an article's sentence must have as they stand for its
"not" to be missed in the draft: other words may deny it in another way."""

_BETTER = 0.1
"""How much liker a word of another sentence must be than those of the best one."""

_HELD = 0.75
"""What the best sentence holds of a word from which on no other is asked about it."""

_SAME_NAMED_PART = 0.55
"""The same as the next for a name, which is more often merely another."""

_SAME_PART = 0.4
"""What must be held of a part of the sentence for a difference in it to be one."""


def differences(said: Parsed, found: Sequence[ParsedSource], support: Support) -> list[Difference]:
    """What the best of the found sentences says otherwise, in the parts that it holds."""
    there = found[support.best]
    beside = [found[i] for i in support.beside]
    differing = [
        *_quantities(said, there.parsed, beside, support),
        *_names(said, there, beside, support),
        *_opposites(said, there.parsed, support),
        *_sides(said, there.parsed),
    ]
    for i in support.beside:
        # What the best sentence does not have, another may deny: "… but nobody died".
        if not differing and i != support.best:
            differing += _opposites(said, found[i].parsed, support, unless=support.terms)
    if not differing:
        differing += _by_wording(said, there)
    return differing


def _sides(said: Parsed, told: Parsed) -> Iterator[Difference]:
    """ "Voted against", where the article has "voted for"; both are stop words."""
    theirs = taken_sides(told.text)
    for deed, side in taken_sides(said.text).items():
        if deed in theirs and theirs[deed] != side:
            yield Difference(Mismatch.OPPOSITE, side, theirs[deed])
            return


def correction(said: Parsed, told: ParsedSource) -> Difference | None:
    """What a sentence that corrects another puts in place: "2.4 million, not 4.2 million"."""
    there = told.parsed
    denied = [q for q in there.quantities if _is_denied(there, q)]
    for quantity in said.quantities:
        wrong = [q for q in denied if matches(quantity, q)]
        right = [q for q in there.quantities if q.kind == quantity.kind and q not in denied]
        if wrong and right and not any(matches(quantity, q) for q in right):
            return Difference(Mismatch.NUMBER, _shown(quantity), _shown(right[0]))
    return None


def _is_denied(sentence: Parsed, quantity: Quantity) -> bool:
    inside = [t for t in sentence.terms if quantity.start <= t.start < quantity.end]
    return bool(inside) and inside[0].is_negated


def _quantities(
    said: Parsed, told: Parsed, beside: Sequence[ParsedSource], support: Support
) -> Iterator[Difference]:
    for quantity in said.quantities:
        if not _is_held_part(said, quantity.start, support):
            continue
        if any(matches(quantity, q) for q in told.quantities):
            swapped = _counted_otherwise(quantity, told)
            if swapped is not None:
                yield Difference(Mismatch.NUMBER, _shown(quantity), _shown(swapped))
            continue
        other = _counterpart(said, quantity, told)
        near = any(matches(quantity, q) for f in beside for q in f.parsed.quantities)
        if other is None or (near and not quantity.unit & other.unit):
            continue
        sort = Mismatch.NUMBER if quantity.kind in ("count", "percent", "rank") else Mismatch.TIME
        yield Difference(sort, _shown(quantity), _shown(other))


def _counted_otherwise(quantity: Quantity, told: Parsed) -> Quantity | None:
    """The amount of the same thing where the same amount is another thing's: "four rockets"."""
    if quantity.kind != "count" or not quantity.unit:
        return None
    same = [q for q in told.quantities if q.kind == "count" and q.unit & quantity.unit]
    if not same or any(matches(quantity, q) for q in same):
        return None
    agreeing = [q for q in told.quantities if matches(quantity, q)]
    return same[0] if all(q.unit and not q.unit & quantity.unit for q in agreeing) else None


def _counterpart(said: Parsed, quantity: Quantity, told: Parsed) -> Quantity | None:
    """The amount or time of the article that stands in the place of one of the draft."""
    same = [q for q in told.quantities if q.kind == quantity.kind]
    same = [q for q in same if not any(matches(s, q) for s in said.quantities)]
    if not same:
        return None
    counted = [q for q in same if q.unit & quantity.unit]
    if counted:
        return counted[0]
    if quantity.kind != "count":
        return same[0]
    alike = [(_alike(said, quantity, told, q), q) for q in same]
    likeness, other = max(alike, key=lambda pair: pair[0])
    return other if likeness >= _SAME_PLACE else None


def _alike(said: Parsed, one: Quantity, told: Parsed, other: Quantity) -> float:
    """Cosine of the states of two numbers: what they count, and where they stand."""
    a = [i for i, t in enumerate(said.terms) if one.start <= t.start < one.end]
    b = [i for i, t in enumerate(told.terms) if other.start <= t.start < other.end]
    if not a or not b:
        return 0.0
    return float((said.states[a] @ told.states[b].T).max())


def _shown(quantity: Quantity) -> str:
    return quantity.text.strip()


def _names(
    said: Parsed, there: ParsedSource, beside: Sequence[ParsedSource], support: Support
) -> Iterator[Difference]:
    """Names of the draft that are not there, where another name stands in their place."""
    known = [*there.context, *(t for f in beside for t in f.parsed.terms)]
    unused = [
        i
        for i, t in enumerate(there.parsed.terms)
        if t.is_name and not is_known_name(t, said.terms) and not _is_number(there.parsed, t)
    ]
    subject = _other_subject(said, there.parsed, known)
    if subject is not None and _is_held_part(said, 0, support):
        yield subject
        return
    for i, term in enumerate(said.terms):
        if not term.is_name or _is_number(said, term) or is_known_name(term, known):
            continue
        if not unused or not _is_held_part(said, term.start, support, _SAME_NAMED_PART):
            continue
        likeness = said.states[i] @ there.parsed.states[unused].T
        at = int(likeness.argmax())
        if float(likeness[at]) >= _SAME_PLACE:
            yield Difference(Mismatch.NAME, term.text, there.parsed.terms[unused[at]].text)
            return


def _other_subject(said: Parsed, told: Parsed, known: Sequence[Term]) -> Difference | None:
    """Both begin with a name, and it is another: "Keel wanted to sell", "Lindqvist wanted to".

    `known` are the terms around, where a name shows itself by its capital.
    """
    if not said.terms or not told.terms:
        return None
    ours, theirs = said.terms[0], told.terms[0]
    names = {t.stem for t in known if t.is_name}
    if ours.start or theirs.start or not {ours.stem, theirs.stem} <= names:
        return None
    if is_known_name(ours, told.terms) or is_known_name(theirs, said.terms):
        return None
    return Difference(Mismatch.NAME, ours.text, theirs.text)


def _opposites(
    said: Parsed, told: Parsed, support: Support, *, unless: Array | None = None
) -> Iterator[Difference]:
    """Words that say the opposite of each other, or of which one is negated.

    `unless` is what another sentence holds of each word: what it holds better is passed over.
    """
    if not said.terms or not told.terms:
        return
    likeness = said.states @ told.states.T
    if unless is not None:
        better = likeness > unless[:, None] + _BETTER
        likeness = np.where(better & (unless < _HELD)[:, None], likeness, 0.0)
    stems = {t.stem for t in said.terms}
    others = {t.stem for t in told.terms}
    for i, term in enumerate(said.terms):
        if term.is_name or term.number or not _is_held_part(said, term.start, support):
            continue
        for j, other in enumerate(told.terms):
            if not are_opposite(term.stem, other.stem):
                continue
            if other.stem in stems or term.stem in others or likeness[i, j] < _OPPOSED:
                continue
            if term.is_negated is other.is_negated:
                yield Difference(Mismatch.OPPOSITE, term.text, other.text)
                return
    if unless is None:
        yield from _negations(said, told, likeness, support)


def _negations(
    said: Parsed, told: Parsed, likeness: Array, support: Support
) -> Iterator[Difference]:
    for ours, theirs, table, flipped in (
        (said, told, likeness, False),
        (told, said, likeness.T, True),
    ):
        for i, term in enumerate(ours.terms):
            same = [k for k, t in enumerate(theirs.terms) if t.stem == term.stem]
            if not term.is_negated or term.is_light or term.number or (term.is_name and not same):
                continue
            if flipped and support.exact < _REPEATS:
                continue
            j = int(table[i].argmax())
            j = same[0] if same else j
            other = theirs.terms[j]
            if table[i, j] < (_OPPOSED if same else _SAME_WORD):
                continue
            if other.is_negated or are_opposite(term.stem, other.stem):
                continue
            one, two = (other, term) if flipped else (term, other)
            if not _is_held_part(said, one.start, support):
                continue
            if any(t.is_negated and t.part == one.part for t in said.terms) and flipped:
                continue
            yield Difference(
                Mismatch.OPPOSITE,
                f"not {one.text}" if one.is_negated else one.text,
                f"not {two.text}" if two.is_negated else two.text,
            )
            return


def _by_wording(said: Parsed, there: ParsedSource) -> Iterator[Difference]:
    """What was changed in a sentence that is otherwise repeated (`rag.judge.verify`)."""
    context = " ".join(t.text for t in there.context)
    problem = check(said.text, [there.parsed.text], context=context, similarity=1.0).problem
    if problem is not None and ("other way round" in problem or "opposite" in problem):
        sort = Mismatch.ROLES if "other way round" in problem else Mismatch.OPPOSITE
        yield Difference(sort, said.text, there.parsed.text)


def _is_held_part(said: Parsed, start: int, support: Support, least: float = _SAME_PART) -> bool:
    """Whether the part of the sentence around a place is about what the article tells."""
    before = [t.part for t in said.terms if t.start <= start]
    part = before[-1] if before else 0
    held = support.parts.get(part)
    return held is None or held >= least


def _is_number(sentence: Parsed, term: Term) -> bool:
    """Whether a capitalised word is part of a date."""
    return any(q.start <= term.start < q.end for q in sentence.quantities)
