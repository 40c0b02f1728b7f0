"""An index that is copied is the same one elsewhere: equal rows, equal search, both ways."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.copy import copy_index, digest_of
from index.errors import StoreError
from index.ingest.build import build
from index.ingest.outcome import Status
from index.store.index import Index
from tests.database import typed
from tests.hashing import HashEmbedder
from tests.modules import ROOT
from ui.cli import main

CRASHES = int(os.environ.get("PRESSMARK_CRASHES", "3"))
"""How often a copy is killed; 20 were run."""
WORDS = "ship port harbour".split()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(6):
        lines = [f"In {1900 + number} ship {number * 7 + n} left port {n}." for n in range(12)]
        (folder / f"{number}.txt").write_text("\n\n".join(lines))
    return folder


@pytest.fixture
def origin(tmp_path: Path, articles: Path) -> Path:
    place = tmp_path / "origin"
    with Index(place, HashEmbedder(), 60) as index:
        build(index, [articles], collection="ships")
    return place


def _found(index: Index, query: str) -> tuple[dict[str, float], list[str]]:
    lexical = {c.id: round(s, 4) for c, s in index.search_lexical(query, 50)}
    dense = [c.id for c, _ in index.search_dense(HashEmbedder().embed([query])[0], 5)]
    return lexical, dense


def test_a_copy_there_and_back_is_equal_and_finds_the_same(
    origin: Path, home: Path, articles: Path, tmp_path: Path
) -> None:
    back = tmp_path / "back"
    assert main(["copy", str(origin), typed(home)]) == 0
    assert main(["copy", typed(home), str(back)]) == 0
    with (
        Index(origin, HashEmbedder(), 60) as first,
        Index(home, HashEmbedder(), 60) as second,
        Index(back, HashEmbedder(), 60) as third,
    ):
        assert digest_of(first) == digest_of(second) == digest_of(third)
        assert first.counts() == second.counts() == third.counts()
        for query in WORDS:
            assert _found(first, query) == _found(second, query) == _found(third, query)
        report = build(third, [articles])
        assert report.count(Status.UNCHANGED) == 6


def test_a_copy_that_was_stopped_goes_on(
    origin: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.copy._BATCH", 2)
    n_seen = 0

    def stop() -> None:
        nonlocal n_seen
        n_seen += 1
        if n_seen == 3:
            raise KeyboardInterrupt

    with Index(origin, HashEmbedder(), 60) as first, Index(home, HashEmbedder(), 60) as second:
        with pytest.raises(KeyboardInterrupt):
            copy_index(first, second, on_document=stop)
        assert digest_of(first) != digest_of(second)
        assert copy_index(first, second) == 2
        assert digest_of(first) == digest_of(second)


COPY = """
import sys
import chromadb, psycopg_pool  # loaded before the clock starts
import index.copy
from ui.cli import main

index.copy._BATCH = 2
print("ready", flush=True)
sys.exit(main(["copy", sys.argv[1], sys.argv[2]]))
"""


def test_killed_anywhere_and_run_again_it_copies_the_same(
    home: Path, articles: Path, tmp_path: Path
) -> None:
    for number in range(15 * CRASHES):
        ships = [f"In {1700 + number} ship {number * 13 + n} sank at {n}." for n in range(12)]
        (articles / f"more{number:03}.txt").write_text("\n\n".join(ships))
    origin = tmp_path / "origin"
    with Index(origin, HashEmbedder(), 60) as index:
        build(index, [articles], collection="ships")
    draw, kills = random.Random(5), 0
    for _ in range(CRASHES):
        run = subprocess.Popen(
            [sys.executable, "-c", COPY, str(origin), typed(home)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
        time.sleep(draw.uniform(0.1, 0.6))
        run.kill()
        run.communicate()
        kills += run.returncode == -signal.SIGKILL
    assert kills >= CRASHES // 2
    assert main(["copy", str(origin), typed(home)]) == 0
    with Index(origin, HashEmbedder(), 60) as first, Index(home, HashEmbedder(), 60) as second:
        assert digest_of(first) == digest_of(second)
        assert first.counts() == second.counts()
        for query in WORDS:
            assert _found(first, query) == _found(second, query)


def test_another_index_is_not_overwritten(origin: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("The tunnel was flooded on Sunday.")
    with Index(origin, HashEmbedder(), 60) as first, Index(home, HashEmbedder(), 60) as second:
        build(second, [tmp_path / "other.txt"])
        before = digest_of(second)
        with pytest.raises(StoreError, match=r"1 documents that are not in .*empty database"):
            copy_index(first, second)
        assert digest_of(second) == before
