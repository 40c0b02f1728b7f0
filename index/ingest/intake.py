"""What the ingest decides: which files there are, and what is to be done about each.

Nothing is written here: what is decided comes out, and `index.ingest.writer` carries it out.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from index.errors import DocumentError, UnreadableDocument
from index.ingest.outcome import Outcome, Status
from index.ingest.prepare import New
from index.read import SUFFIXES, Reader, Record
from index.store.index import Index
from index.store.rows import Place

__all__ = [
    "Arrange",
    "Decision",
    "FileRecords",
    "FoundAgain",
    "arrangement",
    "decide",
    "find_files",
    "open_file",
]


@dataclass(frozen=True, slots=True)
class FileRecords:
    """A file that could be opened: its records, unread, and what was stored of it before."""

    name: str
    """As the reader typed it."""
    key: str
    """Its absolute path, links resolved."""
    records: tuple[Record, ...]
    before: Mapping[str, str]
    """Document ids by place."""
    collection: str | None = None

    def place(self, record: Record) -> Place:
        return Place(record.place(self.key), record.place(self.name), record.id, self.collection)


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """Record one more place of a document that is stored, or about to be."""

    place: Place
    status: Status
    is_stored: bool


@dataclass(frozen=True, slots=True)
class Arrange:
    """Record where a file's stored documents are now, and drop the places that it has lost."""

    places: tuple[Place, ...]
    gone: tuple[str, ...]
    left: tuple[Place, ...]
    """What was in the file and is not any more: removed, if it is found nowhere else."""


Decision = New | FoundAgain | Outcome
"""What is to be done about a record; an outcome when that is nothing."""


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


def open_file(
    index: Index, reader: Reader, path: Path, collection: str | None = None
) -> FileRecords | Outcome:
    """A file's records, or why it is skipped; without a `collection` it stays in its own."""
    name, key = os.path.normpath(path), str(path.resolve())
    try:
        key.encode()
        records = reader.records(path)
    except UnicodeEncodeError:
        shown = name.encode(errors="backslashreplace").decode()
        return Outcome(shown, Status.SKIPPED, "its name is not UTF-8; rename it")
    except DocumentError as error:
        return Outcome(name, Status.SKIPPED, str(error))
    before = index.places(file=key)
    known = next((place.collection for place in before if place.collection is not None), None)
    stored = {place.place: place.document_id for place in before}
    return FileRecords(name, key, tuple(records), stored, collection or known)


def arrangement(index: Index, file: FileRecords) -> Arrange | None:
    """How a file's known documents have moved in it; None if they have not."""
    wanted = {place.place: place for place in map(file.place, file.records)}
    moved = [
        place
        for at, place in wanted.items()
        if file.before.get(at) != place.document_id and index.has_document(place.document_id)
    ]
    gone = [at for at in file.before if at not in wanted]
    if not moved and not gone:
        return None
    still_there = {place.document_id for place in wanted.values()}
    left = [
        Place(at, file.name + at.removeprefix(file.key), document_id)
        for at, document_id in file.before.items()
        if document_id not in still_there
    ]
    return Arrange(tuple(moved), tuple(gone), tuple(left))


def decide(index: Index, file: FileRecords, record: Record, waiting: Collection[str]) -> Decision:
    """What is to be done about one record; an outcome if it is unchanged.

    `waiting` are the ids of documents that are about to be stored.
    """
    place = file.place(record)
    status = Status.UPDATED if place.place in file.before else Status.ADDED
    if index.has_document(record.id):
        if record.id in file.before.values():
            return Outcome(place.path, Status.UNCHANGED)
        return FoundAgain(place, status, is_stored=True)
    if record.id in waiting:
        return FoundAgain(place, status, is_stored=False)
    return New(record, file.name, place, status)
