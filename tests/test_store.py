"""The index between processes: writers, many readers, and removals that leave nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.errors import IndexLocked, IndexNotFound, StoreError
from index.ingest.build import build
from index.ingest.outcome import Status
from index.ingest.remove import remove
from index.read import Reader, Record
from index.store.index import Index
from tests.database import typed
from tests.hashing import HashEmbedder
from tests.stored import is_shared, local, shared, vector_rows
from ui.chat.library import IndexLibrary

ROOT = Path(__file__).parent.parent
FLOOD = "The river rose by two metres on Sunday.\n\nVolunteers filled 5,000 sandbags."
FIRE = "A warehouse burned down on Tuesday.\n\nNobody was hurt in the fire."
VOTE = "The council voted for the tram line.\n\nBuilding begins in the spring."

WRITER = """
import sys
from pathlib import Path
from index.address import read_place
from index.ingest.build import build
from index.read import Reader, Record
from index.ingest.remove import remove
from index.store.index import Index
from tests.hashing import HashEmbedder
with Index(read_place(sys.argv[1]), HashEmbedder(), 60) as index:
    for line in sys.stdin:
        what, _, path = line.strip().partition(" ")
        if what == "hold":
            with index.writing():
                print("ok", flush=True)
                sys.stdin.readline()
        elif what == "remove":
            remove(index, [path])
        else:
            build(index, [Path(path)])
        print("ok", flush=True)
"""


class Writer:
    """Another process that writes the index as it is told."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, typed(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> None:
        self.say(line)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ok\n"

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in (("flood", FLOOD), ("fire", FIRE), ("vote", VOTE)):
        (folder / f"{name}.txt").write_text(text)
    return folder


@pytest.fixture
def index(home: Path, articles: Path) -> Iterator[Index]:
    with Index(home, HashEmbedder(), 60) as index:
        build(index, [articles])
        yield index


@pytest.fixture
def in_folder(tmp_path: Path, articles: Path) -> Iterator[Index]:
    """An index in a folder, which one process writes at a time."""
    with Index(tmp_path / "index", HashEmbedder(), 60) as index:
        build(index, [articles])
        yield index


@pytest.fixture
def writer(index: Index) -> Iterator[Writer]:
    writer = Writer(index.folder)
    yield writer
    writer.close()


@pytest.fixture
def folder_writer(in_folder: Index) -> Iterator[Writer]:
    writer = Writer(in_folder.folder)
    yield writer
    writer.close()


def _id(index: Index, name: str) -> str:
    (found,) = [d.id for d in index.documents() if Path(d.path).name == name]
    return found


def _rows_of(index: Index, document_id: str, word: str) -> dict[str, int]:
    """Rows of one document, and occurrences of a word that it alone has, everywhere."""
    rows = shared(index)._rows if is_shared(index) else local(index).catalogue._rows
    mark = "%s" if is_shared(index) else "?"
    tables = {
        table: rows(f"SELECT count(*) FROM {table} WHERE {column} = {mark}", document_id)[0][0]
        for table, column in (
            ("documents", "id"),
            ("places", "document_id"),
            ("sentences", "document_id"),
            ("chunks", "document_id"),
            ("signatures", "document_id"),
            ("near", "document_id"),
        )
    }
    index.search_lexical(word, 1)
    tables["vectors"] = vector_rows(index, document_id)
    if is_shared(index):
        n_blocks = rows("SELECT count(*) FROM blocks WHERE term = %s", word)[0][0]
        n_fresh = rows("SELECT count(*) FROM fresh WHERE term = %s", word)[0][0]
        return {**tables, "words": n_blocks + n_fresh}
    (pending,) = rows("SELECT count(*) FROM pending WHERE document_id = ?", document_id)
    return {
        **tables,
        "pending": pending[0],
        "words": len(local(index).lexical()._postings(word)[0]),
        "lexical file": (index.folder / "lexical.npz").read_bytes().count(word.encode()),
    }


def _by_path(index: Index, articles: Path) -> None:
    assert remove(index, [str(articles / "flood.txt")])[0].status == "removed"


def _by_id(index: Index, articles: Path) -> None:  # noqa: ARG001
    assert remove(index, [_id(index, "flood.txt")[:12]])[0].status == "removed"


