"""A statement -> whether the documents say it, say otherwise, or say nothing of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from rag.answer import Evidence
from rag.evidence import Rarity
from rag.judge.attribute import Pin, attribute
from rag.judge.verify import MIN_COVERAGE
from rag.retrieve import HybridRetriever
from rag.sentences import nearest_sentences

__all__ = ["Finding", "Verified", "verify_statement"]

_CANDIDATES = 12
_SAME_MATTER = 0.5
"""Cosine from which on a sentence that disagrees speaks of the same matter, [-1, 1]; it must hold
as much of the statement's telling words, too. Set by hand, on nine statements."""
_TOO_LITTLE = "says too little"


class Finding(StrEnum):
    """What the documents have to say to a statement."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement with what was found, and the sentences that say so."""

    statement: str
    finding: Finding
    evidence: tuple[Evidence, ...]
    """The sentences that say it, or otherwise; where nothing does, the nearest one."""
    problem: str | None
    """What disagrees or is missing, for the reader."""


def verify_statement(
    retriever: HybridRetriever, statement: str, *, documents: Collection[str] | None = None
) -> Verified:
    """Hold a statement to the sentences nearest to it.

    It is contradicted where a sentence speaks of the same matter in nearly the same words, and a
    number, a name, a negation or who did it to whom is another.
    """
    found = nearest_sentences(retriever, statement, limit=_CANDIDATES, documents=documents)
    if not found:
        return Verified(statement, Finding.NOT_FOUND, (), "the documents hold nothing on this")
    index = retriever.index
    (pin,) = attribute([statement], "", found, index.embedder, Rarity(index))
    evidence = tuple(c.evidence for c in pin.candidates)
    return Verified(statement, _finding(pin), evidence, pin.check.problem)


def _finding(pin: Pin) -> Finding:
    checked = pin.check
    if checked.problem is None:
        return Finding.SUPPORTED
    disagrees = _TOO_LITTLE not in checked.problem
    is_near = checked.similarity >= _SAME_MATTER and checked.coverage >= MIN_COVERAGE
    return Finding.CONTRADICTED if disagrees and is_near else Finding.NOT_FOUND
