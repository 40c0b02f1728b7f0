"""Readers in other processes: what was added is seen, what was removed is not, at the next look."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.ingest.build import build
from index.ingest.remove import remove
from index.store.index import Index
from tests.database import typed
from tests.hashing import HashEmbedder
from tests.modules import ROOT

READERS = 3
ROUNDS = 5

READER = """
import sys
from index.address import read_place
from index.store.index import Index
from tests.hashing import HashEmbedder

with Index(read_place(sys.argv[1]), HashEmbedder(), 60) as index:
    for query in sys.stdin:
        lexical = index.search_lexical(query, 100)
        dense = index.search_dense(HashEmbedder().embed([query])[0], 100)
        print(*{f"l{c.document_id}" for c, _ in lexical}, *{f"d{c.document_id}" for c, _ in dense})
        sys.stdout.flush()
"""


class Reader:
    """A process that looks again and again; every look is kept with its time."""

    def __init__(self, place: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", READER, typed(place)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        self.looks: list[tuple[float, float, set[str]]] = []

    def look(self) -> set[str]:
        """What it finds now, by words and by likeness."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            begun = time.monotonic()
            self._process.stdin.write("ship\n")
            self._process.stdin.flush()
            found = set(self._process.stdout.readline().split())
            self.looks.append((begun, time.monotonic(), found))
            return found

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def _looking(readers: list[Reader]) -> Iterator[None]:
    """While they all look as often as they can."""
    stop = threading.Event()

    def watch(reader: Reader) -> None:
        while not stop.is_set():
            reader.look()

    threads = [threading.Thread(target=watch, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_readers_see_what_was_added_and_never_what_was_removed(home: Path, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "always.txt").write_text("A ship is always there.")
    there: list[tuple[str, float, float, float]] = []
    with Index(home, HashEmbedder(), 60) as index:
        build(index, [articles])
        readers = [Reader(home) for _ in range(READERS)]
        for reader in readers:
            reader.look()
        with _looking(readers):
            for number in range(ROUNDS):
                file = articles / f"{number}.txt"
                file.write_text(f"Ship {number} came in.")
                build(index, [file])
                (document_id,) = index.documents_in(str(file)).values()
                added = time.monotonic()
                assert all({f"l{document_id}", f"d{document_id}"} <= r.look() for r in readers)
                removing = time.monotonic()
                remove(index, [str(file)])
                there.append((document_id, added, removing, time.monotonic()))
        for reader in readers:
            reader.look()
            reader.close()
    for reader in readers:
        assert len(reader.looks) > ROUNDS
        for begun, ended, found in reader.looks:
            for document_id, added, removing, removed in there:
                both = {f"l{document_id}", f"d{document_id}"}
                assert not (begun > removed and found & both)
                assert not (added < begun and ended < removing) or both <= found
