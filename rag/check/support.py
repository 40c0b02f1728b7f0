"""How much of a draft's sentence do the found sentences hold? Word by word, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.embed.embedder import Array
from rag.check.align import Parsed
from rag.check.quantity import Quantity, matches
from rag.check.terms import Term, is_known_name

__all__ = ["SUPPORT_SIGNALS", "ParsedSource", "Support", "weigh_support"]

SUPPORT_SIGNALS = (
    "mean",
    "all",
    "weakest",
    "strongest",
    "pair",
    "exact",
    "missing",
    "held",
    "cosine",
    "sense",
    "sense anywhere",
    "amounts",
    "measures",
)
"""What tells supported, partly and not found apart; fitted by tests/benchmarks/check_draft.py."""

_BESIDE = 0.97
"""What a word is worth that stands in another sentence of the same article than the best one."""

_NAMED_BEFORE = 0.9
"""The same for a name that the sentences before the best one have."""

_SAME_KIND = 0.06
_SAME_NAMES = 0.06
"""Added to the mean of a sentence's words where it has amounts of the kinds, and the names, that
the draft's has."""

_SAME_AMOUNT = 0.15
"""Likewise where it has one of the draft's amounts itself, of the same thing or a telling one."""

_SAME_SENSE = 0.5
"""Likewise, times the cosine of both sentences."""

_TELLING_COUNT = 20
"""From here on a count is seldom the same by chance."""

_ABSENT = 0.5
"""Below this an amount or a name is not there."""

_OTHER_NAME = 0.4
"""At most, for a name that is not there: names are alike in the encoder, not in the world."""


@dataclass(frozen=True, slots=True, eq=False)
class ParsedSource:
    """A sentence of the articles, taken apart, with the names of the sentences before it."""

    document_id: str
    parsed: Parsed
    context: tuple[Term, ...]
    cosine: float


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """What of a sentence is held, and by which sentence of the articles."""

    best: int
    """Which found sentence holds most of it."""
    beside: tuple[int, ...]
    """Those of the same document."""
    terms: Array
    """What the best one holds of each term: float32, [0, 1]."""
    anywhere: Array
    """The same of all of that document."""
    parts: dict[int, float]
    """The mean of each part of the sentence in `terms`, by its number."""
    absent: tuple[str, ...]
    """Amounts, times and names that no sentence of the document has."""
    signals: Array
    """Of SUPPORT_SIGNALS: float32."""

    @property
    def exact(self) -> float:
        """Share of the telling words that are there as they stand, [0, 1]."""
        return float(self.signals[SUPPORT_SIGNALS.index("exact")])


def weigh_support(said: Parsed, told: Sequence[ParsedSource]) -> Support:
    """Compare a sentence with what was found for it; `told` must not be empty."""
    table = np.stack([_held(said, t) for t in told])
    telling = np.array([_tells(t) for t in said.terms], dtype=bool)
    if not telling.any():
        telling[:] = True
    own = table[:, telling].mean(axis=1) if telling.size else np.zeros(len(told))
    best = int((own + [_bonus(said, t) for t in told]).argmax())
    here = told[best].document_id
    beside = tuple(i for i, t in enumerate(told) if t.document_id == here)
    terms = table[best]
    anywhere = np.maximum(terms, _BESIDE * table[list(beside)].max(axis=0))
    parts = _by_part(said, terms, telling)
    everywhere = _by_part(said, anywhere, telling)
    held = _hard(said, told, best, beside, anywhere)
    hard = [value for _, value in held]
    values = anywhere[telling] if telling.size else np.zeros(1)
    pairs = [values[i : i + 2].mean() for i in range(max(1, len(values) - 1))]
    signals = np.array(
        [
            own[best],
            values.mean(),
            min(everywhere.values(), default=0.0),
            max(parts.values(), default=0.0),
            min(pairs),
            float((values >= _BESIDE).mean()),
            float(sum(1 - h for h in hard)),
            float(sum(h > _NAMED_BEFORE - 0.15 for h in hard)),
            max(t.cosine for t in told),
            float(said.vector @ told[best].parsed.vector),
            max(float(said.vector @ t.parsed.vector) for t in told),
            *_amounts(said, told[best].parsed),
        ],
        dtype=np.float32,
    )
    absent = tuple(text for text, value in held if value < _ABSENT)
    return Support(best, beside, terms, anywhere, parts, absent, signals)


