"""How a library of years behaves on this machine: ingest, second ingest, questions, recall.

    python -m tests.benchmarks.scale FILE --work DIR [--documents N] [--compose]

Makes N articles of 400 to 500 words by drawing sentences of the benchmark's paragraphs at random,
ingests them, ingests them again unchanged, asks the benchmark's questions, and compares the
vector search with an exact one. Interrupted, it goes on from where it stopped. Prints a table;
DIR/scale.json holds the same figures.

`--compose` measures the store without waiting for the embedder: each distinct sentence is
embedded once, by the real model, and a longer text gets the mean of its sentences' vectors, unit
length, its title's among them. Ingest time is then the store's alone; recall is of such vectors.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from index.config import load_settings
from index.embed.embedder import Array, Embedder
from index.embed.minilm import MiniLM
from index.ingest.build import build
from index.models.fetch import ensure
from index.segment import segment
from index.store.index import Index
from rag.find import find
from rag.retrieve import HybridRetriever
from tests.stored import chroma_rows, local

__all__ = ["Composed", "articles", "main"]

_QUESTIONS = 200
_PAGE = 2000


def articles(paragraphs: Sequence[tuple[str, str]], n: int, seed: int = 1) -> list[str]:
    """n news-length texts of (title, paragraph)'s sentences: the same for the same seed."""
    pool = [s.text for _, text in paragraphs for s in segment(text) if s.text.endswith(".")]
    titles = sorted({title.replace("_", " ") for title, _ in paragraphs})
    draw = random.Random(seed)
    made = []
    for number in range(n):
        length, sentences = draw.randint(400, 500), []
        while length > 0:
            sentences.append(draw.choice(pool))
            length -= len(sentences[-1].split())
        body = "\n\n".join(" ".join(sentences[i : i + 4]) for i in range(0, len(sentences), 4))
        date = f"{2000 + number % 25}-{1 + number % 12:02}-{1 + number % 28:02}"
        made.append(f"Title: {draw.choice(titles)}\nDate: {date}\n\n{body}\n")
    return made


