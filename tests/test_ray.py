"""An ingest over a Ray cluster: what one process would have stored, whoever dies on the way."""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.address import address_of
from index.embed.embedder import Array, Embedder
from index.errors import ClusterError, ConfigError
from index.ingest.build import BuildReport, build
from index.ingest.cluster import hire_crew
from index.ingest.hand import Orders
from index.ingest.outcome import Status
from index.limits import Limits
from index.store.index import Index
from tests.database import Databases, typed
from tests.hashing import HashEmbedder
from tests.serving import until
from tests.stored import all_rows
from tests.test_crash import CHUNK_TOKENS, ROOT, write_articles
from ui.cli import main

cluster_utils = pytest.importorskip("ray.cluster_utils", reason="the extra `ray` is not installed")

KILLS = int(os.environ.get("PRESSMARK_KILLS", "3"))
"""Of workers, and of nodes; the figures in the READMEs are of 20."""
POISON = "arsenic"


class SlowEmbedder(HashEmbedder):
    """Takes so many seconds for a hundred texts, and notes in a folder in which process it is.

    A text with the word kills that process.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._seconds = seconds
        (folder / str(os.getpid())).touch()

    def embed(self, texts: Any, on_batch: Callable[[int], None] | None = None) -> Array:
        if any(POISON in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self._seconds * len(texts) / 100)
        return super().embed(texts, on_batch)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one core each; the first one is the head, and where the ingest runs."""
    changed = {
        # The tests are not installed; the workers import their embedder.
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "RAY_USAGE_STATS_ENABLED": "0",
        # Other tests may run beside these.
        "RAY_worker_niceness": "0",
        # A node that was killed is missed sooner.
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_failure_threshold": "3",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changed.items():
            patch.setenv(name, value)
        opened = _start_cluster()
        yield opened
        opened.shutdown()


def _start_cluster() -> Any:
    node = {"num_cpus": 1, "object_store_memory": 100 << 20}
    head = {**node, "include_dashboard": False}
    # Nodes are added in a thread, which may not set what happens at exit.
    opened = cluster_utils.Cluster(
        initialize_head=True, shutdown_at_exit=False, head_node_args=head
    )
    opened.add_node(**node)
    return opened


@pytest.fixture
def workers(tmp_path: Path) -> Path:
    """A folder with a file for each worker that there was, named by its process."""
    folder = tmp_path / "workers"
    folder.mkdir()
    return folder


def _ingest(cluster: Any, place: Path, articles: Path, workers: Path, **more: Any) -> BuildReport:
    load: Callable[[], Embedder] = functools.partial(SlowEmbedder, workers, more.pop("seconds", 0))
    orders = Orders(load, CHUNK_TOKENS, Limits(), address_of(place))
    with (
        hire_crew(cluster.address, orders) as crew,
        Index(place, HashEmbedder(), CHUNK_TOKENS) as index,
    ):
        return build(index, [articles], crew=crew, **more)


def _alone(place: Path, articles: Path) -> BuildReport:
    with Index(place, HashEmbedder(), CHUNK_TOKENS) as index:
        return build(index, [articles])


def _told(report: BuildReport) -> list[tuple[str, Status]]:
    return sorted((outcome.path, outcome.status) for outcome in report.outcomes)


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty articles, one of them twice under names that tell other titles, and two bad files."""
    # Several batches.
    monkeypatch.setattr("index.ingest.spread._BATCH_RECORDS", 4)
    folder = tmp_path / "articles"
    write_articles(folder, range(60))
    (folder / "a second telling.txt").write_bytes((folder / "007.txt").read_bytes())
    (folder / "blank.txt").write_text(" \n")
    (folder / "blank too.txt").write_text(" \n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (folder / "three.jsonl").write_text(
        '{"text": "A ferry sank."}\n{"text": \n{"text": "A bridge opened."}\n'
    )
    return folder


def test_it_stores_and_tells_what_one_process_would(
    cluster: Any, home: Path, databases: Databases, articles: Path, workers: Path, tmp_path: Path
) -> None:
    other = databases.make() if address_of(home) else tmp_path / "alone"
    alone, spread = _alone(other, articles), _ingest(cluster, home, articles, workers)
    assert _told(spread) == _told(alone)
    skipped = [
        {o.path: o.reason for o in report.outcomes if o.status == Status.SKIPPED}
        for report in (alone, spread)
    ]
    assert skipped[0] == skipped[1]
    assert len(skipped[0]) == 4
    assert spread.n_embedded == alone.n_embedded
    assert all_rows(home, CHUNK_TOKENS) == all_rows(other, CHUNK_TOKENS)
    assert len(list(workers.iterdir())) == 2


def test_a_second_run_opens_nothing_and_a_third_takes_in_what_changed(
    cluster: Any, home: Path, databases: Databases, workers: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    write_articles(folder, range(12))
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    _ingest(cluster, home, folder, workers)
    time.sleep(2.1)  # A file is believed when its last change is older than a tick.
    _ingest(cluster, home, folder, workers)
    n_workers = len(list(workers.iterdir()))
    report = _ingest(cluster, home, folder, workers)
    assert {outcome.status for outcome in report.outcomes} == {Status.UNCHANGED}
    # Nobody was hired for that.
    assert len(list(workers.iterdir())) == n_workers
    # One takes another's place, whose text moves to a new name: nothing is lost on the way.
    (folder / "003.txt").rename(folder / "900.txt")
    write_articles(folder, [3], version=2)
    (folder / "005.txt").unlink()
    _ingest(cluster, home, folder, workers, prune=True)
    other = databases.make() if address_of(home) else tmp_path / "alone"
    _alone(other, folder)
    assert all_rows(home, CHUNK_TOKENS) == all_rows(other, CHUNK_TOKENS)


@pytest.mark.parametrize("victim", ["worker", "node"])
def test_whoever_is_killed_the_rows_are_the_same(
    victim: str, cluster: Any, databases: Databases, articles: Path, workers: Path
) -> None:
    write_articles(articles, range(60, 20 * KILLS))
    disturbed, quietly = databases.make(), databases.make()
    alone = _alone(quietly, articles)
    draw, ended = random.Random(11), threading.Event()
    killed: list[object] = []

    def kill() -> None:
        while len(killed) < KILLS and not ended.wait(draw.uniform(0.5, 2.5)):
            if victim == "node":
                node = next(iter(cluster.worker_nodes))
                cluster.remove_node(node, allow_graceful=False)
                cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
                killed.append(node)
            elif alive := [int(path.name) for path in workers.iterdir() if _is_alive(path)]:
                chosen = draw.choice(alive)
                os.kill(chosen, signal.SIGKILL)
                killed.append(chosen)

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        spread = _ingest(cluster, disturbed, articles, workers, seconds=1.0)
    finally:
        ended.set()
        killing.join()
    print(f"{len(killed)} kills of a {victim}")
    assert killed
    assert _told(spread) == _told(alone)
    assert all_rows(disturbed, CHUNK_TOKENS) == all_rows(quietly, CHUNK_TOKENS)


def _is_alive(path: Path) -> bool:
    stat = Path("/proc") / path.name / "stat"
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_file_that_kills_two_workers_is_skipped_and_costs_no_other(
    cluster: Any, databases: Databases, articles: Path, workers: Path
) -> None:
    alone, place = databases.make(), databases.make()
    _alone(alone, articles)
    poisoned = articles / "025b.txt"
    poisoned.write_text(f"The minister found {POISON} in his tea.")
    copy = articles / "twin.txt"
    copy.write_bytes(poisoned.read_bytes())
    report = _ingest(cluster, place, articles, workers)
    bad = {o.path: o for o in report.outcomes if o.path in (str(poisoned), str(copy))}
    assert {o.status for o in bad.values()} == {Status.SKIPPED}
    assert len(bad) == 2
    assert all("the worker that read it died" in str(o.reason) for o in bad.values())
    # Everything else is there.
    assert all_rows(place, CHUNK_TOKENS) == all_rows(alone, CHUNK_TOKENS)


def test_a_worker_that_cannot_work_is_one_line(
    cluster: Any, databases: Databases, articles: Path
) -> None:
    place = databases.make()
    orders = Orders(HashEmbedder, CHUNK_TOKENS + 1, Limits(), address_of(place))
    with (
        hire_crew(cluster.address, orders) as crew,
        Index(place, HashEmbedder(), CHUNK_TOKENS) as index,
        pytest.raises(ClusterError, match=r"a worker on .* was built with chunk_tokens 60"),
    ):
        build(index, [articles], crew=crew)


def test_an_estimate_looks_embeds_a_sample_and_writes_nothing(
    tmp_path: Path,
    articles: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("ui.commands.index.open_bulk_embedder", lambda _: HashEmbedder())
    place = tmp_path / "none"
    assert main(["index", str(articles), "--index", str(place), "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    sizes = [path.stat().st_size for path in articles.iterdir()]
    assert (told["files"], told["unchanged"], told["bytes"]) == (len(sizes), 0, sum(sizes))
    assert 0 < told["sample"]["bytes"] <= sum(sizes)
    assert told["hours"] > 0
    assert not place.exists()


def test_an_estimate_on_a_cluster_is_by_one_of_its_workers(
    cluster: Any,
    tmp_path: Path,
    articles: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    workers: Path,
) -> None:
    monkeypatch.setattr(
        "ui.crew._bulk_embedder", lambda _: functools.partial(SlowEmbedder, workers, 1.0)
    )
    command = ["index", str(articles), "--index", str(tmp_path / "none"), "--dry-run", "--json"]
    assert main([*command, "--ray", cluster.address]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["workers"] == 2
    assert told["sample"]["seconds"] >= 0.5
    assert told["hours"] >= told["sample"]["seconds"] / 3600 / 2
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:70000"])
def test_a_wrong_address_is_one_line_and_changes_nothing(
    address: str, tmp_path: Path, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "index"
    _alone(place, articles)
    before = all_rows(place, CHUNK_TOKENS)
    command = ["index", str(articles), "--index", str(place), "--ray", address, "--rebuild"]
    assert main(command) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"pressmark: no Ray cluster at {address}")
    assert len(told.err.splitlines()) == 1
    assert all_rows(place, CHUNK_TOKENS) == before


def test_without_ray_one_line_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], articles: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    orders = Orders(HashEmbedder, CHUNK_TOKENS, Limits())
    with (
        pytest.raises(ConfigError, match=r"pip install 'pressmark\[ray\]'"),
        hire_crew("local", orders),
    ):
        pass
    assert main(["index", str(articles), "--ray", "local"]) == 2
    assert "pip install 'pressmark[ray]'" in capsys.readouterr().err


STOPPED = """
import functools, sys
from pathlib import Path
import index.ingest.spread, ui.crew, ui.wiring
from tests.hashing import HashEmbedder
from tests.test_ray import SlowEmbedder
from ui.cli import main

index.ingest.spread._BATCH_RECORDS = 4
ui.crew._bulk_embedder = lambda _: functools.partial(SlowEmbedder, Path(sys.argv[1]), 12.0)
ui.wiring.open_embedder = lambda _: HashEmbedder()
sys.exit(main(sys.argv[2:]))
"""


def _run(articles: Path, workers: Path, address: str, head: str) -> subprocess.Popen[str]:
    """`pressmark index` in a process of its own, slowly."""
    command = ["index", str(articles), "--index", address, "--ray", head]
    return subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(workers), *command],
        cwd=ROOT,
        env={**os.environ, "PRESSMARK_CHUNK_TOKENS": str(CHUNK_TOKENS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _await_documents(index: Index, n: int) -> None:
    until(lambda: index.counts().documents >= n)


def test_a_head_that_dies_is_one_line_and_what_is_stored_is_kept(
    cluster: Any, databases: Databases, articles: Path, workers: Path
) -> None:
    place, alone = databases.make(), databases.make()
    lost = _start_cluster()
    run = _run(articles, workers, typed(place), lost.address)
    with Index(place, HashEmbedder(), CHUNK_TOKENS) as index:
        _await_documents(index, 8)
        lost.remove_node(lost.head_node, allow_graceful=False)
        out, err = run.communicate(timeout=120)
        assert (run.returncode, out) == (1, ""), err
        assert index.counts().documents >= 8
        assert index.backend.faults() == []
    lost.shutdown()
    last = err.replace("\r", "\n").splitlines()[-1]
    assert last.startswith("pressmark: stopped after ")
    assert "the head of the Ray cluster at" in last
    assert "run the same command again" in last
    _ingest(cluster, place, articles, workers)
    _alone(alone, articles)
    assert all_rows(place, CHUNK_TOKENS) == all_rows(alone, CHUNK_TOKENS)


def test_ctrl_c_is_one_line_keeps_what_is_stored_and_shows_no_password(
    cluster: Any, databases: Databases, articles: Path, workers: Path
) -> None:
    place, alone = databases.make(), databases.make()
    address = typed(place).replace("postgres:@", "postgres:s3cret@", 1)
    assert "s3cret" in address
    run = _run(articles, workers, address, cluster.address)
    with Index(place, HashEmbedder(), CHUNK_TOKENS) as index:
        _await_documents(index, 8)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        assert (run.returncode, out) == (130, ""), err
        assert index.counts().documents >= 8
    last = err.replace("\r", "\n").splitlines()[-1]
    assert last.startswith("pressmark: stopped after ")
    assert "run the same command again to go on" in last
    assert "s3cret" not in err
    logs = Path("/tmp/ray") / "session_latest"
    assert not _holding(logs, "s3cret")
    _ingest(cluster, place, articles, workers)
    _alone(alone, articles)
    assert all_rows(place, CHUNK_TOKENS) == all_rows(alone, CHUNK_TOKENS)


def _holding(folder: Path, text: str) -> list[Path]:
    """The files of Ray's logs that hold a text."""
    paths = [path for path in folder.resolve().rglob("*") if path.is_file()]
    assert paths
    return [path for path in paths if text.encode() in path.read_bytes()]
