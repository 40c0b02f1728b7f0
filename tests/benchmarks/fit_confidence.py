"""Fit the confidence and its threshold on recorded runs, with a fixed seed.

    python -m tests.benchmarks.fit_confidence --bench DIR [--stated FILE] RUN.jsonl …

Reads what `collect` recorded, pins and verifies it with today's code, fits a logistic regression
of "right" on the signals, and prints the coefficients to put into rag/confidence.py with the
five-fold figures that they give. Every set weighs the same in the fit. FILE is what `fit_probe`
writes: the probe's probabilities, each from the fold that left the question out; without it the
signal is left out, as for models that have no probe.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from rag.engine import Engine
from rag.evaluate import abstention_scores, contains, overlaps
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set
from tests.fakes import QueueLLM

__all__ = ["main", "replay"]

SEED = 7


def replay(
    runs: list[Path], bench: Path, stated: dict[str, float] | None = None
) -> list[dict[str, Any]]:
    """What today's code makes of recorded texts: signals, whether it answers, whether rightly."""
    rows: list[dict[str, Any]] = []
    for run in runs:
        recorded = [json.loads(line) for line in run.read_text(encoding="utf-8").splitlines()]
        name, n_held_out, seed = recorded[0]["set"]
        index, _ = open_set(bench / name, run.parent / "sets", n_held_out, seed)
        model = QueueLLM()
        engine = Engine(HybridRetriever(index), model, min_confidence=0.0)
        with index:
            for record in recorded:
                model.enqueue(record["raw_text"] or "Nothing.")
                answer = engine.ask(record["question"])
                signals = answer.signals
                if stated is not None:
                    held = stated.get(record["question"]) if not n_held_out else None
                    signals = {**signals, "stated": record["stated"] if held is None else held}
                spans = [tuple(span) for span in record["spans"]]
                hits = [
                    overlaps((c.evidence.document_id, c.evidence.start, c.evidence.end), spans)
                    for c in answer.citations
                ]
                rows.append(
                    {
                        "run": run.stem,
                        "question": record["question"],
                        "gold": record["gold"],
                        "raw_text": record["raw_text"],
                        "text": answer.text,
                        "answerable": record["answerable"],
                        "answered": not answer.abstained,
                        "right": contains(answer.text or "", record["gold"]),
                        "raw_right": contains(record["raw_text"], record["gold"]),
                        "hits": hits,
                        "signals": signals,
                        "problems": [s.problem for s in answer.statements],
                        "cited": [c.evidence.text for c in answer.citations],
                    }
                )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--stated", type=Path)
    arguments = parser.parse_args()
    stated = None
    if arguments.stated is not None:
        stated = json.loads(arguments.stated.read_text(encoding="utf-8"))
    rows = replay(arguments.runs, arguments.bench, stated)
    answered = [row for row in rows if row["answered"]]
    names = list(answered[0]["signals"])
    x = np.array([[row["signals"][n] for n in names] for row in answered])
    y = np.array([row["right"] for row in answered])
    runs = [row["run"] for row in answered]
    weights = np.array([len(runs) / runs.count(run) for run in runs])
    model = LogisticRegression(C=1.0, max_iter=2000)
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    held = cross_val_predict(
        model, x, y, cv=folds, method="predict_proba", params={"sample_weight": weights}
    )[:, 1]
    for row, p in zip(answered, held, strict=True):
        row["p"] = float(p)
    model.fit(x, y, sample_weight=weights)
    coefficients = {"bias": model.intercept_[0], **dict(zip(names, model.coef_[0], strict=True))}
    print(json.dumps({k: round(float(v), 2) for k, v in coefficients.items()}, indent=4))
    print(f"AUC, five folds: {roc_auc_score(y, held):.3f}")
    for threshold in np.arange(0.1, 0.75, 0.05):
        print(f"{threshold:.2f} " + " | ".join(_figures(rows, threshold)))


def _figures(rows: list[dict[str, Any]], threshold: float) -> list[str]:
    out = []
    for run in dict.fromkeys(row["run"] for row in rows):
        here = [row for row in rows if row["run"] == run]
        abstained = [not row["answered"] or row["p"] < threshold for row in here]
        answerable = [row["answerable"] for row in here]
        scores = abstention_scores(abstained, answerable)
        kept = [row for row, no in zip(here, abstained, strict=True) if not no]
        cells = [f"{run}: F1 {scores['f1'] or 0:.2f} false {scores['false_rate'] or 0:.2f}"]
        if any(answerable):
            n = sum(answerable)
            hits = [hit for row in kept if row["answerable"] for hit in row["hits"]]
            cells.append(f"contains {sum(row['right'] for row in kept) / n:.2f}")
            cells.append(f"precision {sum(hits) / max(1, len(hits)):.2f}")
            cells.append(f"recall {sum(any(row['hits']) for row in kept) / n:.2f}")
        out.append(" ".join(cells))
    return out


if __name__ == "__main__":
    main()
