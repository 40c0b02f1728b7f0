"""The ingest: files in, one outcome each; what was stored stays stored when it is interrupted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.document import Document
from index.errors import StoreError
from index.ingest.fingerprint import Seen, look
from index.ingest.intake import Prepared, find_files, prepare, segmented
from index.ingest.outcome import Outcome, Status
from index.limits import Limits
from index.read import Reader
from index.read.reader import file_of
from index.store.index import Index

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
    limits: Limits | None = None,
    on_total: Callable[[int], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    on_file: Callable[[Outcome], None] | None = None,
    wait_s: float = 0.0,
) -> BuildReport:
    """Bring the index up to date with the files under `roots`.

    `prune` also removes what is indexed and gone from disk: under `roots`, or anywhere when
    there are none. A file that cannot be read is skipped with its reason; what is stored of an
    earlier version of it stays. A file that has not been touched since it was stored is not
    opened. Interrupted, it can be run again and goes on.
    Raises: UnreadableDocument if a root does not exist; IndexLocked.
    """
    files, refused = find_files(roots)
    if on_total is not None:
        on_total(len(files))
    outcomes: list[Outcome] = []
    n_embedded = 0

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if on_file is not None:
            on_file(outcome)

    with index.writing(wait_s), Reader(limits) as reader:
        batch: list[Prepared] = []
        done: list[Seen] = []
        try:
            for outcome in refused:
                note(outcome)
            for path, _ in files:
                name = os.path.normpath(path)
                if on_start is not None:
                    on_start(name)
                # Before it is read: what is written meanwhile shows at the next look.
                now, is_certain = look(path)
                if now is not None and index.catalogue.seen(now.file) == now:
                    known = index.catalogue.documents_in(now.file)
                    for place in known:
                        note(Outcome(name + place.removeprefix(now.file), Status.UNCHANGED))
                    if known:
                        continue
                for prepared in prepare(index, reader, path, batch):
                    if isinstance(prepared, Outcome):
                        note(prepared)
                        is_certain = is_certain and prepared.status != Status.SKIPPED
                        continue
                    batch.append(prepared)
                    if _texts(batch) >= _BATCH_TEXTS:
                        n_embedded += _write(index, batch, done, note)
                        batch.clear()
                        done.clear()
                # Of this file, all is stored by now or in the batch.
                if now is not None and is_certain:
                    done.append(now)
            n_embedded += _write(index, batch, done, note)
            if prune:
                for outcome in _prune(index, roots):
                    note(outcome)
        except BaseException:
            # The lexical index can be made anew: what went wrong first is what is told.
            with contextlib.suppress(StoreError):
                index.flush()
            raise
        index.flush()
    return BuildReport(tuple(outcomes), n_embedded)


def ingest(index: Index, documents: Sequence[Document]) -> int:
    """Store documents that do not come from files (an evaluation set); return texts embedded."""
    new = {d.id: d for d in documents if not index.catalogue.has_document(d.id)}
    if not new:
        return 0
    n_embedded = 0
    with index.writing():
        batch: list[Prepared] = []
        for document in new.values():
            batch.append(segmented(index, document, None, Status.ADDED))
            if _texts(batch) >= _BATCH_TEXTS:
                n_embedded += _write(index, batch, [], lambda _: None)
                batch = []
        n_embedded += _write(index, batch, [], lambda _: None)
        index.flush()
    return n_embedded


def _texts(batch: Sequence[Prepared]) -> int:
    return sum(len(p.sentences) + len(p.chunks) for p in batch)


def _write(
    index: Index,
    batch: Sequence[Prepared],
    done: Sequence[Seen],
    note: Callable[[Outcome], None],
) -> int:
    """Embed and store a batch, with the places in it and the files that are done, in one step."""
    new = [p for p in batch if p.sentences]
    texts: list[str] = []
    for p in new:
        texts += [titled(p.document.title, s.text) for s in p.sentences]
        texts += [titled(p.document.title, c.text) for c in p.chunks]
    vectors = index.embedder.embed(texts) if texts else None
    rows = []
    at = 0
    for p in new:
        assert vectors is not None
        middle = at + len(p.sentences)
        end = middle + len(p.chunks)
        rows.append((p.document, p.sentences, p.chunks, vectors[at:middle], vectors[middle:end]))
        at = end
    index.store(rows, [p.place for p in batch if p.place is not None], done)
    for p in batch:
        if p.place is not None:
            note(Outcome(p.place.path, p.status, p.note, _nearest(index, p.document.id)))
    return len(texts)


def _nearest(index: Index, document_id: str) -> str | None:
    """The path of the document that this one is nearly the same as, if any."""
    near = index.catalogue.near(document_id)
    if not near:
        return None
    nearest = index.catalogue.document(max(near, key=lambda other: (near[other], other)))
    return nearest.path if nearest is not None else None


def titled(title: str, text: str) -> str:
    """What is embedded: alone, most sentences do not say of what they speak."""
    return f"{title}: {text}"


def _prune(index: Index, roots: Sequence[Path]) -> Iterator[Outcome]:
    inside = [root.resolve() for root in roots]
    gone = []
    for place in index.catalogue.places():
        path = file_of(place.place)
        if not path.exists() and (not inside or any(path.is_relative_to(r) for r in inside)):
            gone.append(place)
    for start in range(0, len(gone), _BATCH_PLACES):
        part = gone[start : start + _BATCH_PLACES]
        index.forget_places([place.place for place in part])
        yield from (Outcome(place.path, Status.REMOVED) for place in part)
