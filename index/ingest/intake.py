"""The ingest's reading side: which files there are, and what each holds that is new."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.chunk import chunk
from index.document import Chunk, Document, Sentence
from index.errors import DocumentError, UnreadableDocument
from index.ingest.outcome import Outcome, Status
from index.read import SUFFIXES, Reader, Record
from index.segment import segment
from index.store.catalogue import Place
from index.store.index import Index

__all__ = ["Prepared", "find_files", "prepare", "segmented"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be embedded; one without sentences is about to be stored anyhow."""

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
        refused.append(Outcome(str(folder), Status.SKIPPED, (error.strerror or str(error)).lower()))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and (why := _astray(path, root)):
            refused.append(Outcome(str(path), Status.SKIPPED, why))
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


def prepare(
    index: Index, reader: Reader, path: Path, batch: Sequence[Prepared]
) -> Iterator[Prepared | Outcome]:
    """What a file holds that is new, ready to be embedded; an outcome for all the rest."""
    name, key = os.path.normpath(path), str(path.resolve())
    try:
        key.encode()
        records = reader.records(path)
    except UnicodeEncodeError:
        shown = name.encode(errors="backslashreplace").decode()
        yield Outcome(shown, Status.SKIPPED, "its name is not UTF-8; rename it")
        return
    except DocumentError as error:
        yield Outcome(name, Status.SKIPPED, str(error))
        return
    before = index.catalogue.documents_in(key)
    yield from _arrange(index, key, name, records, before)
    for record in records:
        place = Place(record.place(key), record.place(name), record.id)
        status = Status.UPDATED if place.place in before else Status.ADDED
        if index.catalogue.has_document(record.id):
            if record.id in before.values():
                yield Outcome(place.path, Status.UNCHANGED)
            else:
                index.store([], [place])
                reason = "the same text is already indexed under another name"
                yield Outcome(place.path, status, reason)
        elif twin := next((p for p in batch if p.document.id == record.id), None):
            # About to be written; the place alone is new.
            yield Prepared(twin.document, [], [], place, status)
        else:
            try:
                document, note = reader.document(record, name)
            except DocumentError as error:
                yield Outcome(place.path, Status.SKIPPED, str(error))
            else:
                yield segmented(index, document, place, status, note)


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
    removed = index.arrange(moved, gone)
    for at, document_id in before.items():
        if document_id not in still_there and (at in gone or document_id in removed):
            yield Outcome(name + at.removeprefix(key), Status.REMOVED)


def segmented(
    index: Index,
    document: Document,
    place: Place | None,
    status: Status,
    note: str | None = None,
) -> Prepared:
    """A document cut into sentences and chunks."""
    sentences = segment(document.text)
    n_tokens = index.embedder.count_tokens([s.text for s in sentences])
    chunks = chunk(document, sentences, n_tokens, index.chunk_tokens)
    return Prepared(document, sentences, chunks, place, status, note)
