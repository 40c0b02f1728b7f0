"""An index in a database beside one in a folder: the same answers, and at which speed.

    python -m tests.benchmarks.shared equal FILE --index postgresql://user@host/name
    python -m tests.benchmarks.shared scale FILE --index postgresql://user@host/name --chunks N
    python -m tests.benchmarks.shared scale FILE --index DIR --chunks N

`equal` ingests the paragraphs of a SQuAD file into both and compares the ten best chunks of each
question, by dense search (exact, and by HNSW) and lexical search, and the ten best sentences.
`scale` fills an empty index with articles composed of the file's sentences (`composed.py`), or
goes on where it was stopped, and times the searches and limits. Each wants an index of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from index.address import read_place
from index.config import load_settings
from index.document import Chunk, Document
from index.embed.embedder import Array
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.segment import segment
from index.store.index import Index
from index.store.postgres import search
from index.store.reading import Reading
from index.store.rows import Selection
from rag.evidence import score_sentences
from rag.measure.questions import load_squad
from rag.retrieve import HybridRetriever
from tests.benchmarks.composed import PART, Composer, frequent, place_of
from tests.stored import is_shared, shared

__all__ = ["main"]

_K = 10
_TIMED = 200
_RECALLED = 50
_STORED = 25
"""Documents that a folder is given at once."""
_LIMITS = {
    "since 2013": Selection(since="2013-01-01"),
    "of one author": Selection(author="Author 123"),
    "of a collection": Selection(collection="even"),
}
"""Half of the documents, one in 500, and half of them by their places."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("equal", "scale"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--index", required=True)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--build-memory", default="1GB", help="for the index over vectors")
    arguments = parser.parse_args()
    settings = load_settings({"index": arguments.index})
    embedder = MiniLM(ensure("all-minilm-l6-v2", settings.models), name="all-minilm-l6-v2")
    documents, questions = load_squad(arguments.file)
    texts = [question.question for question in questions]
    with Index(read_place(arguments.index), embedder, 200) as index:
        if arguments.what == "equal":
            found = _compare(index, documents, texts)
        else:
            pool = [s.text for d in documents for s in segment(d.text) if s.text.endswith(".")]
            pool = list(dict.fromkeys(pool))
            found = _fill(index, pool, arguments.chunks // 4, arguments.build_memory)
            found |= _measure(index, texts[:_TIMED], frequent(pool, 8))
    print(json.dumps(found, indent=2))
    return 0


def _compare(there: Index, documents: Sequence[Document], questions: Sequence[str]) -> Any:
    found: dict[str, float] = defaultdict(float)
    with (
        tempfile.TemporaryDirectory() as folder,
        Index(Path(folder) / "index", there.embedder, 200) as here,
    ):
        ingest(here, documents)
        ingest(there, documents)
        for question in tqdm(questions, file=sys.stderr):
            vector = here.embedder.embed([question])[0]
            lexical = [index.search_lexical(question, _K) for index in (here, there)]
            found["lexical equal"] += _alike(*lexical)
            dense = [index.search_dense(vector, _K) for index in (here, there)]
            found["dense equal"] += _alike(*dense)
            exact, search._EXACT = search._EXACT, 0
            hnsw = there.search_dense(vector, _K)
            search._EXACT = exact
            found["dense by HNSW, of exact"] += len(_ids(hnsw) & _ids(dense[1])) / _K
            best = [_sentences(index, question, vector) for index in (here, there)]
            found["sentences equal"] += _same_scores(*best)
    return {"questions": len(questions), **{name: n / len(questions) for name, n in found.items()}}


def _ids(hits: Sequence[tuple[Chunk, float]]) -> set[str]:
    return {chunk.id for chunk, _ in hits}


def _alike(one: Sequence[tuple[Chunk, float]], other: Sequence[tuple[Chunk, float]]) -> bool:
    """The same chunks with the same scores to 1e-3, but for the order of equals."""
    return _same_scores([(c.id, s) for c, s in one], [(c.id, s) for c, s in other])


def _same_scores(one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]]) -> bool:
    if len(one) != len(other):
        return False
    if any(abs(a[1] - b[1]) > 1e-3 for a, b in zip(one, other, strict=True)):
        return False
    least = one[-1][1] + 1e-3 if one else 0.0
    return {n for n, s in one if s > least} <= {n for n, _ in other}


def _sentences(index: Index, question: str, vector: Array) -> list[tuple[str, float]]:
    passages = HybridRetriever(index).passages(question, vector=vector)
    scored = score_sentences(Reading(index), question, vector, passages)
    return [(c.evidence.text, c.evidence.score) for c in scored[:_K]]


