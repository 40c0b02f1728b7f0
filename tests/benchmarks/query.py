"""A question without its model, at several sizes of the index: where the milliseconds go.

    python -m tests.benchmarks.query [FILE] [--chunks 1000 10000 100000] [--keep DIR] [--json]

The large indexes are synthetic: documents repeated under other titles, their vectors mixed from
pairs of the real ones (so that chunks differ as real ones do). The questions are FILE's own and
are embedded for real. The language model is left out: what is attributed is the best sentence.
Medians over the questions, in milliseconds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np

from index.document import Document
from index.embed.embedder import Array
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.store.index import Index
from index.store.reading import Reading
from rag.evidence import Rarity, score_sentences
from rag.excerpt import choose
from rag.judge.attribute import attribute
from rag.measure.questions import load_squad
from rag.retrieve import HybridRetriever
from tests.benchmarks.clock import documents_of, embedder, parser, show

__all__ = ["main"]

_BASE = 240
"""Documents that are embedded for real."""
_STEP = 2000


class _Mixed:
    """Real vectors for the base and for questions; mixtures of two of them for the rest."""

    def __init__(self, real: MiniLM, texts: Sequence[str]) -> None:
        self._real = real
        self._base = real.embed(list(texts))
        self._random = np.random.default_rng(1)
        self.name, self.dim, self.precision = "mixed", real.dim, "fp32"

    def embed(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Array:
        if len(texts) <= 8:
            return self._real.embed(texts, on_batch)
        a, b = self._random.integers(0, len(self._base), (2, len(texts)))
        share = self._random.uniform(0.5, 1.0, (len(texts), 1)).astype(np.float32)
        mixed = share * self._base[a] + (1 - share) * self._base[b]
        unit: Array = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
        return unit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._real.count_tokens(texts)


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--chunks", type=int, nargs="+", default=[1000, 10_000])
    arguments.add_argument("--questions", type=int, default=60)
    arguments.add_argument("--keep", type=Path, help="keep the indexes there, for another run")
    options = arguments.parse_args()
    real = embedder()
    documents = documents_of(options.file, _BASE)
    asked = [d.title for d in documents]
    if options.file is not None:
        asked = [q.question for q in load_squad(options.file)[1]]
    model = _Mixed(real, [d.text for d in documents])
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for size in options.chunks:
            # Each size meets the questions for the first time.
            real._one.cache_clear()
            folder = (options.keep or Path(temporary)) / str(size)
            with Index(folder, model, 200) as index:
                _fill(index, options.file, size)
                rows.append(_measure(index, asked[: options.questions]))
    show(rows, as_json=options.json, note="milliseconds; medians, and the 95th percentile")


def _fill(index: Index, file: Path | None, size: int) -> None:
    n = _BASE
    while index.counts().chunks < size:
        made: list[Document] = documents_of(file, n)
        ingest(index, made[max(0, n - _STEP) :])
        n += min(_STEP, max(1, size - index.counts().chunks))


def _measure(index: Index, questions: Sequence[str]) -> dict[str, Any]:
    retriever = HybridRetriever(index)
    retriever.passages("warm up")
    rows: list[dict[str, float]] = []
    for question in questions:
        row: dict[str, float] = {}
        reading = Reading(index)
        with _step(row, "embed"):
            vector = index.embedder.embed([question])[0]
        with _step(row, "dense"):
            index.search_dense(vector, 30)
        with _step(row, "lexical"):
            index.search_lexical(question, 30)
        with _step(row, "retrieve"):
            passages = retriever.passages(question, vector=vector, reading=reading)
        with _step(row, "score"):
            scored = score_sentences(reading, question, vector, passages)
        with _step(row, "choose"):
            _, shown = choose(reading, passages, scored)
        with _step(row, "attribute"):
            best = shown[0].evidence.text
            attribute([best], question, shown, index.embedder, Rarity(index))
        # Retrieval holds the dense and the lexical search.
        row["total"] = sum(row.values()) - row["dense"] - row["lexical"]
        rows.append(row)
    out: dict[str, Any] = {"chunks": index.counts().chunks}
    out |= {name: median(r[name] for r in rows) for name in rows[0]}
    out["total p95"] = quantiles([r["total"] for r in rows], n=20)[-1]
    return out


@contextmanager
def _step(row: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    row[name] = (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
