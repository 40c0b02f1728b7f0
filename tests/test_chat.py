"""The chat's behaviour without a browser: questions, runs, conversations, votes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.errors import ConfigError
from index.store.index import Index
from rag.answer import Events, TextDelta
from rag.engine import Engine
from tests.fakes import QueueLLM
from ui.chat.desk import Desk, View
from ui.chat.feedback import Feedback, add_golden
from ui.chat.library import IndexLibrary, Scope
from ui.chat.memory import Memory, Turn, Unfinished
from ui.chat.runs import Run, Runs
from ui.cli import main

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."


@pytest.fixture
def library(seed_index: Index, tmp_path: Path) -> IndexLibrary:
    return IndexLibrary(seed_index, tmp_path / "uploads", max_file_bytes=1000)


@pytest.fixture
def desk(engine: Engine, library: IndexLibrary, tmp_path: Path) -> Desk:
    feedback = Feedback(tmp_path / "feedback.jsonl", {"pressmark": "0", "model": engine.model})
    return Desk(engine, library, feedback)


def _ask(desk: Desk, question: str, memory: Memory | None = None, **options: Any) -> list[View]:
    return list(desk.ask(question, memory or Memory(), options.pop("scope", None), "s", **options))


def _memory(view: View) -> Memory:
    assert view.memory is not None
    return view.memory


def _stopped(question: str = "Q?") -> Turn:
    return Turn(unfinished=Unfinished(question, "Q?", "stopped", "r"))


def test_the_panel_is_filled_before_any_draft(desk: Desk, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    views = _ask(desk, REGRET)
    first = next(i for i, view in enumerate(views) if view.panel is not None)
    assert "34 Turkish troops" in (views[first].panel or "")
    assert all('class="draft"' not in (view.live or "") for view in views[:first])
    assert not views[-1].asking
    (turn,) = _memory(views[-1]).current.turns
    assert turn.outcome == "answered"
    assert turn.answer is not None
    assert turn.answer.text == REPLY


def test_a_refused_question_changes_nothing_but_the_notice(desk: Desk) -> None:
    (view,) = _ask(desk, "   ")
    assert "the question is empty" in (view.notice or "")
    assert (view.conversation, view.memory, view.asking) == (None, None, False)


def test_an_engine_that_fails_says_so_in_the_turn(desk: Desk) -> None:
    # No reply is queued: the fake model raises.
    (turn,) = _memory(_ask(desk, REGRET)[-1]).current.turns
    assert turn.outcome == "failed"
    assert turn.reason


def test_history_goes_to_the_engine_and_a_replaced_turn_does_not(
    desk: Desk, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY)
    memory = _memory(_ask(desk, REGRET)[-1])
    fake.enqueue("Who expressed regret about the killing of 34 Turkish troops?", REPLY)
    memory = _memory(_ask(desk, "Who expressed regret about it?", memory)[-1])
    assert REPLY in fake.prompts[1]
    fake.enqueue(REPLY)
    memory = _memory(_ask(desk, REGRET, memory, replacing=0)[-1])
    assert [turn.question for turn in memory.current.turns] == [REGRET]


def test_a_question_stays_within_its_scope(
    desk: Desk, library: IndexLibrary, fake: QueueLLM, tmp_path: Path
) -> None:
    (tmp_path / "b.txt").write_text("The mayor of Brill opened a bridge.", encoding="utf-8")
    list(library.add([tmp_path / "b.txt"]))
    (added,) = [e for e in library.entries() if "Brill" in e.title]
    scope = desk.scope([added.id, "unknown"])
    assert scope == Scope(frozenset({added.id}), "The mayor of Brill opened a bridge.")
    fake.enqueue("The mayor of Brill opened a bridge.")
    view = _ask(desk, "What did the mayor of Brill open?", scope=scope)[-1]
    (turn,) = _memory(view).current.turns
    assert turn.answer is not None
    cited = [citation.evidence for citation in turn.answer.citations]
    assert {e.document_id for e in (*cited, *turn.answer.nearest)} == {added.id}
    library.remove(added.id)
    (view,) = _ask(desk, "What did the mayor of Brill open?", scope=scope)
    assert "have been removed" in (view.notice or "")


def test_a_run_that_is_stopped_ends_at_once_and_closes_the_stream() -> None:
    closed: list[bool] = []

    def stream() -> Events:
        try:
            while True:
                yield TextDelta("word ")
        finally:
            closed.append(True)

    runs = Runs()
    run = runs.start("reader", stream)
    events = run.events()
    assert next(batch for batch in events if batch)[0] == TextDelta("word ")
    runs.stop("reader")
    assert list(events) in ([], [[]]) or run.stopped
    run.join(5)
    assert closed == [True]


def test_a_new_run_of_the_same_page_stops_the_one_before() -> None:
    def stream() -> Events:
        yield from ()

    runs = Runs()
    first: Run = runs.start("reader", stream)
    second = runs.start("reader", stream)
    other = runs.start("another", stream)
    assert (first.stopped, second.stopped, other.stopped) == (True, False, False)


def test_conversations_survive_the_way_through_the_browser(desk: Desk, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    memory = _memory(_ask(desk, REGRET)[-1])
    again = Memory.load(json.loads(json.dumps(memory.dump())))
    assert again == memory
    assert again.current.history == [(REGRET, REPLY)]


@pytest.mark.parametrize(
    "payload",
    [None, 5, "x", [], {"conversations": 5}, {"conversations": None}],
)
def test_a_browser_that_kept_nothing_readable_starts_empty(payload: object) -> None:
    assert Memory.load(payload) == Memory()


@pytest.mark.parametrize(
    "damaged",
    [
        5,
        {},
        {"id": 1, "turns": []},
        {"id": "a", "turns": [{}]},
        {"id": "a", "turns": 5},
        # What the first versions kept.
        {"id": "a", "turns": [{"question": "Q?", "outcome": "answered", "citations": []}]},
    ],
)
def test_a_damaged_conversation_is_counted_and_the_others_kept(damaged: object) -> None:
    (good,) = Memory().with_turns((_stopped(),)).dump()["conversations"]
    memory = Memory.load({"conversations": [damaged, good]})
    assert memory.unreadable == 1
    assert [c.turns for c in memory.conversations] == [(_stopped(),)]


def test_what_the_browser_keeps_is_bounded_and_drops_the_oldest() -> None:
    long = _stopped("Q?" * 100_000)
    memory = Memory()
    for _ in range(12):
        memory = memory.begun().with_turns((long,))
    kept = memory.dump()["conversations"]
    assert len(json.dumps(kept)) < 1_500_000
    assert kept[-1]["id"] == memory.current.id


def test_a_new_conversation_leaves_the_earlier_ones_to_be_opened_again() -> None:
    turn = _stopped()
    memory = Memory().with_turns((turn,))
    first = memory.current.id
    memory = Memory.load(memory.begun().dump())
    assert memory.current.turns == ()
    assert memory.opened(first).current.turns == (turn,)
    assert memory.forgotten(first).opened(first).current.turns == ()


def test_a_vote_becomes_a_golden_line(desk: Desk, fake: QueueLLM, tmp_path: Path) -> None:
    fake.enqueue(REPLY)
    conversation = _memory(_ask(desk, REGRET)[-1]).current
    desk.feedback.append(conversation, 0, "up", "right")
    line = add_golden(tmp_path / "feedback.jsonl", tmp_path / "golden.jsonl")
    assert json.loads((tmp_path / "golden.jsonl").read_text(encoding="utf-8")) == line
    assert list(line) == "question answerable cites mentions forbids history".split()
    assert (line["question"], line["answerable"]) == (REGRET, True)
    assert line["cites"][0]["text"].startswith("Putin on Thursday expressed his regret")
    assert line["mentions"] == [r"\b34\b"]


def test_a_wrong_answer_needs_to_be_told_whether_there_is_a_right_one(
    desk: Desk, fake: QueueLLM, tmp_path: Path
) -> None:
    fake.enqueue(REPLY)
    conversation = _memory(_ask(desk, REGRET)[-1]).current
    desk.feedback.append(conversation, 0, "down", "")
    feedback, golden = tmp_path / "feedback.jsonl", tmp_path / "golden.jsonl"
    with pytest.raises(ConfigError, match="add --answerable or --unanswerable"):
        add_golden(feedback, golden)
    line = add_golden(feedback, golden, answerable=False)
    assert line["answerable"] is False
    assert line["forbids"] == [
        r"Putin\ expressed\ regret\ about\ the\ killing\ of\ 34\ Turkish\ troops\."
    ]


def test_golden_lines_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rate an answer in `pressmark chat` first"):
        add_golden(tmp_path / "none.jsonl", tmp_path / "golden.jsonl")
    (tmp_path / "f.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="has 1 lines; give --line 1 to 1"):
        add_golden(tmp_path / "f.jsonl", tmp_path / "golden.jsonl", 3)
    with pytest.raises(ConfigError, match="is no feedback"):
        add_golden(tmp_path / "f.jsonl", tmp_path / "golden.jsonl")


def test_the_chat_knows_nothing_of_chroma_or_llama_cpp() -> None:
    folder = Path(__file__).parent.parent / "ui"
    for module in folder.glob("*.py"):
        if module.name != "cli.py":
            text = module.read_text(encoding="utf-8")
            assert "chromadb" not in text
            assert "llama_cpp" not in text


_Make = Callable[..., Index]


def test_an_empty_library_says_so_and_asks_for_documents(
    make_index: _Make, fake: QueueLLM, tmp_path: Path
) -> None:
    from rag.retrieve import HybridRetriever

    index = make_index({})
    library = IndexLibrary(index, tmp_path / "uploads", max_file_bytes=1000)
    desk = Desk(Engine(HybridRetriever(index), fake), library, Feedback(tmp_path / "f", {}))
    assert "There are no documents yet" in (desk.show(Memory()).conversation or "")
    (turn,) = _memory(_ask(desk, REGRET)[-1]).current.turns
    assert turn.outcome == "abstained"


def test_the_command_adds_a_golden_line(
    desk: Desk, fake: QueueLLM, tmp_path: Path, capsys: Any
) -> None:
    fake.enqueue(REPLY)
    desk.feedback.append(_memory(_ask(desk, REGRET)[-1]).current, 0, "up", "")
    golden = tmp_path / "golden.jsonl"
    arguments = ["golden", "add", "--feedback", str(tmp_path / "feedback.jsonl")]
    assert main([*arguments, "--to", str(golden)]) == 0
    assert capsys.readouterr().out == f"added to {golden}: {REGRET}\n"
    assert json.loads(golden.read_text(encoding="utf-8"))["question"] == REGRET
