"""Fit the confidence on recorded runs, each set left out in turn, and write it where it is read.

    python -m tests.benchmarks.fit_confidence --bench DIR [--probes DIR] [--verifier DIR=RUN,…]
        [--write] RUN …

Reads what `collect` recorded, one run a set, and makes of it what today's code would. Fits a
logistic regression of "right" over the signals of `rag.judge.signals`, no weight below 0, every set
weighing the same: of the model's own words and of quotations, with the extractor and without; with
--probes only where the probe of the language model's state is asked, too: a folder where
`fit_probe` keeps states, and for each set a probe that has not seen it.
Prints what each set gets from a fit that has not seen it (AUC,
expected calibration error, and by threshold what is declined and answered), and with --write puts
the fit over all of them, and the bars, into rag/judge/fitted/confidence.json.
A verifier that was trained on a set is too sure of it: --verifier names one that was not (what
fit_verifier wrote to its --out) for the runs of such a set.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from index.config import Settings, load_settings
from index.models.fetch import ensure
from rag.evidence import Rarity
from rag.find import find
from rag.judge.answer_verifier import AnswerVerifier
from rag.judge.draft import Draft, choose_draft
from rag.judge.extract import Extractor
from rag.judge.fitted import FOLDER
from rag.judge.judge import Judge
from rag.judge.reply import Reply
from rag.judge.signals import NAMES
from rag.measure.calibration import calibration_error
from rag.measure.metrics import abstention_scores, contains, overlaps
from rag.model.llms import LlamaCpp
from rag.model.probe import Probe
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set
from tests.benchmarks.probed import States, pair_of
from ui.wiring import open_extractor

__all__ = ["Row", "main", "replay"]

Floats = npt.NDArray[np.float64]

RIDGE = 0.3
"""Penalty on squared weights, for sets that count as 100 examples each."""

BARS = {"strict": 0.5, "default": 0.25, "eager": 0.1}
"""Chosen by the table that this prints, on sets left out: tests/benchmarks/README.md shows it."""

_SENTENCE_WORDS = 8
"""A gold answer of so many words is a sentence that was selected: citing it is right."""


@dataclass(slots=True)
class Row:
    """A recorded question with the answers that its reply allows; none if it was not asked."""

    run: str
    file: str
    """The name of its question set."""
    question: str
    answerable: bool
    gold: list[str]
    spans: list[tuple[str, int, int]]
    drafts: list[Draft]

    def is_right(self, draft: Draft) -> bool:
        if not self.answerable:
            return False
        if min(len(g.split()) for g in self.gold) >= _SENTENCE_WORDS:
            return any(self.hits(draft))
        return contains(" ".join(pin.text for pin in draft.given), self.gold)

    def hits(self, draft: Draft) -> list[bool]:
        """Whether each cited sentence overlaps a gold answer."""
        cited = {
            (c.evidence.document_id, c.evidence.start, c.evidence.end)
            for pin in draft.given
            for c in pin.candidates
        }
        return [overlaps(sentence, self.spans) for sentence in sorted(cited)]


def replay(
    run: Path, bench: Path, extractor: Extractor | None, verifier: AnswerVerifier | None = None
) -> list[Row]:
    """What today's code makes of recorded texts; with another verifier than the extractor's own."""
    recorded = [json.loads(line) for line in run.read_text(encoding="utf-8").splitlines()]
    name, n_held_out, seed = recorded[0]["set"]
    index, _ = open_set(bench / name, run.parent / "sets", n_held_out, seed)
    with index:
        retriever = HybridRetriever(index)
        if extractor is None:
            verifier = None
        elif verifier is None:
            verifier = extractor.verifier
        judge = Judge(index.embedder, Rarity(index), verifier)
        return [_row(retriever, judge, run.stem, record, extractor) for record in recorded]


def _row(
    retriever: HybridRetriever,
    judge: Judge,
    run: str,
    record: dict[str, Any],
    extractor: Extractor | None,
) -> Row:
    found = find(retriever, record["question"], documents=record.get("within"), extractor=extractor)
    drafts: list[Draft] = []
    if record["asked"]:
        reply = Reply(record["raw_text"])
        drafts = judge.drafts(record["question"], reply, found.candidates, found.extraction)
    spans = [(str(d), int(a), int(b)) for d, a, b in record["spans"]]
    file = Path(record["set"][0]).stem
    question = record["question"]
    return Row(run, file, question, record["answerable"], record["gold"], spans, drafts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--probes", type=Path)
    parser.add_argument("--verifier", action="append", default=[], metavar="DIR=RUN,…")
    arguments = parser.parse_args()
    settings = load_settings({})
    unseen = _verifiers(arguments.verifier, settings)
    cases: dict[str, dict[str, Any]] = {}
    n_rows: dict[str, int] = {}
    extractor = open_extractor(settings)
    for reader in (extractor,) if arguments.probes else (extractor, None):
        rows = [
            row
            for run in arguments.runs
            for row in replay(run, arguments.bench, reader, unseen.get(run.stem))
        ]
        n_rows = dict(Counter(row.run for row in rows))
        names = [n for n in NAMES if reader or n not in ("said", "marked")]
        if arguments.probes:
            _probe(rows, arguments.probes, settings)
            names = [*NAMES, "answers"]
        cases |= _fit_cases(rows, names)
    if arguments.write:
        _write(cases, n_rows, "probed" if arguments.probes else "sets")


def _verifiers(given: list[str], settings: Settings) -> dict[str, AnswerVerifier | None]:
    """By run, the verifier that has not seen its set."""
    folder = ensure(settings.embedder, settings.models)
    found: dict[str, AnswerVerifier | None] = {}
    for pair in given:
        weights, _, runs = pair.rpartition("=")
        verifier = AnswerVerifier.of(settings.embedder, folder, weights=Path(weights))
        found.update(dict.fromkeys(runs.split(","), verifier))
    return found


def _probe(rows: list[Row], folder: Path, settings: Settings) -> None:
    """Give each draft what a probe that has not seen its set makes of its sentences."""
    llm = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    for row in tqdm(rows, unit="question"):
        probe = Probe.of(row.file, folder) or Probe.of(settings.model, folder)
        assert probe is not None, f"{folder} has no probe: run fit_probe first"
        states = States(llm, probe.layer, folder)
        for i, draft in enumerate(row.drafts):
            cited = [c for pin in draft.supported for c in pin.candidates]
            if cited:
                told = probe.log_odds(states.of(pair_of(row.file, row.question, cited)))
                row.drafts[i] = replace(draft, signals={**draft.signals, "answers": told})
    llm.close()


def _fit_cases(rows: list[Row], names: list[str]) -> dict[str, dict[str, Any]]:
    """The fits for what these signals allow, by the name that `rag.judge.confidence` looks up."""
    cases = {}
    held: dict[tuple[int, int], float] = {}
    # Without an extractor nothing is quoted.
    for kind in (0, 1) if "said" in names else (0,):
        places = [
            (i, j)
            for i, row in enumerate(rows)
            for j, draft in enumerate(row.drafts)
            if draft.supported and j == kind
        ]
        x = np.array([[rows[i].drafts[j].signals[n] for n in names] for i, j in places])
        right = np.array([rows[i].is_right(rows[i].drafts[j]) for i, j in places], dtype=float)
        runs = np.array([rows[i].run for i, _ in places])
        case = "+".join([("written", "quoted")[kind], *sorted(names)])
        print(f"\n{case}: {len(places)} drafts")
        p = _left_out(x, right, runs)
        held |= {place: float(value) for place, value in zip(places, p, strict=True)}
        fitted = _fit(x, right, runs)
        weights = dict(zip(names, fitted[1:].round(3).tolist(), strict=True))
        cases[case] = {"bias": round(float(fitted[0]), 3), "weights": weights}
        print(f"  over all: {cases[case]}")
    _table(rows, held)
    return cases


def _left_out(x: Floats, right: Floats, runs: npt.NDArray[np.str_]) -> Floats:
    """Every draft's probability from the fit that left its set out."""
    p = np.zeros(len(right))
    for run in dict.fromkeys(runs.tolist()):
        here = runs == run
        fitted = _fit(x[~here], right[~here], runs[~here])
        p[here] = _sigmoid(fitted[0] + x[here] @ fitted[1:])
        auc = f"{roc_auc_score(right[here], p[here]):.3f}" if len(set(right[here])) > 1 else "-"
        judged = list(zip(p[here].tolist(), (right[here] > 0).tolist(), strict=True))
        error = calibration_error(judged)
        print(f"  {run} left out: n {here.sum()}, AUC {auc}, calibration error {error or 0:.3f}")
    return p


