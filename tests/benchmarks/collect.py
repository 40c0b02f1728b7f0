"""Record what the model writes over a question set, for the fitting scripts beside this one.

    python -m tests.benchmarks.collect FILE --out RUN.jsonl [--limit N] [--hold-out-articles N]
        [--alone]

Generation is the slow part: recorded once, attribution and confidence are fitted in minutes.
Nothing that the model was asked is declined, so that every threshold can be tried. With --alone a
question is asked of its article alone. Interrupted, it goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from index.config import load_settings
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.store.index import Index
from rag.engine import Engine
from rag.measure.questions import Question, hold_out, load_squad, sample
from rag.measure.run_file import RunFile, digest, evaluate
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from ui.wiring import open_extractor

__all__ = ["main", "open_set", "within_articles"]


def open_set(file: Path, folder: Path, n_held_out: int, seed: int) -> tuple[Index, list[Question]]:
    """Index a question set's documents below `folder`; return the index and the questions."""
    settings = load_settings({})
    documents, questions = load_squad(file)
    if n_held_out:
        documents, questions = hold_out(documents, questions, n_held_out, seed)
    embedder = MiniLM(ensure(settings.embedder, settings.models), name=settings.embedder)
    index = Index(folder / digest([d.id for d in documents]), embedder, settings.chunk_tokens)
    ingest(index, documents)
    return index, questions


def within_articles(file: Path) -> dict[str, list[str]]:
    """By article, the ids of its documents."""
    found: dict[str, list[str]] = defaultdict(list)
    for document in load_squad(file)[0]:
        found[document.title].append(document.id)
    return dict(found)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold-out-articles", type=int, default=0)
    parser.add_argument("--model", default=None)
    parser.add_argument("--alone", action="store_true")
    return parser.parse_args()


def main() -> None:
    arguments = _parse()
    settings = load_settings({"model": arguments.model})
    folder = arguments.out.parent / "sets"
    index, questions = open_set(arguments.file, folder, arguments.hold_out_articles, arguments.seed)
    model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    engine = Engine(
        HybridRetriever(index),
        model,
        # Above 0: what is hopeless is declined before the model, as it is in use.
        min_confidence=sys.float_info.min,
        extractor=open_extractor(settings),
    )

    within = within_articles(arguments.file) if arguments.alone else {}

    def ask(question: Question) -> dict[str, object]:
        documents = within.get(question.article)
        answer = engine.ask(question.question, documents=documents)
        return {
            **asdict(question),
            "raw_text": answer.raw_text,
            "asked": answer.confidence is not None,
            "timings_ms": answer.timings.to_json(),
            "within": documents,
            "set": [str(arguments.file.name), arguments.hold_out_articles, arguments.seed],
        }

    with index:
        evaluate(
            sample(questions, arguments.limit, arguments.seed),
            ask,
            RunFile(arguments.out),
            label=arguments.out.stem,
        )


if __name__ == "__main__":
    main()
