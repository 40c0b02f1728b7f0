"""Which of a model's attention heads looks at the sentence that answers?

    python -m tests.benchmarks.fit_pointer FILE … [--layers FROM TO] [--limit N] [--out DIR]

Has the model read each question with the passages that it would read, and takes of every head to
which sentence it attends most from where the reply would begin. Prints, by head, the share of each
file's questions whose sentence that is, beside the extractor's; what is chosen stands in
rag/model/probes/heads.json. With --out it keeps what it has read there, and goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from index.config import load_settings
from index.embed.embedder import Array
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.store.index import Index
from rag.answer import Evidence
from rag.find import find
from rag.judge.extract import Extractor
from rag.measure.metrics import overlaps
from rag.measure.questions import load_squad, sample
from rag.model.llms import LlamaCpp
from rag.model.point import density, places
from rag.model.prompt import build_messages, kept_parts
from rag.retrieve import HybridRetriever
from tests.benchmarks.clock import embedder
from ui.wiring import open_extractor

__all__ = ["main"]

_SHOWN = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--layers", type=int, nargs=2, default=(12, 24), metavar=("FROM", "TO"))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model", default=None)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    settings = load_settings({"model": arguments.model})
    extractor = open_extractor(settings)
    assert extractor is not None, "the embedder has no extractor"
    llm = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    layers = range(*arguments.layers)
    with tempfile.TemporaryDirectory() as folder:
        kept = arguments.out or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        right = {
            file.stem: np.stack(list(_right(file, extractor, llm, layers, kept, arguments.limit)))
            for file in arguments.files
        }
    llm.close()
    _show(right, layers)


def _right(
    file: Path,
    extractor: Extractor,
    llm: LlamaCpp,
    layers: range,
    kept: Path,
    limit: int | None,
) -> Iterator[Array]:
    """Of each answerable question whose sentence is read: 1 where a head finds it; bool, shape
    (1 + layers x heads,), the extractor first."""
    documents, questions = load_squad(file)
    answerable = [question for question in questions if question.answerable]
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), embedder(), 200) as index:
        ingest(index, documents)
        retriever = HybridRetriever(index)
        for question in tqdm(sample(answerable, limit, 1), unit="question", desc=file.stem):
            found = find(retriever, question.question, extractor=extractor)
            if found.extraction is None:
                continue
            messages = build_messages(question.question, found.excerpts)
            content = messages[-1].content or ""
            where = dict(places(content, found.excerpts, found.candidates))
            spans = list(where.values())
            here = [c for c in found.candidates if c.key in where]
            gold = {c.key for c in here if overlaps(_place(c.evidence), question.spans)}
            if not gold:
                continue
            name = hashlib.sha256(f"{layers}{content}".encode()).hexdigest()[:32]
            stored = kept / f"{name}.npy"
            if not stored.exists():
                keep = kept_parts(found.excerpts)
                read = [llm.attention(messages, keep, spans, layer) for layer in layers]
                np.save(stored, np.concatenate(read))
            likeliest = density(np.load(stored), spans).argmax(axis=1)
            marked = max(here, key=found.extraction.at).key
            keys = list(where)
            yield np.array([marked in gold, *(keys[i] in gold for i in likeliest)])


def _place(evidence: Evidence) -> tuple[str, int, int]:
    return evidence.document_id, evidence.start, evidence.end


def _show(right: dict[str, Array], layers: range) -> None:
    shares = np.stack([found.mean(axis=0) for found in right.values()])
    n_heads = (shares.shape[1] - 1) // len(layers)
    print("files: " + ", ".join(f"{name} ({len(found)})" for name, found in right.items()))
    print("the extractor: " + " ".join(f"{share:.2f}" for share in shares[:, 0]))
    for i in np.argsort(-shares[:, 1:].mean(axis=0))[:_SHOWN]:
        layer, head = layers[i // n_heads], i % n_heads
        print(f"[{layer}, {head}]: " + " ".join(f"{share:.2f}" for share in shares[:, i + 1]))
    for name, here in zip(right, shares, strict=True):
        others = np.delete(shares, list(right).index(name), axis=0)
        if len(others):
            best = int(np.argmax(others[:, 1:].mean(axis=0)))
            layer, head = layers[best // n_heads], best % n_heads
            print(f"{name}, by the others' best [{layer}, {head}]: {here[best + 1]:.2f}")


if __name__ == "__main__":
    main()
