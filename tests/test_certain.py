"""A quotation that is certain is the answer, at once; of anything else the model writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.config import load_settings
from index.store.index import Index
from rag.answer import EvidenceFound, Finished
from rag.engine import Engine
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