class Composed:
    """The real embedder for single sentences, each once; means of them for what they make up."""

    def __init__(self, embedder: Embedder, sentences: Sequence[str]) -> None:
        self._embedder = embedder
        self.name = f"{embedder.name} (composed)"
        self.dim = embedder.dim
        self._rows: dict[str, int] = {}
        self._vectors = np.zeros((0, embedder.dim), dtype=np.float32)
        self._tokens: dict[str, int] = {}
        self._learn(sentences)

    def embed(
        self,
        texts: Sequence[str],
        on_batch: Callable[[int], None] | None = None,  # noqa: ARG002
    ) -> Array:
        parts = [self._parts(text) for text in texts]
        self._learn([part for found in parts for part in found])
        vectors = np.stack(
            [self._vectors[[self._rows[part] for part in found]].mean(axis=0) for found in parts]
        )
        unit: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        new = [text for text in dict.fromkeys(texts) if text not in self._tokens]
        self._tokens.update(zip(new, self._embedder.count_tokens(new), strict=True))
        return [self._tokens[text] for text in texts]

    def _parts(self, text: str) -> list[str]:
        """The title and the sentences of a text; the text itself when it is one sentence."""
        title, colon, rest = text.partition(": ")
        if not colon or "?" in text:
            return [text]
        return [title, *([rest] if rest in self._rows else [s.text for s in segment(rest)])]

    def _learn(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if new:
            # A batch of one text would go through the embedder's cache of questions.
            vectors = np.concatenate(
                [self._embedder.embed(new[i : i + 512]) for i in range(0, len(new), 512)]
            )
            self._rows.update({text: len(self._rows) + i for i, text in enumerate(new)})
            self._vectors = np.concatenate([self._vectors, vectors])


def _ingest(index: Index, folder: Path) -> float:
    """Bring the index up to date; return seconds."""
    started = time.perf_counter()
    with tqdm(desc="documents", file=sys.stderr) as bar:
        build(
            index, [folder], on_total=lambda n: bar.reset(total=n), on_file=lambda _: bar.update()
        )
    return time.perf_counter() - started


def _ask(index: Index, questions: Sequence[str]) -> list[float]:
    """Milliseconds of each question's retrieval and evidence."""
    retriever = HybridRetriever(index)
    times = []
    for question in questions:
        started = time.perf_counter()
        find(retriever, question)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _recall(index: Index, questions: Sequence[str], k: int = 10) -> float:
    """Share of the exact k nearest chunks that the vector search finds."""
    ids: list[str] = []
    parts = []
    with local(index).vectors() as vectors, vectors.collection() as collection:
        for offset in range(0, collection.count(), _PAGE):
            page = collection.get(limit=_PAGE, offset=offset, include=["embeddings"])
            ids += page["ids"]
            parts.append(np.asarray(page["embeddings"], dtype=np.float32))
    matrix = np.concatenate(parts)
    shares = []
    for question in questions:
        vector = index.embedder.embed([question])[0]
        cosines = matrix @ vector
        least = np.partition(cosines, -k)[-k]
        found = [score for _, score in index.search_dense(vector, k)]
        # By score: of several chunks equally near, any will do.
        shares.append(sum(score >= least - 1e-5 for score in found) / k)
    return float(statistics.mean(shares))


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _write_articles(folder: Path, paragraphs: Sequence[tuple[str, str]], n: int) -> None:
    for number, text in enumerate(articles(paragraphs, n)):
        path = folder / f"{number // 500:03}" / f"{number:05}.txt"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _embedder(paragraphs: Sequence[tuple[str, str]], *, compose: bool) -> Any:
    settings = load_settings({})
    embedder = MiniLM(ensure(settings.embedder, settings.models), name=settings.embedder)
    if not compose:
        return embedder
    return Composed(embedder, [s.text for _, text in paragraphs for s in segment(text)])


def _first_ingest(index: Index, folder: Path, figures: dict[str, Any], file: Path) -> None:
    """A run that was stopped adds its time; one that finds everything done adds none."""
    started, before = time.perf_counter(), index.counts().documents
    try:
        _ingest(index, folder)
    finally:
        if index.counts().documents > before:
            spent = time.perf_counter() - started
            figures["ingest_s"] = round(figures.get("ingest_s", 0.0) + spent, 1)
        figures["ingest_peak_mb"] = max(figures.get("ingest_peak_mb", 0), round(_peak_mb()))
        file.write_text(json.dumps(figures, indent=2))


def _measure(index: Index, folder: Path, asked: Sequence[str]) -> dict[str, Any]:
    """All but the first ingest."""
    counts = index.counts()
    second_s = _ingest(index, folder)
    _ask(index, asked[:5])
    times = _ask(index, asked)
    return {
        "embedder": index.embedder.name,
        "documents": counts.documents,
        "sentences": counts.sentences,
        "chunks": counts.chunks,
        "chroma_rows": chroma_rows(index),
        "second_ingest_s": round(second_s, 2),
        "query_p50_ms": round(statistics.median(times), 1),
        "query_p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "recall_at_10": round(_recall(index, asked), 4),
        "peak_mb": round(_peak_mb()),
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, help="SQuAD JSON")
    parser.add_argument("--work", type=Path, required=True, help="articles, index and figures")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--compose", action="store_true", help="measure the store alone")
    arguments = parser.parse_args(argv)

    data = json.loads(arguments.file.read_text(encoding="utf-8"))["data"]
    paragraphs = [(a["title"], p["context"]) for a in data for p in a["paragraphs"]]
    questions = [q["question"] for a in data for p in a["paragraphs"] for q in p["qas"]]
    asked = random.Random(1).sample(questions, min(_QUESTIONS, len(questions)))
    folder, where = arguments.work / "articles", arguments.work / "index"
    _write_articles(folder, paragraphs, arguments.documents)

    file = arguments.work / "scale.json"
    figures: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    embedder = _embedder(paragraphs, compose=arguments.compose)
    with Index(where, embedder, load_settings({}).chunk_tokens) as index:
        _first_ingest(index, folder, figures, file)
        figures |= _measure(index, folder, asked)
    disk = sum(p.stat().st_size for p in where.rglob("*") if p.is_file())
    figures["disk_mb"] = round(disk / 1e6)
    figures["second_over_first"] = round(figures["second_ingest_s"] / figures["ingest_s"], 4)
    file.write_text(json.dumps(figures, indent=2))
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<20} {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
