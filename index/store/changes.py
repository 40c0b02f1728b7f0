"""What changed when a document was replaced: kept with the rows, gone with the document."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import sqlite3
from collections.abc import Sequence

from index.store.rows import Change

__all__ = [
    "CHANGES_KEPT",
    "CHANGES_SCHEMA",
    "compare_sentences",
    "forget_changes",
    "note_change",
    "read_changes",
]

CHANGES_SCHEMA = """
CREATE TABLE IF NOT EXISTS changes (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL, path TEXT NOT NULL,
    at TEXT NOT NULL, sentences TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS changes_of ON changes (place);
"""
"""Part of the catalogue."""

CHANGES_KEPT = 20
"""Changes that are kept of one place."""
_ALIKE = 0.5
"""Share of common words from which on one sentence counts as another, edited."""


def note_change(db: sqlite3.Connection, place: str, path: str, before: str, after: str) -> None:
    """Keep what is different between two documents that are stored, by their ids."""
    pairs = compare_sentences(_sentences(db, before), _sentences(db, after))
    if not pairs:
        return
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    db.execute(
        "INSERT INTO changes (place, path, at, sentences) VALUES (?, ?, ?, ?)",
        (place, path, now, json.dumps(pairs, ensure_ascii=False)),
    )
    db.execute(
        "DELETE FROM changes WHERE place = ? AND serial NOT IN "
        "(SELECT serial FROM changes WHERE place = ? ORDER BY serial DESC LIMIT ?)",
        (place, place, CHANGES_KEPT),
    )


def forget_changes(db: sqlite3.Connection, places: Sequence[str]) -> None:
    """Forget what stood at these places before, too."""
    db.executemany("DELETE FROM changes WHERE place = ?", [(place,) for place in places])


def read_changes(rows: Sequence[Sequence[str]]) -> list[Change]:
    """(path, at, sentences) of the table, as they were noted."""
    return [
        Change(path, at, tuple((was, now) for was, now in json.loads(sentences)))
        for path, at, sentences in rows
    ]


def _sentences(db: sqlite3.Connection, document_id: str) -> list[str]:
    row = db.execute("SELECT text FROM documents WHERE id = ?", (document_id,)).fetchone()
    spans = db.execute(
        "SELECT start, end FROM sentences WHERE document_id = ? ORDER BY ordinal", (document_id,)
    )
    return [row[0][start:end] for start, end in spans] if row else []


def compare_sentences(
    before: Sequence[str], after: Sequence[str]
) -> list[tuple[str | None, str | None]]:
    """(was, is) of each sentence that is another, gone (is: None) or new (was: None)."""
    pairs: list[tuple[str | None, str | None]] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        new = list(after[j1:j2])
        for was in before[i1:i2]:
            best = max(new, key=lambda text: _alike(was, text), default=None)
            if best is not None and _alike(was, best) >= _ALIKE:
                new.remove(best)
                pairs.append((was, best))
            else:
                pairs.append((was, None))
        pairs += [(None, text) for text in new]
    return pairs


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()
