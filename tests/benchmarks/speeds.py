"""What one filled index takes: to open, to search, on disk, in memory."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.embed.embedder import Array, Embedder
from index.store.index import Index
from index.store.postgres import search
from index.store.rows import Selection
from rag.find import find
from rag.retrieve import HybridRetriever
from tests.stored import is_shared, local, shared

__all__ = ["measure_speeds"]

_K = 10
_WIDE = 40
"""Chunks that a question takes of each search before they are fused."""
_FEW, _RECALLED = 50, 150
_PAGE = 5000
_LIMITS = {
    "since 2013": Selection(since="2013-01-01"),
    "one author": Selection(author="Author 123"),
    "a collection": Selection(collection="even"),
}
"""Half of the documents, one in 500, and half of them by their places."""

Pairs = Sequence[tuple[str, Array]]


def measure_speeds(
    place: Path, embedder: Embedder, questions: Sequence[str], frequent: Sequence[str]
) -> dict[str, Any]:
    """Open the index, ask it each way, tell milliseconds (first; p50; p95), MB, recall."""
    pairs = [(question, embedder.embed([question])[0]) for question in questions]
    before_mb = _resident_mb()
    started = time.perf_counter()
    with Index(place, embedder, 200) as index:
        retriever = HybridRetriever(index)
        retriever.passages(pairs[0][0], vector=pairs[0][1])
        found: dict[str, Any] = {"opened_s": round(time.perf_counter() - started, 2)}
        found |= {"chunks": index.counts().chunks, "documents": index.counts().documents}
        found["disk_mb"] = round(index.backend.disk_bytes() / 1e6)
        found["dense"] = _times(lambda _, v: index.search_dense(v, _WIDE), pairs)
        found["lexical"] = _times(lambda q, _: index.search_lexical(q, _WIDE), pairs)
        words = " ".join(frequent)
        found["frequent"] = _times(lambda *_: index.search_lexical(words, _WIDE), pairs[:_FEW])
        found["fused"] = _times(lambda q, v: retriever.passages(q, vector=v), pairs)
        found["evidence"] = _times(lambda q, _: find(retriever, q), pairs)
        for name, selection in _LIMITS.items():

            def limited(question: str, vector: Array, by: Selection = selection) -> object:
                return retriever.passages(question, vector=vector, documents=index.select(by))

            found[f"fused, {name}"] = _times(limited, pairs[:_FEW])
        found["reader_mb"] = round(_resident_mb() - before_mb)
        found["recall@10"] = round(_recall(index, [v for _, v in pairs[:_RECALLED]]), 4)
        if is_shared(index):
            found["server_mb"] = _server_mb(index)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | {"peak_mb": round(peak / (1 << 20 if sys.platform == "darwin" else 1024))}


def _times(work: Callable[[str, Array], object], pairs: Pairs) -> dict[str, float]:
    """Milliseconds of the first question, and median and 95th percentile of all after it."""
    took = []
    for question, vector in [pairs[0], *pairs]:
        started = time.perf_counter()
        work(question, vector)
        took.append((time.perf_counter() - started) * 1000)
    first, *others = took
    p95 = float(np.percentile(others, 95))
    return {
        "first_ms": round(first, 1),
        "p50_ms": round(statistics.median(others), 1),
        "p95_ms": round(p95, 1),
    }


def _recall(index: Index, vectors: Sequence[Array]) -> float:
    """Share of the exact ten nearest chunks that the index finds; of equals any will do."""
    if is_shared(index):
        leasts = [_least_by_sql(index, vector) for vector in vectors]
    else:
        leasts = _leasts_of_pages(_pages(index), np.stack(vectors))
    shares = []
    for vector, least in zip(vectors, leasts, strict=True):
        hits = index.search_dense(vector, _K)
        shares.append(sum(score >= least - 1e-5 for _, score in hits) / _K)
    return statistics.mean(shares)


def _least_by_sql(index: Index, vector: Array) -> float:
    """The cosine of the tenth nearest, all chunks compared."""
    exact, search._EXACT = search._EXACT, 1 << 60
    try:
        return index.search_dense(vector, _K)[-1][1]
    finally:
        search._EXACT = exact


def _pages(index: Index) -> Iterator[Array]:
    with local(index).vectors() as vectors, vectors.collection() as collection:
        for offset in range(0, collection.count(), _PAGE):
            page = collection.get(limit=_PAGE, offset=offset, include=["embeddings"])
            yield np.asarray(page["embeddings"], dtype=np.float32)


def _leasts_of_pages(pages: Iterator[Array], asked: Array) -> list[float]:
    best = np.full((len(asked), _K), -1.0, np.float32)
    for page in pages:
        both = np.concatenate([best, asked @ page.T], axis=1)
        best = np.partition(both, -_K, axis=1)[:, -_K:]
    return [float(row.min()) for row in best]


def _resident_mb() -> float:
    """What this process holds now; its peak where the system does not tell."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _server_mb(index: Index) -> int | None:
    """Memory of the server's processes, what they share counted once; None if it is elsewhere."""
    n_kb = 0
    for (pid,) in shared(index)._rows("SELECT pid FROM pg_stat_activity"):
        rollup = Path(f"/proc/{pid}/smaps_rollup")
        if not rollup.is_file():
            return None
        n_kb += sum(int(line.split()[1]) for line in rollup.open() if line.startswith("Pss:"))
    return round(n_kb / 1024)
