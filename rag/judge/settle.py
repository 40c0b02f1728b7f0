"""What an answer becomes when other articles say otherwise: both sides, or what was corrected."""

from __future__ import annotations

from dataclasses import dataclass

from index.store.reading import Reading
from index.visible import plain
from rag.answer import Citation, Evidence, Statement, Verdict
from rag.find import Found
from rag.judge.conclude import Conclusion
from rag.judge.disagree import Contrast, Told, contrast
from rag.judge.extract import Extractor
from rag.sides import Correction, Side

__all__ = ["Settled", "settle"]

_MAX_TITLE = 60
_EACH = 3
"""Sentences that are cited for one value."""

_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Settled:
    """What is answered after a look at the other articles."""

    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    disagreement: tuple[Side, ...] = ()
    correction: Correction | None = None

    @property
    def text(self) -> str:
        return " ".join(s.text for s in self.statements if s.supported)


def settle(
    found: Found, verdict: Conclusion, reading: Reading, extractor: Extractor | None
) -> Settled:
    """The answer as it is, or with what other articles say instead of it.

    Where they disagree, one statement gives each value with its article and date, newest first;
    where one corrects another, what holds is said, by its own sentence if need be.
    """
    as_it_is = Settled(verdict.statements, verdict.citations)
    first = next(iter(verdict.supported), None)
    if extractor is None or first is None:
        return as_it_is
    # Of several, one that says who "she" is comes before the one that says it.
    cited = [c.evidence for c in verdict.citations if c.marker in first.citations][::-1]
    other = contrast(found.condensed, cited, found.documents, reading, extractor)
    if other is None:
        return as_it_is
    return _corrected(verdict, other) if other.is_update else _apart(verdict, other)


def _apart(verdict: Conclusion, other: Contrast) -> Settled:
    numbered = _Numbered()
    sides = tuple(
        Side(told.value, tuple(numbered.marker(e) for e in told.evidence[:_EACH]))
        for told in other.told
    )
    line = Statement(
        text=f"The articles disagree: {'; '.join(map(_with_origin, other.told))}.",
        verdict=Verdict.SUPPORTED,
        citations=tuple(marker for side in sides for marker in side.citations),
    )
    taken = {_key(e) for told in other.told for e in told.evidence}
    kept = numbered.kept(verdict, taken)
    return Settled((line, *kept), numbered.citations, disagreement=sides)


def _corrected(verdict: Conclusion, other: Contrast) -> Settled:
    now, before = other.told
    newest = now.evidence[0]
    numbered = _Numbered()
    known = {_key(c.evidence) for c in verdict.citations}
    quoted: tuple[Statement, ...] = ()
    gone = {_key(e) for e in before.evidence}
    if not known & {_key(e) for e in now.evidence}:
        marker = numbered.marker(newest)
        quoted = (Statement(newest.text, Verdict.SUPPORTED, (marker,)),)
        # What was compared is what the answer began with.
        first = verdict.supported[0].citations
        gone |= {_key(c.evidence) for c in verdict.citations if c.marker in first}
    kept = numbered.kept(verdict, gone)
    correction = Correction(now.value, before.value, newest.date, (numbered.marker(newest),))
    return Settled((*quoted, *kept), numbered.citations, correction=correction)


class _Numbered:
    """Citations, numbered from 1 as they come."""

    def __init__(self) -> None:
        self._citations: dict[_Key, Citation] = {}

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._citations.values())

    def marker(self, evidence: Evidence, score: float = 1.0) -> int:
        here = Citation(len(self._citations) + 1, evidence, score)
        return self._citations.setdefault(_key(evidence), here).marker

    def kept(self, verdict: Conclusion, taken: set[_Key]) -> list[Statement]:
        """The statements that rest on none of the sentences `taken`, with new markers."""
        by_marker = {c.marker: c for c in verdict.citations}
        kept = []
        for statement in verdict.statements:
            cited = [by_marker[marker] for marker in statement.citations]
            if any(_key(c.evidence) in taken for c in cited):
                continue
            markers = tuple(self.marker(c.evidence, c.score) for c in cited)
            kept.append(Statement(statement.text, statement.verdict, markers, statement.problem))
        return kept


def _with_origin(told: Told) -> str:
    """ "34 (“Ferry sinks”, 2024-11-12)"."""
    first = told.evidence[0]
    title = plain(first.title)
    title = title if len(title) <= _MAX_TITLE else f"{title[:_MAX_TITLE]}…"
    origin = ", ".join(part for part in (f"“{title}”", first.date) if part)
    return f"{told.value} ({origin})"


def _key(evidence: Evidence) -> _Key:
    return evidence.document_id, evidence.ordinal
