"""What a timeline looks like elsewhere: Markdown, CSV, a picture."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import textwrap
from pathlib import Path
from typing import Any

from index.visible import plain
from rag.errors import QuestionError
from rag.timeline import Dated, Timeline

__all__ = ["check_picture", "draw_timeline", "timeline_csv", "timeline_markdown"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
_COLUMNS = (
    "date since until words counted text title published document page start end also".split()
)
_MOST_DRAWN = 30
_PICTURES = (".png", ".svg", ".pdf")


def timeline_markdown(timeline: Timeline) -> str:
    """A list, the earliest first: date, sentence, article."""
    lines = [f"# Timeline: {_escaped(timeline.topic)}", ""]
    for entry in timeline.entries:
        cited = entry.evidence
        page = f"page {cited.page}" if cited.page else ""
        origin = (plain(cited.title), cited.date or "undated", plain(cited.document), page)
        also = f"; also in {', '.join(_escaped(path) for path in entry.also)}" if entry.also else ""
        lines.append(
            f"- **{entry.period.iso.replace('/', ' to ')}** {_escaped(cited.text)}{_ours(entry)} "
            f"({_escaped(' · '.join(part for part in origin if part))}{also})"
        )
    if not timeline.entries:
        lines.append("No dated sentence on this was found.")
    return "\n".join(lines)


def timeline_csv(timeline: Timeline) -> str:
    """A row a sentence, under its columns' names; other articles are separated by blanks."""
    out = io.StringIO()
    rows = csv.DictWriter(out, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    rows.writeheader()
    for entry in timeline.entries:
        rows.writerow({**entry.to_json(), "also": " ".join(entry.also)})
    return out.getvalue()


def check_picture(path: Path) -> None:
    """Raises: QuestionError for a kind of file that cannot be drawn, or no folder to draw it in."""
    if path.suffix.lower() not in _PICTURES:
        raise QuestionError(
            f"a picture is a {', '.join(_PICTURES)} file, not {path.name}: name it so"
        )
    if not path.parent.is_dir():
        raise QuestionError(f"there is no folder {path.parent} to draw in: make it first")


def draw_timeline(timeline: Timeline, path: Path) -> None:
    """A picture (PNG, SVG or PDF): a line of time, a dot and its sentence each.

    Raises: QuestionError for another kind of file, or if there is nothing to draw.
    """
    check_picture(path)
    if not timeline.entries:
        raise QuestionError("there is nothing to draw: no dated sentence on this was found")
    from matplotlib.figure import Figure

    entries = timeline.entries[:_MOST_DRAWN]
    figure = Figure(figsize=(9, 1.2 + 0.62 * len(entries)), layout="constrained")
    axes: Any = figure.subplots()
    axes.axvline(0, color="#8b1e1e", linewidth=1.5)
    for row, entry in enumerate(entries):
        words = textwrap.shorten(plain(entry.evidence.text), 150, placeholder=" …")
        text = f"{textwrap.fill(words, 84)}\n"
        axes.plot(0, -row, "o", color="#8b1e1e", markersize=6)
        _write(axes, -0.02, -row, _shown(entry), ha="right", weight="bold")
        _write(axes, 0.02, -row, text + plain(entry.evidence.title)[:84], ha="left")
    axes.set(xlim=(-0.25, 1), ylim=(-len(entries) + 0.4, 0.6))
    axes.set_title(plain(timeline.topic)[:90].replace("$", r"\$"), loc="left", weight="bold")
    axes.axis("off")
    # The same timeline is the same file, byte for byte.
    own = {"Date": None} if path.suffix.lower() == ".svg" else {}
    figure.savefig(path, dpi=120, metadata=own)


def _write(axes: Any, x: float, y: float, text: str, **how: str) -> None:
    axes.text(x, y, text, va="center", fontsize=8, parse_math=False, **how)


def _shown(entry: Dated) -> str:
    """A day as people say it; what is no day as it is."""
    if entry.period.days > 1:
        return entry.period.iso.replace("/", " to ")
    day = dt.date.fromisoformat(entry.period.first)
    return f"{day.day} {day:%B %Y}"


def _ours(entry: Dated) -> str:
    if entry.words is None:
        return " \\[the article's date\\]"
    return f" \\[“{_escaped(entry.words)}”: counted by Pressmark\\]" if entry.counted else ""


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(plain(text).split()))
