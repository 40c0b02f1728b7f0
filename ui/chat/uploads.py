"""Files that readers of the chat have added: kept beside the index, gone with their documents."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from index.read.reader import file_of
from index.store.index import Index

__all__ = ["UPLOADS_FOLDER", "forget_uploads"]

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
