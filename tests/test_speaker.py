"""Who says what: in a sentence, in the one before for "she", and whose words a question wants."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.store.index import Index
from rag.engine import Engine
from rag.find import find
from rag.judge.extract import Extractor
from rag.judge.speaker import asked_speaker, is_by, quotations, speaker_of, told_of_another
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM

BUDGET = (
    "Title: Fuel tax rises\nDate: 2023-11-08\n\n"
    "The fuel tax will rise in January, Finance Minister Clara Osei announced on Wednesday. "
    '"Nobody likes a tax, but everybody likes a train that comes," Osei told parliament. '
    "Opposition leader Tomas Reyl accused Osei of punishing the countryside. "
    '"The tax is a punishment for people who have no train to take," he said.\n'
)


@pytest.mark.parametrize(
    ("sentence", "before", "speaker"),
    [
        ("“It is blind,” said Per Dahl, the chief investigator.", (), "Per Dahl"),
        ("According to Notis Mitarachi, they will be returned.", (), "Notis Mitarachi"),
        ("Soylu, who said so on Wednesday, accused Greek forces of it.", (), "Soylu"),
        ('"We saw the sand," she told reporters.', ("Captain Jorun Vik was pale.",), "Jorun Vik"),
        ('"We saw the sand," Vik said.', ("Captain Jorun Vik was pale.",), "Captain Jorun Vik"),
        ("“It works,” the official said.", (), "the official"),
        ("Their coach, Rita Alm, said the card had been harsh.", (), "Rita Alm"),
        ("Its secretary, Rolf Tam, said so.", (), "Its secretary, Rolf Tam"),
        ("According to the club's manager, Luc Abend, all is sold.", (), "manager, Luc Abend"),
        ('Judge Petra Lind said Fenn had "betrayed those who knew her".', (), "Petra Lind"),
        ("Dr Ida Ham of the Polder Institute, who had no part, called it early.", (), "Ida Ham"),
    ],
)
def test_a_sentence_names_its_speaker(sentence: str, before: tuple[str, ...], speaker: str) -> None:
    found = speaker_of(sentence, before)
    assert found is not None
    assert found.name.endswith(speaker)


def test_a_sentence_that_reports_nobody_has_no_speaker() -> None:
    assert speaker_of("Two firefighters were injured when a wall collapsed.") is None
    assert speaker_of("It hosts some Syrian refugees and says it cannot handle more.") is None


def test_a_term_in_quotation_marks_is_no_quotation() -> None:
    assert quotations("The “pushback” was condemned.") == []
    (quoted,) = quotations("He said: “We shall not be moved.”")
    assert quoted.text == "We shall not be moved."


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What did Clara Osei say about trains?", "Clara Osei"),
        ("What does the finance minister think of it?", "the finance minister"),
        ("How many police did Soylu announce?", None),
        ("Who said it?", None),
        ("What did he say?", None),
        ("How long is the bridge?", None),
    ],
)
def test_a_question_says_whose_words_it_wants(question: str, wanted: str | None) -> None:
    assert asked_speaker(question) == wanted


def test_a_surname_is_the_same_speaker_as_the_whole_name() -> None:
    said = speaker_of("“Wait,” Finance Minister Clara Osei said.")
    assert is_by(said, "Osei")
    assert is_by(said, "the finance minister")
    assert not is_by(said, "Tomas Reyl")


def test_what_did_x_say_is_answered_by_xs_words_and_names_x(
    make_index: Callable[..., Index], fake: QueueLLM
) -> None:
    engine = Engine(HybridRetriever(make_index({"budget.txt": BUDGET})), fake, min_confidence=0.0)
    fake.enqueue("The tax is a punishment for people who have no train to take.")
    answer = engine.ask("What did Tomas Reyl say about the tax?")
    (citation,) = answer.citations
    assert citation.speaker == "Tomas Reyl"
    assert citation.to_json()["speaker"] == "Tomas Reyl"
    fake.enqueue("The tax is a punishment for people who have no train to take.")
    other = engine.ask("What did Clara Osei say about the tax?")
    assert "punishment" not in " ".join(c.evidence.text for c in other.citations)
    assert all("Reyl" not in e.text and "punishment" not in e.text for e in other.nearest)


def test_he_is_whoever_the_same_sentence_names() -> None:
    told = "Councillor Bo Berg voted against the plan because, he said, the roof is bad."
    found = speaker_of(told, ["The architect Signe Lund bought it."])
    assert found is not None
    assert found.name == "Councillor Bo Berg"


def test_what_his_words_lean_on_is_found_with_them(make_index: Callable[..., Index]) -> None:
    article = (
        "The doctors left\n\nDr Omar Rais went to Norway.\n"
        "He earns twice as much there, he says, and sleeps at night.\n"
        "Anna Steen says that Norway is too dark for her.\n"
    )
    retriever = HybridRetriever(make_index({"doctors.txt": article}))
    found = find(retriever, "What did Omar Rais say about Norway?")
    told = [c.evidence.text for c in sorted(found.candidates, key=lambda c: c.evidence.ordinal)]
    assert told == [
        "Dr Omar Rais went to Norway.",
        "He earns twice as much there, he says, and sleeps at night.",
    ]


def test_whose_words_are_there_is_not_declined_unasked(
    make_index: Callable[..., Index], extractor: Extractor
) -> None:
    told = (
        "Tellin finished with ten men after a second yellow card. Their coach, Rita Alm, said that "
        "it had been harsh but refused to blame the referee."
    )
    retriever = HybridRetriever(make_index({"match.txt": told}))
    found = find(retriever, "what did rita alm say about the red card", extractor=extractor)
    assert found.hopeless is None
    assert found.candidates[0].evidence.text.startswith("Their coach")


@pytest.mark.parametrize(
    ("statement", "cited", "name"),
    [
        ("It took Rufus eleven years.", "It took me eleven years.", "Rufus"),
        ("It took Ottilie Lund eleven years.", "It took me eleven years.", None),
        ("It took Lund eleven years.", "It took us eleven years.", None),
        ("It took me eleven years.", "It took me eleven years.", None),
        # Named there; said by somebody else; the country.
        ("Rufus sold it.", "My cousin Rufus sold it to me.", None),
        ("Rufus sold the mill.", "“I sold the mill”, he said.", None),
        ("Rufus sold it.", "He sold it to the US.", None),
    ],
)
def test_what_a_speaker_says_of_himself_is_told_of_nobody_else(
    statement: str, cited: str, name: str | None
) -> None:
    before = "Ottilie Lund casts bells. My cousin Rufus Berg wanted flats."
    assert told_of_another(statement, [cited], before, "A bell tells. ") == name
    assert told_of_another(statement, [cited], "", "Rufus on bells. Ottilie Lund") is None