def _by_prune(index: Index, articles: Path) -> None:
    (articles / "flood.txt").unlink()
    assert build(index, [articles], prune=True).count(Status.REMOVED) == 1


def _in_the_chat(index: Index, articles: Path) -> None:
    library = IndexLibrary(index, articles.parent / "uploads", max_file_bytes=1000)
    assert library.remove(_id(index, "flood.txt"))


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("way", [_by_path, _by_id, _by_prune, _in_the_chat])
def test_a_removal_leaves_no_row_anywhere(
    index: Index, articles: Path, way: Callable[[Index, Path], None], sealed: bool
) -> None:
    if sealed:
        if not is_shared(index):
            pytest.skip("a folder's words are in one file")
        shared(index).seal()
    document_id = _id(index, "flood.txt")
    before = _rows_of(index, document_id, "sandbag")
    assert before["documents"] == before["vectors"] == before["words"] == 1
    assert before["sentences"] == 2
    assert before.get("lexical file", 1) == 1
    way(index, articles)
    assert set(_rows_of(index, document_id, "sandbag").values()) == {0}
    assert index.counts().documents == 2
    assert vector_rows(index) == 2


def test_a_folder_goes_as_a_whole_and_a_copy_elsewhere_stays(
    index: Index, articles: Path, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "fire.txt").write_text(FIRE)
    build(index, [other])
    outcomes = {Path(o.path).name: o for o in remove(index, [str(articles)])}
    assert {o.status for o in outcomes.values()} == {"removed"}
    assert outcomes["fire.txt"].reason == f"the same text stays indexed as {other / 'fire.txt'}"
    assert outcomes["flood.txt"].reason is None
    assert [d.path for d in index.documents()] == [str(other / "fire.txt")]


def test_what_is_not_indexed_is_unknown_and_the_rest_goes(index: Index, articles: Path) -> None:
    outcomes = remove(index, ["nowhere.txt", "0123456789ab", str(articles / "vote.txt")])
    assert [(o.status, o.reason) for o in outcomes] == [
        ("unknown", "is not indexed"),
        ("unknown", "is not indexed"),
        ("removed", None),
    ]


def test_a_removed_file_that_is_still_there_is_added_again(index: Index, articles: Path) -> None:
    remove(index, [str(articles / "vote.txt")])
    assert build(index, [articles]).count(Status.ADDED) == 1


def test_an_index_without_its_embedder_removes_and_does_not_embed(
    index: Index, articles: Path, tmp_path: Path
) -> None:
    with Index.unembedded(index.folder) as opened:
        remove(opened, [str(articles / "vote.txt")])
        with pytest.raises(StoreError, match="without its embedder"):
            opened.embedder.embed(["a text"])
    assert index.counts().documents == 2
    with pytest.raises(IndexNotFound):
        Index.unembedded(tmp_path / "none")


def test_a_reader_sees_what_another_process_adds_and_never_what_it_removed(
    index: Index, writer: Writer, articles: Path
) -> None:
    vector = HashEmbedder().embed(["river"])[0]
    for number in range(8):
        path = articles / f"new{number}.txt"
        path.write_text(f"The {number}th comet was seen over village{number}.")
        writer.tell(f"index {path}")
        found = {chunk.text for chunk, _ in index.search_dense(vector, 50)}
        assert any(f"village{number}" in text for text in found)
        assert len(index.search_lexical(f"village{number}", 5)) == 1
        writer.tell(f"remove {path}")
        found = {chunk.text for chunk, _ in index.search_dense(vector, 50)}
        assert not any(f"village{number}" in text for text in found)
        assert index.search_lexical(f"village{number}", 5) == []
    assert len(found) == 3


def test_a_reader_asks_on_while_another_process_writes(
    index: Index, writer: Writer, articles: Path
) -> None:
    for number in range(300):
        (articles / f"many{number}.txt").write_text(
            "\n\n".join(f"Ship {number} carried cargo {number * n} in {1800 + n}." for n in (1, 2))
        )
    vector = HashEmbedder().embed(["river"])[0]
    writer.say(f"index {articles}")
    counts, deadline = [], time.monotonic() + 60
    while time.monotonic() < deadline:
        n = index.counts().documents
        dense, lexical = index.search_dense(vector, 400), index.search_lexical("cargo flood", 400)
        # All that was there before the search is found; nothing is found twice.
        assert len({chunk.id for chunk, _ in dense}) == len(dense) >= n
        assert len(lexical) >= n - 3
        counts.append(n)
        if n == 303:
            break
    assert counts[-1] == 303


