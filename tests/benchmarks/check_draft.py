"""How often is a draft's sentence told rightly as supported, contradicted, partly or not found?

    python -m tests.benchmarks.check_draft [--part held|seen|all] [--wording near|far] [--show]
    python -m tests.benchmarks.check_draft --speed
    python -m tests.benchmarks.check_draft --fit

200 sentences close to the articles, 50 of each outcome, and 180 in words of our own
(tests/benchmarks/drafts.py). Prints precision and recall of each outcome. `--speed` checks all of
them as one draft and says how many sentences a second. `--fit` fits, on the articles that are not
held, what tells supported, partly and not found apart; writes rag/judge/fitted/outcome.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from index.config import load_settings
from index.ingest.build import build
from index.models.fetch import ensure
from index.store.index import Index
from index.store.reading import Reading
from rag.check.align import Aligner
from rag.check.checker import Checker
from rag.check.draft import read_draft
from rag.check.outcome import Checked
from rag.check.support import SUPPORT_SIGNALS
from rag.judge.fitted import FOLDER
from rag.retrieve import HybridRetriever
from tests.benchmarks.drafts import OUTCOMES, DraftItem, far_items, near_items, write_articles
from ui.wiring import open_embedder

__all__ = ["check_items", "main", "scores"]

FIT = FOLDER / "outcome.json"
_FITTED = ("supported", "partly", "not found")
_FAR_WEIGHT = 3.0
"""Of a sentence in other words, against one close to its article, in the fit."""

_STRENGTH = 10.0
"""Of the regression: the inverse of its penalty."""


@contextmanager
def _open() -> Iterator[tuple[Checker, dict[str, str]]]:
    """A checker over the articles, and each document's group."""
    settings = load_settings({})
    aligner = Aligner.of(ensure(settings.embedder, settings.models))
    if aligner is None:
        raise SystemExit("the configured embedder has no words to compare: use the default one")
    with tempfile.TemporaryDirectory() as folder:
        articles = Path(folder) / "articles"
        articles.mkdir()
        groups = write_articles(articles)
        with Index(Path(folder) / "index", open_embedder(settings), 200) as index:
            build(index, [articles])
            of = {s.id: groups[Path(s.path).name] for s in index.summaries()}
            yield Checker(HybridRetriever(index), aligner), of


def check_items(
    checker: Checker, groups: dict[str, str], items: Sequence[DraftItem]
) -> list[Checked]:
    """Check every item by itself, without the article that it leaves out."""
    return [checker.verify(item.text, documents=_documents(groups, item)) for item in items]


def scores(items: Sequence[DraftItem], found: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Precision and recall of each outcome."""
    out = {}
    for outcome in OUTCOMES:
        right = sum(f == i.outcome == outcome for i, f in zip(items, found, strict=True))
        n_found = sum(f == outcome for f in found)
        n_there = sum(i.outcome == outcome for i in items)
        out[outcome] = (right / n_found if n_found else 0.0, right / n_there if n_there else 0.0)
    return out


def _documents(groups: dict[str, str], item: DraftItem) -> list[str] | None:
    if item.without is None:
        return None
    return [document for document, group in groups.items() if group != item.without]


def _fit() -> None:
    from sklearn.linear_model import LogisticRegression

    rows: list[Any] = []
    labels: list[int] = []
    weights: list[float] = []
    items = [(i, 1.0) for i in near_items(None)] + [(i, _FAR_WEIGHT) for i in far_items()]
    seen = [(i, w) for i, w in items if not i.is_held]
    counts = Counter((_label(i), w) for i, w in seen)
    with _open() as (checker, groups):
        for item, weight in seen:
            (sentence,) = read_draft(item.text)[:1]
            (said,) = checker.aligner.parse([sentence.plain])
            reading = Reading(checker.retriever.index)
            compared = checker.compare(sentence, said, reading, _documents(groups, item))
            assert compared is not None
            rows.append(compared.support.signals)
            labels.append(_label(item))
            weights.append(weight / counts[_label(item), weight])
    table = np.stack(rows)
    means, scales = table.mean(axis=0), table.std(axis=0)
    scale = len(weights) / sum(weights)
    model = LogisticRegression(C=_STRENGTH, max_iter=10_000)
    model.fit((table - means) / scales, labels, sample_weight=np.array(weights) * scale)
    outcomes = {
        name: {"bias": float(bias), "weights": [round(float(w), 4) for w in row]}
        for name, bias, row in zip(_FITTED, model.intercept_, model.coef_, strict=True)
    }
    written = {
        "written_by": "python -m tests.benchmarks.check_draft --fit",
        "fitted": date.today().isoformat(),
        "sets": "tests/benchmarks/drafts.json without the held articles",
        "signals": list(SUPPORT_SIGNALS),
        "means": [round(float(m), 4) for m in means],
        "scales": [round(float(s), 4) for s in scales],
        "outcomes": outcomes,
    }
    FIT.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def _time() -> None:
    """Check one long draft whose sentences were never seen."""
    draft = "\n\n".join(item.text for item in [*near_items(), *far_items()])
    with _open() as (checker, _):
        # What a first sentence loads is no sentence's own time.
        checker.verify("The harbour bridge opened on Monday.")
        before, began = time.process_time(), time.perf_counter()
        n = sum(checked.outcome is not None for checked in checker.check(draft))
        wall, cpu = time.perf_counter() - began, time.process_time() - before
    print(f"{n} sentences in {wall:.1f} s ({n / wall:.0f} a second), {cpu:.1f} s of processor time")


def _label(item: DraftItem) -> int:
    """What differs is told apart by comparing, so a contradicted sentence counts as supported."""
    outcome = "supported" if item.outcome == "contradicted" else item.outcome
    return _FITTED.index(outcome)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--part", choices=["held", "seen", "all"], default="all")
    parser.add_argument("--wording", choices=["near", "far"])
    parser.add_argument("--show", action="store_true", help="print what was told wrongly")
    arguments = parser.parse_args()
    if arguments.fit:
        _fit()
        return
    if arguments.speed:
        _time()
        return
    parts = {"held": [True], "seen": [False], "all": [True, False]}[arguments.part]
    with _open() as (checker, groups):
        for wording, items in (("near", near_items()), ("far", far_items())):
            if arguments.wording in (None, wording):
                chosen = [i for i in items if i.is_held in parts]
                _report(wording, chosen, checker, groups, show=arguments.show)


def _report(
    wording: str,
    items: Sequence[DraftItem],
    checker: Checker,
    groups: dict[str, str],
    *,
    show: bool,
) -> None:
    checked = check_items(checker, groups, items)
    found = [str(c.outcome) for c in checked]
    print(f"{wording}: {len(items)} sentences")
    for outcome, (precision, recall) in scores(items, found).items():
        print(f"  {outcome:<13} precision {precision:.2f} recall {recall:.2f}")
    for item, result in zip(items, checked, strict=True):
        if show and result.outcome != item.outcome:
            near = result.evidence[0].text if result.evidence else ""
            print(f"  {item.outcome} -> {result.outcome}: {item.text}")
            print(f"      {result.note} | {near[:140]}")


if __name__ == "__main__":
    main()
