"""A run that is kept: what it shares with the next, and what it asks anew."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from index.config import Settings
from index.store.index import Index
from rag.engine import Engine
from rag.measure.run import Openers, Options, run_evaluation
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM
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
        figures = run_evaluation(file, openers, Options())
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
