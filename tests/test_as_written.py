"""A day is given as its sentence writes it."""

from __future__ import annotations

import pytest

from rag.judge.as_written import dates_as_written


@pytest.mark.parametrize(
    ("statement", "cited", "expected"),
    [
        (
            "It opens on June 20, 2017.",
            "It is to open on 20 June 2017.",
            "It opens on 20 June 2017.",
        ),
        ("It opened on 3 May 1990.", "It opened May 3, 1990.", "It opened on May 3, 1990."),
        ("On the 3rd of May it shut.", "It shut on May 3rd.", "On May 3rd it shut."),
        # Another day, or one of another year.
        ("It opened on 3 May 1990.", "It opened May 4, 1990.", "It opened on 3 May 1990."),
        ("It opened on May 3.", "It opened on 3 May 1990.", "It opened on May 3."),
        # Written in two ways.
        ("It shut on May 3.", "3 May, May 3rd: it shut.", "It shut on May 3."),
        ("Nothing is dated here.", "It shut on May 3.", "Nothing is dated here."),
    ],
)
def test_a_day_is_written_as_its_sentence_writes_it(
    statement: str, cited: str, expected: str
) -> None:
    assert dates_as_written(statement, [cited]) == expected
