"""What an evaluation looks like: a table for the terminal, a plot for the eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.measure.metrics import contains, summarise

__all__ = ["plot", "risk_coverage", "table"]


def table(figures: Mapping[str, Any]) -> str:
    """The figures for people: ours and, when it ran, the peer's beside it."""
    columns = {"pressmark": figures}
    if "peer" in figures:
        columns["peer"] = figures["peer"]
    lines = ["{:<28}".format("") + "".join(f"{name:>14}" for name in columns)]
    for group in ("retrieval", "answer", "citation", "abstention", "latency_ms"):
        for key in figures.get(group, ()):
            cells = "".join(f"{_cell(c[group].get(key)):>14}" for c in columns.values())
            lines.append(f"{group + ' ' + key:<28}{cells}")
    lines.append(
        f"{figures['n_answerable']} answerable and {figures['n_unanswerable']} unanswerable "
        "questions; the peer's citations are passages, ours are sentences"
    )
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}"


def plot(items: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Three pictures in one PNG: risk against coverage, citations, latency."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (risk, cited, time) = pyplot.subplots(1, 3, figsize=(13, 4), layout="constrained")
    coverage, wrong = risk_coverage(items)
    risk.plot(coverage, wrong, color="#1f3a5f")
    risk.set(title="Risk against coverage", xlabel="share answered", ylabel="share of those wrong")
    risk.set_xlim(0, 1)
    risk.set_ylim(0, 1)
    citation = summarise(items)["citation"]
    names = ["precision", "recall", "valid"]
    bars = cited.bar(names, [citation[n] or 0.0 for n in names], color="#7a8ca3")
    cited.bar_label(bars, fmt="%.2f")
    cited.set(title="Citations", ylim=(0, 1.1))
    time.hist([i["timings_ms"]["total"] / 1000 for i in items], bins=20, color="#7a8ca3")
    time.set(title="Time to the whole answer", xlabel="seconds", ylabel="questions")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def risk_coverage(items: Sequence[Mapping[str, Any]]) -> tuple[list[float], list[float]]:
    """Answer the surest first: (share answered, share of those wrong) after each.

    What the model wrote counts even where Pressmark then declined, so that the curve covers
    every threshold; an unanswerable question is wrong whatever was written.
    """
    order = sorted(items, key=lambda item: -float(item.get("confidence", 0.0)))
    coverage, risk, wrong = [], [], 0
    for n, item in enumerate(order, start=1):
        right = item["contains"] or _raw_is_right(item)
        wrong += not right
        coverage.append(n / len(order))
        risk.append(wrong / n)
    return coverage, risk


def _raw_is_right(item: Mapping[str, Any]) -> bool:
    return bool(item["answerable"] and contains(item.get("raw_text", ""), item.get("gold", [])))
