"""What is asked for must be of a sort that the sentence tells."""

from __future__ import annotations

import pytest

from rag.judge.lacking import lacking

THANKED = "Mayor Ines Rau thanked the diver with a basket of pears."


@pytest.mark.parametrize(
    ("question", "cited", "problem"),
    [
        ("Why did the fire start?", "The fire broke out at three in the kitchen.", "no reason"),
        ("why did it start", "It broke out in the kitchen.", "no reason"),
        ("When did the mayor find the bell?", THANKED, "no time"),
        ("until when was the bell lost", THANKED, "no time"),
        ("How many divers did the mayor thank?", "The mayor thanked divers.", "no number"),
        ("how many copies did the song sell", "The third song followed in 2008.", "no number"),
        ("How many came?", "On 3 May the gates were opened.", "no number"),
        ("How much does a bun cost?", "It bakes about 900 buns a day.", "no sum of money"),
        ("how much was the diver paid", "The 40-page report names the diver.", "no sum of money"),
    ],
)
def test_what_is_asked_is_not_told(question: str, cited: str, problem: str) -> None:
    found = lacking(question, cited)
    assert found is not None
    assert problem in found


@pytest.mark.parametrize(
    ("question", "cited"),
    [
        ("Why did the fire start?", "A fuse led to the fire."),
        ("Who knows why it started?", THANKED),
        ("When did the fire start?", "The fire broke out at three in the kitchen."),
        ("When was the bell found?", "The bell was found by a diver."),
        ("when did he die", "He fell during the siege."),
        # Whenever it happens, not at what time it did.
        ("When do you salt the water?", "Salt keeps the eggs whole."),
        ("How many came?", "Hundreds came."),
        ("How many came in 2008?", "In 2008 it drew 40."),
        ("How many people were there?", "There were 2008 of them."),
        ("How many soldiers crossed?", "The army of 2000 crossed."),
        ("How many people died in June?", "In June 40 people died."),
        ("how much did it sell for", "It was sold for 1500 crowns."),
        ("How much time did she spend there?", "She was there for 12 years."),
        ("How much did a seat cost?", "Seats were 90 NOK."),
        ("How much did she earn?", "She got 4,000 a month."),
        ("how much did it cost", "Admission is free."),
        ("How much does a bun cost?", "A bun is 3 crowns."),
        ("How much did they spend?", "They spent 40."),
        ("How much water is there?", "There are 40 litres."),
        ("Who thanked the diver?", THANKED),
    ],
)
def test_what_is_asked_may_be_told(question: str, cited: str) -> None:
    assert lacking(question, cited) is None
