"""Numbers keep the words that bound them."""

from __future__ import annotations

import pytest

from rag.judge.numbers import qualify


@pytest.mark.parametrize(
    ("statement", "cited", "expected"),
    [
        # Nothing in the sentence says "at least": it is struck.
        (
            "At least 34 soldiers died.",
            "He regretted the killing of 34 troops.",
            "34 soldiers died.",
        ),
        ("It cost nearly $3.6 million.", "It cost $3.6 million.", "It cost $3.6 million."),
        # The sentence says it and nothing else: it is put back.
        ("16 people died.", "At least 16 civilians were killed.", "At least 16 people died."),
        ("It killed 60 men.", "It killed some 60 men.", "It killed some 60 men."),
        # One bound for another.
        ("Over 300 came.", "Nearly 300 came.", "Nearly 300 came."),
        # The same bound in other words stays.
        ("More than 300 came.", "Over 300 came.", "More than 300 came."),
        ("About three million fled.", "Some 3 million fled.", "About three million fled."),
        # Both ways in the evidence: nothing is changed.
        ("34 died.", "34 died, then at least 34 more.", "34 died."),
        # Numbers that the evidence lacks are left to verification.
        ("At least 35 died.", "34 died.", "At least 35 died."),
        # Years are spoken of without their bounds.
        ("It was built in 1200.", "It was built around 1200.", "It was built in 1200."),
        ("Nothing is counted here.", "Some 60 came.", "Nothing is counted here."),
    ],
)
def test_a_number_is_bounded_as_its_sentence_bounds_it(
    statement: str, cited: str, expected: str
) -> None:
    assert qualify(statement, [cited]) == expected


def test_a_bound_inside_a_longer_number_is_kept() -> None:
    said = "Turkey hosts 3.6 million refugees."
    cited = "Turkey hosts some 3.6 million Syrian refugees."
    assert qualify(said, [cited]) == "Turkey hosts some 3.6 million refugees."


@pytest.mark.parametrize(
    ("statement", "cited", "expected"),
    [
        (
            "The watches were found in a shed.",
            "Seven of the nine watches were found in a shed.",
            "Seven of the nine watches were found in a shed.",
        ),
        (
            "In 2003 the film was shot.",
            "Most of the film was shot.",
            "In 2003 most of the film was shot.",
        ),
        # It says so itself, speaks of another, or the sentence tells of the whole, too.
        ("Half of the town burnt.", "Half of the town burnt.", "Half of the town burnt."),
        ("Some of the town burnt.", "Half of the town burnt.", "Some of the town burnt."),
        ("The mill burnt.", "Half of the town burnt.", "The mill burnt."),
        (
            "The town was rebuilt.",
            "Half of the town burnt, and the town was rebuilt.",
            "The town was rebuilt.",
        ),
    ],
)
def test_what_is_said_of_a_part_is_not_said_of_the_whole(
    statement: str, cited: str, expected: str
) -> None:
    assert qualify(statement, [cited]) == expected
