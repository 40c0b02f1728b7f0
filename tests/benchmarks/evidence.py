"""How much the model should read: right answers against the tokens that it reads.

    python -m tests.benchmarks.evidence FILE [--limit N] [--seed S] [--plot FILE.png] [--json]

Each way of choosing evidence answers the same questions in turn; "afresh" are the tokens that a
question pays for when the states of what comes before are kept. Then what comes of reading the
best passage alone where the extractor is at least so sure that the answer stands in it, and two
elsewhere.
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
from rag.evidence import score_sentences
from rag.excerpt import Excerpt, choose
from rag.judge.extract import Extractor, texts_of
from rag.judge.reply import clean
from rag.measure.metrics import contains
from rag.measure.questions import Question, sample
from rag.model.llms import LlamaCpp
from rag.model.prompt import generate
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set
from ui.wiring import open_extractor

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

_ONE, _TWO = "1 passage", "2 passages"
_SURE = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.01)
"""From which probability on one passage would do; the last is never."""


@dataclass(frozen=True, slots=True)
class _Answer:
    right: bool
    tokens: int
    """Of all that was read."""
    afresh: int
    """Of the last excerpt."""
    first_s: float
    """Seconds to the first token."""
    sure: float
    """The extractor's probability that the answer stands in the best passage, [0, 1]."""


def _plot(
    rows: Sequence[dict[str, Any]], by_certainty: Sequence[dict[str, Any]], path: Path
) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (ways, mixed) = pyplot.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    for key, label in (("tokens", "all that is read"), ("afresh", "read afresh")):
        ways.plot([r[key] for r in rows], [r["right"] for r in rows], "o", label=label)
    for row in rows:
        ways.annotate(row["way"], (row["tokens"], row["right"]), fontsize=8, va="bottom")
    ways.set(xlabel="tokens of evidence (median)", ylabel="share of answers right")
    ways.legend()
    mixed.plot([r["tokens"] for r in by_certainty], [r["right"] for r in by_certainty], "o-")
    for row in by_certainty:
        mixed.annotate(f"{row['sure']:g}", (row["tokens"], row["right"]), fontsize=8, va="bottom")
    mixed.set(
        title="one passage where the extractor is so sure of it, else two",
        xlabel="tokens of evidence (mean)",
        ylabel="share of answers right",
    )
    for axis in (ways, mixed):
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _answers(
    model: LlamaCpp,
    index: Index,
    extractor: Extractor,
    questions: Sequence[Question],
    ways: Sequence[str],
) -> dict[str, list[_Answer]]:
    """Each question answered every way in turn."""
    found: dict[str, list[_Answer]] = {way: [] for way in ways}
    retriever = HybridRetriever(index)
    for question in tqdm(questions):
        vector = index.embedder.embed([question.question])[0]
        reading = Reading(index)
        passages = retriever.passages(question.question, vector=vector, reading=reading)
        scored = score_sentences(reading, question.question, vector, passages)
        _, read = choose(reading, passages, scored)
        extraction = extractor.read(question.question, texts_of(read))
        sure = sum(extraction.at(c) for c in read if c.passage == read[0].passage)
        for way in ways:
            n_passages, max_tokens = WAYS[way]
            excerpts, _ = choose(
                reading, passages, scored, n_passages=n_passages, max_tokens=max_tokens
            )
            found[way].append(_answer(model, question, excerpts, sure))
    return found


def _answer(
    model: LlamaCpp, question: Question, excerpts: Sequence[Excerpt], sure: float
) -> _Answer:
    lengths = [model.count_tokens(e.text) for e in excerpts]
    started, first = time.perf_counter(), 0.0
    text = ""
    for piece in generate(model, question.question, excerpts, max_tokens=80):
        first = first or time.perf_counter() - started
        text += piece
    # One passage alone is kept, too.
    afresh = lengths[-1] if len(lengths) > 1 else 0
    return _Answer(contains(clean(text), question.gold), sum(lengths), afresh, first, sure)


def _by_certainty(found: dict[str, list[_Answer]]) -> list[dict[str, Any]]:
    """Right answers and tokens where what is read depends on how sure the extractor is."""
    rows = []
    for sure in _SURE:
        pairs = zip(found[_ONE], found[_TWO], strict=True)
        mixed = [one if one.sure >= sure else two for one, two in pairs]
        rows.append(
            {
                "sure": sure,
                "share": statistics.mean(a.sure >= sure for a in mixed),
                "right": statistics.mean(a.right for a in mixed),
                "tokens": statistics.mean(a.tokens for a in mixed),
                "first_token_ms": 1000 * statistics.mean(a.first_s for a in mixed),
            }
        )
    return rows


def _print(rows: Sequence[dict[str, Any]], by_certainty: Sequence[dict[str, Any]]) -> None:
    print(f"{'':<28}{'right':>8}{'tokens':>8}{'afresh':>8}{'first token, ms':>18}")
    for row in rows:
        print(
            f"{row['way']:<28}{row['right']:>8.3f}{row['tokens']:>8.0f}{row['afresh']:>8.0f}"
            f"{row['first_token_ms']:>18.0f}"
        )
    print(f"\n{'one where so sure (means)':<28}{'right':>8}{'tokens':>8}{'share':>8}")
    for row in by_certainty:
        print(
            f"{row['sure']:<28g}{row['right']:>8.3f}{row['tokens']:>8.0f}{row['share']:>8.2f}"
            f"{row['first_token_ms']:>18.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--model", default=None)
    arguments = parser.parse_args()
    settings = load_settings({"model": arguments.model})
    model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    extractor = open_extractor(settings)
    if extractor is None:
        parser.error("the configured embedder has no extractor: set `embedder` to the default one")
    with tempfile.TemporaryDirectory() as folder:
        index, questions = open_set(arguments.file, Path(folder), 0, arguments.seed)
        questions = [q for q in questions if q.answerable]
        with index:
            chosen = sample(questions, arguments.limit, arguments.seed)
            found = _answers(model, index, extractor, chosen, arguments.ways)
    rows = [_row(way, answers) for way, answers in found.items()]
    by_certainty = _by_certainty(found) if {_ONE, _TWO} <= found.keys() else []
    if arguments.plot is not None:
        _plot(rows, by_certainty, arguments.plot)
    if arguments.json:
        told = {"n": arguments.limit, "ways": rows, "by_certainty": by_certainty}
        print(json.dumps(told, indent=2))
    else:
        _print(rows, by_certainty)


def _row(way: str, answers: Sequence[_Answer]) -> dict[str, Any]:
    return {
        "way": way,
        "right": statistics.mean(a.right for a in answers),
        "tokens": statistics.median(a.tokens for a in answers),
        "afresh": statistics.median(a.afresh for a in answers),
        "first_token_ms": 1000 * statistics.median(a.first_s for a in answers),
    }


if __name__ == "__main__":
    main()
