"""A question with its limits -> what is found: its own time, and the newer of equals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from index.store.index import Index
from index.store.rows import Selection, common
from rag.filters import ANYTHING, Filters, admitted
from rag.find import Found, gather, read_closely
from rag.judge.extract import Extractor
from rag.retrieve import HybridRetriever
from rag.when import OwnTime, asks_for_newest, own_time

__all__ = ["now_of", "seek"]

_WEAKER_SCORE = 0.15
_WEAKER_STATED = 0.5
"""The articles of the question's own time go before all others unless their best sentence fits it
by so much less, or the extractor finds less than this share of an answer in them. Set by hand."""

_EQUAL = 0.08
"""Sentences whose fit differs by less say the same to "now" and "the latest". Set by hand."""
_MAX_VERSIONS = 5


def seek(
    retriever: HybridRetriever,
    question: str,
    *,
    condensed: str | None = None,
    about: str = "",
    documents: Collection[str] | None = None,
    filters: Filters = ANYTHING,
    extractor: Extractor | None = None,
) -> Iterator[Found]:
    """What is found within the filters; then, where there is an extractor, the same marked.

    `condensed` and `about` are those of `gather`.

    The question's own time goes before, unless it leads nowhere: where only the extractor finds
    that, the second is of other articles than the first. The last one counts.
    Raises: QuestionError for a collection that there is not, at the first.
    """
    index = retriever.index
    asked = question if condensed is None else condensed
    documents = admitted(index, filters, documents)
    if documents is not None and not documents:
        yield Found(question, asked, (), (), (), None)
        return

    def look(among: Collection[str] | None) -> Found:
        found = gather(retriever, question, condensed=condensed, about=about, documents=among)
        return _newest(retriever, found, among) if asks_for_newest(asked) else found

    found = look(documents)
    time = own_time(asked, now_of(index, filters)) if filters.own_time else None
    within = None if time is None else _look_within(index, time, documents, found, look)
    if time is not None and within is not None:
        yield from _prefer(within, found, time, extractor)
        return
    yield found
    if extractor is not None:
        yield read_closely(found, extractor)


def _look_within(
    index: Index,
    time: OwnTime,
    documents: Collection[str] | None,
    found: Found,
    look: Callable[[Collection[str]], Found],
) -> Found | None:
    """What the documents of a time hold; None where there are none, `found` where it is all."""
    dated = index.select(Selection(time.since, time.until))
    among = dated if documents is None else common(dated, documents)
    if not among:
        return None
    is_all = documents is None and len(among) == index.counts().documents
    return found if is_all else look(among)


def _prefer(
    within: Found, everywhere: Found, time: OwnTime, extractor: Extractor | None
) -> Iterator[Found]:
    """What the question's own time holds, unless that is weaker than all; with that time."""
    first = _choose(within, everywhere, time)
    yield first
    if extractor is None:
        return
    marked = read_closely(everywhere, extractor)
    if within is everywhere:
        yield _choose(marked, marked, time)
    elif first.candidates is everywhere.candidates:
        # Weaker as it is: what the extractor finds there cannot change that.
        yield replace(marked, own_time=first.own_time)
    else:
        yield _choose(read_closely(within, extractor), marked, time)


def _choose(within: Found, everywhere: Found, time: OwnTime) -> Found:
    if _is_weaker(within, everywhere):
        return replace(everywhere, own_time=replace(time, applied=False))
    return replace(within, own_time=time)


def now_of(index: Index, filters: Filters) -> str | None:
    """What "last week" is counted from: the day given, or that of the newest article."""
    return filters.as_of or index.newest_date()


def _is_weaker(within: Found, everywhere: Found) -> bool:
    if within.hopeless is not None:
        return True
    if not everywhere.candidates:
        return False
    best = everywhere.candidates[0].evidence.score
    if within.candidates[0].evidence.score < best - _WEAKER_SCORE:
        return True
    if within.extraction is None or everywhere.extraction is None:
        return False
    return within.extraction.stated < _WEAKER_STATED * everywhere.extraction.stated


def _newest(
    retriever: HybridRetriever,
    found: Found,
    documents: Collection[str] | None,
) -> Found:
    """The same without articles that a newer one equals."""
    without: set[str] = set()
    for _ in range(_MAX_VERSIONS):
        older = _older(found)
        if not older:
            break
        without |= older
        found = gather(
            retriever,
            found.question,
            condensed=found.condensed,
            about=found.about,
            documents=documents,
            without=without,
        )
    return found


def _older(found: Found) -> set[str]:
    """The documents whose best sentence is as good as the best, and that are not the newest."""
    best: dict[str, float] = {}
    dates: dict[str, str] = {}
    for candidate in found.candidates:
        evidence = candidate.evidence
        best.setdefault(evidence.document_id, evidence.score)
        dates[evidence.document_id] = evidence.date or ""
    top = max(best.values(), default=0.0)
    equals = [document for document, score in best.items() if score >= top - _EQUAL]
    newest = max((dates[document] for document in equals), default="")
    return {document for document in equals if dates[document] and dates[document] < newest}
