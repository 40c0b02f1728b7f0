"""A cause that a statement gives must stand in its sentences."""

from __future__ import annotations

import pytest

from rag.judge.cause import wrong_cause

KNEW = "The inquiry says that the company knew of the crack for six years."


@pytest.mark.parametrize(
    ("statement", "cited"),
    [
        ("The wall fell because the company knew of the crack.", KNEW),
        ("The mayor left due to the fire.", "The mayor left on Monday. The fire was on Sunday."),
        ("The ferry sank because it sank in a storm on Sunday.", "The ferry sank on Sunday."),
    ],
)
def test_an_invented_cause_is_told(statement: str, cited: str) -> None:
    assert wrong_cause(statement, [cited]) is not None


@pytest.mark.parametrize(
    ("statement", "cited"),
    [
        ("The alarm was off because it had rung falsely.", "As it had rung falsely it was off."),
        ("The road is shut because of snow.", "Snow has forced the council to shut the road."),
        ("She stayed due to her son's illness.", "Her son's illness made her stay."),
        ("The company knew of the crack for six years.", KNEW),
    ],
)
def test_a_cause_in_other_words_is_none(statement: str, cited: str) -> None:
    assert wrong_cause(statement, [cited]) is None


def test_a_cause_is_not_exchanged_for_what_another_sentence_tells() -> None:
    cited = [
        "The pilot, Ada Finch, was rung at five, when the harbour called.",
        "She took the ferry to Holm, because the bridge was shut.",
    ]
    wrong = "Ada Finch took the ferry to Holm because she was rung at five."
    assert wrong_cause(wrong, cited) == "the cited sentence gives another cause"
    right = "Ada Finch took the ferry to Holm because the bridge was shut."
    assert wrong_cause(right, cited) is None
