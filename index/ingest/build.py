"""The ingest: files in, one outcome each; what was stored stays stored when it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from index.document import Document
from index.errors import DocumentGone, StoreError
from index.ingest.fingerprint import look
from index.ingest.intake import (
    FileRecords,
    FoundAgain,
    arrangement,
    decide,
    find_files,
    open_file,
)
from index.ingest.outcome import Outcome, Status
from index.ingest.prepare import New, segmented
from index.ingest.spread import Crew, SpreadWriter
from index.ingest.writer import FileInHand, LocalWriter, Writer
from index.limits import Limits
from index.read import Reader
from index.read.reader import file_of
from index.store.index import Index

__all__ = ["BuildReport", "build", "ingest"]

_BATCH_PLACES = 200


@dataclass(frozen=True, slots=True)
class BuildReport:
    """Every file's outcome, and how many texts were embedded for them."""

    outcomes: tuple[Outcome, ...]
    n_embedded: int

    def count(self, status: Status) -> int:
        return sum(1 for outcome in self.outcomes if outcome.status == status)


def build(
    index: Index,
    roots: Sequence[Path],
    *,
    prune: bool = False,
    collection: str | None = None,
    limits: Limits | None = None,
    on_total: Callable[[int], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_file: Callable[[Outcome], None] | None = None,
    wait_s: float = 0.0,
    crew: Crew | None = None,
) -> BuildReport:
    """Bring the index up to date with the files under `roots`.

    `prune` also removes what is gone from disk: under `roots`, or anywhere when there are none.
    `collection` is what the files are put in; without one they stay in theirs. What is stored of
    a file that cannot be read stays; one that was not touched is not opened. New documents are
    read and embedded by a `crew` where there is one, else here.
    Raises: UnreadableDocument if a root does not exist; IndexLocked; ClusterError.
    """
    files, refused = find_files(roots)
    if on_total is not None:
        on_total(len(files))
    with index.writing(wait_s), _flushing(index), Reader(limits) as reader:
        writer = _writer(index, reader, crew, on_file)
        writer.note(*refused)
        for path, _ in files:
            if on_start is not None:
                on_start(os.path.normpath(path))
            _take_in(index, reader, path, writer, collection)
        writer.write()
        if prune:
            _prune(index, roots, writer)
    return BuildReport(tuple(writer.outcomes), writer.n_embedded)


def ingest(index: Index, documents: Sequence[Document]) -> int:
    """Store documents that do not come from files (an evaluation set); return texts embedded."""
    new = {d.id: d for d in documents if not index.has_document(d.id)}
    if not new:
        return 0
    with index.writing(), Reader() as reader:
        writer = LocalWriter(index, reader)
        for document in new.values():
            item = segmented(index.embedder, index.chunk_tokens, document, None, Status.ADDED)
            writer.store(item)
        writer.write()
        index.flush()
    return writer.n_embedded


@contextmanager
def _flushing(index: Index) -> Iterator[None]:
    """Leave the index as the next one to open it wants it, also when this one was stopped."""
    try:
        yield
    except BaseException:
        # The lexical index can be made anew: what went wrong first is what is told.
        with suppress(StoreError):
            index.flush()
        raise
    index.flush()


def _writer(
    index: Index, reader: Reader, crew: Crew | None, on_file: Callable[[Outcome], None] | None
) -> Writer:
    if crew is None:
        return LocalWriter(index, reader, on_file)
    return SpreadWriter(index, crew, on_file)


def _take_in(
    index: Index, reader: Reader, path: Path, writer: Writer, collection: str | None
) -> None:
    """Decide what is to be done about one file, and have it done."""
    # Before it is read: what is written meanwhile shows at the next look.
    now, is_certain = look(path)
    moved = _move(index, path, collection)
    if now is not None and index.fingerprint(now.file) == now:
        known = index.documents_in(now.file)
        for place in known:
            name = os.path.normpath(path) + place.removeprefix(now.file)
            writer.note(Outcome(name, Status.UNCHANGED, moved))
        if known:
            return
    file = open_file(index, reader, path, collection)
    if isinstance(file, Outcome):
        writer.note(file)
        return
    if not writer.leaving.isdisjoint(record.id for record in file.records):
        writer.write()
    _arrange(index, file, writer)
    hand = FileInHand(now if is_certain else None, frozenset(file.before.values()))
    for record in file.records:
        decision = decide(index, file, record, writer.waiting)
        if isinstance(decision, New):
            writer.take(decision, hand)
        elif isinstance(decision, FoundAgain):
            try:
                writer.record(decision, hand)
            except DocumentGone:
                writer.take(New(record, file.name, decision.place, decision.status), hand)
        else:
            writer.note(replace(decision, reason=moved))
    writer.finish(hand)


def _arrange(index: Index, file: FileRecords, writer: Writer) -> None:
    """Have a file's documents recorded where they are now in it."""
    while (moves := arrangement(index, file)) is not None:
        with suppress(DocumentGone):
            writer.arrange(moves)
            break


def _move(index: Index, path: Path, collection: str | None) -> str | None:
    """Put what is stored of a file into another collection; what to say of it, if anything."""
    if collection is None:
        return None
    places = [p for p in index.places(file=str(path.resolve())) if p.collection != collection]
    if not places:
        return None
    index.store([], [replace(place, collection=collection) for place in places])
    return f"now in the collection “{collection}”"


def _prune(index: Index, roots: Sequence[Path], writer: Writer) -> None:
    inside = [root.resolve() for root in roots]
    gone = []
    for place in index.places():
        path = file_of(place.place)
        if not path.exists() and (not inside or any(path.is_relative_to(r) for r in inside)):
            gone.append(place)
    for start in range(0, len(gone), _BATCH_PLACES):
        part = gone[start : start + _BATCH_PLACES]
        index.forget_places([place.place for place in part])
        for place in part:
            writer.note(Outcome(place.path, Status.REMOVED))
