"""The two searches in the database: few statements, each of one moment; limits act within them."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

from index.document import Chunk
from index.embed.embedder import Array
from index.store.postgres.connect import Connections
from index.store.postgres.postings import score_chunks, telling
from index.store.postgres.selected import Condition, condition_on
from index.store.postgres.words import KeptBlocks, Words, read_words
from index.tokens import tokenize

__all__ = ["SharedSearch"]

_EXACT = 16_000
"""Chunks up to which all are compared, exactly: as quick as HNSW."""
_NARROW = 2000
"""Documents up to which all chunks of a limit are compared."""
_DRAWN = 8
"""How many times what is wanted the best by words are looked at first, where a limit is wide."""
_FRESH_S = 0.5
"""How long a word's weight, and how many chunks there are, is believed without asking."""
_COLUMNS = "id, document_id, ordinal, first, last, text"


class SharedSearch:
    """Dense and lexical search; safe to call from several threads.

    A chunk that is removed between two statements of a search is not found by it.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._rows = connections.rows
        self._kept = KeptBlocks()
        self._weights: dict[str, float] = {}
        self._believed: tuple[float, int, int] = (0.0, -1, 0)

    def dense(
        self, vector: Array, k: int, documents: Collection[str] | None
    ) -> list[tuple[Chunk, float]]:
        """The k nearest chunks with their cosine similarity, best first."""
        from pgvector import HalfVector

        half = HalfVector(vector)
        if documents is None:
            is_small = self._n_chunks() <= _EXACT
            found = self._nearest(half, k) if is_small else self._nearest_by_hnsw(half, k)
        else:
            within = condition_on(documents)
            found = [] if self._is_narrow(within) else self._nearest_by_hnsw(half, k, within)
            if len(found) < k:
                found = self._nearest(half, k, within)
        found.sort(key=lambda row: (row[6], row[7]))
        return [(Chunk(*row[:6]), 1.0 - float(row[6])) for row in found]

    def lexical(
        self, query: str, k: int, documents: Collection[str] | None
    ) -> list[tuple[Chunk, float]]:
        """The k best chunks that share a word with the query, with their BM25, best first."""
        tokens = tokenize(query)
        among, within = None, None if documents is None else condition_on(documents)
        if within is not None and self._is_narrow(within):
            among = [row[0] for row in self._rows(f"SELECT serial {_of(within)}", *within[1])]
        words = self._connections.patiently(lambda db: read_words(db, tokens, self._kept))
        self._believe(words, tokens)
        if within is None or among is not None:
            return self._chunks(score_chunks(words, tokens, k, among))
        seen, wanted, found = 0, _DRAWN * k, []
        while True:
            hits = score_chunks(words, tokens, wanted)
            found += self._chunks(hits[seen:], within)
            if len(found) >= k or len(hits) < wanted:
                return found[:k]
            seen, wanted = wanted, _DRAWN * wanted

    def idf(self, token: str) -> float:
        """How telling a token is in the whole index, above 0."""
        n_chunks = self._n_chunks()
        weights = self._weights
        if token not in weights:
            n_with = self._rows(
                "SELECT coalesce((SELECT sum(n) FROM blocks WHERE term = %s), 0) + "
                "(SELECT count(*) FROM fresh WHERE term = %s)",
                token,
                token,
            )[0][0]
            weights[token] = telling(n_chunks, int(n_with))
        return weights[token]

    def _n_chunks(self) -> int:
        """How many chunks there were half a second ago or later."""
        asked, revision, n_chunks = self._believed
        if time.monotonic() - asked > _FRESH_S:
            now, n_chunks = self._rows("SELECT revision, chunks FROM state")[0]
            if now != revision:
                self._weights = {}
            self._believed = time.monotonic(), int(now), int(n_chunks)
        return n_chunks

    def _believe(self, words: Words, tokens: Sequence[str]) -> None:
        """Note what a search has read: the weights of its words are asked for next."""
        known = self._weights if words.revision == self._believed[1] else {}
        read = {token: telling(words.n_chunks, words.n_with(token)) for token in tokens}
        self._weights = known | read
        self._believed = time.monotonic(), words.revision, words.n_chunks

    def _is_narrow(self, within: Condition) -> bool:
        """Whether a limit admits so few documents that all of their chunks can be compared."""
        condition, values = within
        few = f"SELECT FROM documents d WHERE {condition} LIMIT {_NARROW + 1}"
        return int(self._rows(f"SELECT count(*) FROM ({few}) AS few", *values)[0][0]) <= _NARROW

    def _nearest(self, half: Any, k: int, within: Condition | None = None) -> list[tuple[Any, ...]]:
        """The k nearest chunks: all that the limit admits are compared."""
        # Adding nothing keeps the planner from HNSW.
        return self._rows(
            f"SELECT {_COLUMNS}, (vector <=> %s) + 0 AS far, serial "
            f"{_of(within)} ORDER BY far, serial LIMIT %s",
            half,
            *_values(within),
            k,
        )

    def _nearest_by_hnsw(
        self, half: Any, k: int, within: Condition | None = None
    ) -> list[tuple[Any, ...]]:
        """The k nearest chunks that HNSW finds; fewer where the limit admits few on its way."""
        return self._rows(
            f"SELECT {_COLUMNS}, vector <=> %s AS far, serial FROM chunks "
            f"WHERE {_met(within)} ORDER BY vector <=> %s LIMIT %s",
            half,
            *_values(within),
            half,
            k,
        )

    def _chunks(
        self, hits: Sequence[tuple[int, float]], within: Condition | None = None
    ) -> list[tuple[Chunk, float]]:
        """The chunks of (serial, score) that exist and that the limit admits, in this order."""
        rows = self._rows(
            f"SELECT serial, {_COLUMNS} FROM chunks WHERE serial = ANY(%s) AND {_met(within)}",
            [serial for serial, _ in hits],
            *_values(within),
        )
        chunks = {serial: Chunk(*row) for serial, *row in rows}
        return [(chunks[serial], score) for serial, score in hits if serial in chunks]


def _of(within: Condition | None) -> str:
    """The chunks of a limit's documents, found by them."""
    if within is None:
        return "FROM chunks"
    return f"FROM chunks WHERE document_id IN (SELECT d.id FROM documents d WHERE {within[0]})"


def _met(within: Condition | None) -> str:
    """That a chunk's document is within a limit, asked chunk by chunk: no join to plan about."""
    if within is None:
        return "true"
    return f"(SELECT {within[0]} FROM documents d WHERE d.id = chunks.document_id)"


def _values(within: Condition | None) -> tuple[object, ...]:
    return () if within is None else within[1]
