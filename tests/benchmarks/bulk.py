"""Ingest over Ray: texts a second with one worker and with two, each of one core and one thread.

    python -m tests.benchmarks.bulk FILE --index postgresql://user@host/name [--paragraphs N]
        [--rounds N] [--json]

The paragraphs of a SQuAD file become files, and go into the database, which is emptied before each
run; the clock starts when all workers are there. Beside the rates stands what would bound a larger
crew: the driver's work for each file, and the lock that a transaction takes for its end.
"""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from ray.cluster_utils import Cluster

from index.address import address_of
from index.config import Settings, load_settings
from index.ingest.build import build
from index.ingest.cluster import RayCrew, hire_crew
from index.ingest.hand import Orders
from index.limits import Limits
from index.store.index import Index
from index.store.postgres.connect import Connections
from index.store.postgres.write import alone
from rag.opening import load_bulk_embedder, load_embedder
from tests.benchmarks.clock import documents_of, parser, show

__all__ = ["main"]

_ROOT = Path(__file__).parent.parent.parent
_WARM = 8


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--index", required=True)
    arguments.add_argument("--paragraphs", type=int, default=240)
    options = arguments.parse_args()
    settings = load_settings({"index": options.index})
    # Workers are polite by default: beside a database at work that would be measured.
    os.environ.update(PYTHONPATH=str(_ROOT), RAY_worker_niceness="0", RAY_USAGE_STATS_ENABLED="0")
    found: dict[int, list[dict[str, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for i, document in enumerate(documents_of(options.file, options.paragraphs + _WARM)):
            part = folder / ("warm" if i < _WARM else "articles")
            part.mkdir(exist_ok=True)
            (part / f"{i:05}.txt").write_text(f"# {document.title}\n\n{document.text}")
        for _ in range(options.rounds):
            for n_workers in (1, 2):
                found[n_workers].append(_spread(settings, folder, n_workers))
        locked = _locked(settings, folder)
    rows = [
        {"workers": n, **{key: median(run[key] for run in runs) for key in runs[0]}}
        for n, runs in found.items()
    ]
    pairs = zip(found[1], found[2], strict=True)
    ratio = median(two["texts/s"] / one["texts/s"] for one, two in pairs)
    note = f"two to one: {ratio:.2f} (median of rounds); locked: {locked * 1e3:.2f} ms a text"
    show(rows, as_json=options.json, note=note)


def _spread(settings: Settings, folder: Path, n_workers: int) -> dict[str, float]:
    """An ingest into the emptied index by so many workers, once all of them are there."""
    Index.destroy(settings.index)
    load = functools.partial(load_bulk_embedder, settings.embedder, settings.precision)
    orders = Orders(load, settings.chunk_tokens, Limits(), address_of(settings.index))
    node = {"num_cpus": 1, "object_store_memory": 100 << 20}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    for _ in range(n_workers - 1):
        cluster.add_node(**node)
    try:
        with (
            Index(settings.index, load_embedder(settings), settings.chunk_tokens) as index,
            hire_crew(cluster.address, orders) as crew,
        ):
            build(index, [folder / "warm"], crew=crew)
            _await_all(crew)
            started, worked = time.perf_counter(), time.process_time()
            report = build(index, [folder / "articles"], crew=crew)
            took, worked = time.perf_counter() - started, time.process_time() - worked
    finally:
        cluster.shutdown()
    n_files = len(report.outcomes)
    return {"texts/s": report.n_embedded / took, "driver, ms a file": worked / n_files * 1e3}


def _await_all(crew: RayCrew) -> None:
    while crew._starting:
        crew._turn(0.1)


def _locked(settings: Settings, folder: Path) -> float:
    """Seconds a text, in one process, within the lock that only one transaction has at a time."""
    Index.destroy(settings.index)
    held: list[float] = []
    since: list[float] = []
    step = Connections.step

    def locking(db: Any) -> None:
        alone(db)
        since.append(time.perf_counter())

    def stepping(self: Connections, keys: Any, work: Callable[[Any], Any]) -> Any:
        since.clear()
        done = step(self, keys, work)
        if since:
            held.append(time.perf_counter() - since[0])
        return done

    with (
        mock.patch("index.store.postgres.backend.alone", locking),
        mock.patch.object(Connections, "step", stepping),
        Index(settings.index, load_embedder(settings), settings.chunk_tokens) as index,
    ):
        report = build(index, [folder / "articles"])
    return sum(held) / report.n_embedded


if __name__ == "__main__":
    main()
