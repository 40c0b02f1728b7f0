"""What a statement puts where its sentence has something else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.embed.embedder import Embedder
from rag.judge.relation import counts_another, misplaced
from rag.judge.turned import is_turned

Alike = Callable[[str, str], float]

LEADERS = "Hansen led the strike, Ulrik Dam wrote its newspaper and Greta Vos raised the money."
BOUGHT = "The mill bought the dye works in June and sold its barges, among them the Alma, to Rix."
RESCUED = "All nine sailors of the Alma were rescued by the pilot boat Seagull."
MEDALS = "She won the gold cup of the Rowing Club in 1951 and the silver cup of the Sailing Club."
SPENT = "The parish spent 4,000 crowns on a new bell and 900 on candles."
GREW = "Sales of skates fell by 7 per cent, while sales of skis rose by 12 per cent."
TAXED = "The king had doubled the tax on beer to pay for the fleet."
AGAINST = "A petition against the tunnel, started by Ida Krog, has 800 signatures."
REPLACED = (
    "The cellist Aksel Lund left, and Mona Riis came in 1980, replacing the drummer Per Holt."
)


RUN = (
    "The baker, Mona Riis, will run the firm, while her rival at Holt, Aksel Lund, will become "
    "chairman for two years."
)
PUBLIC = "The changes, which apply to all 40 public baths, begin in May."
ENFORCED = "The police enforce the parking rule, while the mooring rule is left to the harbour."


PAID = (
    "The council pays 4.6 million for a new roof, while Safe pays 900 for the seats and the organ."
)


@pytest.fixture
def alike(embedder: Embedder) -> Alike:
    return lambda one, other: float(embedder.embed([one])[0] @ embedder.embed([other])[0])


@pytest.mark.parametrize(
    ("statement", "cited", "asked", "told"),
    [
        ("Hansen wrote its newspaper.", LEADERS, "Hansen", "Ulrik Dam"),
        ("Greta Vos wrote the newspaper of the strike.", LEADERS, "Greta Vos", "Ulrik Dam"),
        ("The mill bought the Alma in June.", BOUGHT, "Alma", "dye works"),
        ("Nine sailors were rescued by the Alma.", RESCUED, "Alma", "pilot boat Seagull"),
        ("She won the gold cup of the Sailing Club.", MEDALS, "gold cup", "silver cup"),
        ("The parish spent 4,000 crowns on candles.", SPENT, "candles", "new bell"),
        ("Sales of skis fell by 7 per cent.", GREW, "skis", "skates"),
        ("The king had doubled the tax on salt.", TAXED, "salt", "beer"),
        ("Ida Krog started a petition for the tunnel.", AGAINST, "for tunnel", "against tunnel"),
        ("The council pays 4.6 million for the organ.", PAID, "organ", "new roof"),
        ("Mona Riis will be chairman for two years.", RUN, "Mona Riis", "Aksel Lund"),
        ("The changes for private baths begin in May.", PUBLIC, "private baths", "public baths"),
        ("The police enforce the mooring rule.", ENFORCED, "mooring rule", "parking rule"),
        (
            "Aksel Lund was replaced by Mona Riis in 1980.",
            REPLACED,
            "Aksel Lund",
            "drummer Per Holt",
        ),
    ],
)
def test_something_else_stands_there(
    statement: str, cited: str, asked: str, told: str, alike: Alike
) -> None:
    found = misplaced(statement, [cited], cited, alike)
    assert found is not None
    assert (found.asked, found.told) == (asked, told)


@pytest.mark.parametrize(
    ("statement", "cited"),
    [
        ("Ulrik Dam wrote its newspaper.", LEADERS),
        ("Dam wrote the newspaper, and Vos raised the money.", LEADERS),
        ("The newspaper of the strike was written by Ulrik Dam.", LEADERS),
        ("The mill bought the dye works and sold the Alma.", BOUGHT),
        ("Rix bought the Alma.", BOUGHT),
        ("The sailors of the Alma were rescued by a pilot boat.", RESCUED),
        ("She won the gold cup of the Rowing Club in 1951.", MEDALS),
        ("The parish spent 900 crowns on candles.", SPENT),
        ("The parish spent 4,000 crowns on a bell and 900 on candles.", SPENT),
        ("Sales of skis rose by 12 per cent.", GREW),
        ("The tax on ale was doubled by the king.", TAXED),
        ("Ida Krog started a petition against the tunnel.", AGAINST),
        ("Per Holt was replaced by Mona Riis.", REPLACED),
        ("Aksel Lund will become chairman for two years.", RUN),
        ("Mona Riis will run the firm.", RUN),
        ("The changes for public baths begin in May.", PUBLIC),
        ("The police enforce the parking rule.", ENFORCED),
        ("Lund moved to Oslo in May.", "Lund wrote the play, but moved with Berg to Oslo in May."),
        ("Jens Rud's wife opened a bar.", "Jens Rud baked, while his wife, Ida, opened a bar."),
        ("Safe pays 900 for the organ.", PAID),
        ("The council pays 4.6 million for a roof.", PAID),
        # When and where it was done is not who did it.
        ("Lund expressed regret.", "Lund on Thursday expressed his regret to Berg."),
        ("Lund sold it.", "Lund, the baker in Oslo, sold it, and his rival in Vik bought it."),
        ("The baker wrote it.", "The baker in Oslo wrote it."),
        # Two did it, or it was done by two.
        ("Liv Page founded Gimle.", "Liv Page and Ole Brin founded Gimle in 1998."),
        ("Norland invaded Vik.", "Norland and the Southern Union invaded Vik in 1939."),
        ("The mayor was criticised by Berg.", "The mayor was criticised by Holt and Berg."),
        ("It was signed by Norland.", "It was signed by the Foreign Minister of Norland."),
        (
            "The police enforce the mooring rule.",
            "The police enforce the parking and mooring rule.",
        ),
        # Said of the same by a pronoun, or before its deed.
        ("Lund was defeated by Holt.", "Lund won in 1990, but Holt defeated him a year later."),
        ("Ida Ree was awarded the prize.", "Ida Ree had left, but the club awarded her the prize."),
        (
            "Rud gave the paintings to the bank.",
            "The paintings that Rud gave the bank were stolen.",
        ),
        ("Ibn wrote the play.", "The play that Ibn wrote the following winter is long."),
        (
            "There were 800 votes for the tunnel.",
            "800 votes for the tunnel, 300 against the tunnel.",
        ),
        ("There are few private schools.", "Public schools outnumber private ones."),
        # Another name for the same, or a word that covers it.
        ("The president signed the law.", "Obama signed the law on Tuesday."),
        ("The capital of Norland is Vik.", "Vik is the capital of the country."),
        ("The house was bought by Rud.", "Rud bought the house, and Lie the barn."),
        ("He built the barn.", "Rud built the house, the barn and the mill."),
    ],
)
def test_it_may_say_so(statement: str, cited: str, alike: Alike) -> None:
    assert misplaced(statement, [cited], cited, alike) is None


def test_what_the_passage_says_elsewhere_is_no_mistake(alike: Alike) -> None:
    cited = "The price of bread rose in May."
    passage = f"The price of coal had risen before. {cited}"
    assert misplaced("The price of coal rose in May.", [cited], cited, alike) is not None
    assert misplaced("The price of coal rose.", [cited], passage, alike) is None


def test_one_sentence_that_says_it_is_enough(alike: Alike) -> None:
    others = [LEADERS, "Hansen wrote its newspaper in the last week."]
    assert misplaced("Hansen wrote its newspaper.", others, "", alike) is None


def test_who_was_beaten_is_not_who_beat_him() -> None:
    question = "who beat kvist at brill"
    assert is_turned("Ida Kvist beat Jens Rud at Brill.", question)
    assert not is_turned("Ole Moe beat Ida Kvist at Brill.", question)
    assert not is_turned("Ida Kvist was beaten by Ole Moe.", question)
    assert not is_turned("Ida Kvist beat Jens Rud.", "who did kvist beat")


def test_a_value_of_another_thing_is_none_of_what_was_asked() -> None:
    assert counts_another("how much did safe pay for the new roof", "900", PAID)
    assert not counts_another("how much did safe pay for the organ", "900", PAID)
    assert not counts_another("how much did safe pay", "900", PAID)
