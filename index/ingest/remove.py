"""Taking documents out: by where they were found, or by their id."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from index.ingest.outcome import Outcome, Status
from index.read.reader import file_of
from index.store.index import Index
from index.store.rows import Place

__all__ = ["remove"]

_ID = re.compile(r"[0-9a-f]{8,64}\Z")


def remove(index: Index, names: Sequence[str], *, wait_s: float = 0.0) -> list[Outcome]:
    """Remove what is named: a file, all that was found in a folder, or a document's id.

    The first eight characters of an id will do. A file's copy elsewhere stays indexed; an id goes
    with all its places. What is not indexed is unknown; the others go on.
    Raises: IndexLocked.
    """
    outcomes: list[Outcome] = []
    with index.writing(wait_s):
        try:
            for name in names:
                outcomes += _remove(index, name)
        finally:
            index.flush()
    return outcomes


def _remove(index: Index, name: str) -> list[Outcome]:
    places = _found(index.places(), name)
    if places:
        index.forget_places([place.place for place in places])
        return [Outcome(place.path, Status.REMOVED, _elsewhere(index, place)) for place in places]
    ids = index.ids(name) if _ID.match(name) else []
    if len(ids) > 1:
        return [Outcome(name, Status.SKIPPED, "several documents' ids begin so; give more of it")]
    if not ids:
        return [Outcome(name, Status.UNKNOWN, "is not indexed")]
    document = index.document(ids[0])
    index.remove(ids[0])
    return [Outcome(document.path if document else name, Status.REMOVED)]


def _found(places: Sequence[Place], name: str) -> list[Place]:
    """The places at a path, in it when it is a folder, or in the file's parts (`file#n`)."""
    path = Path(name).resolve()
    typed = os.path.normpath(name)
    return [
        place
        for place in places
        if place.path == typed
        or Path(place.place).is_relative_to(path)
        or file_of(place.place) == path
    ]


def _elsewhere(index: Index, place: Place) -> str | None:
    document = index.document(place.document_id)
    return f"the same text stays indexed as {document.path}" if document is not None else None
