"""Follow-ups: what leans on the history is rewritten, what stands alone is left byte for byte."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from index.store.index import Index
from rag.answer import EvidenceFound
from rag.condense import background, condense, leans_on_history, may_lean
from rag.engine import Engine
from rag.find import Found, find
from rag.judge.extract import Extraction, Span
from rag.judge.reply import Reply
from rag.respond import Clock, Responder
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM

HISTORY = [("Who visited Edirne province?", "Interior Minister Suleyman Soylu visited Edirne.")]


@pytest.mark.parametrize(
    "question",
    [
        "And in Greece?",
        "When did he say that?",
        "Why?",
        "What about the second one?",
        "How many of them were killed?",
        "Where is it?",
        "What did they announce there?",
        "Who else?",
        "But what did his minister say?",
        "how much will that cost",
        "What happened after that?",
        "Can I see it in Berlin?",
    ],
)
def test_a_follow_up_leans_on_the_history(question: str) -> None:
    assert leans_on_history(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many Syrian refugees does Turkey host?",
        "Is there a hospital in Idlib?",
        "Did Putin say that the army knew of the location?",
        "What did Soylu say about his visit to Edirne?",
        "Who won the football World Cup in 2018?",
        "When did Erdogan meet Putin after the airstrike?",
        "How long is the bridge that the mayor of Brill opened?",
    ],
)
def test_a_question_that_stands_alone_does_not(question: str) -> None:
    assert not leans_on_history(question)


def test_a_question_that_stands_alone_is_left_byte_for_byte(fake: QueueLLM) -> None:
    question = "How many  Syrian refugees does Turkey host ?"
    assert condense(fake, question, HISTORY) == question
    assert condense(fake, "Why?", []) == "Why?"
    assert fake.prompts == []


def test_a_follow_up_is_rewritten(fake: QueueLLM) -> None:
    fake.enqueue("When did Suleyman Soylu visit Edirne province?")
    rewritten = condense(fake, "When did he visit it?", HISTORY)
    assert rewritten == "When did Suleyman Soylu visit Edirne province?"
    assert "Suleyman Soylu visited Edirne" in fake.prompts[0]


@pytest.mark.parametrize(
    "reply",
    [
        "He visited it on Thursday.",
        "When did Angela Merkel visit Berlin in 2019?",
        "",
        "Which bridge?",
        "When did he visit it?",
        "Who did Suleyman Soylu visit in Edirne province?",
    ],
)
def test_a_rewriting_that_drifts_is_not_used(fake: QueueLLM, reply: str) -> None:
    fake.enqueue(reply)
    assert condense(fake, "When did he visit it?", HISTORY) == "When did he visit it?"


@pytest.mark.parametrize(
    ("question", "asked", "reply"),
    [
        # What was asked before is not asked again.
        (
            "and the winter before?",
            "How many bees died last winter?",
            "How many bees died last winter?",
        ),
        ("and after him?", "Who was captain in Lund?", "Who was captain in Lund of Ola Berg?"),
    ],
)
def test_a_rewriting_that_asks_something_else_is_not_used(
    fake: QueueLLM, question: str, asked: str, reply: str
) -> None:
    fake.enqueue(reply)
    assert condense(fake, question, [(asked, "Ola Berg was captain.")]) == question


def test_a_rewriting_may_bring_one_word_of_its_own(fake: QueueLLM) -> None:
    fake.enqueue("How much did it cost to repair the bridge in Lund?")
    history = [("Has the bridge in Lund opened?", "Yes, the bridge opened in May.")]
    assert condense(fake, "and what did it cost", history) == (
        "How much did it cost to repair the bridge in Lund?"
    )


@pytest.mark.parametrize(
    "question", ["what did the mayor say", "who voted against?", "why so late"]
)
def test_a_question_that_names_nothing_may_lean(question: str) -> None:
    assert may_lean(question)


@pytest.mark.parametrize(
    "question",
    ["who painted the blue mural at the ferry landing", "What did the mayor of Lund say?"],
)
def test_a_question_that_says_what_it_is_about_does_not(question: str) -> None:
    assert not may_lean(question)


def test_one_that_may_lean_is_left_where_the_model_says_that_it_does_not(fake: QueueLLM) -> None:
    fake.enqueue("What did the mayor say?")
    assert condense(fake, "what did the mayor say", HISTORY) == "what did the mayor say"


def test_a_follow_up_is_searched_with_what_was_asked_before() -> None:
    history = [
        ("Who opened the bridge in Lund?", "Ola Berg opened it."),
        ("and when?", "Ola Berg opened it in May."),
    ]
    assert background("why?", history) == "Who opened the bridge in Lund? and when? Ola Berg"
    assert background("why?", history[:1]) == "Who opened the bridge in Lund? Lund Ola Berg"
    assert background("Why did Ola Berg resign?", history) == ""
    assert background("why?", []) == ""


def test_its_evidence_is_told_before_the_model_spells_it_out(
    engine: Engine, fake: QueueLLM
) -> None:
    events = engine.stream("How many special police did he announce?", HISTORY)
    first = next(events)
    assert isinstance(first, EvidenceFound)
    assert fake.prompts == []
    assert "1,000 special police" in first.evidence[0].text
    events.close()


def test_the_rewritten_question_is_in_the_answer(engine: Engine, fake: QueueLLM) -> None:
    fake.enqueue(
        "How many special police did Soylu announce?",
        "Soylu announced the deployment of 1,000 special police.",
    )
    answer = engine.ask("How many special police did he announce?", HISTORY)
    assert answer.question == "How many special police did he announce?"
    assert answer.condensed_question == "How many special police did Soylu announce?"
    assert answer.text == "Soylu announced the deployment of 1,000 special police."


def test_what_only_comes_near_the_talk_is_no_answer(make_index: Callable[..., Index]) -> None:
    told = "Soylu visited Edirne on Thursday and spoke to the guards at the crossing."
    index = make_index({"visit.txt": f"Title: A visit\n\n{told}"})
    question = "which school did he visit"
    found = find(HybridRetriever(index), question)
    unmarked = replace(found, extraction=Extraction((), {}), about="Who visited Edirne?")
    responder = Responder(index, None, sys.float_info.min, "model")

    def answered(given: Found) -> str | None:
        return responder.respond(given, Reply(told), Clock(0.0)).text

    assert answered(unmarked) is None
    assert answered(replace(unmarked, condensed="Which school did Soylu visit?")) is not None
    key = found.candidates[0].key
    marked = Extraction((Span("Edirne", key, 0.9),), {key: 0.9})
    assert answered(replace(unmarked, extraction=marked)) is not None
