"""Fit the weights of attribution on recorded runs, with a fixed seed.

    python -m tests.benchmarks.fit_attribution --bench DIR RUN.jsonl …

For each right answer, the evidence sentence that overlaps the gold answer should come first: a
conditional logit over the signals of rag/judge/attribute.py, ridge-regularised, checked by
five folds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from index.config import load_settings
from rag.evidence import Weights, choose, score_sentences
from rag.judge.attribute import WEIGHTS, statement_signals
from rag.judge.extract import texts_of
from rag.judge.reply import clean, split_statements
from rag.measure.metrics import contains, overlaps
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set
from ui.wiring import open_extractor

__all__ = ["main"]

Array = npt.NDArray[np.float64]
Case = tuple[Array, npt.NDArray[np.bool_]]
SEED = 7
RIDGE = 0.003


def _cases(run: Path, bench: Path) -> list[Case]:
    """(signals of each evidence sentence, whether it overlaps the gold) of each right statement."""
    recorded = [json.loads(line) for line in run.read_text(encoding="utf-8").splitlines()]
    name, n_held_out, seed = recorded[0]["set"]
    index, _ = open_set(bench / name, run.parent / "sets", n_held_out, seed)
    retriever = HybridRetriever(index)
    extractor = open_extractor(load_settings({}))
    cases: list[Case] = []
    with index:
        for record in recorded:
            question, gold = record["question"], record["gold"]
            vector = index.embedder.embed([question])[0]
            passages = retriever.passages(question, vector=vector)
            scored = score_sentences(index, question, vector, passages)
            _, shown = choose(index, passages, scored)
            spans = [tuple(span) for span in record["spans"]]
            hits = np.array(
                [
                    overlaps((c.evidence.document_id, c.evidence.start, c.evidence.end), spans)
                    for c in shown
                ]
            )
            right = [t for t in split_statements(clean(record["raw_text"])) if contains(t, gold)]
            if not right or not hits.any():
                continue
            extraction = None if extractor is None else extractor.read(question, texts_of(shown))
            rows = statement_signals(
                right, question, shown, index.embedder, Weights(index), extraction
            )
            cases += [(row.astype(np.float64), hits) for row in rows]
    return cases


def _loss(weights: Array, cases: Sequence[Case]) -> float:
    total = 0.0
    for x, hits in cases:
        z = x @ weights
        p = np.exp(z - z.max())
        total -= float(np.log(p[hits].sum() / p.sum() + 1e-12))
    return total / len(cases) + RIDGE * float(weights @ weights)


def _accuracy(weights: Array, cases: Sequence[Case]) -> float:
    return float(np.mean([hits[np.argmax(x @ weights)] for x, hits in cases]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--bench", type=Path, required=True)
    arguments = parser.parse_args()
    cases = [case for run in arguments.runs for case in _cases(run, arguments.bench)]
    start = np.array(list(WEIGHTS.values()))
    print(f"{len(cases)} statements; today's weights: {_accuracy(start, cases):.3f} right")
    order = np.random.default_rng(SEED).permutation(len(cases))
    scores = []
    for fold in np.array_split(order, 5):
        rest = [cases[i] for i in order if i not in set(fold.tolist())]
        fitted = minimize(_loss, np.ones_like(start), args=(rest,)).x
        scores.append(_accuracy(fitted, [cases[i] for i in fold]))
    fitted = minimize(_loss, np.ones_like(start), args=(cases,)).x
    print(f"five folds: {np.mean(scores):.3f} right")
    print(json.dumps(dict(zip(WEIGHTS, fitted.round(2).tolist(), strict=True)), indent=4))


if __name__ == "__main__":
    main()