def _fit(x: Floats, right: Floats, runs: npt.NDArray[np.str_]) -> Floats:
    """Bias and weights, none of them below 0, of a ridge-regularised logistic regression."""
    counts = {run: int((runs == run).sum()) for run in set(runs.tolist())}
    w = np.array([100 / counts[run] for run in runs.tolist()])

    def loss(theta: Floats) -> tuple[float, Floats]:
        p = np.clip(_sigmoid(theta[0] + x @ theta[1:]), 1e-9, 1 - 1e-9)
        value = -(w * (right * np.log(p) + (1 - right) * np.log(1 - p))).sum()
        slope = w * (p - right)
        gradient = np.r_[slope.sum(), x.T @ slope + 2 * RIDGE * theta[1:]]
        return float(value + RIDGE * (theta[1:] ** 2).sum()), gradient

    bounds = [(None, None), *itertools.repeat((0, None), x.shape[1])]
    start = np.zeros(x.shape[1] + 1)
    found: Floats = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found


def _sigmoid(z: Floats) -> Floats:
    out: Floats = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
    return out


def _table(rows: list[Row], held: dict[tuple[int, int], float]) -> None:
    """By threshold, what each set gets from the fits that left it out."""
    decided = []
    for i, row in enumerate(rows):
        found = [replace(d, confidence=held.get((i, j), 0.0)) for j, d in enumerate(row.drafts)]
        decided.append((row, choose_draft(found) if found else None))
    for threshold in sorted({0.1, 0.15, 0.25, 0.3, 0.5, *BARS.values()}):
        print(f"  {threshold:.2f} " + " | ".join(_figures(decided, threshold)))


