"""What rewriting a follow-up brings: recall of its sentence, bare against condensed.

    python -m tests.benchmarks.followups [--model NAME]

Two- and three-turn cases on the seed article (followups.jsonl); the last two stand alone and must
come back byte for byte.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from index.build import build
from index.config import load_settings
from index.embed import MiniLM
from index.models import ensure
from index.store import Index
from rag.condense import condense, leans_on_history
from rag.evaluate import recall_at
from rag.evidence import score_sentences
from rag.llms import LlamaCpp
from rag.questions import Question, load_golden
from rag.retrieve import HybridRetriever

__all__ = ["main"]

ROOT = Path(__file__).parent.parent.parent


def _rank(index: Index, text: str, question: Question) -> int | None:
    """Where the sentence that answers stands among all that were scored, from 0."""
    vector = index.embedder.embed([text])[0]
    passages = HybridRetriever(index).passages(text, vector=vector)
    scored = score_sentences(index, text, vector, passages)
    return next(
        (
            i
            for i, c in enumerate(scored)
            if any(cite.text in c.evidence.text for cite in question.cites)
        ),
        None,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    settings = load_settings(vars(parser.parse_args()))
    model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    embedder = MiniLM(ensure(settings.embedder, settings.models), name=settings.embedder)
    questions = load_golden(Path(__file__).parent / "followups.jsonl")
    bare, condensed, drifted = [], [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Index(Path(folder), embedder, settings.chunk_tokens) as index,
    ):
        build(index, [ROOT / "seeds"])
        for question in questions:
            rewritten = condense(model, question.question, question.history)
            alone = not leans_on_history(question.question)
            drifted += alone and rewritten != question.question
            bare.append(_rank(index, question.question, question))
            condensed.append(_rank(index, rewritten, question))
            print(f"{bare[-1]!s:>5} -> {condensed[-1]!s:<5} {question.question}  =>  {rewritten}")
    for k in (1, 3, 10):
        print(f"recall@{k}: bare {recall_at(bare, k):.3f}, condensed {recall_at(condensed, k):.3f}")
    print(f"{len(questions)} cases; {drifted} that stand alone were changed")


if __name__ == "__main__":
    main()
