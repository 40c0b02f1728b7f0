"""What an ingest decides about each file, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.ingest.build import build
from index.ingest.intake import (
    FileRecords,
    FoundAgain,
    arrangement,
    decide,
    open_file,
)
from index.ingest.outcome import Outcome, Status
from index.ingest.prepare import New
from index.read import Reader
from index.store.index import Index
from tests.hashing import HashEmbedder


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index(tmp_path / "index", HashEmbedder(), 60) as index:
        yield index


def _opened(index: Index, reader: Reader, path: Path) -> FileRecords:
    file = open_file(index, reader, path)
    assert isinstance(file, FileRecords)
    return file


def test_to_decide_writes_nothing(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "stories.jsonl"
    path.write_text('{"text": "A ferry sank."}\n{"text": "A bridge opened."}\n')
    build(index, [path])
    (tmp_path / "copy.txt").write_text("A tram derailed.")
    path.write_text('{"text": "A bridge opened."}\n')
    revision, held = index.revision, index.counts()
    with Reader() as reader:
        for name in ("stories.jsonl", "copy.txt"):
            file = _opened(index, reader, tmp_path / name)
            arrangement(index, file)
            for record in file.records:
                decide(index, file, record, ())
    assert (index.revision, index.counts()) == (revision, held)
    assert len(index.places()) == 2


def test_each_record_gets_one_decision(index: Index, tmp_path: Path) -> None:
    path, copy = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("A ferry sank.")
    copy.write_text("A ferry sank.")
    with Reader() as reader:
        file = _opened(index, reader, path)
        new = decide(index, file, file.records[0], ())
        assert isinstance(new, New)
        assert (new.status, new.place) == (Status.ADDED, file.place(file.records[0]))
        other = _opened(index, reader, copy)
        twin = decide(index, other, other.records[0], {new.record.id})
        assert isinstance(twin, FoundAgain)
        assert not twin.is_stored
        build(index, [path])
        known = decide(index, other, other.records[0], ())
        assert isinstance(known, FoundAgain)
        assert known.is_stored
        again = decide(index, _opened(index, reader, path), file.records[0], ())
        assert again == Outcome(str(path), Status.UNCHANGED)


def test_records_that_change_their_numbers_are_arranged(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "stories.jsonl"
    path.write_text('{"text": "A ferry sank."}\n{"text": "A bridge opened."}\n')
    build(index, [path])
    with Reader() as reader:
        assert arrangement(index, _opened(index, reader, path)) is None
        path.write_text('{"text": "A bridge opened."}\n')
        moves = arrangement(index, _opened(index, reader, path))
    assert moves is not None
    assert [place.path for place in moves.places] == [f"{path}#1"]
    assert moves.gone == (f"{path}#2",)
    assert [place.path for place in moves.left] == [f"{path}#1"]
