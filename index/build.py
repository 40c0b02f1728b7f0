"""The ingest: files in, one outcome each; what was stored stays stored when it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.catalogue import Place
from index.chunk import chunk
from index.document import Chunk, Document, Sentence
from index.errors import DocumentError, UnreadableDocument
from index.limits import Limits
from index.read import SUFFIXES, Reader, Record
from index.read.reader import file_of
from index.segment import segment
from index.store import Index

__all__ = ["BuildReport", "Outcome", "build", "find_files", "ingest", "titled"]

Status = Literal["added", "updated", "unchanged", "removed", "skipped"]

_BATCH_TEXTS = 512
"""Texts embedded, then written, at once: what an interruption can cost."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: str
    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BuildReport:
    """Every file's outcome, and how many texts were embedded for them."""

    outcomes: tuple[Outcome, ...]
    n_embedded: int

    def count(self, status: Status) -> int:
        return sum(1 for outcome in self.outcomes if outcome.status == status)


@dataclass(frozen=True, slots=True)
class _Prepared:
    document: Document
    sentences: list[Sentence]
    chunks: list[Chunk]
    place: Place | None
    status: Status
    note: str | None = None


def find_files(roots: Iterable[Path]) -> tuple[list[tuple[Path, Path]], list[Outcome]]:
    """Walk files and folders: (file, root) pairs in name order, and what was refused.

    A file that is named is always taken; in folders, hidden ones and other suffixes are left
    alone. Links are followed only while they stay inside their folder.
    Raises: UnreadableDocument if a root does not exist.
    """
    files: list[tuple[Path, Path]] = []
    refused: list[Outcome] = []
    for root in roots:
        if not root.exists():
            raise UnreadableDocument(f"{root} does not exist; give a file or a folder")
        if root.is_dir():
            inside = root.resolve()
            files += [(path, root) for path in _walk(root, inside, refused)]
        else:
            files.append((root, root))
    return files, refused


def _walk(folder: Path, root: Path, refused: list[Outcome]) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as error:
        refused.append(Outcome(str(folder), "skipped", (error.strerror or str(error)).lower()))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and (why := _astray(path, root)):
            refused.append(Outcome(str(path), "skipped", why))
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root, refused)
        elif path.suffix.lower() in SUFFIXES:
            yield path


def _astray(link: Path, root: Path) -> str | None:
    """Why a link is not followed; None if it stays inside."""
    try:
        inside = link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return "a link that leads to itself"
    return None if inside else "a link that leads out of the folder"


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
        batch: list[_Prepared] = []
        try:
            for path, _ in files:
                for prepared in _prepare(index, reader, path, batch):
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
        batch: list[_Prepared] = []
        for document in new.values():
            batch.append(_segmented(index, document, None, "added"))
            if _texts(batch) >= _BATCH_TEXTS:
                n_embedded += _write(index, batch, lambda _: None)
                batch = []
        n_embedded += _write(index, batch, lambda _: None)
        index.flush()
    return n_embedded


def _prepare(
    index: Index, reader: Reader, path: Path, batch: Sequence[_Prepared]
) -> Iterator[_Prepared | Outcome]:
    """What a file holds that is new, ready to be embedded; an outcome for all the rest."""
    name, key = os.path.normpath(path), str(path.resolve())
    try:
        key.encode()
        records = reader.records(path)
    except UnicodeEncodeError:
        shown = name.encode(errors="backslashreplace").decode()
        yield Outcome(shown, "skipped", "its name is not UTF-8; rename it")
        return
    except DocumentError as error:
        yield Outcome(name, "skipped", str(error))
        return
    before = index.catalogue.documents_in(key)
    yield from _arrange(index, key, name, records, before)
    for record in records:
        place = Place(record.place(key), record.place(name), record.id)
        status: Status = "updated" if place.place in before else "added"
        if index.catalogue.has_document(record.id):
            if record.id in before.values():
                yield Outcome(place.path, "unchanged")
            else:
                _found_at(index, place)
                reason = "the same text is already indexed under another name"
                yield Outcome(place.path, status, reason)
        elif twin := next((p for p in batch if p.document.id == record.id), None):
            # About to be written; the place alone is new.
            yield _Prepared(twin.document, [], [], place, status)
        else:
            try:
                document, note = reader.document(record, name)
            except DocumentError as error:
                yield Outcome(place.path, "skipped", str(error))
            else:
                yield _segmented(index, document, place, status, note)


def _arrange(
    index: Index,
    key: str,
    name: str,
    records: Sequence[Record],
    before: Mapping[str, str],
) -> Iterator[Outcome]:
    """Record where a file's known documents are now, and remove those that it no longer holds."""
    wanted = {r.place(key): Place(r.place(key), r.place(name), r.id) for r in records}
    moved = [
        place
        for at, place in wanted.items()
        if before.get(at) != place.document_id and index.catalogue.has_document(place.document_id)
    ]
    gone = [at for at in before if at not in wanted]
    if not moved and not gone:
        return
    still_there = {place.document_id for place in wanted.values()}
    removed = index.catalogue.arrange(moved, gone)
    for document_id in removed:
        index.sweep(document_id)
    for at, document_id in before.items():
        if document_id not in still_there and (at in gone or document_id in removed):
            yield Outcome(name + at.removeprefix(key), "removed")


def _segmented(
    index: Index,
    document: Document,
    place: Place | None,
    status: Status,
    note: str | None = None,
) -> _Prepared:
    sentences = segment(document.text)
    n_tokens = index.embedder.count_tokens([s.text for s in sentences])
    chunks = chunk(document, sentences, n_tokens, index.chunk_tokens)
    return _Prepared(document, sentences, chunks, place, status, note)


def _texts(batch: Sequence[_Prepared]) -> int:
    return sum(len(p.sentences) + len(p.chunks) for p in batch)


def _write(index: Index, batch: Sequence[_Prepared], note: Callable[[Outcome], None]) -> int:
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
