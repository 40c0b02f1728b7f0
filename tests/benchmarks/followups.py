"""What rewriting a follow-up brings: recall of its evidence, bare against condensed.

    python -m tests.benchmarks.followups [FILE] [--limit N] [--model NAME]

Two- and three-turn cases on the seed article (followups.jsonl); the last two stand alone and must
come back byte for byte. With a SQuAD file also N cases made of it: two questions of one paragraph
that share a name, the second with a pronoun in its place, asked over all of its paragraphs.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from llama_index.core.llms import LLM

from index.config import load_settings
from index.embed.embedder import Embedder
from index.embed.minilm import MiniLM
from index.ingest.build import build, ingest
from index.models.fetch import ensure
from index.store.index import Index
from index.store.reading import Reading
from rag.condense import condense, leans_on_history
from rag.evidence import Candidate, score_sentences
from rag.measure.metrics import recall_at
from rag.measure.questions import Question, load_golden, load_squad
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever

__all__ = ["followups_of", "main"]

ROOT = Path(__file__).parent.parent.parent
_NAME = re.compile(r"(?<=[a-z,] )(?:the )?[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
_AFTER = """(?:is|was|were|are|did|do|does|has|have|had|will|would|can|could|in|on|to|from|by|with|
    when|for|at|as|become|became|begin|began|win|won|lose|lost|make|made|take|took|use|used|play|
    played|write|wrote|say|said)""".replace("\n", "").replace(" ", "")


def followups_of(questions: Sequence[Question], limit: int, seed: int = 1) -> list[Question]:
    """Second questions with "it" for the name that they share with the one before."""
    by_paragraph: dict[str, list[Question]] = {}
    for question in questions:
        if question.answerable and question.spans and question.gold:
            by_paragraph.setdefault(question.spans[0][0], []).append(question)
    cases = []
    for asked in by_paragraph.values():
        for first, second in itertools.pairwise(asked):
            shared = set(_NAME.findall(first.question)) & set(_NAME.findall(second.question))
            if not shared:
                continue
            name = max(sorted(shared), key=len)
            # Only where the name is a whole phrase, and not part of another's.
            pattern = rf"(?<!\ba )\b{re.escape(name)}\b(?:(?P<owns>['’]s)|(?=[?,]| {_AFTER}\b))"
            leaning = re.sub(pattern, lambda m: "its" if m["owns"] else "it", second.question)
            if leans_on_history(leaning) and not _NAME.search(leaning):
                history = ((first.question, f"{first.gold[0]}."),)
                cases.append(replace(second, question=leaning, history=history))
                break
    random.Random(seed).shuffle(cases)
    return cases[:limit]


def _rank(index: Index, text: str, typed: str, is_right: Callable[[Candidate], bool]) -> int | None:
    """Where the sentence that answers stands among all that were scored, from 0."""
    vector, as_typed = index.embedder.embed([text])[0], index.embedder.embed([typed])[0]
    reading = Reading(index)
    passages = HybridRetriever(index).passages(text, vector=vector, reading=reading)
    scored = score_sentences(
        reading, text, vector, passages, typed=None if text == typed else (typed, as_typed)
    )
    return next((i for i, c in enumerate(scored) if is_right(c)), None)


def _holds(question: Question) -> Callable[[Candidate], bool]:
    """Whether a sentence is one that the question's case names."""

    def test(candidate: Candidate) -> bool:
        e = candidate.evidence
        return any(cite.text in e.text for cite in question.cites) or any(
            document_id == e.document_id and start < e.end and e.start < end
            for document_id, start, end in question.spans
        )

    return test


def _report(title: str, index: Index, model: LLM, questions: Sequence[Question]) -> None:
    bare, condensed, drifted = [], [], 0
    for question in questions:
        rewritten = condense(model, question.question, question.history)
        drifted += not leans_on_history(question.question) and rewritten != question.question
        bare.append(_rank(index, question.question, question.question, _holds(question)))
        condensed.append(_rank(index, rewritten, question.question, _holds(question)))
        print(f"{bare[-1]!s:>5} -> {condensed[-1]!s:<5} {question.question}  =>  {rewritten}")
    print(f"\n{title}: {len(questions)} cases; {drifted} that stand alone were changed")
    for k in (1, 3, 10):
        print(f"recall@{k}: bare {recall_at(bare, k):.3f}, condensed {recall_at(condensed, k):.3f}")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path)
    parser.add_argument("--limit", metavar="N", type=int, default=40)
    parser.add_argument("--model", metavar="NAME")
    arguments = parser.parse_args()
    settings = load_settings({"model": arguments.model})
    model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    embedder: Embedder = MiniLM(ensure(settings.embedder, settings.models), name=settings.embedder)
    with (
        tempfile.TemporaryDirectory() as folder,
        Index(Path(folder), embedder, settings.chunk_tokens) as index,
    ):
        build(index, [ROOT / "seeds"])
        questions = load_golden(Path(__file__).parent / "followups.jsonl")
        _report("the seed article", index, model, questions)
    if arguments.file is None:
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        Index(Path(folder), embedder, settings.chunk_tokens) as index,
    ):
        documents, asked = load_squad(arguments.file)
        ingest(index, documents)
        cases = followups_of(asked, arguments.limit)
        _report(arguments.file.name, index, model, cases)


if __name__ == "__main__":
    main()
