"""What was done, and to what."""

from __future__ import annotations

import pytest

from rag.judge.deed import wrong_deed

PULLED = "A diver, Kai Oss, pulled the stolen bell from the harbour on Sunday."


@pytest.mark.parametrize(
    ("statement", "cited"),
    [
        ("A bell was stolen from the harbour.", PULLED),
        ("The museum was stolen.", PULLED),
        ("Ada Rau fined the company 2 million.", "The company was fined 2 million kroner."),
        ("Ole Rud and Kai Oss joined Ole Rud.", "Ole Rud was joined by Kai Oss and Liv Moe."),
        ("The church was stolen.", "The court charged two men with the theft in the church."),
    ],
)
def test_it_was_not_done_so(statement: str, cited: str) -> None:
    assert wrong_deed(statement, [cited]) is not None


@pytest.mark.parametrize(
    ("statement", "cited"),
    [
        ("A diver pulled the bell from the harbour.", PULLED),
        ("The bell was stolen.", PULLED),
        ("The court fined the company.", "The company was fined by the court."),
        ("The company was fined.", "It was fined 2 million kroner."),
        ("The court fined it.", "The court sat on Monday and fined the company, which was sold."),
        ("Ole Rud founded the Ole Rud Trust.", "The Ole Rud Trust was founded by Ole Rud."),
        ("Ole Rud left, and Liv Moe missed Ole Rud.", "Liv Moe missed Ole Rud, who left."),
        ("The New Rud Times praised New Rud.", "The New Rud Times praised the town."),
        ("Kai Oss was elected.", "He was elected in May."),
        ("The mill was founded in 1820.", "The mill was founded by Ole Rud in 1820."),
        ("It was shot in Prague.", "The film, released in May, was shot in Prague."),
        ("The song was sung in the hall.", "The choir performed the song in the hall."),
    ],
)
def test_it_may_have_been(statement: str, cited: str) -> None:
    assert wrong_deed(statement, [cited]) is None
