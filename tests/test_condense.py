"""Follow-ups: what leans on the history is rewritten, what stands alone is left byte for byte."""

from __future__ import annotations

import pytest

from rag.condense import condense, leans_on_history
from rag.engine import Engine
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
    rewritten = condense(fake, "When did he visit it?", HISTORY)
    assert rewritten == "When did he visit it (Edirne, Interior Minister Suleyman Soylu)?"


def test_without_a_name_what_was_asked_stands_beside_the_question(fake: QueueLLM) -> None:
    fake.enqueue("")
    history = [("who steers the ferry?", "a captain of sixty")]
    assert condense(fake, "and for how long?", history) == "and for how long (steers the ferry)?"


def test_the_rewritten_question_is_in_the_answer(engine: Engine, fake: QueueLLM) -> None:
    fake.enqueue(
        "How many special police did Soylu announce?",
        "Soylu announced the deployment of 1,000 special police.",
    )
    answer = engine.ask("How many special police did he announce?", HISTORY)
    assert answer.question == "How many special police did he announce?"
    assert answer.condensed_question == "How many special police did Soylu announce?"
    assert answer.text == "Soylu announced the deployment of 1,000 special police."
