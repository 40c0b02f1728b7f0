"""An index in a database beside one in a folder: the same answers, and at which speed.

    python -m tests.benchmarks.shared equal FILE --index postgresql://user@host/name
    python -m tests.benchmarks.shared scale FILE --index postgresql://user@host/name --chunks N

`equal` ingests the paragraphs of a SQuAD file into both and compares the ten best chunks of each
question, by dense search (exact, and by HNSW) and lexical search, and the ten best sentences.
`scale` fills an empty database with composed articles (random sentences of the file; a text's
vector is the mean of its sentences') and times the searches. Both want an empty database.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from index.address import read_place
from index.config import load_settings
from index.document import Chunk, Document, Sentence
from index.embed.embedder import Array
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.segment import segment
from index.store.index import Index
from index.store.postgres import backend
from index.store.reading import Reading
from index.store.rows import DocumentRows
from rag.evidence import score_sentences
from rag.measure.questions import load_squad
from rag.retrieve import HybridRetriever
from tests.stored import shared

__all__ = ["main"]

_K = 10
_TIMED = 200
_SENTENCES = 8
"""Of a composed chunk: about 200 tokens."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("equal", "scale"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--index", required=True)
    parser.add_argument("--chunks", type=int, default=10_000)
    arguments = parser.parse_args()
    settings = load_settings({"index": arguments.index})
    embedder = MiniLM(ensure("all-minilm-l6-v2", settings.models), name="all-minilm-l6-v2")
    documents, questions = load_squad(arguments.file)
    texts = [question.question for question in questions]
    with Index(read_place(arguments.index), embedder, 200) as index:
        if arguments.what == "equal":
            found = _compare(index, documents, texts)
        else:
            found = _scale(index, documents, texts[:_TIMED], arguments.chunks)
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
            exact, backend._EXACT = backend._EXACT, 0
            hnsw = there.search_dense(vector, _K)
            backend._EXACT = exact
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


def _scale(index: Index, documents: Sequence[Document], questions: Sequence[str], n: int) -> Any:
    started = time.perf_counter()
    _fill(index, documents, n)
    shared(index).seal()
    built = time.perf_counter() - started
    vectors = [index.embedder.embed([question])[0] for question in questions]
    some = frozenset(sorted(s.id for s in index.summaries())[:1000])
    retriever = HybridRetriever(index)
    pairs = list(zip(questions, vectors, strict=True))
    kept = shared(index)._rows
    (database,) = kept("SELECT pg_database_size(current_database())")[0]
    frequent = [
        term for (term,) in kept("SELECT term FROM blocks GROUP BY 1 ORDER BY sum(n) DESC LIMIT 8")
    ]
    return {
        "chunks": index.counts().chunks,
        "build_s": round(built),
        "database_mb": round(database / 1e6),
        "dense": _times(lambda _, v: index.search_dense(v, 40), pairs),
        "lexical": _times(lambda q, _: index.search_lexical(q, 40), pairs),
        "the 8 most frequent words": _times(
            lambda *_: index.search_lexical(" ".join(frequent), 40), pairs[:20]
        ),
        "fused": _times(lambda q, v: retriever.passages(q, vector=v), pairs),
        "fused, 1,000 documents": _times(
            lambda q, v: retriever.passages(q, vector=v, documents=some), pairs
        ),
        "recall@10 of dense": round(_recall(index, vectors[:50]), 4),
    }


def _fill(index: Index, documents: Sequence[Document], n: int) -> None:
    """Store composed documents of four chunks until there are n."""
    pool = [s.text for d in documents for s in segment(d.text) if s.text.endswith(".")]
    learned = index.embedder.embed(pool)
    draw = random.Random(1)
    have = index.counts().chunks
    with tqdm(total=n, initial=have, file=sys.stderr) as bar:
        while have < n:
            rows = [_composed(f"{have}-{i}", pool, learned, draw) for i in range(25)]
            index.store(rows)
            have += 4 * len(rows)
            bar.update(4 * len(rows))


def _composed(name: str, pool: Sequence[str], learned: Array, draw: random.Random) -> DocumentRows:
    picked = [draw.randrange(len(pool)) for _ in range(4 * _SENTENCES)]
    text, sentences = "", []
    for number in picked:
        start = len(text)
        text += pool[number] + " "
        sentences.append(Sentence(start, len(text) - 1, pool[number]))
    chunks, vectors = [], []
    for ordinal in range(4):
        first, last = ordinal * _SENTENCES, (ordinal + 1) * _SENTENCES
        words = text[sentences[first].start : sentences[last - 1].end]
        chunks.append(Chunk(f"{name}-{ordinal}", name, ordinal, first, last, words))
        mean = learned[picked[first:last]].mean(axis=0)
        vectors.append(mean / np.linalg.norm(mean))
    document = Document(name, name, f"Story {name}", None, text)
    return DocumentRows(document, sentences, chunks, learned[picked], np.stack(vectors))


def _times(
    work: Callable[[str, Array], object], pairs: Sequence[tuple[str, Array]]
) -> dict[str, float]:
    """Milliseconds: the median and the 95th percentile, after one turn that warms up."""
    took = []
    work(*pairs[0])
    for question, vector in pairs:
        started = time.perf_counter()
        work(question, vector)
        took.append((time.perf_counter() - started) * 1000)
    return {f"p{p}_ms": round(float(np.percentile(took, p)), 1) for p in (50, 95)}


def _recall(index: Index, vectors: Sequence[Array]) -> float:
    """Share of the exact ten nearest chunks that HNSW finds, by score."""
    shares, exact = [], backend._EXACT
    for vector in vectors:
        backend._EXACT = 1 << 60
        least = index.search_dense(vector, _K)[-1][1]
        backend._EXACT = exact
        hits = index.search_dense(vector, _K)
        shares.append(sum(score >= least - 1e-6 for _, score in hits) / _K)
    return float(np.mean(shares))


if __name__ == "__main__":
    sys.exit(main())