def _bonus(said: Parsed, told: ParsedSource) -> float:
    """What speaks for a sentence beside its words: amounts, names, the sense of the whole."""
    kinds = {q.kind for q in said.quantities}
    amount = bool(kinds & {q.kind for q in told.parsed.quantities})
    names = [t for t in said.terms if t.is_name]
    held = sum(is_known_name(t, told.parsed.terms) for t in names)
    named = _SAME_NAMES * held / len(names) if names else 0.0
    exact = any(_is_telling(q, t) for q in said.quantities for t in told.parsed.quantities)
    sense = float(said.vector @ told.parsed.vector)
    return _SAME_KIND * amount + named + _SAME_AMOUNT * exact + _SAME_SENSE * sense


def _is_telling(said: Quantity, told: Quantity) -> bool:
    """Whether two amounts agree, and not by chance: of the same thing, or no small count."""
    if not matches(said, told):
        return False
    return said.kind != "count" or bool(said.unit & told.unit) or said.value >= _TELLING_COUNT


def _amounts(said: Parsed, told: Parsed) -> tuple[float, float]:
    """How many amounts of a sentence another has, and for how many it has one of the same thing."""
    same = sum(any(matches(q, t) for t in told.quantities) for q in said.quantities)
    measured = sum(any(_is_measured(q, t) for t in told.quantities) for q in said.quantities)
    return float(same), float(measured)


def _is_measured(said: Quantity, told: Quantity) -> bool:
    is_one_sort = said.kind == told.kind
    return is_one_sort and (said.kind == "percent" or bool(said.unit & told.unit))


def _tells(term: Term) -> bool:
    return not (term.is_light or term.is_name or term.number is not None)


def _held(said: Parsed, found: ParsedSource) -> Array:
    """What one sentence holds of each term."""
    there = found.parsed
    if not there.terms or not said.terms:
        return np.zeros(len(said.terms), dtype=np.float32)
    likest = np.clip((said.states @ there.states.T).max(axis=1), 0.0, 1.0)
    stems = {t.stem for t in there.terms}
    values = []
    for term, like in zip(said.terms, likest, strict=True):
        if term.stem in stems:
            values.append(1.0)
        elif not term.is_name:
            values.append(float(like))
        elif is_known_name(term, there.terms):
            values.append(1.0)
        elif is_known_name(term, found.context):
            values.append(_NAMED_BEFORE)
        else:
            values.append(min(float(like), _OTHER_NAME))
    return np.array(values, dtype=np.float32)


def _by_part(said: Parsed, values: Array, telling: Array) -> dict[int, float]:
    numbers = np.array([t.part for t in said.terms])
    means = {}
    for part in sorted(set(numbers.tolist())):
        mask = telling & (numbers == part)
        if mask.any():
            means[part] = float(values[mask].mean())
    return means


def _hard(
    said: Parsed, told: Sequence[ParsedSource], best: int, beside: Sequence[int], terms: Array
) -> list[tuple[str, float]]:
    """Each amount, time and name, and what is held of it, [0, 1]."""
    here = told[best].parsed.quantities
    near = [q for i in beside for q in told[i].parsed.quantities]
    hard = [
        (
            q.text,
            1.0 if any(matches(q, h) for h in here) else 0.8 * any(matches(q, n) for n in near),
        )
        for q in said.quantities
    ]
    names = [i for i, t in enumerate(said.terms) if t.is_name and not _is_time(said, t)]
    return [*hard, *((said.terms[i].text, float(terms[i])) for i in names)]


def _is_time(said: Parsed, term: Term) -> bool:
    return any(q.start <= term.start < q.end for q in said.quantities)
