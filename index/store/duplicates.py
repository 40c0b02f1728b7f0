"""Near-duplicates: one wire story in two papers is one story, however lightly it was edited."""

from __future__ import annotations

import re
import sqlite3

import numpy as np
import numpy.typing as npt

__all__ = [
    "MIN_SIMILARITY",
    "SCHEMA",
    "algorithm",
    "band_keys",
    "contained",
    "forget",
    "record",
    "signature",
    "similar",
]

SCHEMA = """
CREATE TABLE IF NOT EXISTS signatures (
    serial INTEGER PRIMARY KEY, document_id TEXT NOT NULL UNIQUE, signature BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS bands (
    key INTEGER NOT NULL, signature INTEGER NOT NULL,
    PRIMARY KEY (key, signature)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bands_of ON bands (signature);
CREATE TABLE IF NOT EXISTS near (
    document_id TEXT NOT NULL, other_id TEXT NOT NULL, similarity REAL NOT NULL,
    PRIMARY KEY (document_id, other_id)) WITHOUT ROWID;
"""
"""Part of the catalogue; `near` holds every pair both ways round."""

Signature = npt.NDArray[np.uint32]

MIN_SIMILARITY = 0.6
"""Least share of common word triples (Jaccard, [0, 1]) of two documents that tell one story.

A copy that lost its last third, or with one word in ten replaced, stays above; two reports on one
event by two hands lie below .1 (measured on recombined news paragraphs, tests/test_duplicates)."""

_WORD = re.compile(r"\w+", re.UNICODE)
_SHINGLE = 3
_MIN_SHINGLES = 20
"""Shorter texts are told apart by a single word: none is called a copy."""
_PERMUTATIONS = 128
_ROWS = 4
"""Values of a band. 32 bands of 4: a pair of similarity .6 shares one with probability .99."""


def algorithm() -> str:
    """What signatures depend on: the index is stamped with it."""
    from rensa import RMinHash

    return f"rensa {RMinHash.ALGORITHM_VERSION}, {_PERMUTATIONS} of {_SHINGLE}"


def signature(text: str) -> Signature | None:
    """MinHash of a text's word triples; None for a text too short to compare.

    Source: Broder 1997.
    """
    triples = _triples(text)
    if len(triples) < _MIN_SHINGLES:
        return None
    from rensa import RMinHash

    sketch = RMinHash(num_perm=_PERMUTATIONS, seed=1)
    sketch.update(sorted(triples))
    return np.array(sketch.digest(), dtype=np.uint32)


def similar(a: Signature, b: Signature) -> float:
    """Estimated share of common word triples, [0, 1]; standard error .04 at .6."""
    return float(np.mean(a == b))


def band_keys(values: Signature) -> list[int]:
    """Keys, one a band: near-duplicates have at least one in common, others hardly ever."""
    parts = values.astype(np.uint64).reshape(-1, _ROWS)
    # FNV-1a over the values of a band and its number; signed, as SQLite keeps integers.
    keys = np.arange(len(parts), dtype=np.uint64) + np.uint64(0xCBF29CE484222325)
    for column in parts.T:
        keys = (keys ^ column) * np.uint64(0x100000001B3)
    return [int(key) for key in keys.view(np.int64)]


def contained(text: str, other: str) -> float:
    """Share of the word triples of `text` that `other` has too, [0, 1]."""
    mine = _triples(text)
    return len(mine & _triples(other)) / len(mine) if mine else 0.0


def record(db: sqlite3.Connection, document_id: str, text: str) -> None:
    """Keep a document's signature, and its likeness to those before it."""
    values = signature(text)
    if values is None:
        return
    keys = band_keys(values)
    marks = ",".join("?" * len(keys))
    candidates = db.execute(
        f"SELECT document_id, signature FROM signatures WHERE document_id != ? AND serial IN "
        f"(SELECT signature FROM bands WHERE key IN ({marks}))",
        (document_id, *keys),
    ).fetchall()
    for other_id, blob in candidates:
        similarity = similar(values, np.frombuffer(blob, dtype=np.uint32))
        if similarity >= MIN_SIMILARITY:
            db.executemany(
                "INSERT OR REPLACE INTO near VALUES (?, ?, ?)",
                [(document_id, other_id, similarity), (other_id, document_id, similarity)],
            )
    serial = db.execute(
        "INSERT INTO signatures (document_id, signature) VALUES (?, ?)",
        (document_id, values.tobytes()),
    ).lastrowid
    db.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", [(key, serial) for key in keys])


def forget(db: sqlite3.Connection, document_id: str) -> None:
    """Drop a document's signature, and its likeness to others."""
    db.execute(
        "DELETE FROM bands WHERE signature = (SELECT serial FROM signatures WHERE document_id = ?)",
        (document_id,),
    )
    db.execute("DELETE FROM signatures WHERE document_id = ?", (document_id,))
    others = db.execute("SELECT other_id FROM near WHERE document_id = ?", (document_id,))
    db.executemany(
        "DELETE FROM near WHERE document_id = ? AND other_id = ?",
        [pair for (o,) in others.fetchall() for pair in ((document_id, o), (o, document_id))],
    )


def _triples(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    return {" ".join(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1)}
