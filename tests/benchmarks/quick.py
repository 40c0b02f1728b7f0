"""Quotations alone (`--quick`) beside the model's answers to the same questions.

    python -m tests.benchmarks.quick FILE RUN.json [--limit N] [--seed S] [--json]

FILE is SQuAD JSON, RUN.json what `pressmark eval FILE --limit N --seed S --json` printed. No model
is asked here. First every question at the default bar, then those that both answered, by how sure
the quotation is and by what the question asks for: of each, the share that holds a gold answer.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from index.config import load_settings
from index.ingest.build import ingest
from index.store.index import Index
from rag.filters import read_filters
from rag.measure.items import engine_item
from rag.measure.questions import load_squad, sample
from rag.measure.summary import figures_of
from rag.model.absent import AbsentModel
from rag.opening import engine_over, load_extractor
from tests.benchmarks.clock import embedder, parser, show

__all__ = ["main"]

_NAMED = re.compile(
    r"\b(who|whose|whom|when|where|how (many|much|old|long|far|tall)|wh(at|ich) "
    r"(year|date|day|month|city|country|state|place|number|percentage))\b",
    re.IGNORECASE,
)
"""Asks for a person, a number, a date or a place."""
_CERTAIN = (0.0, 0.25, 0.4, 0.5, 0.6, 1.01)

_Pair = tuple[dict[str, Any], dict[str, Any]]
"""What came of a question quickly, and by the model."""


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("run", type=Path)
    arguments.add_argument("--limit", type=int, default=120)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    documents, questions = load_squad(options.file)
    chosen = sample(questions, options.limit, options.seed)
    settings, quick = load_settings({}), read_filters(quick=True)
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), embedder(), 200) as index:
        ingest(index, documents)
        llm = AbsentModel(model_name=settings.model)
        engine = engine_over(settings, index, llm, load_extractor(settings))
        ours = [engine_item(engine, question, quick) for question in chosen]
    theirs = {i["id"]: i for i in json.loads(options.run.read_text(encoding="utf-8"))["items"]}
    pairs = [(item, theirs[item["id"]]) for item in ours]
    rows = [_whole("quick", ours), _whole("model", [by_model for _, by_model in pairs])]
    show(rows, as_json=options.json)
    answerable = [pair for pair in pairs if pair[0]["answerable"]]
    show([*_by_certainty(answerable), *_by_sort(answerable)], as_json=options.json)


def _whole(way: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    figures = figures_of(list(items))
    return {
        "way": way,
        "contains": figures["answer"]["contains"],
        "right of answered": figures["answer"]["accuracy_answered"],
        "citation precision": figures["citation"]["precision"],
        "recall": figures["citation"]["recall"],
        "declined F1": figures["abstention"]["f1"],
        "declined wrongly": figures["abstention"]["false_rate"],
        "ms": median(item["timings_ms"]["total"] for item in items),
    }


def _by_certainty(pairs: Sequence[_Pair]) -> list[dict[str, Any]]:
    rows = []
    for low, high in pairwise(_CERTAIN):
        name = f"sure {low:.2f} to {min(high, 1):.2f}"
        rows.append(_row(name, pairs, partial(_is_between, low, high)))
    return rows


def _is_between(low: float, high: float, pair: _Pair) -> bool:
    return low <= (pair[0]["confidence"] or 0.0) < high


def _by_sort(pairs: Sequence[_Pair]) -> list[dict[str, Any]]:
    def named(pair: _Pair) -> bool:
        return _NAMED.search(pair[0]["question"]) is not None

    return [
        _row("person, number, date, place", pairs, named),
        _row("anything else", pairs, lambda pair: not named(pair)),
    ]


def _row(name: str, pairs: Sequence[_Pair], is_in: Callable[[_Pair], bool]) -> dict[str, Any]:
    """Right in what would be said, whatever the bar, and in what is said at it."""
    here = [pair for pair in pairs if is_in(pair)]
    row: dict[str, Any] = {"questions": name, "n": len(here)}
    for way, at in (("quick", 0), ("model", 1)):
        for what in ("drafted_right", "contains"):
            right = [float(pair[at][what]) for pair in here]
            label = f"{way}, {'any bar' if what == 'drafted_right' else 'at the bar'}"
            row[label] = sum(right) / len(right) if right else None
    return row


if __name__ == "__main__":
    main()
