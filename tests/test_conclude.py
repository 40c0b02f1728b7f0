"""Of the answers that a reply allows, the surer one is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from index.embed.embedder import Embedder
from index.store.index import Index
from rag.engine import Engine
from rag.evidence import Candidate
from rag.find import Found, find
from rag.judge.attribute import Pin, quote
from rag.judge.confidence import Bar, confidence
from rag.judge.draft import MARGIN, Draft, choose_draft
from rag.judge.extract import Extraction, Extractor, Span
from rag.judge.fitted import read_fit
from rag.judge.hold import in_their_words, is_reworded
from rag.judge.reply import split_statements
from rag.judge.verify import Check
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM

BRIDGE = """The new bridge

The bridge of Brill opened on Monday after six years of work.
The bridge of Brill cost 12 million euros to build, twice what the council had planned.
Anna Berg, the engineer who designed it, was not invited to the party.
"""


def _draft(sureness: float, *texts: str, problem: str | None = None) -> Draft:
    pins = tuple(Pin(text, (), (), Check(1.0, 1.0, problem)) for text in texts)
    return Draft(pins, {}, sureness)


def _quoting(candidate: Candidate, sureness: float) -> Draft:
    return Draft((quote(candidate),), {}, sureness, quoted=True)


def _saying(candidate: Candidate, sureness: float) -> Draft:
    pin = Pin("Said.", (candidate,), (1.0,), Check(1.0, 1.0, None))
    return Draft((pin,), {}, sureness)


def test_of_the_same_sentence_the_quotation_may_be_a_little_less_sure(bridge: Found) -> None:
    sentence = bridge.candidates[0]
    own = _saying(sentence, 0.5)
    assert choose_draft([own]) is own
    less = _quoting(sentence, 0.5 - 2 * MARGIN)
    assert choose_draft([own, less]) is own
    nearly = _quoting(sentence, 0.5 - MARGIN / 2)
    assert choose_draft([own, nearly]) is nearly


def test_of_another_sentence_the_quotation_must_be_surer(bridge: Found) -> None:
    one, other, *_ = bridge.candidates
    own = _saying(one, 0.5)
    assert choose_draft([own, _quoting(other, 0.5 + MARGIN / 2)]) is own
    surer = _quoting(other, 0.5 + 2 * MARGIN)
    assert choose_draft([own, surer]) is surer


def test_several_statements_are_not_traded_for_one_sentence() -> None:
    own = _draft(0.3, "One thing.", "Another thing.")
    assert choose_draft([own, _draft(0.9, "Quoted.")]) is own


def test_what_does_not_verify_stays_beside_the_quotation() -> None:
    own = _draft(0.0, "Said.", problem="not so")
    chosen = choose_draft([own, _draft(0.4, "Quoted.")])
    assert [pin.text for pin in chosen.pins] == ["Said.", "Quoted."]
    assert [pin.text for pin in chosen.supported] == ["Quoted."]
    assert chosen.confidence == 0.4


@pytest.mark.parametrize(
    ("said", "marked", "second"), [(0.1, 0.4, True), (0.1, 0.95, False), (0.7, 0.4, False)]
)
def test_struck_words_give_way_to_the_sentence_they_are_closest_to(
    bridge: Found, said: float, marked: float, second: bool
) -> None:
    one, other, *_ = bridge.candidates
    own = _draft(0.5, "It cost 13 million.", problem="the cited sentence does not have it")
    first = replace(_quoting(one, 0.6), signals={"said": said, "marked": marked})
    closest = _quoting(other, 0.4)
    chosen = choose_draft([own, first, closest])
    assert chosen.cited == (closest if second else first).cited


def test_words_that_suppose_what_nobody_knows_give_way_to_a_sure_quotation_alone(
    bridge: Found,
) -> None:
    check = Check(1.0, 1.0, "the documents do not speak of “tower” here", supposes=True)
    own = Draft((Pin("The tower.", (), (), check),), {}, 0.5)
    for sureness, is_given in ((0.39, False), (0.4, True)):
        quoted = _quoting(bridge.candidates[0], sureness)
        assert bool(choose_draft([own, quoted]).supported) is is_given
    struck = replace(own, pins=(Pin("The tower.", (), (), replace(check, supposes=False)),))
    assert choose_draft([struck, _quoting(bridge.candidates[0], 0.3)]).supported


@pytest.mark.parametrize(
    ("statement", "question", "said", "answers", "quoted"),
    [
        # A word of the question that is nowhere, and the extractor finds another answer.
        ("The museum was opened on Monday.", "when was the museum opened", 0.1, 0.9, True),
        ("The museum was opened on Monday.", "when was the museum opened", 0.3, 0.9, False),
        # However sure: what was done is nothing that the sentences have.
        ("The bridge was demolished on Monday.", "when was it demolished", 0.9, 0.9, True),
        ("The bridge was opened on Monday.", "when was it opened", 0.1, 0.9, False),
        # Neither reader believes it.
        ("The bridge was opened on Monday.", "when was it opened", 0.01, 0.4, True),
        ("The bridge was opened on Monday.", "when was it opened", 0.01, 0.6, False),
    ],
)
def test_what_is_in_doubt_is_given_in_the_words_of_its_sentences(
    bridge: Found,
    embedder: Embedder,
    statement: str,
    question: str,
    said: float,
    answers: float,
    quoted: bool,
) -> None:
    def alike(one: str, other: str) -> float:
        return float(embedder.embed([one])[0] @ embedder.embed([other])[0])

    cited = next(c for c in bridge.candidates if "opened" in c.evidence.text)
    other = next(c for c in bridge.candidates if "12 million" in c.evidence.text)
    pin = Pin(statement, (cited, other), (1.0, 0.5), Check(1.0, 1.0, None))
    found = in_their_words(question, pin, said, answers, alike)
    if not quoted:
        assert found == [pin]
        return
    assert [p.text for p in found] == [cited.evidence.text, other.evidence.text]
    assert [p.candidates for p in found] == [(cited,), (other,)]
    assert all(p.check.supported for p in found)


@pytest.mark.parametrize(
    ("statement", "is_other"),
    [
        ("The bridge of Brill opened on Monday after six years.", False),
        ("The bridge of Brill is called open.", False),
        ("The bridge of Brill reopened on Monday.", True),
        ("The school of Brill opened on Monday.", True),
        ("On Monday Brill opened the bridge.", True),
        ("Yes, it can be crossed.", False),
    ],
)
def test_a_statement_is_reworded_that_has_a_word_of_its_own(
    bridge: Found, statement: str, is_other: bool
) -> None:
    cited = next(c for c in bridge.candidates if "opened" in c.evidence.text)
    assert is_reworded(Pin(statement, (cited,), (1.0,), Check(1.0, 1.0, None))) is is_other


def test_what_the_words_leave_out_of_their_sentence_is_quoted(bridge: Found) -> None:
    one, other, *_ = bridge.candidates
    own = replace(_saying(one, 0.9), passed_over=0.7)
    quotation = _quoting(one, 0.5)
    assert choose_draft([own, quotation]) is quotation
    assert choose_draft([own, _quoting(other, 0.5)]) is own
    nearly = replace(own, passed_over=0.2)
    assert choose_draft([nearly, quotation]) is nearly


def test_an_answer_is_passed_over_by_words_that_have_none_of_it() -> None:
    here, there = ("d", 0), ("d", 1)
    spans = (Span("Spanish", here, 0.6), Span("a Spanish surname", here, 0.1))
    extraction = Extraction((*spans, Span("the rose", there, 0.2)), {here: 0.7, there: 0.2})
    assert extraction.passed_over("It comes from Spain.", {here}) == pytest.approx(0.7)
    assert extraction.passed_over("It is a surname.", {here}) == pytest.approx(0.6)
    assert extraction.passed_over("It is Spanish.", {here}) == 0
    assert extraction.passed_over("It comes from Spain.", {there}) == pytest.approx(0.2)


@pytest.mark.parametrize("quoted", [True, False])
def test_more_of_any_signal_makes_it_surer(quoted: bool) -> None:
    read = {"topic": 0.5, "near": 0.5, "said": 0.5, "marked": 0.5}
    bare = {"topic": 0.5, "near": 0.5}
    # Nothing is quoted without an extractor.
    for had in (read,) if quoted else (read, bare):
        sure = confidence(had, quoted=quoted)
        assert 0 < sure < 1
        for name in had:
            assert confidence(had | {name: 0.9}, quoted=quoted) >= sure


def test_the_bars_lie_in_order() -> None:
    eager, default, strict = (b.min_confidence for b in (Bar.EAGER, Bar.DEFAULT, Bar.STRICT))
    assert 0 < eager < default < strict < 1


def test_the_fit_says_what_wrote_it_and_on_what() -> None:
    for name in ("confidence", "attribution"):
        fit = read_fit(name)
        assert Path(__file__).parent.parent.joinpath(fit["written_by"]).is_file()
        assert fit["fitted"] > "2026-11"
        assert fit["sets"]


@pytest.fixture
def bridge(make_index: Callable[..., Index]) -> Found:
    retriever = HybridRetriever(make_index({"bridge.txt": BRIDGE}))
    return find(retriever, "What did the bridge of Brill cost?")


@pytest.fixture
def engine(make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor) -> Engine:
    index = make_index({"bridge.txt": BRIDGE})
    return Engine(HybridRetriever(index), fake, extractor=extractor)


def test_the_sentence_that_answers_replaces_one_that_does_not(
    engine: Engine, fake: QueueLLM
) -> None:
    fake.enqueue("The bridge of Brill opened on Monday.")
    answer = engine.ask("How much did the bridge of Brill cost?")
    assert answer.text is not None
    assert "12 million euros" in answer.text
    assert [c.evidence.text for c in answer.citations] == [answer.text]


def test_an_answer_that_the_extractor_shares_keeps_its_words(
    engine: Engine, fake: QueueLLM
) -> None:
    said = "The bridge of Brill cost 12 million euros."
    fake.enqueue(said)
    answer = engine.ask("How much did the bridge of Brill cost?")
    assert answer.text == said
    assert answer.signals["said"] > 0.5


def test_agreement_makes_it_surer(engine: Engine, fake: QueueLLM) -> None:
    fake.enqueue("Anna Berg designed the bridge.", "The council designed the bridge.")
    question = "Who designed the bridge of Brill?"
    agreed, alone = engine.ask(question), engine.ask(question)
    assert agreed.text == "Anna Berg designed the bridge."
    assert agreed.confidence is not None
    assert alone.confidence is not None
    assert agreed.confidence > alone.confidence


def test_a_statement_of_two_sentences_cites_both(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    council = (
        "The harbour council of Brill is a group of nine captains. "
        "Its purpose is to hear complaints, and the mayor decides on each."
    )
    engine = Engine(
        HybridRetriever(make_index({"council.txt": council})), fake, extractor=extractor
    )
    said = (
        "The harbour council of Brill is a group of nine captains whose purpose is to hear "
        "complaints, and the mayor decides on each."
    )
    fake.enqueue(said)
    answer = engine.ask("What is the harbour council of Brill?")
    assert answer.text == said
    assert [c.evidence.ordinal for c in answer.citations] == [0, 1]


def test_what_says_no_more_than_the_question_is_no_answer(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    bath = "The public bath of Brill opened in 1911. It had good and bad effects on the town."
    engine = Engine(HybridRetriever(make_index({"bath.txt": bath})), fake, extractor=extractor)
    fake.enqueue("The public bath of Brill had good and bad effects.", "Yes, it opened in 1911.")
    answer = engine.ask("good and bad effects of the public bath of Brill")
    assert answer.statements[0].problem == "it says no more than the question"
    assert engine.ask("Did the public bath of Brill open in 1911?").text is not None


def test_an_exchanged_part_gives_way_to_its_sentence(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    told = "The parish of Brill spent 4,000 crowns on a new bell and 900 on candles."
    engine = Engine(HybridRetriever(make_index({"parish.txt": told})), fake, extractor=extractor)
    fake.enqueue("The parish of Brill spent 4,000 crowns on candles.")
    answer = engine.ask("How much did the parish of Brill spend on candles?")
    assert answer.text == told
    problem = answer.statements[0].problem
    assert problem == "the cited sentence says this of “new bell”, not of “candles”"


def test_a_part_that_nothing_has_is_declined(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    told = "The king of Norland had doubled the tax on beer to pay for the fleet."
    engine = Engine(HybridRetriever(make_index({"king.txt": told})), fake, extractor=extractor)
    fake.enqueue("The king of Norland had doubled the tax on salt to pay for the fleet.")
    answer = engine.ask("Why had the king of Norland doubled the tax on salt?")
    assert answer.abstained
    assert answer.reason == "The documents say this of “beer”, not of “salt”."


def test_a_sentence_that_goes_on_from_the_named_one_is_cited_with_it(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    told = (
        "The 2018 Northern 12 Rowing Cup of Brill was a contest for twelve clubs of the coast. "
        "It was held from March 7 to 10 at the old sluice. "
        "The club of Falun, which won, has 3,200 oars in a shed by the lock."
    )
    engine = Engine(HybridRetriever(make_index({"cup.txt": told})), fake, extractor=extractor)
    said = "The 2018 Northern 12 Rowing Cup of Brill began on March 7."
    fake.enqueue(said, "The 2018 Northern 12 Rowing Cup of Brill had 3,200 oars.")
    answer = engine.ask("When did the Northern 12 Rowing Cup of Brill begin?")
    assert answer.text == said
    assert [c.evidence.ordinal for c in answer.citations] == [0, 1]
    # What a neighbour says of something else is not joined to it.
    answer = engine.ask("How many oars did the Northern 12 Rowing Cup of Brill have?")
    assert not answer.statements[0].supported


def test_what_goes_on_in_lower_case_is_no_new_statement() -> None:
    act = "It is a law for all non-U.S. firms with signs of 'U.S. - person' status."
    assert split_statements(f"{act} It came in 2010.") == [act, "It came in 2010."]
    assert split_statements("- one house\n- two boats") == ["- one house", "- two boats"]


def test_the_short_name_of_a_unit_is_no_other_thing(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    told = "The pickers of Vessby brought in 300 kilograms of cherries on Monday."
    engine = Engine(
        HybridRetriever(make_index({"a.txt": f"Orchard\n\n{told}"})), fake, extractor=extractor
    )
    fake.enqueue("The pickers of Vessby brought in 300 kilos of cherries on Monday.")
    answer = engine.ask("How many kilos of cherries did the pickers of Vessby bring in?")
    assert answer.text is not None
    assert "300 kilo" in answer.text
