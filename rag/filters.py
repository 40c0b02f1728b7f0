"""What a reader limits a question to: dates, an author, a collection, as typed -> as searched.

And whether a quotation will do for an answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.dates import read_period
from index.store.rows import Selection, common
from rag.errors import QuestionError

if TYPE_CHECKING:
    from index.store.index import Index

__all__ = ["ANYTHING", "Filters", "admitted", "read_filters"]

_DATES = "2020-03-05, 2020-03, 2020 or “March 2020”"


@dataclass(frozen=True, slots=True)
class Filters:
    """A question's limits, days as YYYY-MM-DD; what is None limits nothing."""

    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    """The day that is now: nothing later is known, and "last week" is counted from it."""
    author: str | None = None
    collection: str | None = None
    own_time: bool = True
    """Whether a time that the question names ("in March 2020") limits it, too."""
    quick: bool = False
    """Whether the answer is to be the verified quotation alone, for which no model is asked."""

    @property
    def selection(self) -> Selection:
        """The documents that they admit."""
        ends = [end for end in (self.until, self.as_of) if end is not None]
        return Selection(self.since, min(ends, default=None), self.author, self.collection)

    @property
    def label(self) -> str:
        """What they ask for, as it goes on after "articles": "by Bee, since 2020-03-01"."""
        parts = (
            (f"by {self.author}", self.author),
            (f"of the collection “{self.collection}”", self.collection),
            (f"since {self.since}", self.since),
            (f"until {self.until}", self.until),
            (f"as of {self.as_of}", self.as_of),
        )
        return ", ".join(words for words, given in parts if given is not None)


ANYTHING = Filters()
"""No limits."""


def read_filters(
    *,
    since: str | None = None,
    until: str | None = None,
    as_of: str | None = None,
    author: str | None = None,
    collection: str | None = None,
    own_time: bool = True,
    quick: bool = False,
) -> Filters:
    """Filters of what was typed, blanks being nothing; "2020-03" begins and ends with its days.

    Raises: QuestionError for a date that is none, and for an end before its beginning.
    """
    first, last, now = _period("since", since), _period("until", until), _period("as of", as_of)
    found = Filters(
        since=first and first[0],
        until=last and last[1],
        as_of=now and now[1],
        author=" ".join((author or "").split()) or None,
        collection=" ".join((collection or "").split()) or None,
        own_time=own_time,
        quick=quick,
    )
    end = found.selection.until
    if found.since is not None and end is not None and found.since > end:
        after = "until" if found.until == end else "as of"
        raise QuestionError(
            f"since {found.since} comes after {after} {end}: no day lies between; turn them round"
        )
    return found


def admitted(
    index: Index, filters: Filters, documents: Collection[str] | None = None
) -> Collection[str] | None:
    """The ids that a question may rest on: of `documents`, where given; None limits nothing.

    Raises: QuestionError for a collection that there is not.
    """
    if replace(filters, own_time=True, quick=False) == ANYTHING:
        return documents
    if filters.collection is not None:
        there = index.collections()
        if filters.collection not in there:
            known = f"there are: {', '.join(there)}" if there else "there are none"
            raise QuestionError(
                f"there is no collection “{filters.collection}”; {known} "
                "(`pressmark index PATH --collection NAME` makes one)"
            )
    found = index.select(filters.selection)
    return found if documents is None else common(found, documents)


def _period(name: str, typed: str | None) -> tuple[str, str] | None:
    text = (typed or "").strip()
    if not text:
        return None
    found = read_period(text)
    if found is None:
        raise QuestionError(f"{name} takes a date such as {_DATES}, not “{text[:60]}”")
    return found.first, found.last
