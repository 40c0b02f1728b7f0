"""Fit the weights of attribution on recorded runs and write them where they are read.

    python -m tests.benchmarks.fit_attribution --bench DIR RUN.jsonl …

For each right answer that `collect` recorded, the evidence sentence that overlaps the gold answer
should come first: a conditional logit over the signals of rag/judge/attribute.py,
ridge-regularised, with a fixed seed. Prints the share of first choices that are right, by the
weights as they were and in five folds by those that are fitted, and writes
rag/judge/fitted/attribution.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from index.config import load_settings
from rag.evidence import Rarity
from rag.find import find
from rag.judge.attribute import SIGNALS, statement_signals
from rag.judge.extract import Extractor
from rag.judge.fitted import FOLDER, read_fit
from rag.judge.reply import clean, split_statements
from rag.measure.metrics import contains, overlaps
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set
from ui.wiring import open_extractor

__all__ = ["main"]

Array = npt.NDArray[np.float64]
Case = tuple[Array, npt.NDArray[np.bool_]]
"""Signals of each evidence sentence of a right statement, and whether it overlaps the gold."""

SEED = 7
RIDGE = 0.003
N_FOLDS = 5


def _cases(run: Path, bench: Path, extractor: Extractor | None) -> tuple[str, int, list[Case]]:
    """The set's name, how many of its questions were recorded, and what can be learnt of them."""
    recorded = [json.loads(line) for line in run.read_text(encoding="utf-8").splitlines()]
    name, n_held_out, seed = recorded[0]["set"]
    index, _ = open_set(bench / name, run.parent / "sets", n_held_out, seed)
    retriever = HybridRetriever(index)
    rarity = Rarity(index)
    cases: list[Case] = []
    with index:
        for record in recorded:
            said = split_statements(clean(record["raw_text"]))
            right = [text for text in said if contains(text, record["gold"])]
            if not right:
                continue
            question, spans = record["question"], [tuple(span) for span in record["spans"]]
            found = find(retriever, question, extractor=extractor)
            read = [c.evidence for c in found.candidates]
            hits = np.array([overlaps((e.document_id, e.start, e.end), spans) for e in read])
            if not hits.any():
                continue
            tables = statement_signals(
                right, question, found.candidates, index.embedder, rarity, found.extraction
            )
            cases += [(table.astype(np.float64), hits) for table in tables]
    return str(name), len(recorded), cases


def _loss(weights: Array, cases: Sequence[Case]) -> float:
    total = 0.0
    for x, hits in cases:
        z = x @ weights
        p = np.exp(z - z.max())
        total -= float(np.log(p[hits].sum() / p.sum() + 1e-12))
    return total / len(cases) + RIDGE * float(weights @ weights)


def _fit(cases: Sequence[Case]) -> Array:
    fitted: Array = minimize(_loss, np.ones(len(SIGNALS)), args=(cases,)).x
    return fitted


def _accuracy(weights: Array, cases: Sequence[Case]) -> float:
    return float(np.mean([hits[np.argmax(x @ weights)] for x, hits in cases]))


def _in_folds(cases: Sequence[Case]) -> float:
    """The share of first choices that are right, each by weights that have not seen the case."""
    order = np.random.default_rng(SEED).permutation(len(cases))
    scores = []
    for fold in np.array_split(order, N_FOLDS):
        held = set(fold.tolist())
        weights = _fit([cases[i] for i in order if i not in held])
        scores.append(_accuracy(weights, [cases[i] for i in fold]))
    return float(np.mean(scores))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--bench", type=Path, required=True)
    arguments = parser.parse_args()
    extractor = open_extractor(load_settings({}))
    sets: Counter[str] = Counter()
    cases: list[Case] = []
    for run in arguments.runs:
        name, n_recorded, learnt = _cases(run, arguments.bench, extractor)
        sets[name] += n_recorded
        cases += learnt
    before = read_fit("attribution")["weights"]
    today = _accuracy(np.array([before[name] for name in SIGNALS]), cases)
    share = _in_folds(cases)
    worth = (
        f"{len(cases)} right answers; {100 * share:.1f} % of first choices right in {N_FOLDS} folds"
    )
    print(f"the weights until now: {100 * today:.1f} % of first choices right\n{worth}")
    fit = {
        "written_by": "tests/benchmarks/fit_attribution.py",
        "fitted": datetime.date.today().isoformat(),
        "sets": sets,
        "worth": worth,
        "weights": dict(zip(SIGNALS, _fit(cases).round(2).tolist(), strict=True)),
    }
    path = FOLDER / "attribution.json"
    path.write_text(json.dumps(fit, indent=2) + "\n", encoding="utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
