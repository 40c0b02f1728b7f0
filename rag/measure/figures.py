"""What an evaluation looks like: a table for the terminal, a plot for the eye."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import EvaluationError
from rag.measure.calibration import reliability, risk_area, risk_coverage
from rag.measure.items import Item
from rag.measure.summary import judged, summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot", "table", "table_of_sets"]

_GROUPS = ("retrieval", "answer", "citation", "abstention", "calibration", "latency_ms")
_Figures = Mapping[str, Any]
_COLOURS = ("#1f3a5f", "#b5651d", "#3f7f5f", "#7a4f8c", "#a83244", "#5a6b7b")


def table(figures: _Figures) -> str:
    """The figures for people, each with its 95 % interval: ours, and the peer's when it ran."""
    columns = {"pressmark": figures}
    if "peer" in figures:
        columns["peer"] = figures["peer"]
    return "\n".join(
        [
            *_lines(columns, _with_interval),
            f"{_counts(figures)}; [95 % intervals over questions]"
            + (
                "; the peer's citations are passages, ours are sentences"
                if "peer" in figures
                else ""
            ),
        ]
    )


def table_of_sets(sets: Mapping[str, _Figures]) -> str:
    """A column a question set, and one more for the peer where it ran."""
    columns: dict[str, _Figures] = {}
    for name, figures in sets.items():
        columns[name] = figures
        if "peer" in figures:
            columns[f"{name} (peer)"] = figures["peer"]
    counts = [f"{name}: {_counts(figures)}" for name, figures in sets.items()]
    return "\n".join([*_lines(columns, lambda f, group, key: _cell(f[group].get(key))), *counts])


def _lines(columns: Mapping[str, _Figures], cell: Callable[[_Figures, str, str], str]) -> list[str]:
    rows = [("", list(columns))]
    for group in _GROUPS:
        keys = dict.fromkeys(key for f in columns.values() for key in f.get(group, ()))
        rows += [
            (
                f"{group} {key}",
                [cell(f, group, key) if group in f else "-" for f in columns.values()],
            )
            for key in keys
        ]
    widths = [max(len(cells[i]) for _, cells in rows) + 2 for i in range(len(columns))]
    return [
        f"{name:<30}" + "".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))
        for name, cells in rows
    ]


def _with_interval(figures: _Figures, group: str, key: str) -> str:
    shown = _cell(figures[group].get(key))
    bounds = figures.get("intervals", {}).get(group, {}).get(key)
    return shown if bounds is None else f"{shown} [{_cell(bounds[0])}, {_cell(bounds[1])}]"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}"


def _counts(figures: _Figures) -> str:
    answerable, unanswerable = figures["n_answerable"], figures["n_unanswerable"]
    return f"{answerable} answerable and {unanswerable} unanswerable questions"


def plot(sets: Mapping[str, Sequence[Item]], path: Path) -> None:
    """Four pictures in one PNG, a colour a set: reliability, risk against coverage, citations,
    time.

    Raises: EvaluationError if no answer was recorded, as when only passages were looked for.
    """
    if not all(judged(items) for items in sets.values()):
        raise EvaluationError("there are no answers to draw: run it without --retrieval-only")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(11, 9), layout="constrained")
    for axis, draw in zip(axes.flat, (_reliability, _risk, _citations, _time), strict=True):
        draw(axis, sets)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _reliability(axis: Axes, sets: Mapping[str, Sequence[Item]]) -> None:
    axis.plot(
        [0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1, label="as sure as right"
    )
    for colour, (name, items) in zip(_colours(sets), sets.items(), strict=True):
        bins = reliability(judged(items))
        known = sum(b.n for b in bins)
        error = summarise(items)["calibration"]["ece"]
        axis.plot(
            [b.confidence for b in bins],
            [b.right for b in bins],
            marker="o",
            color=colour,
            label=f"{name}: ECE {error:.3f}, n = {known}",
        )
    axis.set(
        title="Reliability (bins of equal mass)",
        xlabel="confidence (mean of the bin, probability)",
        ylabel="share of right answers",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    axis.legend(loc="upper left", fontsize="small")


def _risk(axis: Axes, sets: Mapping[str, Sequence[Item]]) -> None:
    for colour, (name, items) in zip(_colours(sets), sets.items(), strict=True):
        known = judged(items)
        coverage, risk = risk_coverage(known)
        label = f"{name}: area {risk_area(known):.3f}, n = {len(known)}"
        axis.plot(coverage, risk, color=colour, label=label)
        given = [item for item in items if not item["abstained"]]
        if given:
            wrong = sum(not item["contains"] for item in given) / len(given)
            axis.plot(len(given) / len(items), wrong, marker="o", color=colour, linestyle="")
    axis.plot([], [], marker="o", color="#666666", linestyle="", label="what was answered")
    axis.set(
        title="Risk against coverage (the surest answered first)",
        xlabel="share of questions answered",
        ylabel="share of those answered wrong",
        xlim=(0, 1.02),
        ylim=(0, 1),
    )
    axis.legend(loc="upper left", fontsize="small")


def _citations(axis: Axes, sets: Mapping[str, Sequence[Item]]) -> None:
    names = ["precision", "recall", "valid"]
    width = 0.8 / len(sets)
    for i, (colour, (name, items)) in enumerate(zip(_colours(sets), sets.items(), strict=True)):
        citation = summarise(items)["citation"]
        n_cited = sum(len(item["citations"]) for item in items)
        bars = axis.bar(
            [place - 0.4 + width * (i + 0.5) for place in range(len(names))],
            [citation[key] or 0.0 for key in names],
            width,
            color=colour,
            label=f"{name}: n = {n_cited} citations",
        )
        axis.bar_label(bars, fmt="%.2f", fontsize="small")
    axis.set(title="Citations", ylabel="share", ylim=(0, 1.25))
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axis.legend(loc="upper left", fontsize="small")


def _time(axis: Axes, sets: Mapping[str, Sequence[Item]]) -> None:
    axis.hist(
        [[item["timings_ms"]["total"] / 1000 for item in items] for items in sets.values()],
        bins=20,
        color=_colours(sets),
        label=[f"{name}: n = {len(items)}" for name, items in sets.items()],
    )
    axis.set(title="Time to the whole answer", xlabel="seconds", ylabel="questions")
    axis.legend(loc="upper right", fontsize="small")


def _colours(sets: Mapping[str, Sequence[Item]]) -> list[str]:
    return [_COLOURS[i % len(_COLOURS)] for i in range(len(sets))]
