"""Fit the probe that tells from the language model's state whether a sentence answers a question.

    python -m tests.benchmarks.fit_probe FILE … --out FOLDER [--layer N] [--limit N] [--write]

Reads own_words.json beside this, each question of its article alone, and SQuAD JSON: of each one
the marked sentence. The state of one layer of the configured model at the end of "is the answer in
the text?" is kept below FOLDER, half a second each, so that what was stopped goes on. Prints the
AUC of "it answers" for each set, and for each hand of own_words.json, by a fit that has not seen
it; writes a probe without each to FOLDER, for `fit_confidence`, and with --write the one over all
of them into rag/model/probes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from index.config import load_settings
from index.embed.embedder import Array
from index.models.fetch import ensure
from rag.measure.questions import Question
from rag.model.llms import LlamaCpp
from rag.model.probe import FOLDER
from tests.benchmarks.own_words import FILE as OWN_WORDS
from tests.benchmarks.probed import Pair, States, pairs
from ui.wiring import open_extractor

__all__ = ["fit", "main"]

Labels = npt.NDArray[np.bool_]

LAYER = 18
"""Of 28, counted from 0; by the hands of own_words.json left out (tests/benchmarks/README.md)."""

_RIDGE = 1e-3
"""Of scikit-learn's C, over standardised states: 1,536 weights and some thousand examples."""


def fit(states: Array, answers: Labels, groups: npt.NDArray[np.str_]) -> tuple[Array, float]:
    """Weights, float32, shape (dim,), and bias of a ridge-regularised logistic regression over
    states of shape (pairs, dim); a group weighs as the root of its size."""
    mean, spread = states.mean(axis=0), states.std(axis=0) + 1e-6
    counts = {group: int((groups == group).sum()) for group in set(groups.tolist())}
    level = len(groups) / len(counts)
    share = np.array([(level / counts[g]) ** 0.5 for g in groups.tolist()])
    found = LogisticRegression(C=_RIDGE, max_iter=1000)
    found.fit((states - mean) / spread, answers, sample_weight=share)
    weight = found.coef_[0] / spread
    return weight.astype(np.float32), float(found.intercept_[0] - mean @ weight)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layer", type=int, default=LAYER)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    settings = load_settings({})
    llm = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    asked = _pairs(arguments.files, arguments.limit)
    states = States(llm, arguments.layer, arguments.out).of_all(asked)
    answers = np.array([pair.answers for pair in asked])
    groups = np.array([pair.group for pair in asked])
    for group in sorted(set(groups.tolist())):
        here = groups == group
        weight, bias = fit(states[~here], answers[~here], groups[~here])
        told = states[here] @ weight + bias
        auc = roc_auc_score(answers[here], told)
        print(f"{group} left out: {here.sum()} pairs, {answers[here].mean():.2f} answer, {auc:.3f}")
        _save(arguments.out / f"{group}.npz", arguments.layer, weight, bias)
    weight, bias = fit(states, answers, groups)
    for folder in (arguments.out, FOLDER) if arguments.write else (arguments.out,):
        _save(folder / f"{settings.model}.npz", arguments.layer, weight, bias)


def _pairs(files: list[Path], limit: int | None) -> list[Pair]:
    extractor = open_extractor(load_settings({}))
    assert extractor is not None
    found = list(pairs(OWN_WORDS, extractor, _hand, alone=True, limit=limit))
    for file in files:
        found += pairs(file, extractor, _set_of(file), alone=False, limit=limit)
    return found


def _set_of(file: Path) -> Callable[[Question], str]:
    return lambda _: file.stem


def _hand(question: Question) -> str:
    """Who wrote a question of own_words.json."""
    return question.id.partition("-")[0]


def _save(file: Path, layer: int, weight: Array, bias: float) -> None:
    np.savez(file, layer=layer, weight=weight.astype(np.float16), bias=np.float32(bias))


if __name__ == "__main__":
    main()
