"""An index in a database: several writers, a server that goes away, passwords kept quiet."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from index.address import address_of, quiet, read_place, shown
from index.config import load_settings
from index.errors import ConfigError, IndexMismatch, StoreError
from index.ingest.build import build
from index.ingest.fingerprint import look
from index.ingest.intake import Decision, FileRecords, FoundAgain, decide
from index.ingest.outcome import Status
from index.ingest.remove import remove
from index.read import Record
from index.store.index import Index
from tests.database import Databases, typed
from tests.hashing import HashEmbedder
from tests.stored import all_rows, shared
from tests.test_crash import INGEST, ROOT
from ui.cli import main

CRASHES = int(os.environ.get("PRESSMARK_CRASHES", "4"))
"""How often a server is killed; 20 were run."""
N = 100
"""Articles that each of two writers brings; half of them both."""


def _article(folder: Path, number: int) -> None:
    """Every fourth is nearly the same as the one before it."""
    folder.mkdir(exist_ok=True)
    story = number - 1 if number % 4 == 3 else number
    lines = [f"In {1900 + story} ship {story * 31 + n} left port {n} at noon." for n in range(12)]
    if story != number:
        lines.append(f"This was reported by paper {number}.")
    (folder / f"{number:03}.txt").write_text("\n\n".join(lines))


def _ingest(place: Path, articles: Path) -> subprocess.Popen[str]:
    run = subprocess.Popen(
        [sys.executable, "-c", INGEST, typed(place), str(articles), "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    return run


def test_two_writers_leave_what_one_would_have_left(databases: Databases, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for number in range(N):
        _article(one, number)
    for number in range(N // 2, N + N // 2):
        _article(other, number)
    together, alone = databases.make(), databases.make()
    runs = [_ingest(together, one), _ingest(together, other)]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert out.endswith("done\n"), err
    with Index(alone, HashEmbedder(), 60) as index:
        build(index, [one])
        build(index, [other])
        counts = index.counts()
    assert counts.documents == N + N // 2
    assert counts.near > N // 2
    assert all_rows(together, 60) == all_rows(alone, 60)


def test_a_server_that_is_killed_is_waited_for_and_nothing_is_lost(
    databases: Databases, tmp_path: Path
) -> None:
    articles = tmp_path / "articles"
    for number in range(40 * CRASHES):
        _article(articles, number)
    disturbed, quietly = databases.make(), databases.make()
    with Index(quietly, HashEmbedder(), 60) as index:
        build(index, [articles])
    run = _ingest(disturbed, articles)
    draw, hits = random.Random(3), 0
    assert run.stdout is not None
    for number in range(CRASHES):
        # It has gone on since the last time: no patience lasts for a server that is never there.
        run.stdout.readline()
        time.sleep(draw.uniform(0, 0.4))
        hits += run.poll() is None
        # One connection's process, and the whole server with all of them.
        (databases.crash if number % 2 else databases.kill)()
        databases.wait()
    out, err = run.communicate(timeout=300)
    assert out.endswith("done\n"), err
    assert hits >= CRASHES // 2
    # It says for whom it waits, without an address's secrets, and says it in one line each time.
    assert set(err.splitlines()) <= {f"{shown(disturbed)} does not answer: waiting for it"}
    assert all_rows(disturbed, 60) == all_rows(quietly, 60)


def test_what_two_machines_bring_is_stored_once(databases: Databases, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    _article(one, 1)
    with Index(databases.make(), HashEmbedder(), 60) as index:
        assert build(index, [one]).n_embedded > 0
        (document_id,) = index.documents_in(str(one / "001.txt")).values()
        # The same bytes at another path.
        _article(other, 1)
        report = build(index, [other])
        assert (report.n_embedded, index.counts().documents) == (0, 1)
        assert {place.document_id for place in index.places()} == {document_id}
        before = all_rows(index.folder, 60)
        # The same path as another machine sees it: another inode, other times.
        file, copy = one / "001.txt", one / "001.new"
        copy.write_bytes(file.read_bytes())
        os.utime(copy, (1_500_000_000, 1_500_000_000))
        copy.replace(file)
        assert index.fingerprint(str(file)) != look(file)[0]
        report = build(index, [one, other])
        assert (report.n_embedded, report.count(Status.UNCHANGED)) == (0, 2)
        assert all_rows(index.folder, 60) == before


def test_a_reader_outlives_a_crash(databases: Databases, tmp_path: Path) -> None:
    _article(tmp_path / "articles", 1)
    with Index(databases.make(), HashEmbedder(), 60) as index:
        build(index, [tmp_path / "articles"])
        before = index.search_lexical("ship", 5)
        databases.crash()
        assert index.search_lexical("ship", 5) == before != []


def test_a_replaced_document_counts_once_and_its_likeness_goes(
    databases: Databases, tmp_path: Path
) -> None:
    articles = tmp_path / "articles"
    for number in (2, 3):
        _article(articles, number)
    with Index(databases.make(), HashEmbedder(), 60) as index:
        build(index, [articles])
        assert index.counts().near == 2
        shared(index).seal()
        (articles / "003.txt").write_text("Nothing of this was true.")
        build(index, [articles])
        assert (index.counts().documents, index.counts().near) == (2, 0)
        assert len(index.backend.changes()) == 1
        place = index.folder
        remove(index, [str(articles)])
        assert index.counts().documents == 0
    rows = all_rows(place, 60)
    assert not any(found for table, found in rows.items() if table not in ("state",))


def test_another_embedder_may_have_the_index_once_it_is_empty(databases: Databases) -> None:
    class Wide(HashEmbedder):
        name, dim = "wide", 64

    place = databases.make()
    Index(place, HashEmbedder(), 60).close()
    with pytest.raises(IndexMismatch, match="postgresql://"):
        Index(place, Wide(), 60)
    Index.destroy(place)
    Index(place, Wide(), 60).close()


def test_a_missing_index_of_postgres_is_known_as_such(databases: Databases) -> None:
    with Index(databases.make(), HashEmbedder(), 60) as index:
        assert shared(index).faults() == []
        databases.run(index.folder, "DROP INDEX chunks_by_vector")
        assert shared(index).faults() == ["`chunks_by_vector` is missing or not valid"]


def test_tables_of_an_earlier_version_are_brought_up_to_date(
    databases: Databases, tmp_path: Path
) -> None:
    _article(tmp_path / "articles", 1)
    with Index(databases.make(), HashEmbedder(), 60) as index:
        build(index, [tmp_path / "articles"])
        shared(index).seal()
        found = index.search_lexical("ship", 5)
        for statement in (
            "ALTER TABLE blocks DROP COLUMN version",
            "DROP SEQUENCE block_versions",
            "DROP INDEX documents_by_author",
            "UPDATE meta SET value = '1' WHERE key = 'schema'",
        ):
            databases.run(index.folder, statement)
    with Index(index.folder, HashEmbedder(), 60) as index:
        assert index.search_lexical("ship", 5) == found != []
        assert shared(index).faults() == []
        (document_id,) = (summary.id for summary in index.summaries())
        index.remove(document_id)
        assert index.search_lexical("ship", 5) == []


def test_a_password_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    address = "postgresql://ann:s3cret@127.0.0.1:1/news?sslmode=prefer&password=s3cret"
    assert quiet(address) == "postgresql://ann@127.0.0.1:1/news?sslmode=prefer"
    settings = load_settings({"index": address})
    assert address_of(settings.index) == address
    assert address_of(settings.index / "uploads") is None
    assert "s3cret" not in f"{settings!r} {settings.index} {shown(settings.index)}"
    assert main(["status", "--index", address]) == 1
    told = capsys.readouterr()
    assert "s3cret" not in told.out + told.err
    assert "postgresql://ann@127.0.0.1:1/news?sslmode=prefer cannot be reached" in told.err
    assert len(told.err.splitlines()) == 1


def test_an_address_without_a_database_is_no_place() -> None:
    for address in ("postgresql://ann@host", "postgresql://ann:s3/cret@host/news"):
        with pytest.raises(ConfigError, match="with the name of a database at its end") as refused:
            read_place(address)
        assert "cret" not in str(refused.value)


def test_without_its_packages_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    with pytest.raises(ConfigError, match=r"pip install 'pressmark\[postgres\]'"):
        Index.peek(read_place("postgresql://ann@127.0.0.1/news"))


def test_a_folder_asks_for_no_database(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from index.store.index import Index; "
        "from tests.hashing import HashEmbedder; "
        "Index(Path(sys.argv[1]), HashEmbedder(), 60).close(); "
        "assert not [m for m in sys.modules if m.startswith(('psycopg', 'pgvector'))]"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "index")], cwd=ROOT, check=True)


def test_a_server_that_stays_away_is_one_line(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.postgres.connect._PATIENCE_S", 0.5)
    index = Index(databases.make(), HashEmbedder(), 60)
    stop = threading.Event()

    def harass() -> None:
        while not stop.wait(0.01):
            with_suppressed_crash(databases)

    crashing = threading.Thread(target=harass)
    crashing.start()
    try:
        with pytest.raises(StoreError, match="what was stored is kept"):
            for _ in range(200):
                index.search_lexical("ship", 5)
    finally:
        stop.set()
        crashing.join()
        databases.wait()
        index.close()


def with_suppressed_crash(databases: Databases) -> None:
    """Crash it if it answers."""
    import psycopg

    try:
        databases.crash()
    except psycopg.OperationalError:
        return


def test_a_document_that_another_writer_removes_meanwhile_is_stored_again(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for number in range(3):
        _article(one, number)
        _article(other, number)
    place, alone = databases.make(), databases.make()

    def decide_and_lose(index: Index, file: FileRecords, record: Record, waiting: Any) -> Decision:
        decision = decide(index, file, record, waiting)
        if isinstance(decision, FoundAgain) and decision.is_stored:
            remove(rival, [str(one)])
        return decision

    with Index(place, HashEmbedder(), 60) as index, Index(place, HashEmbedder(), 60) as rival:
        build(rival, [one])
        monkeypatch.setattr("index.ingest.build.decide", decide_and_lose)
        report = build(index, [other])
    assert report.count(Status.ADDED) == 3
    monkeypatch.undo()
    with Index(alone, HashEmbedder(), 60) as index:
        build(index, [other])
    assert all_rows(place, 60) == all_rows(alone, 60)


def test_what_another_machine_brought_is_not_pruned(
    databases: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, mine, theirs = databases.make(), tmp_path / "mine", tmp_path / "theirs"
    for number in range(2):
        _article(mine, number)
        _article(theirs, 2 * number + 4)
    with Index(place, HashEmbedder(), 60) as index:
        build(index, [mine, theirs])
        # A machine that has not this folder.
        theirs.rename(tmp_path / "elsewhere")
        (mine / "001.txt").unlink()
        for flags in (["--prune"], ["--rebuild", "--prune"]):
            assert main(["index", *flags, "--index", typed(place)]) == 2
            told = capsys.readouterr().err
            assert "pressmark index --prune PATH…" in told
            assert len(told.splitlines()) == 1
        assert index.counts().documents == 4
        assert build(index, [mine], prune=True).count(Status.REMOVED) == 1
        assert [Path(s.path).parent.name for s in index.summaries()] == ["mine", "theirs", "theirs"]
