"""A number is told of what its sentence tells it of."""

from __future__ import annotations

import pytest

from index.embed.embedder import Embedder
from rag.judge.amounts import misread_amount

SCHOOLS = (
    "Twenty-two of the schools stayed open, but four were closed because nobody ran the boilers."
)
DEAL = (
    "Halden will pay 240 million in cash and 100 million in shares; it offered 295 million in May."
)
SNAIL = "A snail that lives in darkness keeps a daily rhythm of about 27 hours."


def _misread(embedder: Embedder, statement: str, cited: str, question: str = "") -> str | None:
    def alike(one: str, other: str) -> float:
        return float(embedder.embed([one])[0] @ embedder.embed([other])[0])

    return misread_amount(statement, [cited], question, alike)


@pytest.mark.parametrize(
    ("statement", "cited", "problem"),
    [
        ("All 26 schools were closed for want of heat.", SCHOOLS, "of “four”, not of “26”"),
        ("Halden is paying 240 million crowns for Crumb.", DEAL, "of what is “in cash” alone"),
        ("Halden pays 100 million for it.", DEAL, "of what is “in shares” alone"),
        ("The snail is about 27 hours long.", SNAIL, "of a “rhythm”"),
    ],
)
def test_a_number_of_something_else_is_told(
    embedder: Embedder, statement: str, cited: str, problem: str
) -> None:
    assert _misread(embedder, statement, cited) == f"the cited sentence says this {problem}"


@pytest.mark.parametrize(
    ("statement", "cited", "question"),
    [
        ("Four schools were closed.", SCHOOLS, ""),
        ("Halden pays 240 million in cash.", DEAL, ""),
        ("Halden pays 240 million.", DEAL, "how much does halden pay in cash"),
        ("Halden pays 240 million and 100 million.", DEAL, ""),
        ("The snail keeps a rhythm of 27 hours.", SNAIL, ""),
        ("It is 27 hours.", SNAIL, "how long is the rhythm of the snail"),
        ("The tower is 300 metres high.", "The tower reaches a height of 300 metres.", ""),
        ("The ticket costs 12 crowns.", "It has a price of 12 crowns.", ""),
        ("300 people died.", "It left a total of 300 dead.", ""),
        ("It opened in 2019.", "It opened in the summer of 2019.", ""),
        ("She was 84.", "She died at the age of 84 years.", ""),
        ("40,000 men came.", "An army of 40,000 men came.", ""),
        ("Four of the 26 schools were closed.", "Of these four were closed.", ""),
        ("In 2019 the schools were closed.", "Then four were closed.", ""),
        ("On 18 March four schools were closed.", "Then four were closed.", ""),
        ("He led it in 2015.", "He led it in 2015 for Brill and 2019 for Vik.", ""),
        ("The 26 schools of Lind opened in 1990.", "The schools of Lind opened in 1990.", ""),
        ("Ada was the first woman to be elected.", "She was the first to be elected.", ""),
    ],
)
def test_a_number_of_the_same_is_not(
    embedder: Embedder, statement: str, cited: str, question: str
) -> None:
    assert _misread(embedder, statement, cited, question) is None
