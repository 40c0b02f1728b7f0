"""What the speed benchmarks share: turns, medians, ratios, a table or JSON; child processes."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from index.config import Settings, load_settings
from index.document import Document
from index.embed.embedder import Precision
from index.embed.minilm import MiniLM
from index.ingest.prepare import titled
from index.models.fetch import ensure
from index.read import read_all
from index.segment import segment
from rag.measure.questions import load_squad

__all__ = [
    "Child",
    "documents_of",
    "embedder",
    "in_turn",
    "parser",
    "run_child",
    "show",
    "texts_of",
]


def parser(about: str) -> argparse.ArgumentParser:
    """With what every benchmark takes: FILE, --rounds, --json."""
    made = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("file", type=Path, nargs="?", help="SQuAD JSON (default: seeds/, repeated)")
    made.add_argument("--rounds", type=int, default=3, help="each way is run so often (default: 3)")
    made.add_argument("--json", action="store_true", help="print one JSON object")
    return made


def embedder(precision: Precision = "auto", settings: Settings | None = None) -> MiniLM:
    """The default embedder, with torch loaded: what an ingest of many files has."""
    settings = settings or load_settings({})
    found = MiniLM(ensure(settings.embedder, settings.models), name="m", precision=precision)
    found.embed(["warm up"] * 300)
    return found


def documents_of(file: Path | None, n: int) -> list[Document]:
    """n documents: the file's paragraphs, or the seeds' sentences by sixes; renamed if repeated."""
    if file is not None:
        found, _ = load_squad(file)
    else:
        seeds = Path(__file__).parent.parent.parent / "seeds"
        read = [d for path in sorted(seeds.glob("*.txt")) for d in read_all(path)]
        texts = [s.text for d in read for s in segment(d.text)]
        blocks = [" ".join(texts[i : i + 6]) for i in range(0, len(texts), 6)]
        found = [Document(str(i), f"{i}.txt", "A seed", None, b) for i, b in enumerate(blocks)]
    made = []
    for i in range(n):
        d = found[i % len(found)]
        turn = i // len(found)
        name = d.id if not turn else f"{d.id}-{turn}"
        title = d.title if not turn else f"{d.title} {turn}"
        made.append(Document(name, d.path, title, d.date, d.text))
    return made


def texts_of(documents: Sequence[Document], n: int) -> list[str]:
    """n texts as the ingest embeds them: sentences under their titles."""
    found = [titled(d.title, s.text) for d in documents for s in segment(d.text)]
    return found[:n]


def in_turn(ways: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median wall-clock seconds of each way, all of them once a round: a busy minute hits all."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return {name: median(values) for name, values in seconds.items()}


class Child:
    """What a finished process took."""

    def __init__(self, seconds: float, cpu_s: float, peak_mb: float, code: int, out: str) -> None:
        self.seconds = seconds
        self.cpu_s = cpu_s
        self.peak_mb = peak_mb
        self.code = code
        self.out = out


def run_child(arguments: Sequence[str], cwd: Path) -> Child:
    """Run `pressmark ARGUMENTS` as a process of its own; time, processor time and peak memory."""
    root = str(Path(__file__).parent.parent.parent)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ui", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": root},
        text=True,
    )
    assert process.stdout is not None
    out = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    # wait4 has collected it; subprocess must not wait again.
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Child(
        time.perf_counter() - started,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / unit,
        process.returncode,
        out,
    )


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, note: str = "") -> None:
    """A table of the rows, whose keys are the columns; or all of it as JSON."""
    if as_json:
        print(json.dumps({"rows": list(rows), "note": note}, indent=2))
        return
    columns = list(rows[0])
    cells = [columns, *([_cell(row[c]) for c in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        first = line[0].ljust(widths[0])
        print("  ".join([first, *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]))
    if note:
        print(note)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
