""" "What happened in March 2020?" -> what is dated so, quoted; no model is asked."""

from __future__ import annotations

from collections.abc import Collection

from index.store.index import Index
from rag.answer import Answer, Citation, Statement, Timings, Verdict
from rag.filters import Filters, admitted
from rag.seek import now_of
from rag.timeline import Dated, find_dated
from rag.when import OwnTime, asks_for_all, own_time

__all__ = ["list_time"]


def list_time(
    index: Index,
    question: str,
    condensed: str,
    *,
    documents: Collection[str] | None,
    filters: Filters,
    model: str,
) -> Answer | None:
    """The sentences of a time as an answer, the earliest first; None for any other question.

    Raises: QuestionError for a collection that there is not.
    """
    if not filters.own_time or not asks_for_all(condensed):
        return None
    time = own_time(condensed, now_of(index, filters))
    if time is None:
        return None
    among = admitted(index, filters, documents)
    return _answer(
        question, condensed, find_dated(index, time.period, documents=among), time, model
    )


def _answer(
    question: str, condensed: str, found: tuple[Dated, ...], time: OwnTime, model: str
) -> Answer:
    texts = [entry.evidence.text for entry in found]
    return Answer(
        question=question,
        condensed_question=condensed,
        text=" ".join(texts) if found else None,
        reason=None if found else f"No article is dated {time.days}.",
        statements=tuple(
            Statement(text, Verdict.SUPPORTED, (marker,)) for marker, text in enumerate(texts, 1)
        ),
        citations=tuple(
            Citation(marker, entry.evidence, 1.0) for marker, entry in enumerate(found, 1)
        ),
        passages=(),
        nearest=(),
        raw_text="",
        model=model,
        timings=Timings(0.0, None, 0.0),
        confidence=None,
        own_time=time,
    )
