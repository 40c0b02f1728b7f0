"""Following a folder: added, changed and removed as it happens, and stopped at once."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import UnreadableDocument
from index.ingest.outcome import Outcome
from index.ingest.watch import watch
from index.store.index import Index
from tests.hashing import HashEmbedder


class Follower:
    """`watch` in a thread; what it yields, in a queue."""

    def __init__(self, index: Index, roots: list[Path]) -> None:
        self.seen: queue.Queue[Outcome] = queue.Queue()
        self.stop = threading.Event()
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(index, roots))
        self._thread.start()

    def _run(self, index: Index, roots: list[Path]) -> None:
        try:
            for outcome in watch(index, roots, stop=self.stop):
                self.seen.put(outcome)
        except UnreadableDocument as error:
            self.error = error

    def next(self) -> tuple[str, str]:
        outcome = self.seen.get(timeout=20)
        return outcome.status, Path(outcome.path).name

    def quiet(self) -> bool:
        """Whether nothing more comes."""
        time.sleep(1.5)
        return self.seen.empty()

    def end(self) -> float:
        """Stop; return how long that took, in seconds."""
        asked = time.monotonic()
        self.stop.set()
        self._thread.join(timeout=20)
        return time.monotonic() - asked

    def join(self) -> None:
        self._thread.join(timeout=20)


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry was late.")
    return folder


@pytest.fixture
def index(articles: Path) -> Iterator[Index]:
    # Within the folder that is followed: its own writes must not wake it.
    with Index(articles / "index", HashEmbedder(), 60) as index:
        yield index


@pytest.fixture
def follower(index: Index, articles: Path) -> Iterator[Follower]:
    follower = Follower(index, [articles])
    yield follower
    follower.end()


def test_changes_are_indexed_as_they_happen(
    index: Index, articles: Path, follower: Follower
) -> None:
    assert follower.next() == ("added", "a.txt")
    (articles / "deep").mkdir()
    (articles / "deep" / "b.md").write_text("A bridge was closed.")
    assert follower.next() == ("added", "b.md")
    (articles / "a.txt").write_text("The ferry was early.")
    assert follower.next() == ("updated", "a.txt")
    (articles / "deep" / "b.md").unlink()
    assert follower.next() == ("removed", "b.md")
    assert follower.quiet()
    assert [d.text for d in index.documents()] == ["The ferry was early."]
    assert follower.end() < 2


def test_a_bad_file_is_told_of_once(articles: Path, follower: Follower) -> None:
    assert follower.next() == ("added", "a.txt")
    (articles / "bad.txt").write_bytes(b"")
    assert follower.next() == ("skipped", "bad.txt")
    (articles / "c.txt").write_text("A tram derailed.")
    assert follower.next() == ("added", "c.txt")
    assert follower.quiet()


def test_a_single_file_is_followed_over_its_replacement(index: Index, articles: Path) -> None:
    follower = Follower(index, [articles / "a.txt"])
    try:
        assert follower.next() == ("added", "a.txt")
        (articles / "other.txt").write_text("Not asked for.")
        (articles / "a.new").write_text("The ferry sank.")
        (articles / "a.new").replace(articles / "a.txt")
        assert follower.next() == ("updated", "a.txt")
        (articles / "a.txt").unlink()
        assert follower.next() == ("removed", "a.txt")
        assert index.counts().documents == 0
    finally:
        follower.end()


def test_a_folder_that_vanishes_ends_it_and_removes_nothing(tmp_path: Path, articles: Path) -> None:
    with Index(tmp_path / "index", HashEmbedder(), 60) as index:
        follower = Follower(index, [articles])
        assert follower.next() == ("added", "a.txt")
        articles.rename(tmp_path / "unplugged")
        follower.join()
        assert "is gone; nothing of it was removed" in str(follower.error)
        assert index.counts().documents == 1
