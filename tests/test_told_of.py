"""Of whom a sentence tells: not of the rival, the namesake, or who does it."""

from __future__ import annotations

import pytest

from rag.judge.compared import of_what_is_compared
from rag.judge.told_of import (
    told_of_another_subject,
    told_of_its_namesake,
    told_of_what_stood_before,
    told_of_whom_it_names,
)

RIVAL = (
    "The firm has refused to pay into the fund until the judge reports; its rival Velden Slate, "
    "which has no pit there, has given 900 crowns."
)
SISTER = "Johanna failed in medicine and took a degree in physics at Lenn."
NEAR = "Johanna Holm, a life. Her sister Beate became a nurse, and Per Holm played."
FOLLOWED = "He will be followed on 1 March by Ada Quist, at present at the bank."


@pytest.mark.parametrize(
    ("statement", "cited", "told"),
    [
        ("Velden Slate refused to pay into the fund until the judge reports.", RIVAL, "firm"),
        ("Beate Holm took a degree in physics at Lenn.", SISTER, "Johanna"),
        ("Ada Quist will be followed on 1 March.", FOLLOWED, "Ada Quist"),
        ("Beate Holm's career ended in 2009.", "Her brother Per ended his career in 2009.", "Per"),
    ],
)
def test_what_is_said_of_another_is_told(statement: str, cited: str, told: str) -> None:
    problem = told_of_another_subject(statement, [cited], NEAR)
    assert problem is not None
    assert f"“{told}”" in problem


@pytest.mark.parametrize(
    ("statement", "cited"),
    [
        ("Velden Slate has given 900 crowns.", RIVAL),
        ("The firm refused to pay into the fund.", RIVAL),
        ("Johanna Holm took a degree in physics at Lenn.", SISTER),
        ("Holm took a degree in physics.", SISTER),
        ("Per Rask will be followed by Ada Quist.", FOLLOWED),
        ("The pit was closed by the county.", "It was closed by the county in May."),
        ("Velden Slate refused.", "Velden Slate refused to pay, but the county paid."),
        (
            "Velden Slate refused to pay.",
            "The firm refused to pay; Velden Slate says that it waits for the judge.",
        ),
    ],
)
def test_what_is_said_of_the_same_is_not(statement: str, cited: str) -> None:
    assert told_of_another_subject(statement, [cited], NEAR) is None


def test_who_a_sentence_begins_with_is_meant_not_who_is_named_before() -> None:
    near = "The charts of the sound. Her sister, Beate, became a nurse. Johanna failed in medicine."
    cited = ["Johanna failed in medicine and took a degree in physics."]
    assert told_of_another_subject("Beate Holm took a degree in physics.", cited, near)
    assert not told_of_another_subject("Johanna Holm took a degree in physics.", cited, near)
    assert not told_of_another_subject("Beate Holm left.", ["Holm left in May."], near)


def test_what_he_does_is_not_told_of_her() -> None:
    cited = ["From July on he gives his plants tea every two weeks."]
    assert told_of_another_subject("Maud gives her plants tea every two weeks.", cited, NEAR)
    assert not told_of_another_subject("Per gives his plants tea every two weeks.", cited, NEAR)
    told = ["Rask, who survives her, said that she had been right about everything."]
    assert not told_of_another_subject("Rask said that it was true of him.", told, NEAR)
    both = ["He gives her plants tea every two weeks."]
    assert not told_of_another_subject("Her plants get tea every two weeks.", both, NEAR)


def test_that_stands_for_what_the_sentence_before_speaks_of() -> None:
    cited = ["Ada said that would be theft."]
    before = ["Per wanted to sell the second lamp to the museum."]
    assert told_of_what_stood_before("Ada thinks that copies on a screen are theft.", cited, before)
    for statement in (
        "Ada said that would be theft.",
        "To sell the lamp would be theft, she said.",
    ):
        assert not told_of_what_stood_before(statement, cited, before)
    relative = ["The lamp that was sold is in the museum."]
    assert not told_of_what_stood_before("The copper lamp was sold.", relative, before)


def test_what_it_is_compared_with_is_not_it() -> None:
    cited = ["It is far better than Long Winters, a thriller that sold four times as many copies."]
    assert of_what_is_compared("The Toll sold four times as many copies.", cited) is not None
    assert of_what_is_compared("Long Winters sold four times as many copies.", cited) is None
    assert of_what_is_compared("The Toll is better.", cited) is None


def test_what_is_his_is_not_told_of_her() -> None:
    cited = ["They opened the shop in 2008, with a loan from his uncle, and parted in 2014."]
    assert told_of_another_subject("Ada opened the shop with a loan from her uncle.", cited, NEAR)
    assert not told_of_another_subject("They had a loan from his uncle.", cited, NEAR)
    both = ["His uncle and her uncle paid."]
    assert not told_of_another_subject("The loan came from her uncle.", both, NEAR)


def test_what_the_sentence_before_says_is_not_told_of_whom_the_next_one_names() -> None:
    before = ["Her husband, Per Rask, was a vet."]
    cited = ["He died in 1979, and she brought up their children, Ida and Nils, alone."]
    question = "What does Per Rask's son do?"
    assert told_of_whom_it_names("Per Rask's son Nils is a vet.", question, cited, before)
    for statement in ("Per Rask was a vet.", "Ida and Nils were brought up alone."):
        assert not told_of_whom_it_names(statement, question, cited, before)
    prize = ["The prize, 400 crowns, went to a librarian."]
    named = ["She is Ada Finch of Lund."]
    statement = "The prize, 400 crowns, went to Ada Finch."
    assert not told_of_whom_it_names(statement, "who got the prize", named, prize)


def test_what_burned_of_a_name_is_not_another_of_that_name() -> None:
    cited = "A fire destroyed the shed of the Brill sawmill on Tuesday."

    def unlike(_: str, __: str) -> float:
        return 0.2

    told = told_of_its_namesake("The fire at the Brill school was on Tuesday.", cited, "", unlike)
    assert told == "Brill sawmill"
    for statement in ("The fire at the Brill sawmill was on Tuesday.", "The Brill shed burned."):
        assert told_of_its_namesake(statement, cited, "", unlike) is None
    near = "The Brill school lies beside it."
    assert told_of_its_namesake("The Brill school burned.", cited, near, unlike) is None
