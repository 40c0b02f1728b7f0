"""Who does it, in the question and in the evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.embed.embedder import Embedder
from rag.judge.doer import exchanged_doer, exchanged_owner, exchanged_subject
from rag.judge.tense import told_as_done, told_as_now, told_as_to_come
from rag.judge.turned import exchanged_parties
from rag.judge.unbacked import (
    unbacked,
    unbacked_deed,
    unbacked_present,
    unbacked_subject,
)

Alike = Callable[[str, str], float]


@pytest.fixture
def alike(embedder: Embedder) -> Alike:
    def cosine(one: str, other: str) -> float:
        return float(embedder.embed([one])[0] @ embedder.embed([other])[0])

    return cosine


@pytest.mark.parametrize(
    ("question", "cited", "told"),
    [
        ("Which pilot repaired the pump?", "Engineer Ada Holt Brun repaired the pump.", "Engineer"),
        (
            "name of the teacher who sold the boat",
            "The fisherman Ole Rud sold the boat.",
            "fisherman",
        ),
        (
            "When did the church open a cinema?",
            "The harbour of Vik opened a cinema in May.",
            "harbour",
        ),
        (
            "How many roads did the fire close?",
            "Landslides in the north closed six roads.",
            "Landslides",
        ),
        (
            "When did the governor resign?",
            "The firm offered money at once, and its director, Nils Berg, resigned on Friday.",
            "director",
        ),
    ],
)
def test_another_doer_is_told(alike: Alike, question: str, cited: str, told: str) -> None:
    found = exchanged_doer(question, cited, "", alike)
    assert found is not None
    assert found.told == told


@pytest.mark.parametrize(
    ("question", "cited", "near"),
    [
        # The same, by the same word or a like one.
        ("Which engineer repaired the pump?", "Engineer Ada Holt Brun repaired the pump.", ""),
        ("Which writer won the prize?", "The author Ida Falk won the prize.", ""),
        # A general word covers it.
        ("Which official closed the market?", "The health inspector closed the market.", ""),
        ("What ship rescued them?", "The trawler Sunna rescued nine people.", ""),
        # What it was done to, not who did it.
        ("When was the church destroyed?", "Fire destroyed the building in 1990.", ""),
        ("church destroyed year", "Fire destroyed the building in 1990.", ""),
        ("Which church destroyed the archive?", "The archive was destroyed in 1990.", ""),
        # Nobody is called anything.
        ("Which nurse closed the ward?", "Eva Strand closed the ward.", ""),
        ("Which nurse closed the ward?", "She closed the ward.", "The nurse Eva Strand came late."),
        # It stands near.
        ("When did the choir win a harp?", "The group won a harp in June.", "The choir of Lind."),
        # Another deed.
        ("Which pilot sold the pump?", "Engineer Ada Holt Brun repaired the pump.", ""),
    ],
)
def test_the_same_doer_is_not(alike: Alike, question: str, cited: str, near: str) -> None:
    assert exchanged_doer(question, cited, near, alike) is None


def test_the_town_may_be_the_one_that_the_passage_names(alike: Alike) -> None:
    question, cited = "when did rostrup spend on lamps", "The town lighted 300 lamps in May."
    said = "Rostrup lighted 300 lamps in May."
    for passage, is_other in (("", True), ("The council of Rostrup.", False), ("Brill.", True)):
        found = exchanged_subject(said, cited, "", question, alike, passage)
        assert (found is not None) is is_other
    question = "when did rostrup light lamps"
    assert exchanged_doer(question, cited, "", alike) is not None
    assert exchanged_doer(question, cited, "", alike, "The council of Rostrup.") is None


@pytest.mark.parametrize(
    ("statement", "cited", "question", "asked"),
    [
        (
            "The gardener teaches a class on Mondays.",
            "A baker teaches a class on Mondays.",
            "When does the gardener teach?",
            "gardener",
        ),
        (
            "Captain Rut Moe inspected the bridge.",
            "The chief engineer, Per Dahl, inspected the bridge.",
            "Which captain inspected the bridge?",
            "Captain",
        ),
        (
            "The bookshop began to lend skis in March.",
            "The library in Tun began to lend skis in March.",
            "When did the bookshop begin to lend skis?",
            "bookshop",
        ),
        (
            "The bridge club moved into the mill in May.",
            "The chess club of Tun moved into the mill in May.",
            "When did the bridge club move into the mill?",
            "bridge",
        ),
        # In another tense.
        (
            "The ferry carried 900 sacks a day.",
            "The tram carries 900 sacks a day.",
            "How many sacks did the ferry carry a day?",
            "ferry",
        ),
    ],
)
def test_a_statement_with_another_subject(
    alike: Alike, statement: str, cited: str, question: str, asked: str
) -> None:
    found = exchanged_subject(statement, cited, "", question, alike)
    assert found is not None
    assert found.asked == asked


@pytest.mark.parametrize(
    ("statement", "cited", "question"),
    [
        (
            "The movie was shot in Prague in 2003.",
            "The film was shot in Prague in 2003.",
            "Where was the movie shot?",
        ),
        (
            "The term comes from a poem of 1820.",
            "The History of Tin comes from a poem of 1820.",
            "Where does the term come from?",
        ),
        (
            "The night train arrives at Vik station in the north.",
            "The terminus is at Vik station in the north.",
            "Where does the night train arrive?",
        ),
        (
            "The show was filmed in Brno in 2003.",
            "The series was filmed in Brno in 2003.",
            "Where was the show filmed?",
        ),
        (
            "Tun passed the Act on Mills in 1994.",
            "Measure 12 of 1994 established the Act on Mills in 1994.",
            "When did Tun pass the act on mills?",
        ),
        # The reader's own words are not taken over.
        (
            "A vet teaches a class on Mondays.",
            "A baker teaches a class on Mondays.",
            "Who teaches on Mondays?",
        ),
    ],
)
def test_a_statement_with_its_own_subject(
    alike: Alike, statement: str, cited: str, question: str
) -> None:
    assert exchanged_subject(statement, cited, "", question, alike) is None


def test_what_a_text_calls_a_creature_is_no_other(alike: Alike) -> None:
    said = "The plover trembles one foot on wet sand, which makes buried animals move."
    told = "The bird trembles one foot on wet sand, which makes buried animals move."
    question = "How does the plover find buried animals?"
    assert exchanged_subject(said, told, "", question, alike) is None
    other = told.replace("bird", "crab")
    assert exchanged_subject(said, other, "", question, alike) is not None


def test_a_deed_joined_on_is_unbacked(alike: Alike) -> None:
    cited = "The arbiter, Otto Seidl, had met both sides in Fulda."
    assert unbacked_deed(f"{cited[:-1]} and apologised.", cited, alike) == "apologised"
    assert unbacked_deed(cited, cited, alike) is None


def test_a_name_that_begins_a_sentence_is_no_role(alike: Alike) -> None:
    question, cited = "which three wishes did the inquiry utter", "Hallin uttered three wishes."
    passage = f"An inquiry by Petra Hallin found a leak. {cited}"
    assert exchanged_doer(question, cited, "", alike, passage) is None


@pytest.mark.parametrize(
    ("question", "cited", "asked"),
    [
        (
            "How much did Crumb & Co pay to buy Halden?",
            "The bakery group Halden Foods has agreed to buy Crumb & Co for 340 million.",
            "Crumb Co",
        ),
        ("when did moe beat ada", "Ada Quist beat Moe in the final.", "Moe"),
        ("did poland invade germany", "Germany invaded Poland in 1939.", "Poland"),
        ("did germany invade poland", "Germany invaded Poland in 1939.", None),
        ("who did ada beat in the final", "Ada Quist beat Moe in the final.", None),
        ("when did berg visit oslo", "In Oslo, Anna visited Berg.", None),
        ("when did ada beat moe", "Moe, whom Ada beat in May, retired.", None),
        ("when did ada beat moe", "Moe was beaten by Ada in May.", None),
        ("when did moe marry ada", "Ada Quist married Moe in May.", None),
        ("did turkey attack syria", "Syria was attacked when Turkey lost patience.", None),
    ],
)
def test_names_that_change_places_are_told(question: str, cited: str, asked: str | None) -> None:
    found = exchanged_parties(question, [cited])
    assert (None if found is None else found.asked) == asked


def test_names_that_change_places_anywhere_in_the_passage_are_told() -> None:
    near = [
        "Acht drew the first game.",
        "Nadia Lind won the cup, beating Boris Acht in a play-off.",
    ]
    found = exchanged_parties("How did Boris Acht beat Nadia Lind?", near)
    assert found is not None
    assert (found.asked, found.told) == ("Boris Acht", "Nadia Lind")
    # In another year it was the other way round.
    both = [*near, "In 2019 Acht had beaten Lind.", "In 2018 Boris Acht beat Nadia Lind."]
    assert exchanged_parties("How did Boris Acht beat Nadia Lind?", both) is None


def test_whose_it_is_is_not_exchanged() -> None:
    told = "Quill Lane will lose its ward, which saw 31,000 patients last year."
    found = exchanged_owner("The ward at St Ola saw 31,000 patients.", told)
    assert found is not None
    assert (found.asked, found.told) == ("St Ola", "Quill Lane")
    assert exchanged_owner("The ward at Quill Lane saw 31,000 patients.", told) is None
    assert exchanged_owner("The ward saw 31,000 patients in May.", told) is None
    assert exchanged_owner("A reward for Breck was paid.", "The Mutual paid its reward.") is None


def test_what_has_happened_is_not_scheduled() -> None:
    reached = "Rovers reached the Northern Cup final on Saturday."
    assert told_as_to_come("The final is scheduled for Saturday.", reached) == "scheduled"
    assert told_as_to_come("The final was played on Saturday.", reached) is None
    for told in ("The final will be played on Saturday.", "The final takes place on Saturday."):
        assert told_as_to_come("The final is scheduled for Saturday.", told) is None


@pytest.mark.parametrize(
    ("statement", "cited", "deed"),
    [
        ("The bridge opened on 3 June.", "The bridge will open on 3 June.", "opened"),
        ("Oster led it.", "It will be led by Oster, who examined a dam.", "led"),
        (
            "The town paid 40,000 for the main.",
            "Clearing would cost 85,000, he said, and the repair of the main another 40,000.",
            "paid",
        ),
        (
            "The choir paid 400,000 crowns for the pier.",
            "The choir had offered to pay 400,000 of what the pier would cost.",
            "paid",
        ),
        ("The firm bought 12 boats.", "The firm agreed to buy 12 boats in May.", "bought"),
        ("Ola was given leave to keep hens.", "Ola asked for leave to keep hens.", "given"),
        ("Ola asked to be given leave.", "Ola asked for leave to keep hens.", None),
        ("Ola was given leave.", "Ola asked for leave; it was granted for a year.", None),
        ("The firm agreed to buy 12 boats.", "The firm agreed to buy 12 boats in May.", None),
        ("The firm bought 12 boats.", "The firm bought 12 boats and agreed to sell 2.", None),
        ("Oster examined a dam.", "It will be led by Oster, who examined a dam.", None),
        ("Oster leads it.", "It will be led by Oster.", None),
        ("He said it would rain.", "He said that it would rain.", None),
        ("Berg announced a new tax.", "There will be a new tax, Berg announced.", None),
        (
            "The plan would have cost 3 million.",
            "It rejected what would have cost 3 million.",
            None,
        ),
    ],
)
def test_what_would_be_is_not_told_as_done(statement: str, cited: str, deed: str | None) -> None:
    assert told_as_done(statement, cited) == deed


def test_it_is_nobody_whom_the_sentence_before_names_beside(alike: Alike) -> None:
    cited = "It will look at the brickwork and the warning of June."
    before = "An inquiry was announced. It will be led by the engineer Pim Oster."
    said = "Pim Oster warned of the brickwork in June."
    question = "When did Pim Oster warn of the brickwork?"
    assert unbacked(said, cited, before, before, "Inquiry", question, alike) is not None


def test_what_somebody_does_needs_him_or_his_deed(alike: Alike) -> None:
    said = "Aubry opposes the planned waste incinerator."
    other = "The campaign was dominated by the planned waste incinerator."
    assert unbacked_present(said, other, alike) == "opposes"
    assert unbacked_present(said, "Aubry is against the incinerator.", alike) is None
    assert unbacked_present(said, "Her party opposes it.", alike) is None


def test_a_participle_belongs_to_its_noun(alike: Alike) -> None:
    said = "The money stolen from the club was spent on betting."
    told = "The money was taken from the club, and spent on betting."
    assert unbacked_subject(said, told, "", "what was the money stolen spent on", alike) is None


def test_what_was_is_not_told_as_what_is_so_today() -> None:
    was = (
        "It lay in a barn until the museum's second director, Ada Garth, bought it for 400 crowns."
    )
    assert told_as_now("The director of the museum today is Ada Garth.", was) == "today"
    assert told_as_now("Ada Garth was its director.", was) is None
    kept = "For six years Ada Nunn has kept the count."
    assert told_as_now("Ada Nunn keeps the count nowadays.", kept) is None
