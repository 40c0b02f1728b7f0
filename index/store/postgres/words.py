"""What a search reads of words: their postings of one moment, kept from one search to the next."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["POSTING", "SEGMENT", "Block", "KeptBlocks", "Words", "read_words"]

POSTING = np.dtype([("serial", ">i4"), ("count", ">i2"), ("length", ">i2")])
"""One of a block, as the schema says."""
SEGMENT = 32_768
"""Serials that one block of a word can hold."""

_MOST_BYTES = 256 << 20
"""Of blocks that one process keeps: those of the words asked for last."""
_OVERHEAD = 600
"""Bytes of a kept block beside its postings: three arrays and their key."""

_WORDS = """
SELECT NULL::text, 0, revision, chunks, tokens, NULL::bytea FROM state
UNION ALL
SELECT b.term, b.segment, b.version, b.n, 0,
    CASE WHEN b.version = kept.version THEN NULL ELSE b.postings END
FROM blocks b
LEFT JOIN unnest(%s::text[], %s::integer[], %s::bigint[]) AS kept (term, segment, version)
    ON kept.term = b.term AND kept.segment = b.segment
WHERE b.term = ANY(%s)
UNION ALL
SELECT term, (serial / 32768)::integer, -1, count(*), 0, string_agg(
    int4send(serial::integer) || int2send(count::smallint) || int2send(length::smallint),
    ''::bytea ORDER BY serial)
FROM fresh WHERE term = ANY(%s) GROUP BY term, serial / 32768
"""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A word's postings in one segment; the arrays are of one length."""

    segment: int
    at: npt.NDArray[np.uint16]
    """Serials, counted from the segment's first."""
    counts: npt.NDArray[np.uint16]
    lengths: npt.NDArray[np.uint16]
    """Tokens of each chunk."""

    @classmethod
    def of(cls, segment: int, postings: bytes) -> Block:
        """A block as the database keeps it."""
        rows = np.frombuffer(postings, dtype=POSTING)
        at = (rows["serial"].astype(np.int64) - segment * SEGMENT).astype(np.uint16)
        return cls(segment, at, rows["count"].astype(np.uint16), rows["length"].astype(np.uint16))


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Some words in one state of the database."""

    revision: int
    n_chunks: int
    n_tokens: int
    """Of all chunks: what BM25 takes their mean length from."""
    blocks: dict[str, list[Block]]
    """All of each word that there is; a segment may have two: one sealed, one fresh."""

    def n_with(self, term: str) -> int:
        """How many chunks have a word."""
        return sum(len(block.at) for block in self.blocks.get(term, ()))


class KeptBlocks:
    """Sealed blocks as they were read; each is used only while its version is the database's.

    Safe to call from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: OrderedDict[tuple[str, int], tuple[int, Block]] = OrderedDict()
        self._of_term: dict[str, set[int]] = {}
        self._n_bytes = 0

    def of(self, terms: Sequence[str]) -> dict[tuple[str, int], tuple[int, Block]]:
        """(version, block) of these words by word and segment."""
        with self._lock:
            found = {}
            for term in terms:
                for segment in self._of_term.get(term, ()):
                    found[term, segment] = self._blocks[term, segment]
                    self._blocks.move_to_end((term, segment))
            return found

    def keep(self, read: dict[tuple[str, int], tuple[int, Block]]) -> None:
        """Keep what was read; what was asked for longest ago gives way."""
        with self._lock:
            for key, (version, block) in read.items():
                self._drop(key)
                self._blocks[key] = version, block
                self._of_term.setdefault(key[0], set()).add(key[1])
                self._n_bytes += _size(block)
            while self._n_bytes > _MOST_BYTES:
                self._drop(next(iter(self._blocks)))

    def _drop(self, key: tuple[str, int]) -> None:
        if key not in self._blocks:
            return
        self._n_bytes -= _size(self._blocks.pop(key)[1])
        segments = self._of_term[key[0]]
        segments.discard(key[1])
        if not segments:
            del self._of_term[key[0]]


def read_words(db: Connection[Any], terms: Sequence[str], kept: KeptBlocks) -> Words:
    """All postings of each word that there is, of one moment; one statement.

    Blocks that are `kept` and still the same are not sent again.
    """
    terms = sorted(set(terms))
    known = kept.of(terms)
    rows = db.execute(
        _WORDS,
        (
            [term for term, _ in known],
            [segment for _, segment in known],
            [version for version, _ in known.values()],
            terms,
            terms,
        ),
        binary=True,
    ).fetchall()
    blocks: dict[str, list[Block]] = {}
    read: dict[tuple[str, int], tuple[int, Block]] = {}
    state = (0, 0, 0)
    for term, segment, version, n, n_tokens, postings in rows:
        if term is None:
            state = (version, n, n_tokens)
            continue
        if postings is None:
            block = known[term, segment][1]
        else:
            block = Block.of(segment, postings)
            if version >= 0:
                read[term, segment] = version, block
        blocks.setdefault(term, []).append(block)
    kept.keep(read)
    return Words(*state, blocks)


def _size(block: Block) -> int:
    return 6 * len(block.at) + _OVERHEAD
