"""A question about another time, or the opposite, is not answered by what is there."""

from __future__ import annotations

import pytest

from rag.judge.premise import contradicts

SOLD = "In 1418 his nephew sold the harbour, which stood before the old north gate, to a count."


@pytest.mark.parametrize(
    "question",
    [
        "Who sold the harbour in the 14th century?",
        "Who sold the harbour in the fourteenth century?",
        "Who sold the harbour in 1381?",
        "What stood after the old gate?",
        "Where is the southern or the south gate?",
    ],
)
def test_another_time_and_the_opposite_contradict(question: str) -> None:
    assert contradicts(question, SOLD, SOLD)


@pytest.mark.parametrize(
    "question",
    [
        "Who sold the harbour in the 15th century?",
        "Who sold the harbour in the fifteenth century?",
        "Who sold the harbour in 1418?",
        "Did it stand before or after the gate?",
        "Was it the north or the south gate?",
        "Who sold the harbour?",
        "Which of 1500 ships came in?",
    ],
)
def test_what_agrees_or_is_only_asked_does_not(question: str) -> None:
    assert not contradicts(question, SOLD, SOLD)


def test_without_a_date_nothing_is_known() -> None:
    told = "On Thursday his nephew sold the harbour."
    assert not contradicts("Who sold the harbour in 2020?", told, told)
    assert not contradicts("Who sold the harbour in the 21st century?", told, told)


def test_a_date_may_stand_before_the_sentence() -> None:
    told = "It was sold."
    near = f"{told} That was in the 11th and 12th centuries."
    assert not contradicts("Who sold it in the 12th century?", told, near)
    assert contradicts("Who sold it in the 13th century?", told, near)
