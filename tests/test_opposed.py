"""The other bank, the other end."""

from __future__ import annotations

from rag.judge.opposed import other_end, other_event, other_side, other_year
from rag.judge.premise import Exchange

NEAR = [
    "Councillors voted to build a flood wall along the east bank of the Tess.",
    "The wall will be 1.9 kilometres long and 2.4 metres high.",
    "Farmers on the west bank, which will have no wall, were dismayed.",
]
TOUR = "They give ten concerts, beginning in Castrel on Thursday and ending in Ombria on 25 May."


def test_what_stands_on_one_side_is_not_told_of_the_other() -> None:
    found = other_side("The wall on the west bank will be 2.4 metres high.", NEAR[1], NEAR)
    assert found == Exchange("west bank", "east bank")
    assert other_side("The wall on the east bank will be 2.4 metres high.", NEAR[1], NEAR) is None
    both = [*NEAR, "A second wall stands on the west bank."]
    assert other_side("The wall on the west bank will be 2.4 metres high.", NEAR[1], both) is None


def test_what_is_at_the_end_is_not_told_of_the_beginning() -> None:
    question = "Which city hosts the opening concert on 25 May?"
    assert other_end("Ombria hosts the opening concert on 25 May.", TOUR, question) is not None
    assert other_end("Castrel hosts the opening concert.", TOUR, question) is None
    assert other_end("The tour ends in Ombria.", TOUR, "where does the tour end") is None


def test_what_befell_the_work_on_it_did_not_befall_it() -> None:
    cited = "Dredging of the north canal began in May, and ended on 17 December."
    assert other_event("The north canal ended on 17 December.", cited) is not None
    for statement in (
        "Dredging of the north canal ended on 17 December.",
        "The work on the north canal ended on 17 December.",
        "The canal was drained.",
    ):
        assert other_event(statement, cited) is None
    assert other_event("Norway signed it.", "The king of Norway signed it.") is None
    assert other_event("The club left.", "The club left after painting the hall.") is None


def test_a_year_is_not_told_of_what_is_set_against_it() -> None:
    cited = "The hall was fitted with sprinklers in 2009, but the pump was out of order."
    assert other_year("The pump of the hall was out of order in 2009.", cited) is not None
    for statement in (
        "The pump of the hall was out of order.",
        "The hall was fitted with sprinklers in 2009.",
        "The hall, fitted with sprinklers in 2009, had a pump that was out of order.",
    ):
        assert other_year(statement, cited) is None
    both = "The hall was built in 2009, but the pump failed in 2009, too."
    assert other_year("The pump failed in 2009.", both) is None
