"""A question about another subject, place or time than the article's is not answered as if true."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.embed.embedder import Embedder
from index.store.index import Index
from rag.engine import Engine
from rag.judge.doer import exchanged_subject
from rag.judge.extract import Extractor
from rag.judge.premise import (
    Exchange,
    exchanged_count,
    exchanged_in_question,
    exchanged_in_statement,
)
from rag.judge.role import other_kin, other_role
from rag.judge.unbacked import (
    unbacked_aside,
    unbacked_name,
    unbacked_relation,
    unbacked_subject,
    untold_deed,
)
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM

HIRED = "The school in Varnby hired 40 nurses in September after an outbreak of measles."
REPAIRED = "Engineer Tom Baird repaired the engine in Glasgow on a Monday in 2019."


@pytest.fixture
def alike(embedder: Embedder) -> Callable[[str, str], float]:
    return lambda a, b: float(embedder.embed([a])[0] @ embedder.embed([b])[0])


@pytest.mark.parametrize("subject", ["clinic", "factory", "prison", "library"])
def test_a_subject_of_the_question_is_not_put_into_the_sentence(
    subject: str, alike: Callable[[str, str], float]
) -> None:
    said = f"The {subject} hired 40 nurses in September after an outbreak of measles."
    question = f"How many nurses did the {subject} hire?"
    found = exchanged_in_statement(said, HIRED, "", question, alike)
    assert found == Exchange(subject, "school Varnby")


def test_an_object_of_the_question_is_not_put_into_the_sentence(
    alike: Callable[[str, str], float],
) -> None:
    cited = "A fire destroyed the glass factory in Holmby on Tuesday night."
    said = "The fire destroyed the school gym in Holmby."
    question = "Where did the fire destroy the school?"
    found = exchanged_in_statement(said, cited, "", question, alike)
    assert found == Exchange("school", "glass factory")


@pytest.mark.parametrize(
    ("said", "question"),
    [
        # As it is; with a word of the same meaning; with another verb; said of the title.
        ("The school hired 40 nurses in September.", "How many nurses did the school hire?"),
        ("The school in Varnby employed 40 nurses in September.", "Who employed 40 nurses?"),
        ("The schools in Varnby hired 40 nurses.", "What did the schools hire?"),
    ],
)
def test_other_wording_is_no_exchange(
    said: str, question: str, alike: Callable[[str, str], float]
) -> None:
    assert exchanged_in_statement(said, HIRED, "", question, alike) is None


@pytest.mark.parametrize(
    ("said", "cited", "question"),
    [
        (
            "The first step was a pump that a mule turned.",
            "The earliest forerunner was a pump that a mule turned.",
            "What was the first step?",
        ),
        (
            "The new series of the show opened in May.",
            "The nineteenth series of the show opened in May.",
            "When did the new series open?",
        ),
        (
            "The follow-up trial with nurses is planned in Holmby.",
            "A larger trial, with nurses, is planned in Holmby.",
            "Where is the follow-up trial planned?",
        ),
        (
            "The Varnby Rovers will play in Holmby from May.",
            "The team will play in Holmby from May.",
            "When will the Varnby Rovers play in Holmby?",
        ),
        ("The Varnby Rovers lost to them.", "The team lost to them.", "Did the Rovers lose?"),
        (
            "The Rovers took the picture of the barn at the gate.",
            "It shows the eleven Rovers of Varnby walking past the barn at the gate.",
            "Where did the Rovers take the picture of the barn?",
        ),
    ],
)
def test_what_only_holds_a_place_is_no_exchange(
    said: str, cited: str, question: str, alike: Callable[[str, str], float]
) -> None:
    near = "Varnby Rovers move. The Varnby Rovers play in a barn."
    assert exchanged_in_statement(said, cited, "", question, alike, near) is None
    assert exchanged_subject(said, cited, "", question, alike, near) is None


def test_what_the_sentence_refers_back_to_is_known(alike: Callable[[str, str], float]) -> None:
    said, cited = "The clinic hired 40 nurses.", "It hired 40 nurses."
    question = "How many nurses did the clinic hire?"
    assert exchanged_in_statement(said, cited, "The clinic grew.", question, alike) is None


@pytest.mark.parametrize(
    ("question", "asked", "told"),
    [
        ("Who repaired the engine in Aberdeen?", "Aberdeen", "Glasgow"),
        ("Who repaired the engine on Friday?", "Friday", "Monday"),
        ("Who repaired the engine in 2018?", "2018", "2019"),
    ],
)
def test_another_place_or_time_is_told(question: str, asked: str, told: str) -> None:
    assert exchanged_in_question(question, REPAIRED, "") == Exchange(asked, told)


@pytest.mark.parametrize(
    "question",
    [
        "Who repaired the engine in Glasgow?",
        "who repaired the engine in 2019",
        "Who repaired the engine?",
        # Known from the passage; of another sort; a name that the sentence does not place.
        "Who repaired the engine in Scotland?",
        "Who repaired the engine in March?",
        "What did Tom Baird repair?",
    ],
)
def test_what_agrees_or_is_not_there_is_no_exchange(question: str) -> None:
    near = "The yard lies in Scotland."
    assert exchanged_in_question(question, REPAIRED, near) is None


@pytest.mark.parametrize(
    ("said", "question", "subject"),
    [
        ("The harbour master was Tom Baird.", "Who was the harbour master?", "harbour master"),
        ("The engineer was Tom Baird.", "Who was the engineer?", None),
        ("The yard's smith was Tom Baird.", "Who was the smith of the yard?", None),
        # "Arrives" is what it does, not a thing that nobody knows.
        ("The engineer arrives at Glasgow on a Monday.", "Where arrives the engineer?", None),
        (
            "The harbour masters of Brill were paid.",
            "Were harbour masters paid?",
            "harbour masters",
        ),
        # Its own words, not the question's.
        ("The repair was done by Tom Baird.", "Who was it?", None),
        # What holds the answer's place need not be spoken of, but what it is of.
        ("The name of the engineer was Tom Baird.", "name of the engineer", None),
        ("The time was a Monday.", "What was the time of the repair?", None),
        ("The name of the admiral was Tom Baird.", "name of the admiral", "admiral"),
    ],
)
def test_a_subject_that_the_passage_does_not_know_is_told(
    said: str, question: str, subject: str | None, alike: Callable[[str, str], float]
) -> None:
    near = "The yard. A smith works there, too."
    assert unbacked_subject(said, REPAIRED, near, question, alike) == subject


@pytest.mark.parametrize(
    ("said", "cited", "name"),
    [
        ("Brill was given a seat in 1926.", "The seats were raised to nine in 1926.", "Brill"),
        ("The Green Party chose Tom Baird.", "The Red Party chose Tom Baird.", None),
        ("The Green League chose Tom Baird.", "The Reds chose Tom Baird.", "Green League"),
        ("Tom Baird was given a seat.", "Baird was given a seat.", None),
        # Its title may name it, or what is like it; and what is no name the question has.
        ("Oakum was given a seat.", "A seat was given.", None),
        ("Night ferries were sold.", "Two boats were sold.", None),
        ("Night ferries were sold.", "Two mills were sold.", "Night ferries"),
        ("Commercial quantities are produced.", "Salt is produced.", None),
    ],
)
def test_a_subject_that_the_sentence_does_not_know_is_told(
    said: str, cited: str, name: str | None, alike: Callable[[str, str], float]
) -> None:
    question = "Were night ferries sold?"
    assert unbacked_name(said, cited, "The harbour of Oakum.", question, alike) == name


@pytest.mark.parametrize(
    ("said", "question", "deed"),
    [
        ("The engine was designed by Tom Baird.", "Who designed the engine?", "designed"),
        ("The engine was repaired by Tom Baird.", "Who repaired the engine?", None),
        # An apposition says it without the word.
        ("The engineer is named Tom Baird.", "Who is the engineer named?", None),
        # Said in the model's own words, and known from the passage.
        ("Tom Baird worked on the engine.", "Who was it?", None),
        ("The engine was sold by Tom Baird.", "Who sold the engine?", None),
        # A verb that says little without its object.
        ("Tom Baird will take the helm.", "Who will take the helm?", None),
    ],
)
def test_a_deed_that_the_passage_does_not_know_is_told(
    said: str, question: str, deed: str | None, alike: Callable[[str, str], float]
) -> None:
    near = "The yard. The engine was sold later."
    assert unbacked_relation(said, REPAIRED, near, question, alike) == deed


def test_what_will_be_done_must_be_told(alike: Callable[[str, str], float]) -> None:
    question = "Who will succeed the director of the docks?"
    cited = "The director of the docks, Ada Holt, called the year a hard one."
    said = "Ada Holt will succeed the director of the docks."
    assert unbacked_relation(said, cited, cited, question, alike) == "succeed"
    told = f"{cited} She will be succeeded by Jens Rud."
    assert unbacked_relation(said, cited, told, question, alike) is None


def test_what_is_added_after_which_must_be_told(alike: Callable[[str, str], float]) -> None:
    question = "How many of the berths at the docks will be heated?"
    cited = "The harbour plans 24 berths at the docks."
    said = "The harbour plans 24 berths at the docks, which will be heated."
    assert unbacked_aside(said, cited, cited, question, alike) == "heated"
    told = f"{cited} All of them are to be heated."
    assert unbacked_aside(said, cited, told, question, alike) is None
    assert unbacked_aside(cited, cited, cited, question, alike) is None


@pytest.mark.parametrize(
    ("question", "said", "told"),
    [
        ("How many nurses did the clinic hire?", "The clinic hired 40 nurses.", "clinic"),
        ("How many nurses did the school hire in June?", "The school hired 40 nurses.", "June"),
    ],
)
def test_a_false_premise_is_named_and_not_answered(
    make_index: Callable[..., Index],
    fake: QueueLLM,
    extractor: Extractor,
    question: str,
    said: str,
    told: str,
) -> None:
    index = make_index({"school.txt": "School grows\n\nThe school hired 40 nurses in September."})
    engine = Engine(HybridRetriever(index), fake, extractor=extractor)
    fake.enqueue(said)
    answer = engine.ask(question)
    assert answer.abstained
    assert f"not of “{told}”" in (answer.reason or "")
    assert answer.citations == ()


def test_what_a_later_sentence_speaks_of_is_not_what_this_one_says_it_of(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    article = (
        "Fire at the mill\n\nAbout 120 of the mill's 340 workers will be laid off for a month. "
        "The harbour will store its timber."
    )
    engine = Engine(HybridRetriever(make_index({"m.txt": article})), fake, extractor=extractor)
    said = "The harbour will lay off about 120 workers."
    fake.enqueue(said)
    answer = engine.ask("How many workers will the harbour lay off?")
    assert said not in (answer.text or "")


def test_a_headline_does_not_say_which_of_its_things_a_sentence_is_about(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    article = (
        "Island school and clinic cope without the ferry\n\n"
        "The clinic postponed 12 operations. Three teachers have stayed overnight since Sunday."
    )
    engine = Engine(HybridRetriever(make_index({"m.txt": article})), fake, extractor=extractor)
    fake.enqueue("The school postponed 12 operations.")
    answer = engine.ask("How many operations did the school postpone?")
    assert answer.abstained
    assert "not of “school”" in (answer.reason or "")


@pytest.mark.parametrize(
    ("statement", "cited", "called"),
    [
        (
            "The director of the hospital in Tarm is Jens Dall.",
            "The region's chairman, Jens Dall, said he would look at it.",
            "The region's chairman",
        ),
        ("Jens Dall is the mayor.", "Jens Dall, a pilot from Ribe, landed.", "a pilot from Ribe"),
        ("The chair of the region is Jens Dall.", "The region's chairman, Jens Dall, left.", None),
        ("The author of the book is Ida Holm.", "Ida Holm, the writer of the book, died.", None),
        ("The director is Jens Dall.", "The town named Jens Dall director.", None),
    ],
)
def test_who_is_called_something_else_is_not_given_the_role(
    alike: Callable[[str, str], float], statement: str, cited: str, called: str | None
) -> None:
    found = other_role(statement, cited, "Who is it?", alike)
    assert (found.told if found else None) == called
    assert other_role(statement, cited, "Where is it?", alike) is None


def test_another_person_is_not_answered_for() -> None:
    cited = "Police tested him for alcohol; the test was negative."
    near = f"Ferry runs aground. The captain, Nils Aagaard, steered by sight. {cited}"
    found = exchanged_in_question("Did Birte Lund test positive for alcohol?", cited, near)
    assert found == Exchange("Birte Lund", None)
    assert found.reason == "The documents do not speak of “Birte Lund” here."
    for asked in ("Was Captain Aagaard tested?", "was the captain tested?", "Was Birte tested?"):
        assert exchanged_in_question(asked, cited, near) is None
    ally = "Iran is no close ally of the US, said Ali Rahimi."
    assert exchanged_in_question("Who is an ally of the United States?", ally, ally) is None


@pytest.mark.parametrize(
    ("question", "statement", "told"),
    [
        ("How many soldiers were killed?", "At least 16 civilians were killed.", "civilians"),
        ("How many nurses were hired?", "The school hired 40 doctors.", "doctors"),
        ("How many soldiers were killed?", "34 Turkish troops were killed.", None),
        ("How many players are in it?", "318 individuals have been elected.", None),
        ("How many people died?", "Two died, a driver and a nurse.", None),
    ],
)
def test_what_is_counted_is_what_was_asked(
    question: str, statement: str, told: str | None, alike: Callable[[str, str], float]
) -> None:
    found = exchanged_count(question, statement, statement, alike)
    assert (found.told if found else None) == told


@pytest.mark.parametrize(
    ("question", "statement", "cited", "told"),
    [
        (
            "how many pupils signed",
            "1,150 pupils signed.",
            "It has 1,150 signatures.",
            "signatures",
        ),
        ("how many nurses fell", "Nine nurses fell.", "Nine horses fell on the ice.", "horses"),
        (
            "how many nurses did it hire",
            "It hired 11 nurses.",
            "Eleven babies were born. It had hoped for 32 nurses.",
            "babies",
        ),
        ("how many pupils signed", "1,150 pupils signed.", "1,150 people signed it.", None),
        ("how many films were shot", "Two films were shot.", "It saw two movies made.", None),
        ("how many pupils came", "33 pupils came.", "It carries 33 pupils on 2 buses.", None),
    ],
)
def test_what_the_sentence_counts_is_what_the_statement_counts(
    question: str,
    statement: str,
    cited: str,
    told: str | None,
    alike: Callable[[str, str], float],
) -> None:
    found = exchanged_count(question, statement, cited, alike)
    assert (found.told if found else None) == told


@pytest.mark.parametrize(
    ("said", "cited", "deed"),
    [
        ("Mayor Brann voted against it.", "Mayor Brann hopes for a million.", "voted"),
        ("Mayor Brann voted against it.", "Mayor Brann did not vote for it.", None),
        ("The state paid a million.", "She hopes for a million from the state.", "paid"),
        ("The troops were killed.", "The soldiers died.", None),
        ("It is located in Brill.", "It lies in Brill.", None),
    ],
)
def test_what_was_done_is_something_like_what_the_sentence_has(
    said: str, cited: str, deed: str | None, alike: Callable[[str, str], float]
) -> None:
    assert untold_deed(said, cited, alike) == deed


def test_a_wife_is_no_husband() -> None:
    cited = "She was the daughter of a pilot, Anders Holm, and his wife, Edith, who kept a shop."
    assert other_kin("Ida Holm's husband was Edith.", cited) == Exchange("husband", "wife")
    assert other_kin("Edith was the brother of Anders.", cited) == Exchange("brother", "wife")
    for statement in (
        "Edith was the wife of Anders Holm.",
        "Ida Holm's mother was Edith.",
        "Her father was Anders Holm.",
    ):
        assert other_kin(statement, cited) is None
