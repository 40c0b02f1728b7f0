"""A run that is kept: what it shares with the next, and what it asks anew."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from index.config import Settings
from index.ingest.build import build
from index.store.index import Index
from rag.cache import code_digest
from rag.engine import Engine
from rag.measure.run import Openers, Options, run_evaluation
from rag.retrieve import HybridRetriever
from tests.database import Databases, typed
from tests.fakes import QueueLLM
from ui import cli
from ui.wiring import answer_settings

QUESTION = "How many ferries cross the strait?"
REPLY = "Seven ferries cross the strait."


@pytest.fixture
def run(
    make_index: Callable[..., Index],
    fake: QueueLLM,
    tmp_path: Path,
    settings: Settings,
) -> Callable[..., int]:
    """Evaluate a file under changed settings; returns how often the model was asked."""
    main = make_index({"ferry.txt": f"The Ferries\n\n{REPLY} They leave at noon."})

    def evaluate(file: Path, over: Index = main, **changed: object) -> int:
        before = len(fake.prompts)
        fake.enqueue(REPLY)
        other = dataclasses.replace(settings, **changed)  # type: ignore[arg-type]
        openers = Openers(
            tmp_path / "eval",
            answer_settings(other),
            open_index=lambda: Index.open(over.folder, over.embedder, 200),
            open_set_index=lambda folder: Index(folder, main.embedder, 200),
            open_retriever=HybridRetriever,
            open_engine=lambda index: Engine(HybridRetriever(index), fake, min_confidence=0.0),
        )
        (figures,) = run_evaluation([file], openers, Options()).values()
        assert figures["n_answerable"] == 1
        return len(fake.prompts) - before

    return evaluate


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"question": QUESTION, "answerable": True, "mentions": ["Seven"]}))
    return path


def test_the_same_run_again_asks_nothing(run: Callable[..., int], golden: Path) -> None:
    assert run(golden) == 1
    assert run(golden) == 0


@pytest.mark.parametrize(
    "changed",
    [{"server_model": "other"}, {"min_confidence": 0.5}, {"passages": 3}, {"embedder": "other"}],
)
def test_another_setting_shares_no_items(
    run: Callable[..., int], golden: Path, changed: dict[str, object]
) -> None:
    assert run(golden) == 1
    assert run(golden, **changed) == 1


def test_where_models_and_index_lie_is_no_reason_to_ask_again(
    run: Callable[..., int], golden: Path, tmp_path: Path
) -> None:
    assert run(golden) == 1
    assert run(golden, index=tmp_path / "elsewhere", threads=1) == 0


def test_an_edited_question_set_is_asked_anew(run: Callable[..., int], golden: Path) -> None:
    assert run(golden) == 1
    golden.write_text(golden.read_text().replace("Seven", "seven"))
    assert run(golden) == 1


def test_another_index_is_asked_anew(
    run: Callable[..., int], golden: Path, make_index: Callable[..., Index]
) -> None:
    assert run(golden) == 1
    # The same articles, and as many writes.
    assert run(golden, over=make_index({}, name="other")) == 1


@pytest.fixture
def printed(
    make_index: Callable[..., Index],
    fake: QueueLLM,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Settings,
) -> Callable[..., str]:
    """What `pressmark eval` prints, over an index of its own."""
    index = make_index({"ferry.txt": f"The Ferries\n\n{REPLY} They leave at noon."})
    monkeypatch.setattr("ui.wiring.open_llm", lambda *_: fake)
    monkeypatch.setenv("PRESSMARK_INDEX", str(index.folder))
    monkeypatch.setenv("PRESSMARK_MODELS", str(settings.models))

    def run(*arguments: object) -> str:
        fake.enqueue(REPLY, REPLY)
        assert cli.main(["eval", "--min-confidence", "0", *map(str, arguments)]) == 0
        return capsys.readouterr().out

    return run


def test_one_set_is_printed_as_it_is(printed: Callable[..., str], golden: Path) -> None:
    figures = json.loads(printed(golden, "--json"))
    assert figures["answer"]["contains"] == 1.0
    assert figures["intervals"]["answer"]["contains"] == [1.0, 1.0]
    assert [item["drafted_right"] for item in figures["items"]] == [True]
    rows = [line.split() for line in printed(golden).splitlines()]
    assert ["answer", "contains", "1.000", "[1.000,", "1.000]"] in rows


def test_with_an_address_golden_lines_ask_the_database_and_squad_a_folder_beside_it(
    printed: Callable[..., str],
    golden: Path,
    databases: Databases,
    make_index: Callable[..., Index],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = databases.make()
    with Index(place, make_index({}).embedder, 200) as shared:
        build(shared, [tmp_path / "articles"])
        assert json.loads(printed(golden, "--index", typed(place), "--json"))["answer"]["contains"]
        paragraph = {
            "context": f"{REPLY} They leave at noon.",
            "qas": [
                {
                    "id": "1",
                    "question": QUESTION,
                    "answers": [{"text": "Seven ferries", "answer_start": 0}],
                }
            ],
        }
        squad = tmp_path / "squad.json"
        squad.write_text(json.dumps({"data": [{"title": "Ferries", "paragraphs": [paragraph]}]}))
        figures = json.loads(printed(squad, "--index", typed(place), "--json"))
        assert figures["answer"]["contains"] == figures["citation"]["recall"] == 1.0
        found = json.loads(printed(squad, "--index", typed(place), "--retrieval-only", "--json"))
        assert found["retrieval"]["recall@1"] == 1.0
        # What a set brings is no part of what the newsroom shares.
        assert shared.counts().documents == 1
    assert list((tmp_path / "state").rglob("run-*.jsonl"))


def test_what_was_not_said_is_recorded_as_drafted(
    printed: Callable[..., str], golden: Path
) -> None:
    (item,) = json.loads(printed(golden, "--json", "--min-confidence", "1"))["items"]
    assert (item["answer"], item["contains"]) == (None, False)
    assert (item["drafted"], item["drafted_right"]) == (REPLY, True)


def test_several_sets_are_a_column_each(printed: Callable[..., str], golden: Path) -> None:
    other = golden.with_name("other.jsonl")
    other.write_text(golden.read_text().replace("Seven", "eight"))
    sets = json.loads(printed(golden, other, "--json"))["sets"]
    assert {name: f["answer"]["contains"] for name, f in sets.items()} == {
        "mine": 1.0,
        "other": 0.0,
    }
    rows = [line.split() for line in printed(golden, other).splitlines()]
    assert rows[0] == ["mine", "other"]
    assert ["answer", "contains", "1.000", "0.000"] in rows


def test_sets_of_one_name_go_by_their_paths(printed: Callable[..., str], golden: Path) -> None:
    other = golden.parent / "more" / golden.name
    other.parent.mkdir()
    other.write_text(golden.read_text())
    sets = json.loads(printed(golden, other, "--json"))["sets"]
    assert list(sets) == [str(golden), str(other)]


@pytest.mark.usefixtures("printed")
def test_a_file_that_is_no_set_is_refused_before_anything_is_asked(
    golden: Path, fake: QueueLLM
) -> None:
    bad = golden.with_name("bad.json")
    bad.write_text("[]")
    assert cli.main(["eval", str(golden), str(bad)]) == 1
    assert fake.prompts == []


def test_a_readme_beside_the_code_is_no_reason_to_ask_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("index.__file__", str(tmp_path / "__init__.py"))
    before = code_digest()
    (tmp_path / "README.md").write_text("What this is for.")
    assert code_digest() == before
    (tmp_path / "module.py").write_text('"""What this is for."""')
    assert code_digest() != before