def _fill(index: Index, pool: Sequence[str], n: int, memory: str) -> dict[str, Any]:
    """Store documents composed of sentences until there are n; tell what it took."""
    have = index.counts().documents
    if have >= n:
        return {}
    composer = Composer(pool, index.embedder.embed(pool))
    started = time.perf_counter()
    with tqdm(total=n, initial=have, file=sys.stderr) as bar:
        if not is_shared(index):
            rows = composer.rows(have, n - have)
            with index.writing():
                while part := list(islice(rows, _STORED)):
                    index.store(part, [place_of(have + i) for i in range(len(part))])
                    have += len(part)
                    bar.update(len(part))
                index.flush()
            return {"stored_s": round(time.perf_counter() - started)}
        with shared(index)._connections._pool.connection() as db:
            dropped = _drop_vector_index(db)
            while have < n:
                part_n = min(PART - have % PART, n - have)
                composer.pour(db, have, part_n)
                have += part_n
                bar.update(part_n)
            poured = time.perf_counter()
            db.execute(f"SET maintenance_work_mem = '{memory}'")
            for definition in dropped:
                db.execute(definition)
            db.execute("RESET maintenance_work_mem")
            built = time.perf_counter()
            db.execute("VACUUM ANALYZE")
    return {"poured_s": round(poured - started), "vector_index_s": round(built - poured)}


def _drop_vector_index(db: Any) -> list[str]:
    """Take the index over vectors away; tell what makes it again."""
    rows = db.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'chunks_by_vector'")
    definitions = [row[0] for row in rows.fetchall()]
    db.execute("DROP INDEX IF EXISTS chunks_by_vector")
    return definitions


def _measure(index: Index, questions: Sequence[str], frequent: Sequence[str]) -> dict[str, Any]:
    pairs = [(question, index.embedder.embed([question])[0]) for question in questions]
    retriever = HybridRetriever(index)
    some = [s.id for s in index.summaries()[:1000]]
    found: dict[str, Any] = {
        "chunks": index.counts().chunks,
        "disk_mb": round(index.backend.disk_bytes() / 1e6),
        "dense": _times(lambda _, v: index.search_dense(v, 40), pairs),
        "lexical": _times(lambda q, _: index.search_lexical(q, 40), pairs),
        f"lexical, “{' '.join(frequent)}”": _times(
            lambda *_: index.search_lexical(" ".join(frequent), 40), pairs[:20]
        ),
        "fused": _times(lambda q, v: retriever.passages(q, vector=v), pairs),
        "fused, 1,000 documents": _times(
            lambda q, v: retriever.passages(q, vector=v, documents=some), pairs
        ),
    }
    for name, selection in _LIMITS.items():

        def limited(question: str, vector: Array, by: Selection = selection) -> object:
            return retriever.passages(question, vector=vector, documents=index.select(by))

        found[f"fused, {name}"] = _times(limited, pairs[:50])
    if is_shared(index):
        found["recall@10 of dense"] = round(_recall(index, [v for _, v in pairs[:_RECALLED]]), 4)
        found["server_mb"] = _server_mb(index)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | {"client_peak_mb": round(peak / (1 << 20 if sys.platform == "darwin" else 1024))}


def _times(
    work: Callable[[str, Array], object], pairs: Sequence[tuple[str, Array]]
) -> dict[str, float]:
    """Milliseconds: the first turn, then the median and the 95th percentile of all."""
    took = []
    for question, vector in [pairs[0], *pairs]:
        started = time.perf_counter()
        work(question, vector)
        took.append((time.perf_counter() - started) * 1000)
    first, *others = took
    told = {f"p{p}_ms": round(float(np.percentile(others, p)), 1) for p in (50, 95)}
    return {"first_ms": round(first, 1), **told}


def _recall(index: Index, vectors: Sequence[Array]) -> float:
    """Share of the exact ten nearest chunks that HNSW finds, by score."""
    shares, exact = [], search._EXACT
    for vector in vectors:
        search._EXACT = 1 << 60
        least = index.search_dense(vector, _K)[-1][1]
        search._EXACT = exact
        hits = index.search_dense(vector, _K)
        shares.append(sum(score >= least - 1e-6 for _, score in hits) / _K)
    return float(np.mean(shares))


def _server_mb(index: Index) -> int | None:
    """Memory of the server's processes, what they share counted once; None if it is elsewhere."""
    n_kb = 0
    for (pid,) in shared(index)._rows("SELECT pid FROM pg_stat_activity"):
        rollup = Path(f"/proc/{pid}/smaps_rollup")
        if not rollup.is_file():
            return None
        n_kb += sum(int(line.split()[1]) for line in rollup.open() if line.startswith("Pss:"))
    return round(n_kb / 1024)


if __name__ == "__main__":
    sys.exit(main())
