"""An answer that begins with "She" says who she is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.store.index import Index
from rag.engine import Engine
from rag.evidence import Candidate
from rag.find import find
from rag.judge.extract import Extractor
from rag.judge.refer import is_fragment, is_intelligible, is_patched, refer
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM

Find = Callable[[str, str], Candidate]


@pytest.fixture
def find_sentence(make_index: Callable[..., Index]) -> Find:
    """The candidate of an article's sentence that begins with these words."""

    def find_in(article: str, opening: str) -> Candidate:
        retriever = HybridRetriever(make_index({"article.txt": article}))
        candidates = find(retriever, opening).candidates
        return next(c for c in candidates if c.evidence.text.startswith(opening))

    return find_in


@pytest.mark.parametrize(
    "text",
    [
        "She drew it.",
        "However, he left.",
        "And then he left.",
        "“It is old,” she said.",
        "Their dog barked.",
        "When he left he told me that it would rain.",
        "After she had left the mill, she drew it.",
    ],
)
def test_a_pronoun_at_the_beginning_is_not_understood_alone(text: str) -> None:
    assert not is_intelligible(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ida Holm drew it.",
        "It is likely that it rains.",
        "Theodor left.",
        "Thereafter.",
        "When he left, Holm told me that it would rain.",
        "After she retired Ida Holm drew it.",
    ],
)
def test_what_names_its_subject_is(text: str) -> None:
    assert is_intelligible(text)


def test_the_one_person_named_before_is_added_in_brackets(find_sentence: Find) -> None:
    article = (
        "School opens in the north\n\nIda Holm built the school of the valley in a year. "
        "She also drew the plans of the town's library."
    )
    candidate = find_sentence(article, "She also drew")
    referred = refer(candidate.evidence.text, candidate)
    assert referred.text == "She [Ida Holm] also drew the plans of the town's library."
    assert [e.text for e in referred.beside] == [
        "Ida Holm built the school of the valley in a year."
    ]


def test_a_possessive_stays_one(find_sentence: Find) -> None:
    article = "Weather turns cold\n\nIda Holm keeps sheep in the hills. Her dog won a prize."
    candidate = find_sentence(article, "Her dog")
    assert refer(candidate.evidence.text, candidate).text == "Her [Ida Holm’s] dog won a prize."


def test_of_two_persons_none_is_guessed(find_sentence: Find) -> None:
    article = (
        "Two architects at odds\n\nIda Holm met Anna Berg on the train to Oslo. "
        "She drew the plans of the library."
    )
    candidate = find_sentence(article, "She drew")
    assert refer(candidate.evidence.text, candidate).text == (
        "Ida Holm met Anna Berg on the train to Oslo. She drew the plans of the library."
    )


def test_it_is_the_title_where_the_sentence_before_speaks_of_that(find_sentence: Find) -> None:
    article = (
        "Harbour Bridge\n\nThe Harbour Bridge was opened in 1932 by the premier. "
        "It cost four million pounds."
    )
    candidate = find_sentence(article, "It cost")
    assert refer(candidate.evidence.text, candidate).text == (
        "It [Harbour Bridge] cost four million pounds."
    )


def test_he_is_not_what_a_work_is_called(find_sentence: Find) -> None:
    article = (
        "How the Baker Stole Sunday!\n\nHow the Baker Stole Sunday! is told by Ida Holm, who knew "
        "Anna Berg. He bakes for a whole town."
    )
    candidate = find_sentence(article, "He bakes")
    assert "[" not in refer(candidate.evidence.text, candidate).text


def test_a_piece_torn_off_a_sentence_is_a_fragment() -> None:
    assert is_fragment("html filename extension.")
    assert not is_fragment("The extension is html.")


def test_it_is_not_guessed_to_be_the_subject(find_sentence: Find) -> None:
    article = "Town buys a mill\n\nThe town bought an old mill. It was built in 1800."
    candidate = find_sentence(article, "It was built")
    referred = refer(candidate.evidence.text, candidate)
    assert referred.text == "The town bought an old mill. It was built in 1800."
    assert len(referred.beside) == 1


