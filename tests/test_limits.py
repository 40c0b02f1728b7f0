"""Limits and kept words in a database: they act in its searches, and find what a folder finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.dates import Period
from index.document import Chunk
from index.ingest.build import build
from index.store.index import Index
from index.store.postgres import search, words
from index.store.postgres.selected import SelectedDocuments
from index.store.rows import Selection, common
from rag.timeline import find_dated
from tests.database import Databases
from tests.hashing import HashEmbedder
from tests.stored import shared

N = 60
DATES = ("2019-12-31", "2020", "2020-03", "2020-03-05", "2020-03-31", "2021-01-01", None)
AUTHORS = ("Ann Bee", "Émile Straße", "CY DEE", None)
QUERIES = ("ship", "port 3", "ship 1907 left port")
SELECTIONS = (
    Selection(since="2020-03-15"),
    Selection(since="2020-01-01", until="2020-12-31"),
    Selection(until="2020-03-05"),
    Selection(author="bee ann"),
    Selection(author="émile STRASSE"),
    Selection(author="nobody"),
    Selection(collection="news"),
    Selection(since="2020-03-01", author="dee", collection="news"),
)


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    for number in range(N):
        head = [f"Title: Port {number}"]
        if date := DATES[number % len(DATES)]:
            head.append(f"Date: {date}")
        if author := AUTHORS[number % len(AUTHORS)]:
            head.append(f"Author: {author}")
        lines = [f"In {1900 + number} ship {number * 7 + n} left port {n}." for n in range(12)]
        inside = folder / ("news" if number % 3 else "notes")
        inside.mkdir(exist_ok=True)
        (inside / f"{number:02}.txt").write_text("\n".join(head) + "\n\n" + "\n\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def both(
    articles: Path, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[tuple[Index, Index]]:
    """The same articles in a folder and in a database."""
    folder = tmp_path_factory.mktemp("limited") / "index"
    with (
        Index(folder, HashEmbedder(), 60) as here,
        Index(databases.make(), HashEmbedder(), 60) as there,
    ):
        for index in (here, there):
            for name in ("news", "notes"):
                build(index, [articles / name], collection=name)
        yield here, there


def _scores(hits: list[tuple[Chunk, float]]) -> dict[str, float]:
    return {chunk.id: score for chunk, score in hits}


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_selection_admits_what_it_admits_in_a_folder(
    both: tuple[Index, Index], selection: Selection
) -> None:
    here, there = both
    expected, found = here.select(selection), there.select(selection)
    assert isinstance(found, SelectedDocuments)
    assert set(found) == expected
    assert (len(found), bool(found)) == (len(expected), bool(expected))
    for summary in here.summaries()[:12]:
        assert (summary.id in found) == (summary.id in expected)


def test_selections_meet_each_other_and_chosen_documents(both: tuple[Index, Index]) -> None:
    here, there = both
    one, other = Selection(since="2020-03-01"), Selection(collection="news")
    chosen = [s.id for s in here.summaries()[:20]]
    expected = here.select(one) & here.select(other)
    assert common(there.select(one), there.select(other)) == expected
    assert common(there.select(one), chosen) == here.select(one) & set(chosen)
    assert frozenset(chosen) & there.select(other) == here.select(other) & set(chosen)
    assert there.select(one) | there.select(other) == here.select(one) | here.select(other)


@pytest.mark.parametrize("narrow", [500, 0])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_search_within_a_selection_finds_what_a_folder_finds(
    both: tuple[Index, Index], selection: Selection, narrow: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = both
    expected, found = here.select(selection), there.select(selection)
    monkeypatch.setattr(search, "_NARROW", narrow)
    monkeypatch.setattr(search, "_DRAWN", 2)

    def read(_: SelectedDocuments) -> Iterator[str]:
        raise AssertionError("the ids of a selection were read")

    monkeypatch.setattr(SelectedDocuments, "__iter__", read)
    for query in QUERIES:
        vector = HashEmbedder().embed([query])[0]
        for k in (3, 40):
            lexical = [
                index.search_lexical(query, k, ids)
                for index, ids in ((here, expected), (there, found))
            ]
            assert [s for _, s in lexical[1]] == pytest.approx([s for _, s in lexical[0]], abs=1e-3)
            dense = [
                index.search_dense(vector, k, ids)
                for index, ids in ((here, expected), (there, found))
            ]
            assert _scores(dense[1]) == pytest.approx(_scores(dense[0]), abs=1e-3)
            assert {c.document_id for c, _ in [*lexical[1], *dense[1]]} <= expected


@pytest.mark.parametrize("most", [3, 100])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_documents_of_a_time_are_drawn_in_the_database(
    both: tuple[Index, Index], selection: Selection, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = both
    expected, found = here.select(selection), there.select(selection)
    dates = {s.id: s.date or "" for s in here.summaries()}
    listed = sorted(expected, key=lambda i: (dates[i], i))
    step = len(listed) // most + 1

    def read(_: SelectedDocuments) -> Iterator[str]:
        raise AssertionError("the ids of a selection were read")

    monkeypatch.setattr(SelectedDocuments, "__iter__", read)
    assert there.backend.spread(found, most) == listed[::step]
    assert here.backend.spread(expected, most) == listed[::step]
    assert there.backend.spread(listed[:4], most) == (listed[:4:2] if most == 3 else listed[:4])


def test_what_happened_in_a_time_is_the_same(
    both: tuple[Index, Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = both
    period, within = Period("2020-03-01", "2020-03-31"), Selection(collection="news")
    expected = find_dated(here, period, documents=here.select(within))
    assert len(expected) == 6
    monkeypatch.delattr(SelectedDocuments, "__iter__")
    assert find_dated(there, period, documents=there.select(within)) == expected


def test_an_id_is_found_by_its_beginning(both: tuple[Index, Index]) -> None:
    here, there = both
    known = sorted(s.id for s in here.summaries())
    for prefix in (known[0][:8], known[0], known[0][:1], "%", "f_"):
        expected = [i for i in known if i.startswith(prefix)]
        assert here.ids(prefix) == there.ids(prefix) == expected


def test_kept_words_are_those_of_the_database(
    articles: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = databases.make()
    files = sorted(articles.rglob("*.txt"))
    with Index(place, HashEmbedder(), 60) as writer, Index(place, HashEmbedder(), 60) as reader:

        def same() -> None:
            with Index(place, HashEmbedder(), 60) as fresh:
                for query in QUERIES:
                    assert reader.search_lexical(query, 30) == fresh.search_lexical(query, 30)

        for part in (files[:20], files[20:40], files[40:]):
            build(writer, part)
            same()
            shared(writer).seal()
            same()
        (document_id,) = writer.documents_in(str(files[7])).values()
        writer.remove(document_id)
        same()
        # Of words that no longer fit in, as many as fit are kept.
        monkeypatch.setattr(words, "_MOST_BYTES", 3 * words._OVERHEAD)
        writer.remove(next(iter(writer.documents_in(str(files[8])).values())))
        same()
        same()
        assert shared(reader)._search._kept._n_bytes <= 3 * words._OVERHEAD


def test_words_of_many_segments_are_scored_as_those_of_one(
    both: tuple[Index, Index], articles: Path, databases: Databases
) -> None:
    here, _ = both
    with Index(databases.make(), HashEmbedder(), 60) as there:
        for number, name in enumerate(("news", "notes")):
            step = 3 * words.SEGMENT * number + words.SEGMENT - 20
            databases.run(there.folder, f"SELECT setval('chunks_serial_seq', {step})")
            build(there, [articles / name])
            shared(there).seal()
        for query in QUERIES:
            expected = here.search_lexical(query, 400)
            assert _scores(there.search_lexical(query, 400)) == pytest.approx(
                _scores(expected), abs=1e-3
            )
            best = [score for _, score in there.search_lexical(query, 5)]
            assert best == pytest.approx([score for _, score in expected[:5]], abs=1e-3)
