"""The ingest: files in, one outcome each; what was stored stays stored when it is interrupted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.catalogue import Place
from index.chunk import chunk
from index.document import Chunk, Document, Sentence
from index.errors import DocumentError, StoreError, UnreadableDocument
from index.read import SUFFIXES, read
from index.seen import Seen, look
from index.segment import segment
from index.store import Index

__all__ = ["BuildReport", "Outcome", "build", "find_files", "ingest", "titled"]

Status = Literal["added", "updated", "unchanged", "removed", "skipped"]

_BATCH_TEXTS = 512
"""Texts embedded, then written, at once: what an interruption can cost."""
_BATCH_PLACES = 200


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
        if entry.is_symlink() and not path.resolve().is_relative_to(root):
            refused.append(Outcome(str(path), "skipped", "a link that leads out of the folder"))
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root, refused)
        elif path.suffix.lower() in SUFFIXES:
            yield path


def build(
    index: Index,
    roots: Sequence[Path],
    *,
    prune: bool = False,
    max_bytes: int = 64 << 20,
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

    with index.writing(wait_s):
        batch: list[_Prepared] = []
        done: list[Seen] = []
        try:
            for outcome in refused:
                note(outcome)
            for path, _ in files:
                if on_start is not None:
                    on_start(os.path.normpath(path))
                # Before it is read: what is written meanwhile shows at the next look.
                now, is_certain = look(path)
                if now is not None and index.catalogue.seen(now.file) == now:
                    note(Outcome(os.path.normpath(path), "unchanged"))
                    continue
                prepared = _prepare(index, path, max_bytes, batch)
                if isinstance(prepared, Outcome):
                    note(prepared)
                    is_certain = is_certain and prepared.status != "skipped"
                else:
                    batch.append(prepared)
                # Of this file, all is stored by then or in the batch.
                if now is not None and is_certain:
                    done.append(now)
                if _texts(batch) >= _BATCH_TEXTS:
                    n_embedded += _write(index, batch, done, note)
                    batch, done = [], []
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
        batch: list[_Prepared] = []
        for document in new.values():
            batch.append(_segmented(index, document, None, "added"))
            if _texts(batch) >= _BATCH_TEXTS:
                n_embedded += _write(index, batch, [], lambda _: None)
                batch = []
        n_embedded += _write(index, batch, [], lambda _: None)
        index.flush()
    return n_embedded


def _prepare(
    index: Index, path: Path, max_bytes: int, batch: Sequence[_Prepared]
) -> _Prepared | Outcome:
    name = os.path.normpath(path)
    key = str(path.resolve())
    try:
        document = read(path, name=name, max_bytes=max_bytes)
    except DocumentError as error:
        return Outcome(name, "skipped", str(error))
    before = index.catalogue.place(key)
    if before is not None and before.document_id == document.id:
        return Outcome(name, "unchanged")
    place = Place(key, name, document.id)
    status: Status = "added" if before is None else "updated"
    if index.catalogue.has_document(document.id):
        index.store([], [place])
        return Outcome(name, status, "the same text is already indexed under another name")
    if any(p.document.id == document.id for p in batch):
        # Its twin is about to be written; the place alone is new.
        return _Prepared(document, [], [], place, status)
    return _segmented(index, document, place, status)


def _segmented(index: Index, document: Document, place: Place | None, status: Status) -> _Prepared:
    sentences = segment(document.text)
    n_tokens = index.embedder.count_tokens([s.text for s in sentences])
    chunks = chunk(document, sentences, n_tokens, index.chunk_tokens)
    return _Prepared(document, sentences, chunks, place, status)


def _texts(batch: Sequence[_Prepared]) -> int:
    return sum(len(p.sentences) + len(p.chunks) for p in batch)


def _write(
    index: Index,
    batch: Sequence[_Prepared],
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
            note(Outcome(p.place.path, p.status, _likeness(index, p.document.id)))
    return len(texts)


def _likeness(index: Index, document_id: str) -> str | None:
    """Which document this one is nearly the same as, if any."""
    near = index.catalogue.near(document_id)
    if not near:
        return None
    nearest = index.catalogue.document(max(near, key=lambda other: (near[other], other)))
    return f"nearly the same as {nearest.path}" if nearest is not None else None


def titled(title: str, text: str) -> str:
    """What is embedded: alone, most sentences do not say of what they speak."""
    return f"{title}: {text}"


def _prune(index: Index, roots: Sequence[Path]) -> Iterator[Outcome]:
    inside = [root.resolve() for root in roots]
    gone = []
    for place in index.catalogue.places():
        path = Path(place.place)
        if not path.exists() and (not inside or any(path.is_relative_to(r) for r in inside)):
            gone.append(place)
    for start in range(0, len(gone), _BATCH_PLACES):
        part = gone[start : start + _BATCH_PLACES]
        index.forget_places([place.place for place in part])
        yield from (Outcome(place.path, "removed") for place in part)
