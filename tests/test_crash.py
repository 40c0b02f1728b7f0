"""Killed, interrupted, out of disk: run again, and nothing tells that anything happened."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from index.address import address_of
from index.ingest.build import build
from index.store.index import Index
from tests.database import Databases, typed
from tests.hashing import HashEmbedder
from tests.stored import all_rows

ROOT = Path(__file__).parent.parent
KILLS = 20
CHUNK_TOKENS = 60

INGEST = """
import sys, time
from pathlib import Path
import chromadb, psycopg_pool, rensa  # loaded before the clock starts
from index.address import read_place
import index.ingest.writer
from index.ingest.build import build
from index.store.index import Index
from tests.hashing import HashEmbedder

folder, articles, limit = read_place(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
index.ingest.writer._BATCH_TEXTS = 60
import index.store.local
index.store.local._GROWTH = 40
import index.store.postgres.backend
index.store.postgres.backend._UNSEALED = 40
with Index(folder, HashEmbedder(), 60) as opened:
    if limit:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    print("ready", flush=True)
    build(opened, [articles], prune=True, on_file=lambda o: print(o.path, flush=True))
print("done", flush=True)
"""


def write_articles(articles: Path, numbers: Sequence[int], version: int = 1) -> None:
    """Articles of 12 sentences; every fifth is nearly the same as the one before it."""
    articles.mkdir(exist_ok=True)
    for number in numbers:
        story = number - 1 if number % 5 == 4 else number
        lines = [
            f"In {1900 + story} ship {story * 31 + line} of version {version} left port {line}."
            for line in range(12)
        ]
        if story != number:
            lines.append(f"This was reported by paper number {number}.")
        (articles / f"{number:03}.txt").write_text("\n\n".join(lines))


def _change(articles: Path) -> None:
    """What a second run has to do: add, replace, remove, rename and copy."""
    write_articles(articles, range(60, 75))
    write_articles(articles, range(10, 20), version=2)
    for number in range(20, 28):
        (articles / f"{number:03}.txt").unlink()
    (articles / "030.txt").rename(articles / "renamed.txt")
    (articles / "copy.txt").write_bytes((articles / "031.txt").read_bytes())


def _start(folder: Path, articles: Path, limit: int = 0) -> subprocess.Popen[str]:
    run = subprocess.Popen(
        [sys.executable, "-c", INGEST, typed(folder), str(articles), str(limit)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run that a script put in the background hands its deafness to Ctrl-C down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    return run


def _finish(run: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = run.communicate(timeout=120)
    return out, err


Undisturbed = tuple[Path, dict[str, Any], float]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Articles in their second state, the rows of a run over each state, and its seconds."""
    base = tmp_path_factory.mktemp("undisturbed")
    return _undisturbed(base, base / "index")


@pytest.fixture(scope="module")
def undisturbed_database(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Undisturbed:
    """The same of an index in a database."""
    return _undisturbed(tmp_path_factory.mktemp("undisturbed"), databases.make())


def _undisturbed(base: Path, folder: Path) -> Undisturbed:
    articles = base / "articles"
    write_articles(articles, range(60))
    _finish(_start(folder, articles))
    _change(articles)
    run = _start(folder, articles)
    started = time.monotonic()
    assert _finish(run)[0].endswith("done\n")
    return articles, all_rows(folder, CHUNK_TOKENS), time.monotonic() - started


def test_killed_anywhere_and_run_again_it_equals_an_undisturbed_run(
    request: pytest.FixtureRequest, home: Path, tmp_path: Path
) -> None:
    is_shared = address_of(home) is not None
    # The same path as there: it is part of the rows.
    articles, expected, seconds = request.getfixturevalue(
        "undisturbed_database" if is_shared else "undisturbed"
    )
    folder = home
    draw = random.Random(7)
    kills = 0
    first = tmp_path / "first"
    write_articles(first, range(60))
    assert len(expected["near"]) > 10
    n = KILLS // 2 if is_shared else KILLS
    for attempt in range(n):
        # Half way it goes over to the second state.
        run = _start(folder, first if attempt < n // 2 else articles)
        time.sleep(draw.uniform(0, 1.1 * seconds * (0.3 + attempt % 10 / 10)))
        run.send_signal(signal.SIGKILL)
        _finish(run)
        kills += run.returncode == -signal.SIGKILL
        assert _readable(folder)
    # Some may have ended before the shot; most have not.
    assert kills >= n // 2
    with Index(folder, HashEmbedder(), CHUNK_TOKENS) as index:
        build(index, [articles])
        build(index, [], prune=True)
        for path in first.iterdir():
            path.unlink()
        build(index, [first], prune=True)
    assert all_rows(folder, CHUNK_TOKENS) == expected


def _readable(folder: Path) -> bool:
    """Whether a reader finds only what the catalogue has, while nobody has cleared up."""
    with Index(folder, HashEmbedder(), CHUNK_TOKENS) as index:
        vector = HashEmbedder().embed(["ship"])[0]
        dense = index.search_dense(vector, 20)
        lexical = index.search_lexical("ship", 20)
        hits = [chunk.document_id for chunk, _ in [*dense, *lexical]]
        return all(index.has_document(document_id) for document_id in hits)


@pytest.mark.parametrize("limit", [150_000, 400_000, 1_000_000])
def test_a_full_disk_keeps_what_was_stored_and_the_next_run_goes_on(
    undisturbed: Undisturbed, tmp_path: Path, limit: int
) -> None:
    articles, expected, _ = undisturbed
    folder = tmp_path / "index"
    with Index(folder, HashEmbedder(), CHUNK_TOKENS) as index:
        build(index, [articles / "000.txt"])
    # No file may grow over the limit: writing fails as it does on a full disk.
    run = _start(folder, articles, limit)
    out, err = _finish(run)
    assert run.returncode == 1
    assert "done" not in out
    last = err.strip().splitlines()[-1]
    assert last.startswith("index.errors.StoreError")
    assert "free disk space" in last
    assert _readable(folder)
    with Index(folder, HashEmbedder(), CHUNK_TOKENS) as index:
        # What was told as stored is there.
        told = [line for line in out.splitlines() if line.endswith(".txt")]
        found = {place.path for place in index.places()}
        assert {str(articles / "000.txt"), *told} <= found
    assert _finish(_start(folder, articles))[0].endswith("done\n")
    assert all_rows(folder, CHUNK_TOKENS) == expected


def test_ctrl_c_stops_within_two_seconds_and_the_next_run_goes_on(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    articles, expected, seconds = undisturbed
    folder = tmp_path / "index"
    for part in (0.1, 0.3, 0.5):
        run = _start(folder, articles)
        time.sleep(part * seconds)
        asked = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, err = _finish(run)
        assert time.monotonic() - asked < 2
        # Each run finds less to do; the first one was stopped for certain.
        assert "KeyboardInterrupt" in err or (part > 0.1 and out.endswith("done\n"))
    assert _finish(_start(folder, articles))[0].endswith("done\n")
    assert all_rows(folder, CHUNK_TOKENS) == expected


KILL_AT = """
import os, signal, sys
from pathlib import Path
from index.ingest.build import build
from index.store.catalogue import Catalogue
from index.store.lexical import LexicalIndex
from index.store.index import Index
from tests.hashing import HashEmbedder

owner = LexicalIndex if sys.argv[3] == "save" else Catalogue

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

with Index(Path(sys.argv[1]), HashEmbedder(), 60) as opened:
    setattr(owner, sys.argv[3], die)
    build(opened, [Path(sys.argv[2])], prune=True)
"""


@pytest.mark.parametrize("step", ["announce", "store", "settle", "save"])
def test_killed_between_two_steps_it_leaves_nothing_of_what_is_then_gone(
    tmp_path: Path, step: str
) -> None:
    articles, folder = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, range(6))
    with Index(folder, HashEmbedder(), CHUNK_TOKENS) as index:
        build(index, [articles])
    write_articles(articles, range(6, 9))
    write_articles(articles, [0], version=2)
    (articles / "001.txt").unlink()
    run = subprocess.run(
        [sys.executable, "-c", KILL_AT, str(folder), str(articles), step], cwd=ROOT, check=False
    )
    assert run.returncode == -signal.SIGKILL
    assert _readable(folder)
    # What was being stored is not there to be stored again: its rows must go all the same.
    write_articles(articles, [0], version=3)
    for number in (6, 7, 8):
        (articles / f"{number:03}.txt").unlink()
    with Index(folder, HashEmbedder(), CHUNK_TOKENS) as index:
        build(index, [articles], prune=True)
    with Index(tmp_path / "fresh", HashEmbedder(), CHUNK_TOKENS) as index:
        build(index, [articles])
    assert all_rows(folder, CHUNK_TOKENS) == all_rows(tmp_path / "fresh", CHUNK_TOKENS)
