"""What the answer verifier learns from: labels that hold."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.benchmarks.role_examples import ROLES, role_pairs
from tests.benchmarks.statement_examples import claims_of, statement_pairs
from tests.benchmarks.verifier_examples import Asked, Pair, stems_of

RIGHT = Pair(
    "Who opened the ward?", "A ward", "", "On Monday Eva Strand opened the ward.", True, ""
)


def test_a_role_is_asked_for_and_another() -> None:
    true, false = list(role_pairs(RIGHT, frozenset(), random.Random(1)))
    assert (true.answers, false.answers) == (True, False)
    (role,) = {r for r in ROLES if r in true.sentence}
    assert true.sentence == false.sentence
    assert role in true.question
    assert role not in false.question
    assert "Eva Strand" in true.sentence


def test_no_role_that_is_kept_for_measuring() -> None:
    unseen = frozenset(stems_of(" ".join(ROLES)))
    assert not list(role_pairs(RIGHT, unseen, random.Random(1)))


def test_no_role_where_the_name_is_not_clear() -> None:
    two = Pair("Who opened the ward?", "", "", "Eva Strand and Ole Rud opened it.", True, "")
    what = Pair("What was opened?", "", "", RIGHT.sentence, True, "")
    for pair in (two, what):
        assert not list(role_pairs(pair, frozenset(), random.Random(1)))


class _Words:
    """A vocabulary without words: nothing to exchange one for."""

    names = ("Aldgate",)

    def __contains__(self, word: str) -> bool:
        return word.islower()

    def like(self, *_: object) -> str | None:
        return None


def test_what_is_joined_on_is_said_by_both_sentences_alone() -> None:
    sentences = (
        "The mill on the river burnt down in 1931, which ended the trade.",
        "The owner later moved to the coast.",
    )
    asked = Asked("When did the mill burn down?", "The mill", sentences, frozenset({0}))
    pairs = [
        pair
        for seed in range(12)
        for pair in statement_pairs(asked, _Words(), [], random.Random(seed))  # type: ignore[arg-type]
    ]
    said = [p for p in pairs if p.kind == "statement"]
    assert {p.question for p in said} == {"The mill on the river burnt down in 1931."}
    assert all(p.answers for p in said)
    joined = [p for p in pairs if p.kind == "joined"]
    assert {p.question for p in joined} == {
        "The mill on the river burnt down in 1931 and moved to the coast."
    }
    assert {p.answers for p in joined} == {True, False}
    assert all(p.answers == (sentences[1] in p.sentence) for p in joined)


def test_claims_are_read(tmp_path: Path) -> None:
    file = tmp_path / "claims.jsonl"
    row = {
        "claim": "It rained .",
        "evidence": "There was rain -LRB- much -RRB- .",
        "gold_label": "SUPPORTS",
    }
    other = {**row, "gold_label": "REFUTES"}
    file.write_text("\n".join(json.dumps(r) for r in (row, other)), encoding="utf-8")
    assert [p.answers for p in claims_of(file)] == [True, False]
    assert claims_of(file)[0].sentence == "There was rain (much)."
