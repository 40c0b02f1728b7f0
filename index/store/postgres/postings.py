"""Lexical postings in the database: written by document, sealed into blocks, scored exactly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from index.store.lexical import K1, B
from index.tokens import tokenize

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "add_postings",
    "drop_postings",
    "read_postings",
    "score_chunks",
    "seal_postings",
    "telling",
]

_POSTING = np.dtype([("serial", ">i4"), ("count", ">i2"), ("length", ">i2")])
"""One of a block, as the schema says."""
_SEGMENT = 32_768
_MOST = 32_767
"""What two bytes hold."""

_SEAL = """
WITH moved AS (DELETE FROM fresh WHERE true RETURNING term, serial, count, length)
INSERT INTO blocks (term, segment, n, postings)
SELECT term, serial / 32768, count(*), string_agg(
    int4send(serial::integer) || int2send(count::smallint) || int2send(length::smallint),
    ''::bytea ORDER BY serial)
FROM moved GROUP BY term, serial / 32768
ON CONFLICT (term, segment) DO UPDATE
SET n = blocks.n + excluded.n, postings = blocks.postings || excluded.postings
"""


def add_postings(db: Connection[Any], tokens: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Keep the words of new chunks: (serial, all tokens in order) of each."""
    with db.cursor().copy("COPY fresh (term, serial, count, length) FROM STDIN") as copy:
        for serial, words in tokens:
            for term, n in Counter(words).items():
                copy.write_row((term, serial, min(n, _MOST), min(len(words), _MOST)))


def seal_postings(db: Connection[Any]) -> None:
    """Move the words of new chunks into blocks; the caller alone writes blocks meanwhile."""
    db.execute(_SEAL)
    db.execute(
        "UPDATE state SET fresh = "
        "(SELECT count(*) FROM (SELECT DISTINCT serial FROM fresh) AS unsealed)"
    )


def drop_postings(db: Connection[Any], tokens: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Forget the words of chunks that go; the caller alone writes blocks meanwhile."""
    serials = [serial for serial, _ in tokens]
    db.execute("DELETE FROM fresh WHERE serial = ANY(%s)", (serials,))
    for segment in {serial // _SEGMENT for serial in serials}:
        inside = [s for s in serials if s // _SEGMENT == segment]
        terms = sorted({term for s, words in tokens if s in inside for term in words})
        for term, block in db.execute(
            "SELECT term, postings FROM blocks WHERE segment = %s AND term = ANY(%s)",
            (segment, terms),
        ).fetchall():
            postings = np.frombuffer(block, dtype=_POSTING)
            kept = postings[~np.isin(postings["serial"], inside)]
            if len(kept):
                db.execute(
                    "UPDATE blocks SET n = %s, postings = %s WHERE term = %s AND segment = %s",
                    (len(kept), kept.tobytes(), term, segment),
                )
            else:
                db.execute("DELETE FROM blocks WHERE term = %s AND segment = %s", (term, segment))


def score_chunks(
    db: Connection[Any], query: str, k: int, documents: Collection[str] | None
) -> list[tuple[int, float]]:
    """(serial, BM25) of the k best chunks that share a word with the query, best first.

    All that is read is of the connection's moment. The formula, and the order of equals, are
    `LexicalIndex`'s.
    """
    tokens = tokenize(query)
    postings = read_postings(db, tokens)
    (n_chunks, n_tokens), top = _totals(db), 0
    for rows in postings.values():
        top = max(top, int(rows["serial"].max()) + 1)
    scores = np.zeros(top, dtype=np.float32)
    mean = n_tokens / n_chunks if n_chunks and n_tokens else 1.0
    for token in tokens:
        if token in postings:
            rows = postings[token]
            counts = rows["count"].astype(np.float64)
            norms = K1 * (1 - B + B * rows["length"].astype(np.float64) / mean)
            weight = telling(n_chunks, len(rows))
            scores[rows["serial"].astype(np.int64)] += weight * counts / (counts + norms)
    if documents is not None:
        scores *= _among(db, documents, top)
    k = min(k, top)
    if not k:
        return []
    least = max(np.partition(scores, -k)[-k], np.finfo(np.float32).tiny)
    found = np.flatnonzero(scores >= least)
    best = found[np.argsort(-scores[found], kind="stable")][:k]
    return [(int(serial), float(scores[serial])) for serial in best]


def telling(n_chunks: int, n_with: int) -> float:
    """Robertson's idf, above 0, of a word that `n_with` of `n_chunks` chunks have."""
    return math.log(1 + (n_chunks - n_with + 0.5) / (n_with + 0.5))


def _totals(db: Connection[Any]) -> tuple[int, int]:
    row = db.execute("SELECT chunks, tokens FROM state").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def read_postings(db: Connection[Any], tokens: Sequence[str]) -> dict[str, npt.NDArray[np.void]]:
    """All postings of each word that there is."""
    parts: dict[str, list[npt.NDArray[np.void]]] = {}
    terms = sorted(set(tokens))
    for term, block in db.execute(
        "SELECT term, postings FROM blocks WHERE term = ANY(%s)", (terms,), binary=True
    ):
        parts.setdefault(term, []).append(np.frombuffer(block, dtype=_POSTING))
    fresh: dict[str, list[tuple[int, int, int]]] = {}
    for term, *posting in db.execute(
        "SELECT term, serial, count, length FROM fresh WHERE term = ANY(%s)", (terms,), binary=True
    ):
        fresh.setdefault(term, []).append((posting[0], posting[1], posting[2]))
    for term, rows in fresh.items():
        parts.setdefault(term, []).append(np.array(rows, dtype=_POSTING))
    return {term: np.concatenate(found) for term, found in parts.items()}


def _among(db: Connection[Any], documents: Collection[str], top: int) -> npt.NDArray[np.float32]:
    """1 for each serial below `top` of a chunk of these documents, else 0."""
    mask = np.zeros(top, dtype=np.float32)
    rows = db.execute(
        "SELECT serial FROM chunks WHERE document_id = ANY(%s) AND serial < %s",
        (list(documents), top),
        binary=True,
    ).fetchall()
    mask[np.array([row[0] for row in rows], dtype=np.int64)] = 1
    return mask
