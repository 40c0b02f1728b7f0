"""An index in a database beside one in a folder: the same answers.

    python -m tests.benchmarks.shared FILE --index postgresql://user@host/name

Ingests the paragraphs of a SQuAD file into both and compares the ten best chunks of each question,
by dense search (exact, and by HNSW) and lexical search, and the ten best sentences. It wants an
index of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from index.address import read_place
from index.config import load_settings
from index.document import Chunk, Document
from index.embed.embedder import Array
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.store.index import Index
from index.store.postgres import search
from index.store.reading import Reading
from rag.evidence import score_sentences
from rag.measure.questions import load_squad
from rag.retrieve import HybridRetriever

__all__ = ["main"]

_K = 10


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--index", required=True)
    arguments = parser.parse_args()
    settings = load_settings({"index": arguments.index})
    embedder = MiniLM(ensure("all-minilm-l6-v2", settings.models), name="all-minilm-l6-v2")
    documents, questions = load_squad(arguments.file)
    with Index(read_place(arguments.index), embedder, 200) as index:
        found = _compare(index, documents, [question.question for question in questions])
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


if __name__ == "__main__":
    sys.exit(main())
