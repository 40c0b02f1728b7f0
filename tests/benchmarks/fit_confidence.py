"""Fit the confidence and its threshold on recorded runs, with a fixed seed.

    python -m tests.benchmarks.fit_confidence --bench DIR [--stated FILE] RUN.jsonl …

Reads what `collect` recorded, pins and verifies it with today's code, and fits a logistic
regression of "right" on the signals: of the model's own words and of quotations, with the
extractor and without, with the model's probe and without. Prints the coefficients to put into
rag/judge/confidence.py, and by threshold the figures that they give in five folds. Every set
weighs the same in a fit. FILE is what `fit_probe` writes: the probe's probabilities, each from the
fold that left the question out.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from index.config import load_settings
from index.store.index import Index
from rag.evidence import Weights, choose, score_sentences
from rag.judge.conclude import Draft, choose_draft, drafts
from rag.judge.extract import Extractor, texts_of
from rag.measure.metrics import abstention_scores, contains, overlaps
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set
from ui.wiring import open_extractor

__all__ = ["Row", "main", "replay"]

SEED = 7
_KINDS = ("written", "quoted")


@dataclass(slots=True)
class Row:
    """A recorded question with the answers that its reply allows."""

    run: str
    question: str
    gold: list[str]
    answerable: bool
    spans: list[tuple[str, int, int]]
    raw_text: str
    drafts: list[Draft]

    def is_right(self, draft: Draft) -> bool:
        return contains(" ".join(pin.text for pin in draft.supported), self.gold)

    def hits(self, draft: Draft) -> list[bool]:
        """Whether each cited sentence overlaps a gold answer."""
        cited = {
            (c.evidence.document_id, c.evidence.start, c.evidence.end)
            for pin in draft.supported
            for c in pin.candidates
        }
        return [overlaps(sentence, self.spans) for sentence in sorted(cited)]


def replay(
    runs: list[Path],
    bench: Path,
    stated: dict[str, float] | None = None,
    extractor: Extractor | None = None,
) -> list[Row]:
    """What today's code makes of recorded texts."""
    rows: list[Row] = []
    for run in runs:
        recorded = [json.loads(line) for line in run.read_text(encoding="utf-8").splitlines()]
        name, n_held_out, seed = recorded[0]["set"]
        index, _ = open_set(bench / name, run.parent / "sets", n_held_out, seed)
        with index:
            for record in recorded:
                told = record["stated"]
                if stated is not None and not n_held_out:
                    told = stated.get(record["question"], told)
                rows.append(_row(index, run.stem, record, told, extractor))
    return rows


def _row(
    index: Index,
    run: str,
    record: dict[str, Any],
    stated: float | None,
    extractor: Extractor | None,
) -> Row:
    question, raw = record["question"], record["raw_text"]
    vector = index.embedder.embed([question])[0]
    passages = HybridRetriever(index).passages(question, vector=vector)
    scored = score_sentences(index, question, vector, passages)
    _, shown = choose(index, passages, scored)
    extraction = None if extractor is None else extractor.read(question, texts_of(shown))
    found = drafts(
        question, raw, shown, passages, index.embedder, Weights(index), stated, extraction
    )
    spans = [(str(d), int(a), int(b)) for d, a, b in record["spans"]]
    return Row(run, question, record["gold"], record["answerable"], spans, raw, found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--stated", type=Path)
    arguments = parser.parse_args()
    stated = None
    if arguments.stated is not None:
        stated = json.loads(arguments.stated.read_text(encoding="utf-8"))
    for extractor in (open_extractor(load_settings({})), None):
        rows = replay(arguments.runs, arguments.bench, stated, extractor)
        for probed in (True, False):
            _report(rows, has_span=extractor is not None, probed=probed)


def _report(rows: list[Row], *, has_span: bool, probed: bool) -> None:
    """Fit what one set of signals allows; print it, and the figures of the folds."""
    held: dict[tuple[int, int], float] = {}
    for kind in _KINDS if has_span else _KINDS[:1]:
        # Without an extractor quotations are few, and told by a signal of their own.
        places = [
            (i, j)
            for i, row in enumerate(rows)
            for j, draft in enumerate(row.drafts)
            if draft.supported and (_KINDS[j] == kind if has_span else probed or j == 0)
        ]
        chosen = [rows[i].drafts[j] for i, j in places]
        names = [
            n
            for n in chosen[0].signals
            if (probed or n != "stated") and (n != "quoted" or (probed and not has_span))
        ]
        right = np.array([rows[i].is_right(rows[i].drafts[j]) for i, j in places])
        x = np.array([[draft.signals[n] for n in names] for draft in chosen])
        p, coefficients = _fit(x, right, [rows[i].run for i, _ in places])
        held |= {place: float(value) for place, value in zip(places, p, strict=True)}
        print(f'("{kind}", {has_span}, {probed}): AUC {roc_auc_score(right, p):.3f}, five folds')
        print(json.dumps(dict(zip(["bias", *names], coefficients, strict=True)), indent=4))
    decided = []
    for i, row in enumerate(rows):
        found = [
            replace(draft, confidence=held.get((i, j), 0.0))
            for j, draft in enumerate(row.drafts)
            if probed or has_span or j == 0
        ]
        decided.append((row, choose_draft(found)))
    for threshold in np.arange(0.1, 0.55, 0.05):
        print(f"{threshold:.2f} " + " | ".join(_figures(decided, threshold)))


def _fit(
    x: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], runs: list[str]
) -> tuple[npt.NDArray[np.float64], list[float]]:
    """Every row's probability from the fold that left it out; the coefficients of all."""
    weights = np.array([len(runs) / runs.count(run) for run in runs])
    model = LogisticRegression(C=1.0, max_iter=2000)
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    held = cross_val_predict(
        model, x, right, cv=folds, method="predict_proba", params={"sample_weight": weights}
    )[:, 1]
    model.fit(x, right, sample_weight=weights)
    return held, [round(float(v), 2) for v in [model.intercept_[0], *model.coef_[0]]]


def _figures(decided: list[tuple[Row, Draft]], threshold: float) -> list[str]:
    out = []
    for run in dict.fromkeys(row.run for row, _ in decided):
        here = [(row, draft) for row, draft in decided if row.run == run]
        abstained = [not d.supported or d.confidence < threshold for _, d in here]
        answerable = [row.answerable for row, _ in here]
        scores = abstention_scores(abstained, answerable)
        cells = [f"{run}: F1 {scores['f1'] or 0:.2f} false {scores['false_rate'] or 0:.2f}"]
        if any(answerable):
            n = sum(answerable)
            kept = [
                (row, draft)
                for (row, draft), no in zip(here, abstained, strict=True)
                if row.answerable and not no
            ]
            hits = [row.hits(draft) for row, draft in kept]
            cited = [hit for found in hits for hit in found]
            right = sum(row.is_right(draft) for row, draft in kept)
            cells.append(f"contains {right / n:.3f}")
            cells.append(f"precision {sum(cited) / max(1, len(cited)):.3f}")
            cells.append(f"recall {sum(any(found) for found in hits) / n:.3f}")
            cells.append(f"quoted {sum(d.signals['quoted'] > 0 for _, d in kept)}")
        out.append(" ".join(cells))
    return out


if __name__ == "__main__":
    main()