def test_both_sentences_are_cited(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    article = (
        "School opens in the north\n\nIda Holm built the school of the valley in a year. "
        "She also drew the plans of the town's library."
    )
    engine = Engine(
        HybridRetriever(make_index({"article.txt": article})), fake, extractor=extractor
    )
    fake.enqueue("She drew the plans of the town's library.")
    answer = engine.ask("Who drew the plans of the town's library?")
    assert answer.text is not None
    assert "Ida Holm" in answer.text
    assert len(answer.citations) == 2
    assert answer.statements[-1].citations == (1, 2)


def test_the_sentence_that_says_it_is_cited_beside_the_name(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    article = (
        "Museum offers furnaces\n\nDirector Ole Juhl said the first vases could be blown in May. "
        "He had trained at the factory as a boy."
    )
    engine = Engine(
        HybridRetriever(make_index({"article.txt": article})), fake, extractor=extractor
    )
    fake.enqueue("Ole Juhl trained at the factory as a boy.")
    answer = engine.ask("Who trained at the factory as a boy?")
    cited = [c.evidence.text for c in answer.citations]
    assert "He had trained at the factory as a boy." in cited


PHARMACY = """The clinic of Tarm

Patients of the clinic wait 19 days for an appointment, and in 2019 they waited four.
The pharmacy of Tarm has reduced its hours and may close.
"""


def test_two_sentences_on_different_things_do_not_say_one_together(
    make_index: Callable[..., Index],
) -> None:
    question = "When was the pharmacy opened?"
    found = find(HybridRetriever(make_index({"clinic.txt": PHARMACY})), question)
    cited = sorted(found.candidates, key=lambda c: c.evidence.ordinal)
    assert len(cited) == 2
    assert is_patched("The pharmacy opened in 2019.", cited, question)
    assert not is_patched("The pharmacy may close, and patients waited four.", cited, question)
    assert not is_patched("The pharmacy opened in 2019.", cited[:1], question)


def test_what_one_did_is_not_joined_to_another_whom_a_sentence_names(find_sentence: Find) -> None:
    told = (
        "The owner, Ada Finch, had bought the mirror for 40 crowns and never looked behind it. "
        "Breck will be given a reward by the insurer. It amounts to 25,000 crowns."
    )
    finch, breck, reward = (find_sentence(told, w) for w in ("The owner", "Breck", "It"))
    question = "How much did Tomas Breck pay for the mirror?"
    assert is_patched("Tomas Breck paid 40 crowns for the mirror.", [finch, breck], question)
    said = "The reward for Breck amounts to 25,000 crowns."
    assert not is_patched(said, [breck, reward], "how much is the reward for breck")


def test_what_one_sentence_dates_another_has_not_been_done_then(find_sentence: Find) -> None:
    told = (
        "The earliest mention of the game of Brill is of 1597. In Brill the rules of the game were "
        "written by a club. It did so in 1744."
    )
    mention, rules, club = (find_sentence(told, w) for w in ("The earliest", "In Brill", "It"))
    question = "when were the rules of the game written"
    assert is_patched("The rules of the game were written in 1597.", [mention, rules], question)
    assert not is_patched("The rules of the game were written in 1744.", [rules, club], question)


def test_a_year_of_an_it_that_is_something_else_is_not_joined(find_sentence: Find) -> None:
    told = (
        "The old crossing was shut on Thursday. It is the third closure since 2016. The alarm was "
        "raised by a diver. The engineer of the county, Ada Finch, put up barriers."
    )
    closure, engineer = find_sentence(told, "It is"), find_sentence(told, "The engineer")
    question = "Since when is Ada Finch the engineer?"
    statement = "Ada Finch has been the engineer since 2016."
    assert is_patched(statement, [closure, engineer], question)
    said = "The old crossing has been shut since 2016."
    assert not is_patched(said, [closure, engineer], "since when is it shut")


def test_an_it_that_stands_for_what_comes_later_needs_nothing_before(find_sentence: Find) -> None:
    candidate = find_sentence("Walks\n\nThe fall is far. It takes an hour to walk.", "It takes")
    assert refer("It takes an hour to walk to the fall.", candidate).beside == ()


def test_a_heading_is_not_what_a_pronoun_refers_to(find_sentence: Find) -> None:
    article = "Two days in Torre\n\n## Walks\n\nIt is two hours away by the track, in red."
    candidate = find_sentence(article, "It is two hours")
    assert refer(candidate.evidence.text, candidate).beside == ()


def test_who_a_sentence_begins_with_is_meant_where_the_rest_are_places(find_sentence: Find) -> None:
    article = (
        "The charts of the sound\n\nIda Holm drew them. Holm kept the letters in a tin, which is "
        "in the museum at Hester. She turned down the post."
    )
    candidate = find_sentence(article, "She turned")
    assert refer(candidate.evidence.text, candidate).text == "She [Holm] turned down the post."


def test_what_that_stands_for_is_said_before_it(find_sentence: Find) -> None:
    article = "Lamps\n\nPer Rask wished to sell a copy. Ida Holm said that would be theft."
    candidate = find_sentence(article, "Ida Holm said")
    assert refer(candidate.evidence.text, candidate).text == (
        "Per Rask wished to sell a copy. Ida Holm said that would be theft."
    )


def test_of_a_person_and_somebody_of_a_trade_none_is_guessed(find_sentence: Find) -> None:
    article = "Bridge\n\nIda Holm called on the mayor to resign. She refused to do so."
    candidate = find_sentence(article, "She refused")
    assert refer(candidate.evidence.text, candidate).text == (
        "Ida Holm called on the mayor to resign. She refused to do so."
    )


def test_a_company_is_no_he(find_sentence: Find) -> None:
    article = "Royal Harbour Company\n\nThe Royal Harbour Company was led by a baker. He was deaf."
    candidate = find_sentence(article, "He was deaf")
    assert "[" not in refer(candidate.evidence.text, candidate).text


def test_a_history_is_of_whom_it_tells(find_sentence: Find) -> None:
    article = "History of the Varn Eagles\n\nThe Varn Eagles play in May. They won three cups."
    candidate = find_sentence(article, "They won")
    assert refer(candidate.evidence.text, candidate).text == "They [Varn Eagles] won three cups."


def test_he_is_who_was_named_before_he_spoke(find_sentence: Find) -> None:
    article = (
        "Bread before dawn\n\nIt is half past two and Piet Moor is cross with the oven. “Nobody "
        "cleans it,” he says, and kicks the door. His shop is in an old barn. He rents it for 90 "
        "crowns a month."
    )
    candidate = find_sentence(article, "He rents it")
    referred = refer(candidate.evidence.text, candidate)
    assert referred.text == "He [Piet Moor] rents it for 90 crowns a month."
    assert [e.text for e in referred.beside] == [
        "It is half past two and Piet Moor is cross with the oven."
    ]
