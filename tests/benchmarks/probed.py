"""Pairs of a question and a sentence, and what a layer of the language model makes of them."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from index.embed.embedder import Array
from index.ingest.build import ingest
from index.store.index import Index
from rag.evidence import Candidate
from rag.find import find
from rag.judge.extract import Extractor
from rag.measure.metrics import overlaps
from rag.measure.questions import Question, load_squad, sample
from rag.model.llms import LlamaCpp
from rag.model.probe import probe_messages
from rag.retrieve import HybridRetriever
from tests.benchmarks.clock import embedder
from tests.benchmarks.collect import within_articles

__all__ = ["Pair", "States", "pair_of", "pairs"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a sentence that may answer it."""

    group: str
    """What is left out together: the set, or the hand that wrote it."""
    question: str
    title: str
    before: str
    text: str
    answers: bool = False


def pair_of(
    group: str, question: str, cited: Sequence[Candidate], *, answers: bool = False
) -> Pair:
    """Cited sentences as the judge has them looked at."""
    first = cited[0]
    before = first.preceding[-1].text if first.preceding else ""
    text = " ".join(c.evidence.text for c in cited)
    return Pair(group, question, first.evidence.title, before, text, answers)


def pairs(
    file: Path,
    extractor: Extractor,
    group_of: Callable[[Question], str],
    *,
    alone: bool,
    limit: int | None = None,
) -> Iterator[Pair]:
    """Of each question the sentence that is marked, and whether it answers.

    With `alone` a question is asked of its article, else of all of them.
    """
    documents, questions = load_squad(file)
    within = within_articles(file) if alone else {}
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), embedder(), 200) as index:
        ingest(index, documents)
        retriever = HybridRetriever(index)
        for question in tqdm(sample(questions, limit, 1), unit="question", desc=file.stem):
            asked_of = within.get(question.article)
            found = find(retriever, question.question, documents=asked_of, extractor=extractor)
            if found.extraction is None:
                continue
            marked = max(found.candidates, key=found.extraction.at)
            answers = _answers(marked, question)
            yield pair_of(group_of(question), question.question, [marked], answers=answers)


def _answers(candidate: Candidate, question: Question) -> bool:
    evidence = candidate.evidence
    return overlaps((evidence.document_id, evidence.start, evidence.end), question.spans)


class States:
    """Hidden states of one layer, kept in a folder: half a second each the first time."""

    def __init__(self, llm: LlamaCpp, layer: int, folder: Path) -> None:
        self._llm, self._layer = llm, layer
        self._folder = folder / f"{llm.model_name}-{layer}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def of(self, pair: Pair) -> Array:
        """float32, shape (dim,)."""
        laid_out = probe_messages(pair.question, pair.title, pair.before, pair.text)
        written = "\n".join(str(m.content) for m in laid_out)
        file = self._folder / f"{hashlib.sha256(written.encode()).hexdigest()[:32]}.npy"
        if not file.exists():
            np.save(file, self._llm.hidden_state(laid_out, self._layer))
        state: Array = np.load(file)
        return state

    def of_all(self, asked: Sequence[Pair]) -> Array:
        """float32, shape (pairs, dim); in random order, so that what was stopped is a sample."""
        order = random.Random(1).sample(range(len(asked)), len(asked))
        for i in tqdm(order, unit="pair"):
            self.of(asked[i])
        return np.stack([self.of(pair) for pair in asked])
