"""Files that readers of the chat have added: kept beside the index, gone with their documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import IndexLocked
from index.read.reader import file_of
from index.store.index import Index

__all__ = ["UPLOADS_FOLDER", "clear_leftovers", "forget_uploads", "taking_upload"]

UPLOADS_FOLDER = "uploads"
"""Within the index's folder."""


def forget_uploads(index: Index, uploads: Path, paths: Sequence[str]) -> None:
    """Delete the kept uploads among `paths` of which no document is left, within `writing`."""
    folder = uploads.resolve()
    kept = {file_of(str(Path(path).resolve())).parent for path in paths}
    mine = {parent for parent in kept if parent.parent == folder}
    if not mine:
        return
    wanted = {file_of(place.place).parent for place in index.places()}
    for parent in mine - wanted:
        shutil.rmtree(parent, ignore_errors=True)


@contextmanager
def taking_upload(uploads: Path, wait_s: float) -> Iterator[None]:
    """From the copy of an upload to its last row, so that nobody clears it away meanwhile.

    Raises: IndexLocked if another process takes uploads in for longer than `wait_s`.
    """
    uploads.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(_lock_of(uploads), timeout=wait_s):
            yield
    except Timeout:
        raise IndexLocked("another process takes uploads in; add the file again later") from None


def clear_leftovers(index: Index, uploads: Path) -> int:
    """Delete the uploads that no document came of: of one that was killed. Returns how many.

    Nothing is deleted while another process takes an upload in.
    """
    folder = uploads.resolve()
    if not folder.is_dir():
        return 0
    try:
        with FileLock(_lock_of(uploads), timeout=0):
            wanted = {file_of(place.place).parent for place in index.places()}
            left = [kept for kept in folder.iterdir() if kept.is_dir() and kept not in wanted]
            for kept in left:
                shutil.rmtree(kept, ignore_errors=True)
    except Timeout:
        return 0
    return len(left)


def _lock_of(uploads: Path) -> Path:
    return uploads.with_name(f"{uploads.name}.lock")
