"""How much the model should read: right answers against the tokens that it reads.

    python -m tests.benchmarks.evidence FILE [--limit N] [--seed S] [--plot FILE.png] [--json]

Each way of choosing evidence answers the same questions in turn; "afresh" are the tokens that a
question pays for when the states of what comes before are kept.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from index.config import load_settings
from index.models.fetch import ensure
from index.store.index import Index
from index.store.reading import Reading
from rag.evidence import Excerpt, choose, score_sentences
from rag.judge.reply import clean
from rag.measure.metrics import contains
from rag.measure.questions import Question, sample
from rag.model.llms import LlamaCpp
from rag.model.prompt import generate
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set

__all__ = ["WAYS", "main"]

WAYS = {
    "best sentences, 60 tokens": (1, 60),
    "best sentences, 120 tokens": (1, 120),
    "1 passage": (1, 400),
    "2 passages": (2, 400),
    "3 passages": (3, 400),
    "4 passages": (4, 400),
}
"""Passages that are read, and the most tokens of each."""


@dataclass(frozen=True, slots=True)
class _Answer:
    right: bool
    tokens: int
    """Of all that was read."""
    afresh: int
    """Of the last excerpt."""
    first_s: float
    """Seconds to the first token."""


def _plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for key, label in (("tokens", "all that is read"), ("afresh", "read afresh")):
        axes.plot([r[key] for r in rows], [r["right"] for r in rows], "o-", label=label)
    for row in rows:
        axes.annotate(row["way"], (row["tokens"], row["right"]), fontsize=8, va="bottom")
    axes.set(xlabel="tokens of evidence (median)", ylabel="share of answers right")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _answers(
    model: LlamaCpp, index: Index, questions: Sequence[Question]
) -> dict[str, list[_Answer]]:
    """Each question answered every way in turn."""
    found: dict[str, list[_Answer]] = {way: [] for way in WAYS}
    retriever = HybridRetriever(index)
    for question in tqdm(questions):
        vector = index.embedder.embed([question.question])[0]
        reading = Reading(index)
        passages = retriever.passages(question.question, vector=vector, reading=reading)
        scored = score_sentences(reading, question.question, vector, passages)
        for way, (n_passages, max_tokens) in WAYS.items():
            excerpts, _ = choose(
                reading, passages, scored, n_passages=n_passages, max_tokens=max_tokens
            )
            found[way].append(_answer(model, question, excerpts))
    return found


def _answer(model: LlamaCpp, question: Question, excerpts: Sequence[Excerpt]) -> _Answer:
    lengths = [model.count_tokens(e.text) for e in excerpts]
    started, first = time.perf_counter(), 0.0
    text = ""
    for piece in generate(model, question.question, excerpts, max_tokens=80):
        first = first or time.perf_counter() - started
        text += piece
    return _Answer(contains(clean(text), question.gold), sum(lengths), lengths[-1], first)


def _print(rows: Sequence[dict[str, Any]]) -> None:
    print(f"{'':<28}{'right':>8}{'tokens':>8}{'afresh':>8}{'first token, ms':>18}")
    for row in rows:
        print(
            f"{row['way']:<28}{row['right']:>8.3f}{row['tokens']:>8.0f}{row['afresh']:>8.0f}"
            f"{row['first_token_ms']:>18.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--model", default=None)
    arguments = parser.parse_args()
    settings = load_settings({"model": arguments.model})
    model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    with tempfile.TemporaryDirectory() as folder:
        index, questions = open_set(arguments.file, Path(folder), 0, arguments.seed)
        questions = [q for q in questions if q.answerable]
        with index:
            found = _answers(model, index, sample(questions, arguments.limit, arguments.seed))
    rows = [
        {
            "way": way,
            "right": statistics.mean(a.right for a in answers),
            "tokens": statistics.median(a.tokens for a in answers),
            "afresh": statistics.median(a.afresh for a in answers),
            "first_token_ms": 1000 * statistics.median(a.first_s for a in answers),
        }
        for way, answers in found.items()
    ]
    if arguments.plot is not None:
        _plot(rows, arguments.plot)
    if arguments.json:
        print(json.dumps({"n": arguments.limit, "ways": rows}, indent=2))
    else:
        _print(rows)


if __name__ == "__main__":
    main()
