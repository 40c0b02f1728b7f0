"""The documents as the chat sees them: list, read, add, remove; what to ask only about."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from index.dates import Period, read_period
from index.document import Sentence
from index.errors import PressmarkError
from index.ingest.build import build
from index.ingest.outcome import Outcome, Status
from index.limits import Limits
from index.read import SUFFIXES
from index.store.index import Index
from index.visible import plain
from ui.chat.uploads import forget_uploads, taking_upload

__all__ = ["Article", "Entry", "IndexLibrary", "Library", "Scope", "filter_entries"]

_WAIT_S = 30.0
"""How long an upload waits for another process that is writing."""
_DIGEST_CHARS = 16
_MAX_REASONS = 3
"""Reasons shown of one file with several documents."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document's line in the list."""

    id: str
    title: str
    date: str | None
    place: str
    """Where it came from: its path, or "uploaded: name"."""
    near: int = 0
    """How many other documents are nearly the same."""
    author: str | None = None
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """A document to read."""

    id: str
    title: str
    date: str | None
    place: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents that a question is limited to, and how to say so."""

    ids: frozenset[str]
    label: str


class Library(Protocol):
    """What the Documents tab needs."""

    def entries(self) -> list[Entry]:
        """All documents, by title."""
        ...

    def sentences(self, document_id: str) -> int:
        """How many sentences a document has."""
        ...

    def read(self, document_id: str) -> Article | None:
        """One document with its sentences; None when there is no such document."""
        ...

    def add(self, files: Sequence[Path], collection: str | None = None) -> Iterator[Outcome]:
        """Take files in, one outcome each, as they are done; into a collection, if one is named."""
        ...

    def remove(self, document_id: str) -> bool:
        """Remove a document from the library; False when it was not there."""
        ...

    def counts(self) -> tuple[int, int]:
        """Documents and sentences."""
        ...

    def collections(self) -> list[str]:
        """The collections by name."""
        ...


class IndexLibrary:
    """The library over an index; uploaded files are kept in `uploads`."""

    def __init__(
        self, index: Index, uploads: Path, *, max_file_bytes: int, limits: Limits | None = None
    ) -> None:
        self._index = index
        self._uploads = Path(os.path.normpath(uploads))
        self._max_file_bytes = max_file_bytes
        self._limits = limits
        # Once for each state of the index.
        self._listed = lru_cache(maxsize=1)(self._list)

    def entries(self) -> list[Entry]:
        return list(self._listed(self._index.revision)[0])

    def sentences(self, document_id: str) -> int:
        return self._listed(self._index.revision)[1].get(document_id, 0)

    def read(self, document_id: str) -> Article | None:
        document = self._index.document(document_id)
        if document is None:
            return None
        sentences = tuple(self._index.sentences(document_id))
        return Article(
            document.id, document.title, document.date, self._place(document.path), sentences
        )

    def add(self, files: Sequence[Path], collection: str | None = None) -> Iterator[Outcome]:
        for file in files:
            yield self._add(file, collection)

    def remove(self, document_id: str) -> bool:
        document = self._index.document(document_id)
        if document is None:
            return False
        with self._index.writing(_WAIT_S):
            places = self._index.places_of(document_id)
            self._index.remove(document_id)
            self._index.flush()
            forget_uploads(self._index, self._uploads, [place.place for place in places])
        return True

    def counts(self) -> tuple[int, int]:
        counts = self._index.counts()
        return counts.documents, counts.sentences

    def collections(self) -> list[str]:
        return list(self._index.collections())

    def _add(self, file: Path, collection: str | None) -> Outcome:
        name = plain(file.name)
        if file.suffix.lower() not in SUFFIXES:
            kinds = ", ".join(sorted(SUFFIXES))
            return Outcome(
                name, Status.SKIPPED, f"only {kinds} can be read; convert it to one of these"
            )
        try:
            with taking_upload(self._uploads, _WAIT_S):
                outcome = self._take_in(file, name, collection)
        except (PressmarkError, OSError) as error:
            outcome = Outcome(name, Status.SKIPPED, str(error))
        return replace(outcome, path=name)

    def _take_in(self, file: Path, name: str, collection: str | None) -> Outcome:
        kept: Path | None = None
        try:
            kept = self._keep(file)
            report = build(
                self._index, [kept], collection=collection, limits=self._limits, wait_s=_WAIT_S
            )
        except (PressmarkError, OSError) as error:
            outcome = Outcome(name, Status.SKIPPED, str(error))
        else:
            outcome = _together(name, report.outcomes)
        if outcome.status == Status.SKIPPED and kept is not None:
            shutil.rmtree(kept.parent, ignore_errors=True)
        return outcome

    def _keep(self, file: Path) -> Path:
        """Copy an upload to a folder of its own: another's file of the same name stays."""
        if file.stat().st_size > self._max_file_bytes:
            raise OSError(f"larger than {self._max_file_bytes >> 20} MiB; split it")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGEST_CHARS]
        kept = self._uploads / digest / file.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, kept)
        return kept

    def _list(self, revision: int) -> tuple[tuple[Entry, ...], dict[str, int]]:  # noqa: ARG002
        found = self._index.summaries()
        entries = [
            Entry(s.id, s.title, s.date, self._place(s.path), s.near, s.author, s.collections)
            for s in found
        ]
        entries.sort(key=lambda e: (e.title.casefold(), e.id))
        return tuple(entries), {s.id: s.sentences for s in found}

    def _place(self, path: str) -> str:
        name = Path(path)
        return f"uploaded: {name.name}" if name.is_relative_to(self._uploads) else path


def _together(name: str, outcomes: Sequence[Outcome]) -> Outcome:
    """One outcome for a file that holds several documents."""
    if len(outcomes) == 1:
        return outcomes[0]
    status = next(s for s in Status if any(outcome.status == s for outcome in outcomes))
    n_skipped = sum(1 for outcome in outcomes if outcome.status == Status.SKIPPED)
    parts = [f"{len(outcomes) - n_skipped} of {len(outcomes)} documents could be read"]
    parts += [
        f"{outcome.path.rpartition('#')[2]}: {outcome.reason}"
        for outcome in outcomes
        if outcome.status == Status.SKIPPED
    ][:_MAX_REASONS]
    return Outcome(name, status, "; ".join(parts))


def _words_of(entry: Entry) -> str:
    """What is looked through for a filter's words."""
    parts = (entry.title, entry.place, entry.author or "", *entry.collections)
    return " ".join(parts).casefold()


def filter_entries(entries: Sequence[Entry], text: str, since: str, until: str) -> list[Entry]:
    """The documents whose title, place, author or collections hold every word, of the range.

    Dates are as people type them ("2020-03", "March 2020"); undated documents lie in no range.
    Raises: ValueError for a date that is none.
    """
    text = text or ""
    first, last = _typed_date(since), _typed_date(until)
    # An end that is not given lies beyond all dates.
    whole = Period(first.first if first else "0001-01-01", last.last if last else "9999-12-31")
    is_limited = first is not None or last is not None
    words = text.casefold().split()
    return [
        entry
        for entry in entries
        if all(word in _words_of(entry) for word in words)
        and (not is_limited or whole.meets(entry.date))
    ]


def _typed_date(typed: str) -> Period | None:
    typed = (typed or "").strip()
    found = read_period(typed)
    if typed and found is None:
        raise ValueError(f"“{plain(typed)}” is no date; type 2020, 2020-03 or 2020-03-05")
    return found
