"""Articles that give different answers: both are told, or the one that corrects the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from index.embed.embedder import Embedder
from index.ingest.build import ingest
from index.store.index import Index
from rag.answer import Answer
from rag.engine import Engine
from rag.judge.extract import Extractor
from rag.judge.values import Sort, agree, value_of
from rag.judge.yesno import stance
from rag.retrieve import HybridRetriever
from tests.benchmarks.disagreement import compare, libraries, pairs
from tests.fakes import QueueLLM
from ui.chat.memory import Turn
from ui.chat.page import conversation
from ui.terminal import to_terminal

QUESTION = "How many people died when the ferry Havsula sank?"
EARLY = """title: Ferry sinks off Rundvik
date: 2024-11-12

The ferry Havsula sank off Rundvik on Tuesday, and 34 people died. It had left in heavy weather.
"""
LATE = """title: Grief in Rundvik
date: 2024-11-14

Flags hung at half mast. Coastguards said that 43 passengers died when the ferry Havsula sank.
"""
CORRECTED = """title: Grief in Rundvik
date: 2024-11-14

Correction: 43 people died when the ferry Havsula sank off Rundvik, not 34 as we reported.
"""

Ask = Callable[..., Answer]


@pytest.fixture
def ask(make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor) -> Ask:
    def answered(reply: str, **articles: str) -> Answer:
        index = make_index({f"{name}.txt": text for name, text in articles.items()})
        fake.enqueue(reply)
        return Engine(HybridRetriever(index), fake, extractor=extractor).ask(QUESTION)

    return answered


def test_two_articles_that_disagree_are_both_told_the_newest_first(ask: Ask) -> None:
    answer = ask("34 people died when the ferry Havsula sank.", early=EARLY, late=LATE)
    assert answer.to_json()["disagreement"] == [
        {"value": "43", "citations": [1]},
        {"value": "34", "citations": [2]},
    ]
    assert answer.text == (
        "The articles disagree: 43 (“Grief in Rundvik”, 2024-11-14); "
        "34 (“Ferry sinks off Rundvik”, 2024-11-12)."
    )
    assert [c.evidence.date for c in answer.citations] == ["2024-11-14", "2024-11-12"]
    assert to_terminal(answer).splitlines()[:3] == [
        "The articles disagree:",
        "- 43 · Grief in Rundvik · 2024-11-14 [1]",
        "- 34 · Ferry sinks off Rundvik · 2024-11-12 [2]",
    ]
    shown = conversation([Turn.of(answer)])
    assert shown.index("<strong>43</strong>") < shown.index("<strong>34</strong>")


def test_the_same_in_other_words_is_no_disagreement(ask: Ask) -> None:
    same = LATE.replace("43", "thirty-four")
    answer = ask("34 people died when the ferry Havsula sank.", early=EARLY, late=same)
    assert answer.text is not None
    assert "34 people died" in answer.text
    assert answer.to_json()["disagreement"] is None


def test_an_article_that_corrects_another_wins(ask: Ask) -> None:
    answer = ask("34 people died when the ferry Havsula sank.", early=EARLY, late=CORRECTED)
    assert answer.disagreement == ()
    assert answer.to_json()["correction"] == {
        "value": "43", "was": "34", "date": "2024-11-14", "citations": [1],
    }  # fmt: skip
    assert answer.text is not None
    assert answer.text.startswith("Correction: 43 people died")
    assert "Corrected on 2024-11-14: 43, not 34. [1]" in to_terminal(answer)


def test_a_later_version_of_the_same_article_wins(ask: Ask) -> None:
    later = EARLY.replace("34", "36").replace("2024-11-12", "2024-11-13")
    answer = ask("36 people died when the ferry Havsula sank.", early=EARLY, later=later)
    assert answer.correction is not None
    assert (answer.correction.value, answer.correction.was) == ("36", "34")


def test_parts_of_one_article_do_not_disagree(ask: Ask) -> None:
    undated = EARLY.replace("date: 2024-11-12\n", "")
    part = LATE.replace("Grief in Rundvik\ndate: 2024-11-14", "Ferry sinks off Rundvik")
    answer = ask("34 people died when the ferry Havsula sank.", early=undated, late=part)
    assert (answer.disagreement, answer.correction) == ((), None)


def test_keywords_ask_for_no_yes_or_no(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    others = "title: No ferry\ndate: 2024-11-20\n\nRundvik has no ferry Havsula until June.\n"
    index = make_index({"early.txt": EARLY, "others.txt": others})
    fake.enqueue("The ferry Havsula sank off Rundvik on Tuesday, and 34 people died.")
    engine = Engine(HybridRetriever(index), fake, extractor=extractor)
    answer = engine.ask("ferry havsula rundvik dead")
    assert answer.disagreement == ()


def test_another_ferry_is_another_matter(ask: Ask) -> None:
    other = LATE.replace("Havsula", "Kongsund").replace("Rundvik", "Aldersey")
    answer = ask("34 people died when the ferry Havsula sank.", early=EARLY, late=other)
    assert answer.text == "34 people died when the ferry Havsula sank."


@pytest.mark.parametrize(
    ("sort", "one", "other", "same"),
    [
        (Sort.NUMBER, "34", "thirty-four", True),
        (Sort.NUMBER, "4.2 million euros", "€4,213,000", True),
        (Sort.NUMBER, "4.2 million", "2.4 million", False),
        (Sort.NUMBER, "40 people", "41 people", False),
        (Sort.NUMBER, "two hundred and twelve", "212", True),
        (Sort.NUMBER, "at least 30", "34", True),
        (Sort.NUMBER, "nearly 300", "296", True),
        (Sort.NUMBER, "nearly 300", "310", False),
        (Sort.NUMBER, "12 kilometres", "12 hours", None),
        (Sort.NUMBER, "3.4 million crowns", "9,000 vehicles", None),
        (Sort.NUMBER, "3,000 crowns", "four parked cars", None),
        (Sort.NUMBER, "3.4 million crowns", "3.4 million", True),
        (Sort.NUMBER, "12 kilometres", "12 miles", False),
        (Sort.NUMBER, "1,200 feet", "roughly 366 metres", True),
        (Sort.NUMBER, "an hour and a half", "90 minutes", True),
        (Sort.NUMBER, "two dozen eggs", "24 eggs", True),
        (Sort.NUMBER, "half a million euros", "€500,000", True),
        (Sort.NUMBER, "one and a half thousand", "1,500", True),
        (Sort.NUMBER, "half of the harvest", "50 percent", True),
        (Sort.NUMBER, "half of the harvest", "30 percent", False),
        (Sort.NUMBER, "a 58-year-old man", "58", True),
        (Sort.NAME, "Antwerp", "Belgium", None),
        (Sort.NUMBER, "38 percent", "38%", True),
        (Sort.DATE, "12 August 2022", "August 12", True),
        (Sort.DATE, "12 August 2022", "14 August", False),
        (Sort.DATE, "2022-08-12", "Aug. 12, 2022", True),
        (Sort.NAME, "Ingrid Solberg", "Solberg", True),
        (Sort.NAME, "Ingrid Solberg", "Peter Quill", False),
    ],
)
def test_values_are_compared_as_what_they_are(
    sort: Sort, one: str, other: str, same: bool | None
) -> None:
    mine, theirs = value_of(one, one, (sort,)), value_of(other, other, (sort,))
    assert mine is not None
    assert theirs is not None
    assert agree(mine, theirs) is same
    assert agree(theirs, mine) is same


@pytest.mark.parametrize(
    "span",
    ["Ada Holt, found two faults: the valve was open", "Ada Holt had warned the council"],
)
def test_what_somebody_did_is_no_name(span: str) -> None:
    assert value_of(span, span, (Sort.NAME,)) is None


@pytest.mark.parametrize(
    ("sentence", "says_yes"),
    [
        ("The council approved the bridge over the Yarrow.", True),
        ("The council voted on the bridge over the Yarrow and rejected it.", False),
        ("The council did not approve the bridge over the Yarrow.", False),
        ("The council approved the bridge over the Tamble.", None),
    ],
)
def test_a_sentence_says_yes_or_no(sentence: str, says_yes: bool | None) -> None:
    found = stance("Did the council approve the bridge over the Yarrow?", sentence)
    assert (None if found is None else found.is_yes) is says_yes


def test_the_topics_held_out_reach_their_floors(
    tmp_path: Path, embedder: Embedder, extractor: Extractor
) -> None:
    told: Counter[tuple[str, str]] = Counter()
    for number, library in enumerate(libraries(pairs(held=True))):
        with Index(tmp_path / str(number), embedder, 200) as index:
            ingest(index, [d for pair in library for d in pair.reports])
            for pair in library:
                found = compare(pair, index, extractor)
                what = "nothing" if found is None else "update" if found.is_update else "apart"
                told[pair.sort, what] += 1
    assert told["changed", "apart"] >= 16
    assert told["same", "apart"] + told["elsewhere", "apart"] <= 1
    assert told["update", "update"] >= 8
    assert told["update", "apart"] == 0


TOWER = """title: Lighthouse of Skarn sold to a choir
date: 2025-05-14