def _figures(decided: list[tuple[Row, Draft | None]], threshold: float) -> list[str]:
    out = []
    for run in dict.fromkeys(row.run for row, _ in decided):
        here = [(row, draft) for row, draft in decided if row.run == run]
        given = [draft is not None and _is_given(row, draft, threshold) for row, draft in here]
        scores = abstention_scores([not g for g in given], [row.answerable for row, _ in here])
        cells = [f"{run}: F1 {scores['f1'] or 0:.2f} false {scores['false_rate'] or 0:.2f}"]
        kept = [
            (row, draft)
            for (row, draft), said in zip(here, given, strict=True)
            if said and row.answerable and draft is not None
        ]
        n = sum(row.answerable for row, _ in here)
        if n:
            hits = [row.hits(draft) for row, draft in kept]
            cited = [hit for found in hits for hit in found]
            cells.append(f"right {sum(row.is_right(draft) for row, draft in kept) / n:.3f}")
            cells.append(f"precision {sum(cited) / max(1, len(cited)):.3f}")
            cells.append(f"recall {sum(any(found) for found in hits) / n:.3f}")
        out.append(" ".join(cells))
    return out


def _is_given(row: Row, draft: Draft, threshold: float) -> bool:
    exchanged = row.drafts[0].exchange or draft.exchange
    # The probe may overrule the verifier (`rag.judge.judge`).
    is_astray = draft.is_astray and draft.signals.get("answers", -1.0) < 0
    speaks_of_it = exchanged is None and not is_astray
    return bool(draft.supported) and speaks_of_it and draft.confidence >= threshold


def _write(cases: dict[str, dict[str, Any]], n_rows: dict[str, int], sets: str) -> None:
    """Put cases beside, or in place of, those that are there; `sets` is where their sets stand."""
    file = FOLDER / "confidence.json"
    before = json.loads(file.read_text(encoding="utf-8"))
    fit = {
        **before,
        "fitted": datetime.date.today().isoformat(),
        sets: n_rows,
        "bars": BARS,
        "cases": {**before["cases"], **cases},
    }
    file.write_text(json.dumps(fit, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
