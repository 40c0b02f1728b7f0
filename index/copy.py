"""From one index to another, folder or database: rows and vectors as they are, none embedded."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence

import numpy as np

from index.address import shown
from index.errors import StoreError
from index.read.reader import file_of
from index.store.index import Index
from index.store.rows import DocumentRows, Fingerprint, Place

__all__ = ["copy_index", "digest_of"]

_BATCH = 64
"""Documents stored at once: what an interruption costs."""


def copy_index(
    origin: Index,
    goal: Index,
    *,
    on_total: Callable[[int], None] | None = None,
    on_document: Callable[[], None] | None = None,
    wait_s: float = 0.0,
) -> int:
    """Copy what `goal` does not have yet; return how many documents were copied.

    Changes of replaced documents and kept answers stay behind.
    Raises: StoreError if `goal` holds something else; IndexLocked.
    """
    wanted = [summary.id for summary in origin.summaries()]
    with goal.writing(wait_s):
        there = {summary.id for summary in goal.summaries()}
        if foreign := there.difference(wanted):
            raise StoreError(
                f"the index in {shown(goal.folder)} holds {len(foreign)} documents that are not in "
                f"{shown(origin.folder)}: copy to a new folder or an empty database"
            )
        missing = [document_id for document_id in wanted if document_id not in there]
        if on_total is not None:
            on_total(len(missing))
        _note_precisions(origin, goal)
        for start in range(0, len(missing), _BATCH):
            part = missing[start : start + _BATCH]
            places = [place for id_ in part for place in origin.places_of(id_)]
            goal.backend.store(_rows(origin, part), places)
            if on_document is not None:
                for _ in part:
                    on_document()
        # Last: a file is done when all of its documents are here.
        goal.backend.store([], [], _files(origin, origin.places()))
        goal.flush()
    return len(missing)


def digest_of(index: Index) -> str:
    """SHA-256 over every document, place, sentence, chunk and vector; vectors as float16.

    It does not depend on where or in which order they are kept.
    """
    whole = hashlib.sha256()
    ids = sorted(summary.id for summary in index.summaries())
    parts = (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
    for row in (row for part in parts for row in _rows(index, part)):
        places = sorted(dataclasses.astuple(p) for p in index.places_of(row.document.id))
        told = [
            dataclasses.asdict(row.document),
            [dataclasses.astuple(sentence) for sentence in row.sentences],
            [dataclasses.astuple(chunk) for chunk in row.chunks],
            places,
        ]
        whole.update(json.dumps(told, ensure_ascii=True).encode())
        for vectors in (row.sentence_vectors, row.chunk_vectors):
            whole.update(vectors.astype(np.float16).tobytes())
    return whole.hexdigest()


def _rows(index: Index, document_ids: Sequence[str]) -> list[DocumentRows]:
    """All of each document as it is stored, in this order; without those that are gone by now."""
    found = index.backend.read(document_ids)
    rows = []
    for stored in (found[id_] for id_ in document_ids if id_ in found):
        chunks, vectors = index.backend.chunk_rows(stored.document.id)
        rows.append(
            DocumentRows(stored.document, stored.sentences, chunks, stored.vectors, vectors)
        )
    return rows


def _files(origin: Index, places: Sequence[Place]) -> list[Fingerprint]:
    files = sorted({str(file_of(place.place)) for place in places})
    found = [origin.fingerprint(file) for file in files]
    return [fingerprint for fingerprint in found if fingerprint is not None]


def _note_precisions(origin: Index, goal: Index) -> None:
    both = dict.fromkeys([*goal.precisions, *origin.precisions])
    goal.backend.set_meta("precision", json.dumps(list(both)))
