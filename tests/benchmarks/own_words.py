"""Questions in words of their own, each asked of its article alone: where it is hard to tell.

    python -m tests.benchmarks.own_words [--limit N] [--answers] [--bar P]

own_words.json is SQuAD JSON: 112 articles of our own by seven hands, each with 17 questions that it
answers, put as who read it a week ago would (most share few words with their sentence), three that
it does not, and four that suppose something false. The probe of
the language model is fitted on it (fit_probe), nothing else. Prints how often the
sentence is read and marked, how well the extractor and the answer verifier tell right from wrong;
with --answers what the engine answers, each beside the right one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from index.config import load_settings
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.store.index import Index
from rag.answer import Evidence
from rag.engine import Engine
from rag.find import find
from rag.judge.confidence import Bar
from rag.judge.extract import Extractor
from rag.measure.metrics import contains
from rag.measure.questions import Question, load_squad, sample
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import within_articles
from ui.wiring import open_extractor

__all__ = ["main"]

FILE = Path(__file__).parent / "own_words.json"


def _answers(evidence: Evidence, question: Question) -> bool:
    return any(
        document_id == evidence.document_id and start < evidence.end and evidence.start < end
        for document_id, start, end in question.spans
    )


def _read(
    index: Index,
    extractor: Extractor,
    questions: Sequence[Question],
    within: dict[str, list[str]],
) -> None:
    """How often the sentence is read and marked, and what tells that it is the right one."""
    retriever = HybridRetriever(index)
    read, marked, stated, held = [], [], [], []
    for question in tqdm(questions, unit="question"):
        documents = within[question.article]
        found = find(retriever, question.question, documents=documents, extractor=extractor)
        assert found.extraction is not None
        best = max(found.candidates, key=found.extraction.at)
        read.append(any(_answers(c.evidence, question) for c in found.candidates))
        marked.append(_answers(best.evidence, question))
        stated.append(found.extraction.stated)
        held.append(extractor.verifier.probability(question.question, [best]))
    answerable = np.array([q.answerable for q in questions])
    print(f"{answerable.sum()} with an answer, {(~answerable).sum()} without")
    print(f"sentence read {np.mean(np.array(read)[answerable]):.2f}")
    print(f"sentence marked {np.mean(np.array(marked)[answerable]):.2f}")
    print(f"AUC of stated, has an answer {roc_auc_score(answerable, stated):.2f}")
    print(f"AUC of stated, is the right one {roc_auc_score(marked, stated):.2f}")
    print(f"AUC of the verifier, is the right one {roc_auc_score(marked, held):.2f}")


def _ask(engine: Engine, questions: Sequence[Question], within: dict[str, list[str]]) -> None:
    outcomes: dict[bool, Counter[str]] = defaultdict(Counter)
    for question in questions:
        answer = engine.ask(question.question, documents=within[question.article])
        outcome = "declined"
        if answer.text is not None:
            cited = any(_answers(c.evidence, question) for c in answer.citations)
            is_right = cited or contains(answer.text, question.gold)
            outcome = "right" if is_right else "other"
        outcomes[question.answerable][outcome] += 1
        print(f"{outcome}: {question.question}  ({', '.join(question.gold) or 'nothing'})")
        print(f"    {answer.text or answer.reason}")
    for answerable, counts in outcomes.items():
        print("with an answer:" if answerable else "without:", dict(counts.most_common()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", metavar="N", type=int)
    parser.add_argument("--answers", action="store_true", help="ask the engine")
    parser.add_argument("--bar", metavar="P", type=float, default=Bar.DEFAULT.min_confidence)
    arguments = parser.parse_args()
    settings = load_settings({})
    extractor = open_extractor(settings)
    assert extractor is not None
    documents, questions = load_squad(FILE)
    within = within_articles(FILE)
    asked = sample(questions, arguments.limit, 1)
    embedder = MiniLM(ensure(settings.embedder, settings.models), name=settings.embedder)
    with (
        tempfile.TemporaryDirectory() as folder,
        Index(Path(folder), embedder, settings.chunk_tokens) as index,
    ):
        ingest(index, documents)
        if not arguments.answers:
            _read(index, extractor, asked, within)
            return
        model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
        engine = Engine(
            HybridRetriever(index), model, extractor=extractor, min_confidence=arguments.bar
        )
        _ask(engine, asked, within)


if __name__ == "__main__":
    main()
