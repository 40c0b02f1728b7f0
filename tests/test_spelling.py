"""A question's misspelled words are read as what was found writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.store.index import Index
from rag.find import find
from rag.retrieve import HybridRetriever
from rag.spelling import respelled

TEXT = "The signatures for the preliminary petition were given at Hotel Bellavance to Ida Hansen."
ARTICLE = "Ferry burns\n\nA preliminary report on the ferry fire is due on 3 November. Cats fled."


def _is_common(word: str) -> bool:
    return word in ("where", "hotel")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("who gave signitures", "who gave signatures"),
        ("the prelimnary petiton?", "the preliminary petition?"),
        ("where is the hotel belavance", "where is the hotel bellavance"),
        ("the petitoin", "the petition"),
        # Another of as many letters; too far; too short; in another letter at the beginning.
        ("who is hanson", "who is hanson"),
        ("who is hensan", "who is hensan"),
        ("it was at ib", "it was at ib"),
        ("the metition", "the metition"),
    ],
)
def test_a_word_one_slip_away_is_taken_for_it(question: str, expected: str) -> None:
    assert respelled(question, [TEXT], _is_common) == expected


def test_what_is_known_or_as_near_to_two_stays() -> None:
    assert respelled("who wrote hotell", [TEXT], "hotell".__eq__) == "who wrote hotell"
    assert respelled("the bels", ["The bell and the belt, bells."], _is_common) == "the bels"


def test_it_is_searched_for_as_it_is_written_there(make_index: Callable[..., Index]) -> None:
    retriever = HybridRetriever(make_index({"ferry.txt": ARTICLE}))
    typed = "when is the prelimnary report on the fery fire due"
    found = find(retriever, typed)
    assert found.question == typed
    assert found.condensed == "when is the preliminary report on the ferry fire due"
    assert "3 November" in found.candidates[0].evidence.text
    # A word that the library has not, and people have.
    for question in ("did the cuts flee", "who wrote the prologue", "is the ferry fore due"):
        assert find(retriever, question).condensed == question
