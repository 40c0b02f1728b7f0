"""A quotation that is certain is the answer, at once; of anything else the model writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from index.config import load_settings
from index.store.index import Index
from rag.answer import EvidenceFound, Finished
from rag.engine import Engine
from rag.evidence import Candidate
from rag.judge.certain import may_be_certain
from rag.judge.complete import Part
from rag.judge.extract import Extraction, Extractor
from rag.model.absent import AbsentModel
from rag.opening import engine_over
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM
from ui.parser import make_parser

HIRED = "The school in Varnby hired 40 nurses in September."
ARTICLE = f"""School grows

{HIRED} It bought a boat for 900 crowns.
The pupils, who had been taught in a barn since the fire of March, in which nobody was hurt although
the roof fell in and the bell of the chapel melted, moved into the new hall on Monday, together with
their teachers, two cooks, a dog called Bork, and a piano that the mayor had given.
"""


@pytest.fixture
def engine(make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor) -> Engine:
    index = make_index({"school.txt": ARTICLE})
    return Engine(HybridRetriever(index), fake, extractor=extractor, quote_when_certain=True)


def test_what_is_certain_is_quoted_and_no_model_asked(engine: Engine, fake: QueueLLM) -> None:
    found, finished = engine.stream("How many nurses did the school hire?")
    assert isinstance(found, EvidenceFound)
    assert isinstance(finished, Finished)
    answer = finished.answer
    assert fake.prompts == []
    assert answer.text == HIRED
    assert "40" in (answer.marked or "")
    assert [c.evidence.text for c in answer.citations] == [HIRED]
    assert answer.timings.first_token is None
    assert answer.timings.quoted is not None


@pytest.mark.parametrize(
    "question",
    [
        # Yes or no; a reason; another who did it; "It"; a long sentence.
        "Did the school hire 40 nurses?",
        "Why did the school hire 40 nurses?",
        "How many nurses did the clinic hire?",
        "How much did the boat cost?",
        "When did the pupils move into the new hall?",
    ],
)
def test_of_anything_else_the_model_writes(engine: Engine, fake: QueueLLM, question: str) -> None:
    fake.enqueue("The school in Varnby hired 40 nurses in September.")
    engine.ask(question)
    assert len(fake.prompts) == 1


def test_where_it_is_set_the_model_writes_always(engine: Engine, fake: QueueLLM) -> None:
    engine.quote_when_certain = False
    fake.enqueue("The school hired 40 nurses.")
    assert engine.ask("How many nurses did the school hire?").text == "The school hired 40 nurses."


def test_it_is_the_default_and_written_takes_it_back(
    make_index: Callable[..., Index], extractor: Extractor
) -> None:
    index = make_index({"school.txt": ARTICLE})
    model = AbsentModel(model_name="none")
    for quote, expected in ((None, True), ("certain", True), ("never", False)):
        settings = load_settings({"quote": quote})
        assert engine_over(settings, index, model, extractor).quote_when_certain is expected
    assert make_parser().parse_args(["ask", "--written", "Who?"]).quote == "never"
    assert make_parser().parse_args(["ask", "Who?"]).quote is None


def test_parts_are_not_answered_by_one_quotation() -> None:
    extraction = Extraction((), {("d", 0): 0.95})
    assert may_be_certain("who led it", extraction, ())
    assert not may_be_certain("who led it", Extraction((), {("d", 0): 0.75}), ())
    assert not may_be_certain("who led it", None, ())
    assert not may_be_certain("who led it", extraction, (Part("who paid", extraction),))


def test_a_quotation_is_read_without_markdown_and_cited_with_it(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    item = "- The school in Varnby hired *forty nurses* in September."
    index = make_index({"school.md": f"# School grows\n\n- It bought a boat.\n{item}\n"})
    engine = Engine(HybridRetriever(index), fake, extractor=extractor, quote_when_certain=True)
    answer = engine.ask("How many nurses did the school in Varnby hire?")
    assert answer.text == "The school in Varnby hired forty nurses in September."
    assert [c.evidence.text for c in answer.citations] == [item]
    assert answer.marked


Told = Callable[[float], list[str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Has the model say the same of all sentences, and tells which it was asked of."""

    def say(log_odds: float) -> list[str]:
        asked: list[str] = []

        def answers(_: object, __: str, cited: Sequence[Candidate]) -> float:
            asked.append(cited[0].evidence.text)
            return log_odds

        monkeypatch.setattr("rag.respond.answers", answers)
        return asked

    return say


def test_where_the_model_sees_the_answer_it_writes_nothing(
    engine: Engine, fake: QueueLLM, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.judge.certain._MARKED", 1.1)
    asked = told(1.0)
    answer = engine.ask("How many nurses came to the school in Varnby?")
    assert answer.text == HIRED
    assert asked == [HIRED]
    assert fake.prompts == []
    assert answer.timings.first_token is None
    assert answer.signals["answers"] == 1.0


def test_where_it_sees_it_nowhere_it_writes_nothing_and_declines(
    engine: Engine, fake: QueueLLM, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.judge.certain._MARKED", 1.1)
    asked = told(-4.0)
    answer = engine.ask("How many nurses came to the school in Varnby?")
    assert answer.text is None
    assert HIRED in asked
    assert len(asked) == len(set(asked)) > 1
    assert fake.prompts == []


@pytest.mark.parametrize(
    ("question", "log_odds"),
    [
        # In doubt; yes or no; a list; "It".
        ("How many nurses came to the school in Varnby?", 0.0),
        ("Did the school in Varnby hire 40 nurses?", 3.0),
        ("What are the reasons that the school in Varnby hired nurses?", 3.0),
        ("What was paid for the boat?", 3.0),
    ],
)
def test_of_what_is_in_doubt_the_model_writes(
    engine: Engine,
    fake: QueueLLM,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    log_odds: float,
) -> None:
    monkeypatch.setattr("rag.judge.certain._MARKED", 1.1)
    told(log_odds)
    fake.enqueue("The school in Varnby hired 40 nurses in September.")
    engine.ask(question)
    assert len(fake.prompts) == 1


def test_the_sentence_that_is_looked_at_is_the_one_that_is_quoted(
    engine: Engine, fake: QueueLLM, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extractor's mark counts beside it, and less."""
    moved = "The pupils, who had been taught in a barn"

    def look_at_the_last(
        _: object, __: str, ___: object, candidates: Sequence[Candidate]
    ) -> dict[tuple[str, int], float]:
        return {c.key: 0.98 if c.evidence.text.startswith(moved) else 0.01 for c in candidates}

    monkeypatch.setattr("rag.judge.certain._MARKED", 1.1)
    monkeypatch.setattr("rag.respond.point", look_at_the_last)
    told(2.0)
    for question in ("How many nurses came to the school in Varnby?", "How did they move?"):
        answer = engine.ask(question)
        assert (answer.text or "").startswith(moved)
    assert fake.prompts == []
