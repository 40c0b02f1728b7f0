"""The steps of a question, each way of asking below the other, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["STEPS", "draw_waterfall"]

STEPS = ("evidence", "quoted", "first token", "total")
"""When each ended, in milliseconds from the question."""

_COLOURS = ("#c9b458", "#d98c3f", "#7a9e9f", "#33535b")
_LABELS = ("evidence shown", "quotation shown", "first word", "whole answer")


def draw_waterfall(
    rows: Sequence[tuple[str, Mapping[str, float | None]]], path: Path, *, title: str
) -> None:
    """Draw (way, milliseconds of its STEPS) as bars from the question on; a step may be missing."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(8, 1.4 + 0.5 * len(rows)))
    for place, (_, ends) in enumerate(rows):
        before = 0.0
        for step, colour in zip(STEPS, _COLOURS, strict=True):
            end = ends.get(step)
            if end is not None:
                axis.barh(place, (end - before) / 1000, left=before / 1000, color=colour)
                before = end
        axis.annotate(
            f" {before / 1000:.2f} s", (before / 1000, place), va="center", fontsize="small"
        )
    axis.set_yticks(range(len(rows)), [way for way, _ in rows])
    axis.invert_yaxis()
    axis.set_xlabel("seconds from the question, medians")
    axis.set_title(title, fontsize="medium")
    axis.spines[["top", "right"]].set_visible(False)
    axis.margins(x=0.1)
    bars = [pyplot.Rectangle((0, 0), 1, 1, color=colour) for colour in _COLOURS]
    figure.legend(bars, _LABELS, loc="lower center", ncols=4, frameon=False, fontsize="small")
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
