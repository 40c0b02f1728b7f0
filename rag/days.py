"""The days that an answer's sentences speak of, worked out once: whoever shows it need not."""

from __future__ import annotations

from dataclasses import replace

from rag.answer import Answer, Evidence

__all__ = ["with_days"]


def with_days(answer: Answer) -> Answer:
    """The answer with `days` in what it cites and in the nearest sentences.

    The library that reads dates takes a tenth of a second to import: a client of the server and
    a kept answer do without.
    """
    citations = tuple(replace(c, evidence=_counted(c.evidence)) for c in answer.citations)
    return replace(answer, citations=citations, nearest=tuple(_counted(e) for e in answer.nearest))


def _counted(evidence: Evidence) -> Evidence:
    return replace(evidence, days=evidence.reckoned)
