"""What a question is limited to: dates, author and collection, typed, stored and searched."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import IndexMismatch
from index.ingest.build import build
from index.ingest.outcome import Status
from index.store.index import Index
from rag.cache import AnswerCache, CachedEngine
from rag.engine import Engine
from rag.errors import QuestionError
from rag.filters import Filters, admitted, read_filters
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM
from tests.hashing import HashEmbedder
from ui import cli

TOLL = "What is the toll of the harbour bridge?"
ARTICLES = {
    "old.txt": "Title: Bridge toll\nDate: 2019-05-02\nAuthor: Ann Bee\n\n"
    "The toll of the harbour bridge is 5 euros a car.",
    "new.txt": "Title: Bridge toll\nDate: March 2021\nAuthor: Cy Dee\n\n"
    "The toll of the harbour bridge is 7 euros a car from now on.",
    "undated.txt": "Title: Ferries\n\nThe harbour bridge made the ferries superfluous.",
}


@pytest.fixture
def index(make_index: Callable[..., Index]) -> Index:
    return make_index(ARTICLES)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an index of two collections."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ui.wiring.open_embedder", lambda _: HashEmbedder())
    for name, text in ARTICLES.items():
        folder = tmp_path / ("notes" if name == "undated.txt" else "news")
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return tmp_path


def _names(index: Index, filters: Filters) -> list[str]:
    found = admitted(index, filters)
    assert found is not None
    paths = [Path(s.path).name for s in index.summaries() if s.id in found]
    return sorted(paths)


def _run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(argv)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"since": "2020"}, ["new.txt"]),
        ({"until": "2 May 2019"}, ["old.txt"]),
        # "2021-03" has days on both sides.
        ({"since": "2021-03-15"}, ["new.txt"]),
        ({"until": "2021-03-15"}, ["new.txt", "old.txt"]),
        ({"as_of": "December 2020"}, ["old.txt"]),
        ({"since": "2019", "until": "2020"}, ["old.txt"]),
        ({"author": "bee ann"}, ["old.txt"]),
        ({"author": "Nobody"}, []),
    ],
)
def test_filters_admit_what_they_say(index: Index, given: dict[str, Any], names: list[str]) -> None:
    assert _names(index, read_filters(**given)) == names


def test_filters_act_inside_the_search_and_beside_chosen_documents(index: Index) -> None:
    retriever = HybridRetriever(index)
    recent = admitted(index, read_filters(since="2020"))
    assert {p.title for p in retriever.passages(TOLL, documents=recent)} == {"Bridge toll"}
    assert [p.date for p in retriever.passages(TOLL, documents=recent)] == ["2021-03"]
    ids = {Path(s.path).name: s.id for s in index.summaries()}
    assert admitted(index, read_filters(since="2020"), [ids["old.txt"]]) == frozenset()


def test_an_engine_answers_within_filters_and_says_when_they_leave_nothing(
    index: Index, fake: QueueLLM
) -> None:
    engine = Engine(HybridRetriever(index), fake)
    fake.enqueue("The toll of the harbour bridge is 5 euros a car.")
    answer = engine.ask(TOLL, filters=read_filters(as_of="2020"))
    assert [c.evidence.date for c in answer.citations] == ["2019-05-02"]
    nothing = engine.ask(TOLL, filters=read_filters(author="Nobody", since="2020-03"))
    assert nothing.reason == "The articles by Nobody, since 2020-03-01 hold nothing on this."


def test_a_kept_answer_is_kept_for_its_filters(
    index: Index, fake: QueueLLM, tmp_path: Path
) -> None:
    cache = AnswerCache(tmp_path / "answers.sqlite3", index, "")
    engine = CachedEngine(Engine(HybridRetriever(index), fake), cache)
    fake.enqueue("The toll of the harbour bridge is 5 euros a car.")
    engine.ask(TOLL, filters=read_filters(as_of="2020"))
    fake.enqueue("The toll of the harbour bridge is 7 euros a car from now on.")
    assert [c.evidence.date for c in engine.ask(TOLL).citations] == ["2021-03"]
    assert engine.ask(TOLL, filters=read_filters(as_of="2020")).cached


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"since": "banana"}, "since takes a date such as .*, not “banana”"),
        ({"as_of": "03/04/2020"}, "as of takes a date"),
        ({"since": "2021", "until": "2020"}, "since 2021-01-01 comes after until 2020-12-31"),
        ({"since": "2021", "as_of": "2020"}, "comes after as of 2020-12-31"),
    ],
)
def test_a_date_that_is_none_is_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(QuestionError, match=reason):
        read_filters(**given)


def test_a_collection_is_a_column_that_can_be_changed(home: Path) -> None:
    with Index(home / "index", HashEmbedder(), 60) as index:
        build(index, [home / "news"], collection="news")
        build(index, [home / "notes"])
        assert index.collections() == {"news": 2}
        assert _names(index, read_filters(collection="news")) == ["new.txt", "old.txt"]
        revision = index.revision
        report = build(index, [home / "news" / "old.txt"], collection="archive")
        (outcome,) = report.outcomes
        assert (outcome.status, report.n_embedded) == (Status.UNCHANGED, 0)
        assert outcome.reason == "now in the collection “archive”"
        assert index.collections() == {"archive": 1, "news": 1}
        assert index.revision > revision
        # Without a name everything stays where it is, changed or not.
        (home / "news" / "old.txt").write_text("The toll has gone.")
        build(index, [home / "news"])
        assert index.collections() == {"archive": 1, "news": 1}
        with pytest.raises(QuestionError, match="no collection “nwes”; there are: archive, news"):
            admitted(index, read_filters(collection="nwes"))


def test_index_tells_date_author_and_collection(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = _run(capsys, "index", "news", "--collection", "news", "--json")
    assert code == 0
    (new, old) = json.loads(out)["files"]
    assert (new["date"], new["author"], new["collection"]) == ("2021-03", "Cy Dee", "news")
    assert old["date"] == "2019-05-02"
    assert "collection news, 2 documents" in _run(capsys, "status")[1]
    assert home.is_dir()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["ask", TOLL, "--since", "soon"], "since takes a date such as 2020-03-05"),
        (["ask", TOLL, "--since", "2021", "--until", "2020"], "since 2021-01-01 comes after until"),
        (["ask", TOLL, "--collection", "nwes"], "there is no collection “nwes”; there are none"),
        (["index", "news", "--collection", " "], "a collection takes a name of 1 to 60 letters"),
    ],
)
def test_bad_limits_get_one_line_and_change_nothing(
    argv: list[str], line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.wiring.open_llm", lambda *_: QueueLLM())
    _run(capsys, "index", "news")
    code, out, err = _run(capsys, *argv)
    assert (code, out) == (2, "")
    assert err.startswith(f"pressmark: {line}")
    assert len(err.splitlines()) == 1


@pytest.fixture
def earlier(home: Path) -> Iterator[Path]:
    """An index of a version that had no collections and read headers otherwise."""
    with Index(home / "index", HashEmbedder(), 60) as index:
        build(index, [home / "news"])
        stamp = {**index.stamp, "segmentation": 2}
        index.backend.set_meta("stamp", json.dumps(stamp))
    with sqlite3.connect(home / "index" / "catalogue.sqlite3") as db:
        db.execute("ALTER TABLE places DROP COLUMN collection")
    db.close()
    yield home / "index"


def test_an_index_made_before_says_what_to_do_and_can_be_looked_at(earlier: Path) -> None:
    with pytest.raises(IndexMismatch, match="reads files otherwise: run `pressmark index --rebu"):
        Index.open(earlier, HashEmbedder(), 60)
    with Index.peek(earlier) as index:
        assert index.counts().documents == 2
        assert index.collections() == {}
