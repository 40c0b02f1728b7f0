"""The ingest: files in, one outcome each; what was stored stays stored when it is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.catalogue import Place
from index.document import Document
from index.intake import Outcome, Prepared, Status, find_files, prepare, segmented
from index.limits import Limits
from index.read import Reader
from index.read.reader import file_of
from index.store import Index

__all__ = ["BuildReport", "build", "ingest", "titled"]

_BATCH_TEXTS = 512
"""Texts embedded, then written, at once: what an interruption can cost."""


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
    on_file: Callable[[Outcome], None] | None = None,
    wait_s: float = 0.0,
) -> BuildReport:
    """Bring the index up to date with the files under `roots`.

    `prune` also removes what is indexed and gone from disk: under `roots`, or anywhere when
    there are none. A file that cannot be read is skipped with its reason; what is stored of an
    earlier version of it stays. Interrupted, it can be run again and goes on.
    Raises: UnreadableDocument if a root does not exist; IndexLocked.
    """
    files, refused = find_files(roots)
    if on_total is not None:
        on_total(len(files))
    outcomes = list(refused)
    n_embedded = 0

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if on_file is not None:
            on_file(outcome)

    with index.writing(wait_s), Reader(limits) as reader:
        batch: list[Prepared] = []
        try:
            for path, _ in files:
                for prepared in prepare(index, reader, path, batch):
                    if isinstance(prepared, Outcome):
                        note(prepared)
                        continue
                    batch.append(prepared)
                    if _texts(batch) >= _BATCH_TEXTS:
                        n_embedded += _write(index, batch, note)
                        batch.clear()
            n_embedded += _write(index, batch, note)
            if prune:
                for outcome in _prune(index, roots):
                    note(outcome)
        finally:
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
            batch.append(segmented(index, document, None, "added"))
            if _texts(batch) >= _BATCH_TEXTS:
                n_embedded += _write(index, batch, lambda _: None)
                batch = []
        n_embedded += _write(index, batch, lambda _: None)
        index.flush()
    return n_embedded


def _texts(batch: Sequence[Prepared]) -> int:
    return sum(len(p.sentences) + len(p.chunks) for p in batch)


def _write(index: Index, batch: Sequence[Prepared], note: Callable[[Outcome], None]) -> int:
    """Embed and store a batch; then record the places, and remove what they replaced."""
    new = [p for p in batch if p.sentences]
    texts: list[str] = []
    for p in new:
        texts += [titled(p.document.title, s.text) for s in p.sentences]
        texts += [titled(p.document.title, c.text) for c in p.chunks]
    if texts:
        vectors = index.embedder.embed(texts)
        rows = []
        at = 0
        for p in new:
            middle = at + len(p.sentences)
            end = middle + len(p.chunks)
            rows.append(
                (p.document, p.sentences, p.chunks, vectors[at:middle], vectors[middle:end])
            )
            at = end
        index.add(rows)
    for p in batch:
        if p.place is not None:
            _found_at(index, p.place)
            note(Outcome(p.place.path, p.status, p.note))
    index.catalogue.settle([p.document.id for p in new])
    return len(texts)


def titled(title: str, text: str) -> str:
    """What is embedded: alone, most sentences do not say of what they speak."""
    return f"{title}: {text}"


def _found_at(index: Index, place: Place) -> None:
    removed = index.catalogue.found_at(place)
    if removed is not None:
        index.sweep(removed)


def _prune(index: Index, roots: Sequence[Path]) -> Iterator[Outcome]:
    inside = [root.resolve() for root in roots]
    for place in index.catalogue.places():
        path = file_of(place.place)
        if path.exists() or (inside and not any(path.is_relative_to(root) for root in inside)):
            continue
        removed = index.catalogue.forget_place(place.place)
        if removed is not None:
            index.sweep(removed)
        yield Outcome(place.path, "removed")
