"""Lexical postings in the database: written by document, sealed into blocks, scored exactly."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from index.store.lexical import K1, B
from index.store.postgres.words import POSTING, SEGMENT, Block, Words

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["add_postings", "drop_postings", "score_chunks", "seal_postings", "telling"]

_MOST = 32_767
"""What two bytes hold."""

_SEAL = """
WITH moved AS (DELETE FROM fresh WHERE true RETURNING term, serial, count, length)
INSERT INTO blocks (term, segment, n, postings, version)
SELECT term, serial / 32768, count(*), string_agg(
    int4send(serial::integer) || int2send(count::smallint) || int2send(length::smallint),
    ''::bytea ORDER BY serial), nextval('block_versions')
FROM moved GROUP BY term, serial / 32768
ON CONFLICT (term, segment) DO UPDATE
SET n = blocks.n + excluded.n, postings = blocks.postings || excluded.postings,
    version = excluded.version
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
    for segment in {serial // SEGMENT for serial in serials}:
        inside = [s for s in serials if s // SEGMENT == segment]
        terms = sorted({term for s, words in tokens if s in inside for term in words})
        for term, block in db.execute(
            "SELECT term, postings FROM blocks WHERE segment = %s AND term = ANY(%s)",
            (segment, terms),
        ).fetchall():
            postings = np.frombuffer(block, dtype=POSTING)
            kept = postings[~np.isin(postings["serial"], inside)]
            if len(kept):
                db.execute(
                    "UPDATE blocks SET n = %s, postings = %s, version = nextval('block_versions') "
                    "WHERE term = %s AND segment = %s",
                    (len(kept), kept.tobytes(), term, segment),
                )
            else:
                db.execute("DELETE FROM blocks WHERE term = %s AND segment = %s", (term, segment))


def score_chunks(
    words: Words, tokens: Sequence[str], k: int, among: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """(serial, BM25) of the k best chunks that have one of the tokens, best first.

    `among` limits it to chunks of these serials. The formula, and the order of equals, are
    `LexicalIndex`'s. It goes segment by segment, and of each only what may be among the k best
    is kept: a library of millions takes no more memory than one of thousands.
    """
    mean = words.n_tokens / words.n_chunks if words.n_chunks and words.n_tokens else 1.0
    weights = {t: telling(words.n_chunks, words.n_with(t)) for t in words.blocks}
    by_segment: dict[int, list[tuple[float, Block]]] = defaultdict(list)
    for token in tokens:
        for block in words.blocks.get(token, ()):
            by_segment[block.segment].append((weights[token], block))
    wanted = None if among is None else _by_segment(among)
    serials, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
    least = np.finfo(np.float32).tiny
    for segment in sorted(by_segment if wanted is None else wanted.keys() & by_segment):
        scored = _score_segment(by_segment[segment], mean)
        if wanted is not None:
            scored *= wanted[segment]
        found = np.flatnonzero(scored >= least)
        serials = np.concatenate([serials, found + segment * SEGMENT])
        scores = np.concatenate([scores, scored[found]])
        if len(scores) > k:
            # Equals of the last one stay: their order must not be chance.
            least = max(least, np.partition(scores, -k)[-k])
            stay = scores >= least
            serials, scores = serials[stay], scores[stay]
    best = np.argsort(-scores, kind="stable")[:k]
    return [(int(serials[i]), float(scores[i])) for i in best]


def telling(n_chunks: int, n_with: int) -> float:
    """Robertson's idf, above 0, of a word that `n_with` of `n_chunks` chunks have."""
    return math.log(1 + (n_chunks - n_with + 0.5) / (n_with + 0.5))


def _score_segment(asked: Sequence[tuple[float, Block]], mean: float) -> npt.NDArray[np.float32]:
    """BM25 of every serial of a segment; 0 where there is no chunk, or none of the words in it."""
    scored = np.zeros(SEGMENT, np.float32)
    for weight, block in asked:
        counts = block.counts.astype(np.float32)
        norms = block.lengths.astype(np.float32)
        norms *= np.float32(K1 * B / mean)
        norms += np.float32(K1 * (1 - B))
        norms += counts
        counts *= np.float32(weight)
        counts /= norms
        scored[block.at] += counts
    return scored


def _by_segment(serials: Sequence[int]) -> dict[int, npt.NDArray[np.float32]]:
    """For each segment that has one of these serials, 1 at theirs, else 0."""
    given = np.asarray(serials, dtype=np.int64)
    masks = {}
    for segment in np.unique(given // SEGMENT):
        mask = np.zeros(SEGMENT, np.float32)
        mask[given[given // SEGMENT == segment] % SEGMENT] = 1
        masks[int(segment)] = mask
    return masks
