"""A yes or a no that the other words of a statement do not bear out is not given."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.embed.embedder import Embedder
from rag.judge.verify import check
from rag.judge.yesno import borne_out, is_said_by_none

Alike = Callable[[str, str], float]


@pytest.fixture(scope="module")
def alike(embedder: Embedder) -> Alike:
    return lambda one, other: float(embedder.embed([one])[0] @ embedder.embed([other])[0])


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("will they rebuild the mill?", "Yes, the mill will not be rebuilt."),
        ("did she keep the lamp?", "Yes, she sold the lamp to pay for a boat."),
        ("Did the town close the baths?", "Yes, the town kept the baths open."),
        ("Is Per tired of the play?", "Yes, Per wrote the play in March."),
        ("did they pay the fine", "No, they paid the fine in May."),
        ("Was it legal to turn Ada down?", "Yes, Ada was turned down every year."),
    ],
)
def test_what_is_not_borne_out_is_left_out(alike: Alike, question: str, statement: str) -> None:
    rest = statement.split(", ", 1)[1]
    left = borne_out(question, statement, "", alike)
    assert left == rest[0].upper() + rest[1:]


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("did anyone check the change", "Yes, two people had checked the change."),
        ("Was the guard cleared of the theft?", "Yes, Elin Voss was cleared of it."),
        ("did the firm pay the fine", "No, the firm did not pay the fine."),
        ("Did the town close the baths?", "No, the baths stay open."),
        ("who kept the lamp", "Yes, she sold the lamp."),
        ("is it true that the mill closed", "Yes, the mill closed."),
        ("Was it him that closed the mill?", "Yes, he closed the mill."),
        ("is it safe to eat the berries", "Yes, it is safe to eat the berries."),
        ("did she keep the lamp", "She sold the lamp."),
    ],
)
def test_what_is_borne_out_stays(alike: Alike, question: str, statement: str) -> None:
    assert borne_out(question, statement, statement, alike) == statement


def test_a_question_said_again_must_stand_in_one_sentence(alike: Alike) -> None:
    question = "is the laboratory moving to Garve?"
    apart = [
        "The research laboratory will remain in Westen.",
        "390 people are offered jobs at Garve, with the cost of moving.",
    ]
    assert is_said_by_none("Yes, the laboratory is moving to Garve.", question, apart, "", alike)
    together = ["The laboratory will move to Garve in May.", *apart]
    assert not is_said_by_none(
        "Yes, the laboratory is moving to Garve.", question, together, "", alike
    )
    assert not is_said_by_none("It will remain in Westen.", question, apart, "", alike)


def test_the_no_of_an_answer_denies_no_word_of_it() -> None:
    told = ["Cards are not taken there, and the next machine is at the other end of the town."]
    assert check("No, cards are not taken there.", told).supported
