"""An index that is copied is the same one elsewhere: equal rows, equal search, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.copy import copy_index, digest_of
from index.errors import StoreError
from index.ingest.build import build
from index.ingest.outcome import Status
from index.store.index import Index
from tests.database import typed
from tests.hashing import HashEmbedder
from ui.cli import main

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


def test_another_index_is_not_overwritten(origin: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("The tunnel was flooded on Sunday.")
    with Index(origin, HashEmbedder(), 60) as first, Index(home, HashEmbedder(), 60) as second:
        build(second, [tmp_path / "other.txt"])
        before = digest_of(second)
        with pytest.raises(StoreError, match=r"1 documents that are not in .*empty database"):
            copy_index(first, second)
        assert digest_of(second) == before
