"""BM25 of a folder over N composed chunks: opening, a question's search, and every chunk scored.

    python -m tests.benchmarks.words FILE [--chunks N] [--rounds N] [--json]

FILE is SQuAD JSON: its sentences make the chunks (tests/benchmarks/composed.py), its questions are
asked, each both ways in turn; chunks, scores and order must be the same. So few sentences make no
rare words: a word of one sentence is in N / 250 chunks or so, and a question of a real library has
fewer postings.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from index.segment import segment
from index.store.lexical import LexicalIndex
from index.tokens import tokenize
from rag.measure.questions import load_squad, sample
from tests.benchmarks.clock import parser, show

__all__ = ["main"]

_EACH = 8
"""Sentences of a chunk."""
_PART = 32768
"""Chunks composed at once."""
_POOL = 30
"""Chunks that a question takes."""


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--chunks", type=int, default=100_000)
    arguments.add_argument("--questions", type=int, default=100)
    options = arguments.parse_args()
    documents, questions = load_squad(options.file)
    sentences = [s.text for d in documents for s in segment(d.text)]
    asked = [q.question for q in sample(questions, options.questions, 1)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lexical.npz"
        started = time.perf_counter()
        _composed(sentences, options.chunks).save(path)
        row: dict[str, Any] = {"chunks": options.chunks, "made s": time.perf_counter() - started}
        row["MB"] = path.stat().st_size / 1e6
        row |= _opening(path)
        lexical = LexicalIndex.load(path)
        assert lexical is not None
        row |= _searches(lexical, asked, options.rounds)
    show([row], as_json=options.json)


def _opening(path: Path) -> dict[str, float]:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        LexicalIndex.load(path)
        times.append(time.perf_counter() - started)
    return {"opening s": float(np.median(times))}


def _searches(lexical: LexicalIndex, asked: list[str], rounds: int) -> dict[str, float]:
    """Milliseconds of processor time of each way, and the part of the chunks that is scored."""
    took: dict[str, list[float]] = {"search": [], "every chunk": []}
    before = _memory_mb()
    for _ in range(rounds):
        for question in asked:
            started = time.thread_time()
            found = lexical.search(question, _POOL)
            took["search"].append((time.thread_time() - started) * 1000)
            started = time.thread_time()
            wanted = _exhaustive(lexical, question)
            took["every chunk"].append((time.thread_time() - started) * 1000)
            if found != wanted:
                raise SystemExit(f"both ways differ: {question}")
    return {
        f"{way} {name}": float(np.percentile(values, share))
        for way, values in took.items()
        for name, share in (("p50", 50), ("p95", 95))
    } | {"grown MB": _memory_mb() - before}


def _exhaustive(lexical: LexicalIndex, query: str) -> list[tuple[int, float]]:
    scores = np.zeros(len(lexical.serials), dtype=np.float32)
    for token in tokenize(query):
        rows, counts = lexical._postings(token)
        scores[rows] += lexical.idf(token) * counts / (counts + lexical._norms[rows])
    k = min(_POOL, len(scores))
    least = max(np.partition(scores, -k)[-k], np.finfo(np.float32).tiny)
    found = np.flatnonzero(scores >= least)
    best = found[np.argsort(-scores[found], kind="stable")][:k]
    return [(int(lexical.serials[i]), float(scores[i])) for i in best]


def _composed(sentences: list[str], n: int) -> LexicalIndex:
    """An index of n chunks of sentences drawn at random, each with a word that four have."""
    words = [tokenize(text) for text in sentences]
    terms = {t: i for i, t in enumerate(dict.fromkeys(t for text in words for t in text))}
    pairs = np.array([(row, terms[t]) for row, text in enumerate(words) for t in text])
    ones = np.ones(len(pairs), np.int32)
    counted = csr_matrix((ones, pairs.T), (len(sentences), len(terms)))
    n_words = np.array([len(text) for text in words])
    draw = np.random.default_rng(1)
    lengths, parts = [], []
    for first in range(0, n, _PART):
        picks = draw.integers(len(sentences), size=(min(_PART, n - first), _EACH))
        rows = np.repeat(np.arange(len(picks)), _EACH)
        ones = np.ones(picks.size, np.int32)
        drawn = csr_matrix((ones, (rows, picks.ravel())), (len(picks), len(sentences)))
        by_term = csc_matrix(drawn @ counted)
        by_term.sort_indices()
        lengths.append(n_words[picks].sum(axis=1).astype(np.int32) + 1)
        parts.append((by_term.indptr, by_term.indices + first, by_term.data))
    starts = np.concatenate([[0], np.cumsum(sum(np.diff(p[0]) for p in parts))])
    rows, counts = _joined(parts, starts)
    titles = [f"composed{i:08}" for i in range((n + 3) // 4)]
    ends = np.minimum(np.arange(4, 4 * len(titles) + 4, 4), n)
    return LexicalIndex(
        np.arange(n, dtype=np.int64),
        np.concatenate(lengths),
        [*terms, *titles],
        np.concatenate([starts, starts[-1] + ends]).astype(np.int64),
        np.concatenate([rows, np.arange(n, dtype=np.int32)]),
        np.concatenate([counts, np.ones(n, np.uint16)]),
    )


def _joined(parts: list[Any], starts: Any) -> tuple[Any, Any]:
    """Each term's postings of all parts, one after the other."""
    rows = np.empty(starts[-1], np.int32)
    counts = np.empty(starts[-1], np.uint16)
    filled = starts[:-1].copy()
    for indptr, indices, data in parts:
        n_of = np.diff(indptr)
        at = np.repeat(filled - indptr[:-1], n_of) + np.arange(len(indices))
        rows[at], counts[at] = indices, data
        filled += n_of
    return rows, counts


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
