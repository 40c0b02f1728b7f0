"""`pressmark index` and `pressmark remove` as they are typed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from index.store.index import Index
from index.store.lock import writer_lock
from tests.hashing import HashEmbedder
from tests.test_duplicates import EDITED, STORY
from ui import cli

ROOT = Path(__file__).parent.parent
ARTICLES = {"tram.txt": "The tram line opened.", "fair.txt": "The fair was cancelled."}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two articles, and an embedder that is there at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ui.wiring.open_embedder", lambda _: HashEmbedder())
    (tmp_path / "articles").mkdir()
    for name, text in ARTICLES.items():
        (tmp_path / "articles" / name).write_text(text)
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(argv)
    out, err = capsys.readouterr()
    return code, out, err


def test_remove_says_what_went_and_that_the_file_is_still_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(capsys, "index", "articles")[0] == 0
    code, out, err = _run(capsys, "remove", "articles/tram.txt")
    assert code == 0
    assert out.splitlines() == [
        "removed articles/tram.txt",
        "1 removed; the index holds 1 documents, 1 sentences",
    ]
    assert "still on disk: articles/tram.txt" in err
    (home / "articles" / "fair.txt").unlink()
    code, out, err = _run(capsys, "remove", "articles/fair.txt", "--json")
    assert json.loads(out) == {
        "removed": 1,
        "skipped": 0,
        "documents": 0,
        "sentences": 0,
        "files": [{"path": "articles/fair.txt", "status": "removed", "reason": None}],
    }
    assert (code, err) == (0, "")


@pytest.mark.usefixtures("home")
def test_remove_of_what_is_not_indexed_is_one_line_and_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _run(capsys, "index", "articles")
    code, out, err = _run(capsys, "remove", "no\nwhere.txt")
    assert code == 1
    assert out == "0 removed; the index holds 2 documents, 2 sentences\n"
    assert err == (
        "pressmark: no\\nwhere.txt is not indexed; give a path that was indexed, "
        "or the id that `pressmark ask --json` shows\n"
    )
    code, out, _ = _run(capsys, "remove", "nowhere.txt", "--json")
    assert code == 1
    assert json.loads(out)["skipped"] == 1
    assert json.loads(out)["files"] == [
        {"path": "nowhere.txt", "status": "skipped", "reason": "is not indexed"}
    ]
    assert _run(capsys, "remove", "x.txt", "--index", "none")[0] == 1


def test_remove_loads_no_embedder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(capsys, "index", "articles")
    code = (
        "import sys, ui.cli\n"
        "assert ui.cli.main(['remove', 'articles']) == 0\n"
        "print([m for m in ('torch', 'gradio', 'llama_index.core') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=home,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert done.stdout.splitlines()[-2:] == [
        "2 removed; the index holds 0 documents, 0 sentences",
        "[]",
    ]


def test_near_duplicates_are_told_and_counted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "articles" / "wire.txt").write_text(STORY)
    _run(capsys, "index", "articles")
    (home / "articles" / "paper.txt").write_text(EDITED)
    _, out, err = _run(capsys, "index", "articles", "--json")
    (added,) = [f for f in json.loads(out)["files"] if f["status"] == "added"]
    assert added["reason"] == "nearly the same as articles/wire.txt"
    assert "articles/paper.txt is nearly the same as articles/wire.txt" in err
    _, out, _ = _run(capsys, "status", "--json")
    assert json.loads(out)["near_duplicates"] == 2
    _, out, _ = _run(capsys, "status")
    assert "documents  4, 2 of them nearly the same as another" in out


def test_many_near_duplicates_are_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n in range(7):
        (home / "articles" / f"wire{n}.txt").write_text(STORY if n == 0 else f"{EDITED} {n}.")
    _, out, err = _run(capsys, "index", "articles")
    assert out.startswith("9 added")
    assert err.count("nearly the same") == 1
    assert "7 files are nearly the same as another: `pressmark chat` marks them" in err


def test_ctrl_c_says_where_it_stopped_and_exits_with_130(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ingest.writer._BATCH_TEXTS", 1)
    embedder = HashEmbedder()
    calls: list[int] = []

    class Interrupted(HashEmbedder):
        def embed(self, *arguments: Any) -> Any:
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return embedder.embed(*arguments)

    monkeypatch.setattr("ui.wiring.open_embedder", lambda _: Interrupted())
    code, out, err = _run(capsys, "index", "articles")
    assert (code, out) == (130, "")
    last = err.replace("\r", "\n").splitlines()[-1]
    assert last == (
        "pressmark: stopped after 1 of 2 files, and they are kept; "
        "run the same command again to go on"
    )
    code, out, _ = _run(capsys, "index", "articles")
    assert out.startswith("1 added, 1 unchanged")
    with Index.peek(home / ".pressmark") as index:
        assert index.counts().documents == 2


def test_a_second_ingest_says_who_writes_or_waits(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(capsys, "index", "articles")
    with writer_lock(home / ".pressmark"):
        code, _, err = _run(capsys, "index", "articles")
        assert code == 1
        assert "is writing the index in .pressmark" in err
        assert "--wait" in err
        code, _, err = _run(capsys, "remove", "articles", "--wait", "0.3")
        assert code == 1
        assert "waiting (Ctrl-C stops)" in err
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with writer_lock(home / ".pressmark"):
            held.set()
            release.wait(timeout=0.5)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(timeout=10)
    code, _, err = _run(capsys, "index", "articles", "--wait")
    other.join()
    assert code == 0
    assert "waiting (Ctrl-C stops)" in err


def test_watch_prints_a_line_a_change_until_ctrl_c(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.ingest import watch as module

    def changes(*given: Any) -> Any:
        (home / "articles" / "fair.txt").unlink(missing_ok=True)
        yield from real(*given)
        raise KeyboardInterrupt

    real = module._changes
    monkeypatch.setattr(module, "_changes", changes)
    code, out, err = _run(capsys, "index", "--watch", "articles")
    assert code == 0
    assert out.splitlines() == [
        "2 added; the index holds 2 documents, 2 sentences",
        "removed articles/fair.txt",
    ]
    assert "pressmark: watching articles (Ctrl-C stops)" in err
    assert err.splitlines()[-1].endswith(
        "stopped watching; the index holds 1 documents, 1 sentences"
    )


def test_watch_of_nothing_is_a_usage_error(
    home: Path,  # noqa: ARG001
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, _, err = _run(capsys, "index", "--watch")
    assert code == 2
    assert "nothing to index" in err