The lighthouse of Skarn, dark since 2011, has been sold to the Merrow Choir for 1.2 million crowns.
The first concert is planned for June, if the county approves the new pier of Skarn.
"""
PIER = """title: County says no to the pier
date: 2025-11-20

The county refused on Tuesday to approve the new pier of Skarn.
The Merrow Choir had offered to pay 400,000 of the 1.5 million crowns that the pier would cost.
"""


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (
            "How much did the choir pay for the lighthouse?",
            "The choir paid 1.2 million crowns for the lighthouse.",
        ),
        # "If the county approves" is no yes.
        (
            "Did the county approve the new pier of Skarn?",
            "The county refused to approve the new pier of Skarn.",
        ),
    ],
)
def test_what_answers_another_question_or_none_is_no_other_side(
    make_index: Callable[..., Index],
    fake: QueueLLM,
    extractor: Extractor,
    question: str,
    reply: str,
) -> None:
    index = make_index({"tower.txt": TOWER, "pier.txt": PIER})
    fake.enqueue(reply)
    answer = Engine(HybridRetriever(index), fake, extractor=extractor).ask(question)
    assert not answer.abstained
    assert answer.disagreement == ()


def test_what_an_article_corrects_elsewhere_corrects_nothing_else(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    before = "title: Bridge falls in Tolb\ndate: 2023-05-14\n\nThe bridge of Tolb fell on Sunday. "
    last = "It was last repaired six years ago at a cost of 240,000 crowns."
    after = (
        "title: A pin had rusted\ndate: 2023-06-20\n\nThe bridge of Tolb had a rusty pin. The mill "
        "was closed long ago. For a new bridge the council expects costs of 3.2 million crowns. "
        "A crossing will open in September. The number of injured has been corrected from seven to "
        "nine."
    )
    index = make_index({"before.txt": before + last, "after.txt": after})
    fake.enqueue("The last repair of the bridge of Tolb cost 240,000 crowns.")
    engine = Engine(HybridRetriever(index), fake, extractor=extractor)
    answer = engine.ask("How much did the last repair of the Tolb bridge cost?")
    assert answer.correction is None
    assert not answer.disagreement
    assert "240,000" in (answer.text or "")
