"""How the searches grow with a library, in a database and in a folder: one table.

    python -m tests.benchmarks.curve FILE --index postgresql://user@host/name --index DIR
        --sizes 10000 100000 1000000 --out FIGURES.json [--plot FILE.png]

Each index is filled with articles composed of the SQuAD file's sentences (`composed.py`) up to
each size in turn, and measured there by a process of its own (`speeds.py`). Stopped, the same
command goes on: what is stored stays, and a size that FIGURES.json has is not measured again. A
database takes its words as blocks and its index over vectors at the end; a folder is filled as
`pressmark index` does it, but for reading and embedding.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from index.address import address_of, read_place, shown
from index.config import load_settings
from index.embed.minilm import MiniLM
from index.models.fetch import ensure
from index.segment import segment
from index.store.index import Index
from rag.measure.questions import load_squad
from tests.benchmarks.composed import PART, Composer, frequent, place_of
from tests.benchmarks.speeds import measure_speeds
from tests.stored import is_shared, shared

__all__ = ["main"]

_ASKED = 200
_STORED = 250
"""Documents that a folder is given at once."""
_FREQUENT = 8
_TIMED = {
    "dense": "dense",
    "lexical": "lexical",
    "frequent": f"the {_FREQUENT} most frequent words",
    "fused": "fused",
    "evidence": "with evidence",
    "fused, since 2013": "fused, since 2013",
    "fused, one author": "one author",
    "fused, a collection": "a collection",
}

_COLOURS = ("#33535b", "#d98c3f", "#c9b458", "#7a9e9f")

Figures = dict[str, dict[str, Any]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="SQuAD JSON")
    parser.add_argument("--index", action="append", required=True, help="an address, a folder")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--out", type=Path, help="where the figures are kept")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--build-memory", default="4GB", help="for the index over vectors")
    parser.add_argument("--build-workers", type=int, default=2, help="beside the one that leads")
    parser.add_argument("--measure", action="store_true", help="measure one index as it is")
    arguments = parser.parse_args()
    settings = load_settings({})
    embedder = MiniLM(ensure("all-minilm-l6-v2", settings.models), name="all-minilm-l6-v2")
    documents, questions = load_squad(arguments.file)
    pool = [s.text for d in documents for s in segment(d.text) if s.text.endswith(".")]
    pool = list(dict.fromkeys(pool))
    if arguments.measure:
        asked = [question.question for question in questions[:_ASKED]]
        place = read_place(arguments.index[0])
        print(json.dumps(measure_speeds(place, embedder, asked, frequent(pool, _FREQUENT))))
        return 0
    kept = arguments.out is not None and arguments.out.is_file()
    figures: Figures = json.loads(arguments.out.read_text()) if kept else {}
    # The sentences are embedded when something is to be made of them.
    compose = cache(lambda: Composer(pool, embedder.embed(pool)))
    for size in sorted(arguments.sizes):
        for typed in arguments.index:
            _grow(typed, size, embedder, compose, figures, arguments)
    print(_table(figures))
    if arguments.plot is not None:
        _plot(figures, arguments.plot)
    return 0


def _grow(
    typed: str,
    size: int,
    embedder: MiniLM,
    compose: Callable[[], Composer],
    figures: Figures,
    arguments: argparse.Namespace,
) -> None:
    """Fill one index up to a size and measure it, unless that was done."""
    kind = "folder" if address_of(read_place(typed)) is None else "database"
    noted = figures.setdefault(f"{kind} {size}", {"kind": kind})
    if "fused" in noted:
        return
    with Index(read_place(typed), embedder, 200) as index:
        if index.counts().chunks > size:
            raise SystemExit(f"{shown(read_place(typed))} holds more than {size} chunks: empty it")
        n = size // 4
        if is_shared(index):
            took = _pour(index, compose, n, arguments)
        else:
            took = _store(index, compose, n)
    for name, seconds in took.items():
        noted[name] = round(noted.get(name, 0) + seconds, 1)
    _keep(figures, arguments.out)
    # In a process of its own, whose memory is a reader's.
    again = [sys.executable, "-m", "tests.benchmarks.curve", str(arguments.file)]
    done = subprocess.run(
        [*again, "--index", typed, "--measure"], stdout=subprocess.PIPE, check=True, text=True
    )
    noted |= json.loads(done.stdout.splitlines()[-1])
    _keep(figures, arguments.out)


def _keep(figures: Figures, out: Path | None) -> None:
    if out is not None:
        out.write_text(json.dumps(figures, indent=2))


def _store(index: Index, compose: Callable[[], Composer], n: int) -> dict[str, float]:
    """Store documents until there are n, as an ingest does; tell seconds."""
    have, started = index.counts().documents, time.perf_counter()
    rows = compose().rows(have, n - have) if have < n else iter(())
    with tqdm(total=n, initial=have, file=sys.stderr) as bar, index.writing():
        while part := list(islice(rows, _STORED)):
            index.store(part, [place_of(have + i) for i in range(len(part))])
            have += len(part)
            bar.update(len(part))
        index.flush()
    return {"filled_s": time.perf_counter() - started}


def _pour(
    index: Index, compose: Callable[[], Composer], n: int, arguments: argparse.Namespace
) -> dict[str, float]:
    """Pour documents until there are n, then build the index over vectors; tell seconds."""
    have, started = index.counts().documents, time.perf_counter()
    with (
        shared(index)._connections._pool.connection() as db,
        tqdm(total=n, initial=have, file=sys.stderr) as bar,
    ):
        if have < n:
            _put_vector_index_aside(db)
        while have < n:
            n_poured = min(PART - have % PART, n - have)
            compose().pour(db, have, n_poured)
            have += n_poured
            bar.update(n_poured)
        poured = time.perf_counter()
        db.execute(f"SET maintenance_work_mem = '{arguments.build_memory}'")
        db.execute(f"SET max_parallel_maintenance_workers = {arguments.build_workers}")
        _build_vector_index(db)
        db.execute("RESET maintenance_work_mem")
        built = time.perf_counter()
        db.execute("VACUUM ANALYZE")
    return {"filled_s": poured - started, "vector_index_s": built - poured}


def _put_vector_index_aside(db: Any) -> None:
    """Drop the index over vectors; the database keeps what makes it again, whoever is stopped."""
    with db.transaction():
        db.execute(
            "CREATE TABLE IF NOT EXISTS put_aside AS "
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'chunks_by_vector'"
        )
        db.execute("DROP INDEX IF EXISTS chunks_by_vector")


def _build_vector_index(db: Any) -> None:
    """Make the index that was put aside, if one was."""
    if db.execute("SELECT to_regclass('put_aside')").fetchone()[0] is not None:
        with db.transaction():
            for (definition,) in db.execute("SELECT indexdef FROM put_aside").fetchall():
                db.execute(definition)
            db.execute("DROP TABLE put_aside")


def _table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: a row for each size and kind."""
    heads = ["chunks", "in a", *_TIMED.values(), "recall@10", "opened, s", "disk, GB"]
    heads += ["reader, MB", "server, MB", "filled, s", "vector index, s"]
    lines = [heads, ["---"] * len(heads)]
    for f in sorted(figures.values(), key=lambda f: (f.get("chunks", 0), f["kind"])):
        if "fused" in f:
            times = [f"{f[name]['p50_ms']:.0f} ({f[name]['p95_ms']:.0f})" for name in _TIMED]
            others = [f["recall@10"], f["opened_s"], round(f["disk_mb"] / 1000, 1)]
            others += [f["reader_mb"], f.get("server_mb", "-"), f.get("filled_s", "-")]
            others.append(f.get("vector_index_s", "-"))
            lines.append([f"{f['chunks']:,}", f["kind"], *times, *map(str, others)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plot(figures: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """95th percentiles against chunks, both logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(7, 4.5))
    for kind, line in (("database", "-"), ("folder", ":")):
        told = sorted(
            (f for f in figures.values() if f["kind"] == kind and "fused" in f),
            key=lambda f: int(f["chunks"]),
        )
        for name, colour in zip(list(_TIMED)[:4], _COLOURS, strict=True):
            axis.plot(
                [f["chunks"] for f in told],
                [f[name]["p95_ms"] for f in told],
                line,
                marker="o",
                color=colour,
                label=f"{_TIMED[name]}, {kind}",
            )
    axis.axhline(100, color="#999999", linewidth=0.8)
    axis.set(xscale="log", yscale="log", xlabel="chunks", ylabel="milliseconds, p95")
    axis.legend(frameon=False, fontsize="small")
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main())
