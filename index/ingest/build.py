"""The ingest: files in, one outcome each; what was stored stays stored when it is interrupted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.document import Document
from index.errors import StoreError
from index.ingest.fingerprint import look
from index.ingest.intake import (
    Arrange,
    FoundAgain,
    Store,
    arrangement,
    decide,
    find_files,
    open_file,
    segmented,
)
from index.ingest.outcome import Outcome, Status
from index.limits import Limits
from index.read import Reader
from index.read.reader import file_of
from index.store.index import Index
from index.store.rows import DocumentRows, Fingerprint

__all__ = ["BuildReport", "build", "ingest", "titled"]

_BATCH_TEXTS = 512
"""Texts embedded, then written, at once: what an interruption can cost."""
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
) -> BuildReport:
    """Bring the index up to date with the files under `roots`.

    `prune` also removes what is gone from disk: under `roots`, or anywhere when there are none.
    `collection` is what the files are put in; without one they stay in theirs. What is stored of
    a file that cannot be read stays; one that was not touched is not opened.
    Raises: UnreadableDocument if a root does not exist; IndexLocked.
    """
    files, refused = find_files(roots)
    if on_total is not None:
        on_total(len(files))
    writer = _Writer(index, on_file, collection)
    with index.writing(wait_s), Reader(limits) as reader:
        try:
            writer.note(*refused)
            for path, _ in files:
                if on_start is not None:
                    on_start(os.path.normpath(path))
                _take_in(index, reader, path, writer)
            writer.write()
            if prune:
                _prune(index, roots, writer)
        except BaseException:
            # The lexical index can be made anew: what went wrong first is what is told.
            with contextlib.suppress(StoreError):
                index.flush()
            raise
        index.flush()
    return BuildReport(tuple(writer.outcomes), writer.n_embedded)


def ingest(index: Index, documents: Sequence[Document]) -> int:
    """Store documents that do not come from files (an evaluation set); return texts embedded."""
    new = {d.id: d for d in documents if not index.has_document(d.id)}
    if not new:
        return 0
    writer = _Writer(index)
    with index.writing():
        for document in new.values():
            writer.store(segmented(index, document, None, Status.ADDED))
        writer.write()
        index.flush()
    return writer.n_embedded


def titled(title: str, text: str) -> str:
    """What is embedded: alone, most sentences do not say of what they speak."""
    return f"{title}: {text}"


class _Writer:
    """Carries out what was decided: the one place of the ingest that writes.

    New documents are gathered, then embedded and stored together; what became of each is noted
    when it is stored, not before.
    """

    def __init__(
        self,
        index: Index,
        on_outcome: Callable[[Outcome], None] | None = None,
        collection: str | None = None,
    ) -> None:
        self.collection = collection
        self.outcomes: list[Outcome] = []
        self.n_embedded = 0
        self.waiting: set[str] = set()
        """The ids of documents that are about to be stored."""
        self._index = index
        self._on_outcome = on_outcome
        self._batch: list[Store | FoundAgain] = []
        self._done: list[Fingerprint] = []
        self._n_texts = 0

    def note(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.outcomes.append(outcome)
            if self._on_outcome is not None:
                self._on_outcome(outcome)

    def store(self, decision: Store) -> None:
        self._batch.append(decision)
        self.waiting.add(decision.document.id)
        self._n_texts += decision.n_texts
        if self._n_texts >= _BATCH_TEXTS:
            self.write()

    def record(self, decision: FoundAgain) -> None:
        if not decision.is_stored:
            # Its document is about to be written; the place goes with it.
            self._batch.append(decision)
            return
        self._index.store([], [decision.place])
        reason = "the same text is already indexed under another name"
        self.note(Outcome(decision.place.path, decision.status, reason))

    def arrange(self, decision: Arrange) -> None:
        removed = self._index.arrange(decision.places, decision.gone)
        for place in decision.left:
            if place.place in decision.gone or place.document_id in removed:
                self.note(Outcome(place.path, Status.REMOVED))

    def finish(self, file: Fingerprint) -> None:
        """Note that of this file all is stored by now, or is about to be."""
        self._done.append(file)

    def write(self) -> None:
        """Embed and store what was gathered, with its places and the files that are done."""
        new = [item for item in self._batch if isinstance(item, Store) and item.sentences]
        rows = self._rows(new)
        places = [item.place for item in self._batch if item.place is not None]
        self._index.store(rows, places, self._done)
        self.n_embedded += self._n_texts
        for item in self._batch:
            if item.place is not None:
                note = item.note if isinstance(item, Store) else None
                near = _nearest(self._index, item.place.document_id)
                self.note(Outcome(item.place.path, item.status, note, near))
        self._batch.clear()
        self._done.clear()
        self.waiting.clear()
        self._n_texts = 0

    def _rows(self, new: Sequence[Store]) -> list[DocumentRows]:
        texts: list[str] = []
        for item in new:
            texts += [titled(item.document.title, s.text) for s in item.sentences]
            texts += [titled(item.document.title, c.text) for c in item.chunks]
        if not texts:
            return []
        vectors = self._index.embedder.embed(texts)
        rows = []
        at = 0
        for item in new:
            middle = at + len(item.sentences)
            end = middle + len(item.chunks)
            rows.append(
                DocumentRows(
                    item.document,
                    item.sentences,
                    item.chunks,
                    sentence_vectors=vectors[at:middle],
                    chunk_vectors=vectors[middle:end],
                )
            )
            at = end
        return rows


def _take_in(index: Index, reader: Reader, path: Path, writer: _Writer) -> None:
    """Decide what is to be done about one file, and have it done."""
    # Before it is read: what is written meanwhile shows at the next look.
    now, is_certain = look(path)
    moved = _move(index, path, writer.collection)
    if now is not None and index.fingerprint(now.file) == now:
        known = index.documents_in(now.file)
        for place in known:
            name = os.path.normpath(path) + place.removeprefix(now.file)
            writer.note(Outcome(name, Status.UNCHANGED, moved))
        if known:
            return
    file = open_file(index, reader, path, writer.collection)
    if isinstance(file, Outcome):
        writer.note(file)
        return
    moves = arrangement(index, file)
    if moves is not None:
        writer.arrange(moves)
    for record in file.records:
        decision = decide(index, reader, file, record, writer.waiting)
        if isinstance(decision, Store):
            writer.store(decision)
        elif isinstance(decision, FoundAgain):
            writer.record(decision)
        else:
            is_unchanged = decision.status == Status.UNCHANGED
            writer.note(replace(decision, reason=moved) if is_unchanged else decision)
            is_certain = is_certain and decision.status != Status.SKIPPED
    if now is not None and is_certain:
        writer.finish(now)


def _move(index: Index, path: Path, collection: str | None) -> str | None:
    """Put what is stored of a file into another collection; what to say of it, if anything."""
    if collection is None:
        return None
    places = [p for p in index.places(file=str(path.resolve())) if p.collection != collection]
    if not places:
        return None
    index.store([], [replace(place, collection=collection) for place in places])
    return f"now in the collection “{collection}”"


def _nearest(index: Index, document_id: str) -> str | None:
    """The path of the document that this one is nearly the same as, if any."""
    near = index.near(document_id)
    if not near:
        return None
    nearest = index.document(max(near, key=lambda other: (near[other], other)))
    return nearest.path if nearest is not None else None


def _prune(index: Index, roots: Sequence[Path], writer: _Writer) -> None:
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
