"""What an answer lacks, where several questions are asked together."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rag.evidence import Candidate
from rag.judge.attribute import Pin, quote
from rag.judge.extract import Extraction, Key

__all__ = ["Part", "complete"]

ANSWERED = 0.3
"""From this probability on that what is given answers a part of the question, it does."""

FOUND = 0.5
"""From this probability on that a sentence answers a part that is still open, it is quoted."""

OPEN = 0.2
"""Below this probability that anything read answers a part, it is said to be missing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of several questions asked together, and where its answer stands."""

    question: str
    extraction: Extraction


def complete(
    said: str, cited: AbstractSet[Key], candidates: Sequence[Candidate], parts: Sequence[Part]
) -> tuple[tuple[Pin, ...], tuple[str, ...]]:
    """Quotations that answer the parts which an answer does not; the parts that nothing answers.

    `said` are the answer's words, `cited` the sentences that it stands on; only from their
    documents is quoted. A part that may or may not be answered is in neither.
    """
    quoted: dict[Key, Pin] = {}
    missing = []
    # "… and what is it used for": of another article's "it" nothing is known.
    known = {document_id for document_id, _ in cited}
    near = [c for c in candidates if c.evidence.document_id in known]
    for part in parts:
        found = part.extraction
        if max(found.said(said), sum(found.mass.get(key, 0.0) for key in cited)) >= ANSWERED:
            continue
        best = max(near, key=found.at, default=None)
        if best is not None and found.at(best) >= FOUND:
            quoted[best.key] = quote(best)
        elif found.stated < OPEN:
            missing.append(part.question)
    return tuple(quoted.values()), tuple(missing)
