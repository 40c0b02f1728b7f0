"""What is the most, the first or the last of its kind must be so in the cited sentence, too."""

from __future__ import annotations

import pytest

from rag.judge.superlative import unheld_superlative
from rag.judge.verify import check

TOWN = "The quarry of Brill sells slate, which is followed by granite at ten percent."


@pytest.mark.parametrize(
    ("statement", "cited", "problem"),
    [
        ("Granite is the most expensive stone of Brill.", TOWN, "most"),
        ("Brill's biggest trade is slate.", TOWN, "biggest"),
        ("Ada Moor was the first woman to lead it.", "Ada Moor led it for years.", "first"),
        ("The last smith left in 1950.", "A smith left in 1950.", "last"),
        ("The average age of smiths was over 50.", "Smiths over 50 gained more.", "average"),
    ],
)
def test_a_superlative_that_only_the_question_has_is_struck(
    statement: str, cited: str, problem: str
) -> None:
    found = unheld_superlative(statement, [cited], "")
    assert found is not None
    assert f"“{problem}”" in found
    checked = check(statement, [cited], question=statement, surroundings=statement, similarity=1.0)
    assert not checked.supported


@pytest.mark.parametrize(
    ("statement", "cited"),
    [
        ("The biggest trade of Brill is slate.", "The largest trade of Brill is slate."),
        ("The most expensive stone is granite.", "Granite costs more than any other stone."),
        ("The first recording was made in 1965.", "The earliest known recording is of 1965."),
        ("The last smith left in 1950.", "In 1950 the latest of them left, too."),
        ("On average smiths are 50.", "A smith is typically 50 years old."),
        # Most of them, not the most.
        ("Most houses are roofed with slate.", "Nine of ten houses are roofed with slate."),
        ("In most villages slate is used.", TOWN),
        # No superlatives.
        ("A guest of the forest inn made a request.", TOWN),
        ("The last name Moor comes from a moor.", "Moor is a surname that comes from a moor."),
        ("It first opened in 1950.", "It opened in 1950."),
    ],
)
def test_what_the_sentence_says_in_its_own_way_is_kept(statement: str, cited: str) -> None:
    assert unheld_superlative(statement, [cited], "") is None


def test_a_sentence_that_leans_on_the_one_before_has_its_superlative() -> None:
    said, before = "The first chapel was built in 1867.", "A priest built the first chapel."
    assert unheld_superlative(said, ["It was built in 1867."], before) is None
    assert unheld_superlative(said, ["A chapel was built in 1867."], before) is not None