def test_a_second_writer_names_the_first_and_a_dead_ones_note_is_not_believed(
    in_folder: Index, folder_writer: Writer, articles: Path
) -> None:
    folder_writer.tell("hold")
    with pytest.raises(
        IndexLocked, match=f"process {folder_writer.process.pid} is writing"
    ) as locked:
        build(in_folder, [articles])
    assert locked.value.holder == f"process {folder_writer.process.pid}"
    note = in_folder.folder / "writer.pid"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    note.write_text(str(dead.pid))
    with pytest.raises(IndexLocked, match="another process is writing") as locked:
        build(in_folder, [articles])
    assert locked.value.holder == "another process"
    # Killed, it lets go of the lock, whatever its note says.
    note.write_text(str(folder_writer.process.pid))
    folder_writer.close()
    assert build(in_folder, [articles]).count(Status.UNCHANGED) == 3
    assert not note.exists()


def test_a_writer_that_waits_goes_on_when_the_first_has_ended(
    in_folder: Index, folder_writer: Writer, articles: Path
) -> None:
    folder_writer.tell("hold")
    release = threading.Timer(0.5, lambda: folder_writer.say(""))
    release.start()
    assert build(in_folder, [articles], wait_s=20).count(Status.UNCHANGED) == 3
    release.join()


def test_questions_are_answered_between_the_batches_of_an_upload(
    index: Index, articles: Path
) -> None:
    """A reader in the same process is not kept waiting for a whole ingest."""

    class Slow(HashEmbedder):
        def embed(self, *arguments: object) -> object:  # type: ignore[override]
            time.sleep(0.5)
            return super().embed(*arguments)  # type: ignore[arg-type]

    for number in range(3):
        (articles / f"late{number}.txt").write_text(f"Late story {number} from the harbour.")
    vector = HashEmbedder().embed(["river"])[0]
    index.embedder = Slow()  # type: ignore[assignment]
    upload = threading.Thread(target=build, args=(index, [articles]))
    upload.start()
    waits = []
    while upload.is_alive():
        asked = time.monotonic()
        index.search_dense(vector, 3)
        index.search_lexical("harbour", 3)
        waits.append(time.monotonic() - asked)
        time.sleep(0.01)
    upload.join()
    assert len(waits) > 10
    assert max(waits) < 0.4
    assert len(index.search_lexical("harbour", 5)) == 3


def test_rebuilding_shows_an_open_reader_an_empty_index(index: Index, articles: Path) -> None:
    vector = HashEmbedder().embed(["river"])[0]
    assert len(index.search_dense(vector, 5)) == 3
    Index.destroy(index.folder)
    assert index.counts().documents == 0
    assert index.search_lexical("river", 5) == []
    assert index.search_dense(vector, 5) == []
    with Index(index.folder, HashEmbedder(), 60) as other:
        build(other, [articles / "vote.txt"])
    assert len(index.search_dense(vector, 5)) == 1


def test_an_untouched_file_is_not_opened_and_a_touched_one_is(
    index: Index, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = Reader.records

    def records(self: Reader, path: Path) -> list[Record]:
        opened.append(path.name)
        return real(self, path)

    monkeypatch.setattr(Reader, "records", records)
    build(index, [articles])
    # Written a moment ago: a later write might not show in their times.
    assert sorted(opened) == ["fire.txt", "flood.txt", "vote.txt"]
    monkeypatch.setattr("index.ingest.fingerprint._TICK_NS", -1)
    build(index, [articles])
    opened.clear()
    build(index, [articles])
    assert opened == []
    before = (articles / "vote.txt").stat()
    (articles / "vote.txt").write_text(VOTE.replace("spring", "autumn")[: len(VOTE)])
    os.utime(articles / "vote.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (articles / "vote.txt").stat().st_size == before.st_size
    # Same size and time of writing: the time of the change gives it away.
    assert build(index, [articles]).count(Status.UPDATED) == 1
    assert opened == ["vote.txt"]
