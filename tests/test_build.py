"""The ingest: nothing twice, nothing lost, nothing left over. Real embedder, both backends."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.document import Document
from index.embed.embedder import Embedder
from index.errors import IndexLocked, IndexMismatch, IndexNotFound, UnreadableDocument
from index.ingest.build import build
from index.ingest.intake import find_files
from index.ingest.outcome import Status
from index.store.index import Index
from tests.database import typed
from tests.stored import chroma_rows, chunk_ids, is_shared, local, shared, vector_rows
from ui.cli import main

BRIDGE = "The harbour bridge opened on Monday.\n\nIt cost 12 million euros."
STRIKE = "Dockers went on strike in Antwerp.\n\nThe union asked for higher wages."


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "bridge.txt").write_text(BRIDGE)
    (folder / "strike.md").write_text(STRIKE)
    return folder


@pytest.fixture
def index(home: Path, embedder: Embedder) -> Iterator[Index]:
    with Index(home, embedder, 200) as index:
        yield index


def _statuses(index: Index, *roots: Path, prune: bool = False) -> dict[str, str]:
    report = build(index, list(roots), prune=prune)
    return {Path(o.path).name: o.status for o in report.outcomes}


def _rows(index: Index) -> tuple[int, int, int, int]:
    """Documents, and chunks as they are counted, with a vector and in the lexical index."""
    counts = index.counts()
    index.search_lexical("anything", 1)
    if is_shared(index):
        fresh = shared(index)._rows("SELECT count(DISTINCT serial) FROM fresh")[0][0]
        return counts.documents, counts.chunks, vector_rows(index), int(fresh)
    lexical = local(index).lexical()
    return counts.documents, counts.chunks, vector_rows(index), len(lexical.serials)


def test_files_become_documents(index: Index, articles: Path) -> None:
    assert _statuses(index, articles) == {"bridge.txt": "added", "strike.md": "added"}
    assert _rows(index) == (2, 2, 2, 2)


def test_an_index_is_as_it_should_be_until_rows_go_missing(
    index: Index, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(index, [articles])
    assert main(["status", "--check", "--index", typed(index.folder)]) == 0
    if is_shared(index):
        shared(index)._connections.step([], lambda db: db.execute("DELETE FROM chunks"))
        fault = "0 chunks, counted as 2"
    else:
        with local(index).vectors() as vectors:
            vectors.delete([d.id for d in index.documents()])
        fault = "0 vectors of 2 chunks"
    capsys.readouterr()
    assert main(["status", "--check", "--index", typed(index.folder)]) == 1
    told = capsys.readouterr().out
    assert fault in told
    assert "pressmark index --rebuild PATH" in told


def test_a_second_run_embeds_nothing(index: Index, articles: Path) -> None:
    build(index, [articles])
    revision = index.revision
    report = build(index, [articles])
    assert report.n_embedded == 0
    assert report.count(Status.UNCHANGED) == 2
    assert index.revision == revision


def test_a_changed_file_replaces_its_rows(index: Index, articles: Path) -> None:
    build(index, [articles])
    old = next(d for d in index.documents() if d.path.endswith("bridge.txt"))
    (articles / "bridge.txt").write_text("The tunnel was flooded on Sunday.")
    assert _statuses(index, articles)["bridge.txt"] == "updated"
    assert vector_rows(index, old.id) == 0
    assert _rows(index) == (2, 2, 2, 2)
    assert index.search_lexical("harbour bridge", 5) == []


def test_prune_leaves_no_row_of_what_is_gone(index: Index, articles: Path) -> None:
    build(index, [articles])
    gone = next(d for d in index.documents() if d.path.endswith("strike.md"))
    (articles / "strike.md").unlink()
    assert _statuses(index, articles)["bridge.txt"] == "unchanged"
    assert _rows(index)[0] == 2
    assert _statuses(index, articles, prune=True)["strike.md"] == "removed"
    assert vector_rows(index, gone.id) == 0
    assert index.sentences(gone.id) == []
    assert _rows(index) == (1, 1, 1, 1)


def test_a_copy_embeds_nothing_and_outlives_its_original(index: Index, articles: Path) -> None:
    build(index, [articles])
    shutil.copy(articles / "bridge.txt", articles / "copy.txt")
    report = build(index, [articles])
    assert report.n_embedded == 0
    assert _rows(index)[0] == 2
    (articles / "bridge.txt").unlink()
    build(index, [articles], prune=True)
    paths = [Path(d.path).name for d in index.documents()]
    assert paths == ["copy.txt", "strike.md"]


def test_twins_in_one_run_are_one_document(index: Index, articles: Path) -> None:
    shutil.copy(articles / "bridge.txt", articles / "twin.txt")
    assert set(_statuses(index, articles).values()) == {"added"}
    assert _rows(index) == (2, 2, 2, 2)
    assert len(index.places()) == 3


def test_ids_do_not_depend_on_the_run(
    index: Index, articles: Path, tmp_path: Path, embedder: Embedder
) -> None:
    build(index, [articles])
    with Index(tmp_path / "again", embedder, 200) as again:
        build(again, [articles])
        # Kept in a folder and in a database, their ids are the same, too.
        assert chunk_ids(again) == chunk_ids(index)
        assert [d.id for d in again.documents()] == [d.id for d in index.documents()]


def test_a_bad_file_does_not_stop_the_good_ones(index: Index, articles: Path) -> None:
    (articles / "empty.txt").write_bytes(b"")
    (articles / "blank.txt").write_bytes(b" \n ")
    (articles / "binary.txt").write_bytes(b"GIF89a\0\0\0")
    os.mkfifo(articles / "pipe.txt")
    statuses = _statuses(index, articles)
    assert statuses["bridge.txt"] == "added"
    assert {name for name, s in statuses.items() if s == "skipped"} == {
        "empty.txt",
        "blank.txt",
        "binary.txt",
        "pipe.txt",
    }


def test_a_bad_new_version_keeps_the_good_old_one(index: Index, articles: Path) -> None:
    build(index, [articles])
    (articles / "bridge.txt").write_bytes(b"")
    assert _statuses(index, articles)["bridge.txt"] == "skipped"
    assert _rows(index) == (2, 2, 2, 2)


def test_a_link_out_of_the_folder_is_not_followed(
    index: Index, articles: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("The password is swordfish.")
    (articles / "link.txt").symlink_to(tmp_path / "secret.txt")
    (articles / "inside.txt").symlink_to(articles / "bridge.txt")
    report = build(index, [articles])
    (refused,) = [o for o in report.outcomes if o.status == "skipped"]
    assert refused.path.endswith("link.txt")
    assert refused.reason == "a link that leads out of the folder"
    assert index.search_lexical("swordfish", 5) == []


def test_a_folder_without_permission_is_skipped_with_the_reason() -> None:
    # Not below tmp_path, whose parents nobody else may enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        closed = folder / "closed"
        closed.mkdir()
        (folder / "open.txt").write_text(BRIDGE)
        folder.chmod(0o755)
        closed.chmod(0)
        before = os.geteuid()
        try:
            if before == 0:
                # Root may read everything: look for the files as somebody else.
                os.seteuid(65534)
            files, refused = find_files([folder])
        finally:
            os.seteuid(before)
        assert [path.name for path, _ in files] == ["open.txt"]
        assert [(Path(o.path).name, o.reason) for o in refused] == [("closed", "permission denied")]


def test_names_that_would_break_a_terminal_are_indexed(index: Index, articles: Path) -> None:
    for name in ("new\nline.txt", "\u202eexe.txt", "a" * 251 + ".txt"):
        (articles / name).write_text(f"Story {len(name)} about {name[:3]!r}.")
    assert set(_statuses(index, articles).values()) == {"added"}


def test_a_missing_path_is_an_error_and_changes_nothing(index: Index, articles: Path) -> None:
    with pytest.raises(UnreadableDocument, match="does not exist"):
        build(index, [articles, articles / "nowhere"])
    assert index.counts().documents == 0


def test_another_embedder_is_refused(home: Path, articles: Path, embedder: Embedder) -> None:
    with Index(home, embedder, 200) as index:
        build(index, [articles])

    class Other:
        name, dim = "another", 384
        embed = embedder.embed
        count_tokens = embedder.count_tokens
        precision = embedder.precision

    with pytest.raises(IndexMismatch, match="pressmark index --rebuild"):
        Index(home, Other(), 200)
    with pytest.raises(IndexMismatch, match="chunk_tokens 200"):
        Index(home, embedder, 100)


def test_no_index_says_what_to_type(home: Path, embedder: Embedder) -> None:
    with pytest.raises(IndexNotFound, match="pressmark index PATH"):
        Index.open(home, embedder, 200)


def test_a_second_writer_of_a_folder_is_told_who_writes(
    tmp_path: Path, embedder: Embedder, articles: Path
) -> None:
    with (
        Index(tmp_path / "index", embedder, 200) as index,
        index.writing(),
        Index(tmp_path / "index", embedder, 200) as other,
        pytest.raises(IndexLocked, match=f"process {os.getpid()}"),
    ):
        build(other, [articles])


def test_what_an_interruption_left_half_done_is_cleared_up(
    tmp_path: Path, embedder: Embedder, articles: Path
) -> None:
    index = Index(tmp_path / "index", embedder, 200)
    build(index, [articles])
    document = index.documents()[0]
    # As if killed between Chroma's rows and the end of a removal.
    local(index).catalogue.remove(document.id)
    assert chroma_rows(index, document.id) == 1
    (articles / Path(document.path).name).unlink()
    build(index, [articles])
    assert chroma_rows(index, document.id) == 0
    assert local(index).catalogue.pending() == []
    assert _rows(index) == (1, 1, 1, 1)
    index.close()


def test_an_interrupted_run_keeps_what_it_stored_and_goes_on(
    index: Index, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ingest.writer._BATCH_TEXTS", 1)
    seen: list[str] = []

    def stop(outcome: object) -> None:
        seen.append(str(outcome))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(index, [articles], on_file=stop)
    assert len(seen) == 1
    report = build(index, [articles])
    assert _rows(index) == (2, 2, 2, 2)
    assert report.count(Status.SKIPPED) == 0


def test_a_document_keeps_its_sentences_offsets(index: Index, articles: Path) -> None:
    build(index, [articles])
    for document in index.documents():
        assert isinstance(document, Document)
        for sentence in index.sentences(document.id):
            assert document.text[sentence.start : sentence.end] == sentence.text
        vectors = index.vectors(document.id)
        assert vectors.shape == (len(index.sentences(document.id)), 384)
