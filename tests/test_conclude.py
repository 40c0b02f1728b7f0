"""Of the answers that a reply allows, the surer one is given."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from index.store.index import Index
from rag.engine import Engine
from rag.judge.attribute import Pin
from rag.judge.conclude import QUOTE_MARGIN, Draft, choose_draft
from rag.judge.confidence import COEFFICIENTS, confidence
from rag.judge.extract import Extractor
from rag.judge.verify import Check
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM

BRIDGE = """The new bridge

The bridge of Brill opened on Monday after six years of work.
The bridge of Brill cost 12 million euros to build, twice what the council had planned.
Anna Berg, the engineer who designed it, was not invited to the party.
"""


def _draft(sureness: float, *texts: str, problem: str | None = None) -> Draft:
    pins = tuple(Pin(text, (), (), Check(1.0, 1.0, problem)) for text in texts)
    return Draft(pins, {}, sureness)


def test_own_words_stay_until_a_quotation_is_clearly_surer() -> None:
    own = _draft(0.5, "Said.")
    assert choose_draft([own]) is own
    assert choose_draft([own, _draft(0.5 + QUOTE_MARGIN / 2, "Quoted.")]) is own
    surer = _draft(0.5 + 2 * QUOTE_MARGIN, "Quoted.")
    assert choose_draft([own, surer]) is surer


def test_several_statements_are_not_traded_for_one_sentence() -> None:
    own = _draft(0.3, "One thing.", "Another thing.")
    assert choose_draft([own, _draft(0.9, "Quoted.")]) is own


def test_what_does_not_verify_stays_beside_the_quotation() -> None:
    own = _draft(0.0, "Said.", problem="not so")
    chosen = choose_draft([own, _draft(0.4, "Quoted.")])
    assert [pin.text for pin in chosen.pins] == ["Said.", "Quoted."]
    assert [pin.text for pin in chosen.supported] == ["Quoted."]
    assert chosen.confidence == 0.4


def test_there_are_coefficients_with_and_without_probe_and_extractor() -> None:
    for has_span, has_stated in itertools.product((True, False), repeat=2):
        values = {"cosine": 0.6, "near": 0.7, "quoted": 0.0}
        if has_span:
            values |= {"span": 0.9, "span_said": 0.9, "span_cited": 0.9}
        if has_stated:
            values["stated"] = 0.9
        assert 0 < confidence(values) < 1
        worse = {n: 0.1 if n in ("span_said", "stated") else v for n, v in values.items()}
        if worse != values:
            assert confidence(worse) < confidence(values)
    assert {key[0] for key in COEFFICIENTS} == {"written", "quoted"}


@pytest.fixture
def engine(make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor) -> Engine:
    index = make_index({"bridge.txt": BRIDGE})
    return Engine(HybridRetriever(index), fake, extractor=extractor)


def test_the_sentence_that_answers_replaces_one_that_does_not(
    engine: Engine, fake: QueueLLM
) -> None:
    fake.enqueue("The bridge of Brill opened on Monday.")
    answer = engine.ask("How much did the bridge of Brill cost?")
    assert answer.text is not None
    assert "12 million euros" in answer.text
    assert [c.evidence.text for c in answer.citations] == [answer.text]


def test_an_answer_that_the_extractor_shares_keeps_its_words(
    engine: Engine, fake: QueueLLM
) -> None:
    said = "The bridge of Brill cost 12 million euros."
    fake.enqueue(said)
    answer = engine.ask("How much did the bridge of Brill cost?")
    assert answer.text == said
    assert answer.signals["span_said"] > 0.5


def test_agreement_makes_it_surer(engine: Engine, fake: QueueLLM) -> None:
    fake.enqueue("Anna Berg designed the bridge.", "The council designed the bridge.")
    question = "Who designed the bridge of Brill?"
    agreed, alone = engine.ask(question), engine.ask(question)
    assert agreed.text == "Anna Berg designed the bridge."
    assert agreed.confidence > alone.confidence
