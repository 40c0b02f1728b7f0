"""Many readers: evidence is not queued behind the model, and the same at once is answered once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.answer import (
    Answer,
    Event,
    Events,
    EvidenceFound,
    Finished,
    Marked,
    TextDelta,
    Waiting,
    answer_of,
)
from rag.engine import Engine
from rag.errors import LanguageModelError
from rag.filters import Filters
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY, until
from ui.server.queued import QueuedEngine
from ui.server.shared import SharedAnswers
from ui.server.turns import Turns

N_READERS = 50


@pytest.fixture
def queued(engine: Engine) -> QueuedEngine:
    return QueuedEngine(engine, Turns())


def test_readers_who_wait_see_their_evidence_and_their_place(
    queued: QueuedEngine, fake: QueueLLM
) -> None:
    busy = queued.turns.open("a program")
    assert list(busy.wait()) == []
    questions = [f"{REGRET} Say it in {n} words." for n in range(20, 20 + N_READERS)]
    readers: list[Events] = []
    begun: list[float] = []

    def begin(number: int) -> tuple[Event, float]:
        readers.append(queued.stream(questions[number], client=f"reader {number}"))
        started = time.perf_counter()
        return next(readers[-1]), time.perf_counter() - started

    for number in range(N_READERS):
        found, took = begin(number)
        assert isinstance(found, EvidenceFound)
        assert found.condensed_question == questions[number]
        assert any("34 Turkish" in e.text for e in found.evidence)
        begun.append(took)
    assert sorted(begun)[int(0.95 * N_READERS)] < 1
    assert all(isinstance(next(reader), Marked) for reader in readers)
    places = [next(reader) for reader in readers]
    assert [p.position for p in places if isinstance(p, Waiting)] == [*range(1, N_READERS + 1)]
    assert fake.prompts == []

    busy.__exit__(None, None, None)
    fake.enqueue(*[REPLY] * N_READERS)
    answers = [answer_of(reader) for reader in readers]
    assert [a.question for a in answers] == questions
    asked = [next(q for q in questions if q in prompt) for prompt in fake.prompts]
    assert asked == questions
    assert queued.turns.n_open == 0


def test_a_follow_up_sees_its_evidence_before_the_model_spells_it_out(
    queued: QueuedEngine, fake: QueueLLM
) -> None:
    busy = queued.turns.open("a program")
    assert list(busy.wait()) == []
    follow_up = "For how many of them was it expressed?"
    reader = queued.stream(follow_up, [(REGRET, REPLY)], client="a reader")
    found = next(reader)
    assert isinstance(found, EvidenceFound)
    assert any("34 Turkish" in e.text for e in found.evidence)
    assert isinstance(next(reader), Waiting)
    assert fake.prompts == []

    busy.__exit__(None, None, None)
    fake.enqueue("For how many of the Turkish troops was regret expressed?", REPLY)
    assert answer_of(reader).condensed_question.startswith("For how many of the Turkish troops")


def test_the_same_question_asked_at_once_is_answered_once(
    queued: QueuedEngine, fake: QueueLLM
) -> None:
    gate = fake.hold()
    fake.enqueue(REPLY)
    first = queued.stream(REGRET, client="ada")
    seen: list[Event] = [next(first), next(first), next(first)]
    assert isinstance(seen[-1], TextDelta)
    with ThreadPoolExecutor(max_workers=4) as pool:
        # Blanks at its ends make no other question of it.
        others = [
            pool.submit(lambda: list(queued.stream(f" {REGRET} ", client="ben"))) for _ in range(4)
        ]
        until(lambda: queued.turns.n_open == 5)
        gate.set()
        told = [other.result(timeout=30) for other in others]
    assert told == [[*seen, *first]] * 4
    assert len(fake.prompts) == 1
    assert queued.turns.n_open == 0


def test_what_differs_is_not_shared(queued: QueuedEngine, fake: QueueLLM) -> None:
    gate = fake.hold()
    fake.enqueue(REPLY, REPLY)
    first = queued.stream(REGRET)
    assert isinstance([next(first), next(first), next(first)][-1], TextDelta)
    limited = queued.stream(REGRET, filters=Filters(as_of="2030-01-01"))
    assert isinstance(next(limited), EvidenceFound)
    assert isinstance(next(limited), Marked)
    assert isinstance(next(limited), Waiting)
    gate.set()
    assert not answer_of(first).abstained
    assert not answer_of(limited).abstained
    assert len(fake.prompts) == 2


@pytest.mark.parametrize("who_leaves", [0, 1])
def test_who_leaves_takes_the_answer_from_nobody(
    queued: QueuedEngine, fake: QueueLLM, who_leaves: int
) -> None:
    fake.enqueue(REPLY)
    readers = [queued.stream(REGRET, client="ada"), queued.stream(REGRET, client="ben")]
    for reader in readers:
        assert isinstance([next(reader), next(reader), next(reader)][-1], TextDelta)
    readers.pop(who_leaves).close()
    assert fake.closed == 0
    assert isinstance(list(readers[0])[-1], Finished)
    assert (len(fake.prompts), queued.turns.n_open) == (1, 0)


def test_the_last_who_leaves_stops_the_model(queued: QueuedEngine, fake: QueueLLM) -> None:
    fake.enqueue(REPLY, REPLY)
    readers = [queued.stream(REGRET, client="ada"), queued.stream(REGRET, client="ben")]
    for reader in readers:
        assert isinstance([next(reader), next(reader), next(reader)][-1], TextDelta)
    readers[0].close()
    assert (fake.closed, queued.turns.n_open) == (0, 2)
    readers[1].close()
    assert (fake.closed, queued.turns.n_open) == (1, 0)
    # What was stopped is begun anew.
    assert queued.ask(REGRET).text is not None


class _Place:
    """A place that counts how often it was given up."""

    def __init__(self) -> None:
        self.left = 0

    def __exit__(self, *_: object) -> None:
        self.left += 1


def _failing(gate: threading.Event) -> Callable[[], Events]:
    def make() -> Events:
        yield EvidenceFound("?", ())
        gate.wait(10)
        raise LanguageModelError("the language model failed")

    return make


def test_a_failure_is_told_to_all_who_wait_and_then_forgotten(answered: Answer) -> None:
    shared, gate, places = SharedAnswers(), threading.Event(), [_Place(), _Place(), _Place()]
    readers = [shared.read("a", place, _failing(gate)) for place in places[:2]]
    for reader in readers:
        assert isinstance(next(reader), EvidenceFound)
    gate.set()
    for reader in readers:
        with pytest.raises(LanguageModelError, match="failed"):
            next(reader)

    def make() -> Events:
        yield Finished(answered)

    assert list(shared.read("a", places[2], make)) == [Finished(answered)]
    assert [place.left for place in places] == [1, 1, 1]
    assert len(shared) == 0


@pytest.fixture
def answered(engine: Engine, fake: QueueLLM) -> Answer:
    fake.enqueue(REPLY)
    return engine.ask(REGRET)


def test_answers_that_are_over_leave_nothing_behind(queued: QueuedEngine, fake: QueueLLM) -> None:
    fake.enqueue(*[REPLY] * 20)
    for number in range(10):
        queued.ask(f"{REGRET} {number}", client=f"reader {number}")
        readers = [queued.stream(f"{REGRET} {number}", client=c) for c in ("ada", "ben")]
        for reader in readers:
            next(reader)
            reader.close()
    assert queued.turns.n_open == queued.turns.n_waiting == len(queued._shared) == 0
