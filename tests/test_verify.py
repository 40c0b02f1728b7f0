"""Verification: a wrong number, a swapped name or a dropped "not" flips the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.read import read_all
from rag.judge.claims import analyse, is_misspelled
from rag.judge.verify import check
from tests.benchmarks.perturb import Pair, pairs
from tests.conftest import SEEDS

SENTENCE = "Putin thanked Erdogan on Monday, and the 34 soldiers did not return."


def _seed_pairs() -> list[Pair]:
    return list(pairs([read_all(next(SEEDS.glob("*.txt")))[0].text]))


def test_minimal_pairs_of_the_seed_article() -> None:
    found = _seed_pairs()
    wrong = [p for p in found if not p.right]
    right = [p for p in found if p.right]
    assert len(wrong) >= 40
    flagged = [p for p in wrong if not _supported(p)]
    mistaken = [p.statement for p in right if not _supported(p)]
    missed = [p.statement for p in wrong if _supported(p)]
    assert len(flagged) >= 0.9 * len(wrong), missed
    assert len(mistaken) <= 0.1 * len(right), mistaken


def test_minimal_pairs_of_the_benchmark_paragraphs() -> None:
    bench = Path(__file__).parent.parent.parent / "shared" / "bench" / "xquad.en.json"
    if not bench.is_file():
        pytest.skip("the benchmark set is not beside this checkout")
    from rag.measure.questions import load_squad

    found = list(pairs([d.text for d in load_squad(bench)[0][:60]]))
    wrong = [p for p in found if not p.right]
    right = [p for p in found if p.right]
    assert len(wrong) >= 200
    assert sum(not _supported(p) for p in wrong) >= 0.9 * len(wrong)
    assert sum(not _supported(p) for p in right) <= 0.1 * len(right)


def _supported(pair: Pair) -> bool:
    return check(pair.statement, [pair.sentence], context=pair.context, similarity=0.9).supported


@pytest.mark.parametrize(
    "statement",
    [
        SENTENCE,
        "Putin thanked Erdogan.",
        "Thirty-four soldiers did not return.".replace("Thirty-four", "34"),
        "Erdogan was thanked by Putin.",
    ],
)
def test_what_the_sentence_says_is_supported(statement: str) -> None:
    assert check(statement, [SENTENCE], similarity=0.9).problem is None


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("Putin thanked Erdogan on Monday, and the 43 soldiers did not return.", "number 43"),
        ("Erdogan thanked Putin on Monday, and the 34 soldiers did not return.", "other way round"),
        ("Putin thanked Merkel on Monday.", "Merkel"),
        ("Putin thanked Erdogan on Monday, and the 34 soldiers did return.", "negates"),
        ("Putin did not thank Erdogan on Monday.", "negate"),
        ("Putin thanked Erdogan on Tuesday.", "Tuesday"),
    ],
)
def test_one_wrong_word_flips_the_verdict(statement: str, problem: str) -> None:
    outcome = check(statement, [SENTENCE], similarity=0.95)
    assert outcome.problem is not None
    assert problem in outcome.problem


def test_a_name_may_stand_before_the_sentence_that_says_he() -> None:
    cited = "He hoped the talks would help."
    statement = "Putin hoped the talks would help."
    assert check(statement, [cited], context="Putin met Erdogan.", similarity=0.8).supported
    assert not check(statement, [cited], context="Merkel met Macron.", similarity=0.8).supported


def test_a_number_may_not_stand_elsewhere() -> None:
    outcome = check(
        "The 34 soldiers died.", ["The soldiers died."], context="34 people came.", similarity=0.95
    )
    assert outcome.problem == "the cited sentence does not have the number 34"


def test_nothing_cited_is_nothing_supported() -> None:
    assert not check("Anything.", []).supported


@pytest.mark.parametrize(
    ("a", "b"),
    [("1,000 police", "1000 police"), ("four tanks", "4 tanks"), ("5 percent", "5%")],
)
def test_numbers_are_compared_by_value(a: str, b: str) -> None:
    assert analyse(a).numbers == analyse(b).numbers


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("The European Union paid.", "The EU paid."),
        ("The U.S. paid.", "The US paid."),
        ("The Turkish army advanced.", "Turkey's army advanced."),
    ],
)
def test_names_are_compared_as_readers_do(statement: str, sentence: str) -> None:
    assert check(statement, [sentence], similarity=0.9).problem is None


def test_yes_and_no_are_no_names() -> None:
    sentence = "Anstrow lost at first and won on appeal in 1977."
    for statement in ("Yes, Anstrow won on appeal.", "Yes, she won on appeal in 1977."):
        assert check(statement, [sentence], question="Did she win?").problem is None


@pytest.mark.parametrize(
    ("one", "other", "misspelled"),
    [
        ("signitures", "signatures", True),
        ("prelimnary", "preliminary", True),
        ("civilians", "soldiers", False),
        ("petition", "partition", False),
        ("minister", "ministry", False),
        ("horse", "house", False),
    ],
)
def test_a_long_word_may_be_misspelled(one: str, other: str, misspelled: bool) -> None:
    assert is_misspelled(one, other) is misspelled


def test_what_is_said_of_one_thing_is_not_said_of_what_it_is_compared_with() -> None:
    sentence = "Claims are 800 million, less than half of what the storm of 1999 cost."
    assert "compares" in (check("The 1999 storm cost 800 million.", [sentence]).problem or "")
    turned = "The storm of 1999 cost 800 million, less than half of these claims."
    assert "compares" in (check(turned, [sentence]).problem or "")
    assert check("Claims are 800 million.", [sentence]).supported
    assert check("Claims are less than half of what the storm of 1999 cost.", [sentence]).supported
    assert check("40 people came to the bridge.", ["More than 40 people came to it."]).supported


def test_what_has_not_yet_been_done_is_not_done() -> None:
    told = (
        "The council will vote on 18 March; both firms have bid, and no firm has yet been chosen."
    )
    (problem,) = {check("Dunmore was chosen on 18 March.", [told], context="Dunmore bids.").problem}
    assert problem == "the cited sentence negates “chosen”"


def test_nothing_is_its_own_cause() -> None:
    sentence = "The ferry ran aground off Sandholm early on Sunday with 212 passengers on board."
    circular = "The ferry ran aground because it ran aground off Sandholm early on Sunday."
    assert "cause" in (check(circular, [sentence]).problem or "")
    told = "The ferry ran aground off Sandholm because its radar had failed."
    assert check(told, [told]).supported


def test_a_title_with_aint_in_it_is_no_negation() -> None:
    said = "Bobby Scott and Bob Russell wrote \"He Ain't Heavy, He's My Brother\"."
    source = (
        "\"He Ain't Heavy, He's My Brother\" is a ballad written by Bobby Scott and Bob Russell."
    )
    assert check(said, [source], similarity=0.9).problem is None


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("There are 15 overtime periods.", "In the playoffs, 15 - minute overtime periods follow."),
        ("The nurses worked for 40 hours.", "40 nurses worked."),
        ("She ran 5 km.", "She ran 5 miles."),
        ("It cost $5 million.", "It cost 5 million euros."),
    ],
)
def test_a_number_is_of_what_it_is_of(statement: str, sentence: str) -> None:
    assert "says" in (check(statement, [sentence], similarity=0.9).problem or "")


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("It cost 5 million dollars.", "It cost $5 million."),
        ("The 15-minute periods follow.", "In 15 minutes periods follow."),
        ("He was 40 years old.", "The 40-year-old man."),
        ("Forty nurses came.", "40 nurses came."),
    ],
)
def test_a_unit_may_be_written_otherwise(statement: str, sentence: str) -> None:
    assert check(statement, [sentence], similarity=0.9).problem is None


@pytest.mark.parametrize(
    ("statement", "cited", "supported"),
    [
        (
            "She refused to play the smith because the part has jokes.",
            "She accepted to play the smith because the part has jokes.",
            False,
        ),
        ("The mill opened in May.", "The mill closed in May.", False),
        # Both stand there.
        ("The mill opened in May.", "The mill, closed for years, opened in May.", True),
        ("She agreed to play the smith.", "She accepted the smith, and agreed to play.", True),
    ],
)
def test_the_contrary_of_what_was_done_is_struck(
    statement: str, cited: str, supported: bool
) -> None:
    checked = check(statement, [cited], question=statement, surroundings=statement, similarity=1.0)
    assert checked.supported is supported


def test_the_number_of_a_name_is_no_number_of_things() -> None:
    cited = ["It lifts water from a well up to eight metres deep."]
    named = "Care of the Dorn 40 pump."
    assert check("The Dorn 40 lifts water up to eight metres.", cited, context=named).supported
    assert not check(
        "It lifts 40 litres of water up to eight metres.", cited, context=named
    ).supported


def test_the_number_of_a_step_proves_nothing() -> None:
    told = ["2. Right-click the file and choose Put back."]
    assert not check("2. Select the date when the file was last changed.", told).supported
    assert check("2. Right-click the file and choose Put back.", told).supported
    assert analyse("2. Right-click the file.").numbers == frozenset()
    assert analyse("34 soldiers died.").numbers == frozenset({"34"})


def test_a_new_one_is_not_one_year() -> None:
    told = ["Wet the new one with water, and press the pump together."]
    assert not check("It takes one year to press the pump together.", told).supported
    assert check(
        "It takes one year to build the pump.", ["To build the pump takes a year."]
    ).supported


def test_what_is_said_of_adults_is_not_said_of_kids() -> None:
    cited = ["Fines for adults stay at 20 pence a day."]
    problem = check("Fines for kids are 20 pence a day.", cited).problem
    assert problem == "the cited sentence says this of “adults”, not of “kids”"
    both = ["Fines for adults and kids stay at 20 pence a day."]
    assert check("Fines for kids are 20 pence a day.", both).supported
    assert check("Fines for adults are 20 pence a day.", cited).supported
    leaning = ["She sold the boat to her son in May."]
    assert check(
        "Her daughter sold the boat in May.", leaning, context="Her daughter left."
    ).supported
