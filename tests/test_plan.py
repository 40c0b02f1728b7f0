"""Several questions asked together: each is answered, or said to be missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from index.store.index import Index
from rag.answer import EvidenceFound, Marked
from rag.engine import Engine
from rag.find import Found, find
from rag.judge.complete import Part, complete
from rag.judge.extract import Extraction, Extractor, Span
from rag.plan import parts_of
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM
from ui.chat.html import to_html
from ui.terminal import to_terminal

BRIDGE = """The new bridge

The bridge of Brill cost 12 million euros to build.
Anna Berg, the engineer who designed the bridge of Brill, was not invited to the party.
"""


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What did it cost and who paid for it?", ("What did it cost", "who paid for it")),
        ("When was it built? And who designed it?", ("When was it built", "who designed it")),
        ("who left, and why?", ("who left", "why left")),
        ("who built it and in what year", ("who built it", "in what year built it")),
        ("where and when was she born", ("where was she born", "when was she born")),
        ("Who wrote about rock and roll?", ("Who wrote about rock and roll?",)),
        ("Which of them won, which lost?", ("Which of them won, which lost?",)),
    ],
)
def test_questions_asked_together_are_told_apart(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == parts


@pytest.fixture
def found(make_index: Callable[..., Index]) -> Found:
    return find(HybridRetriever(make_index({"bridge.txt": BRIDGE})), "What did the bridge cost?")


def _part(question: str, *spans: Span) -> Part:
    return Part(question, Extraction(spans, {s.at: s.probability for s in spans}))


def test_a_part_is_answered_or_quoted_or_missing(found: Found) -> None:
    costs, designs = sorted(found.candidates, key=lambda c: c.evidence.ordinal)
    cost = _part("what did it cost", Span("12 million", costs.key, 0.9))
    who = _part("who designed it", Span("Anna Berg", designs.key, 0.9))
    when = _part("when was it built", Span("Berg", designs.key, 0.05))
    said = "It cost 12 million euros."
    quoted, missing = complete(said, {costs.key}, found.candidates, [cost, who, when])
    assert [pin.text for pin in quoted] == [designs.evidence.text]
    assert missing == ("when was it built",)
    elsewhere = {("another document", 0)}
    assert complete(said, elsewhere, found.candidates, [who]) == ((), ())


def test_what_nothing_answers_is_said_in_the_terminal_and_the_chat(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    retriever = HybridRetriever(make_index({"bridge.txt": BRIDGE}))
    engine = Engine(retriever, fake, extractor=extractor)
    fake.enqueue("The bridge of Brill cost 12 million euros.")
    answer = engine.ask("What did the bridge of Brill cost and how many ferries sank?")
    assert answer.missing == ("how many ferries sank",)
    said = "The articles do not say: how many ferries sank?"
    assert said in to_terminal(answer)
    assert said in to_html(answer)
    assert said not in to_html(replace(answer, missing=()))


def test_a_marked_sentence_is_one_of_the_evidence(
    make_index: Callable[..., Index], fake: QueueLLM, extractor: Extractor
) -> None:
    retriever = HybridRetriever(make_index({"bridge.txt": BRIDGE}))
    engine = Engine(retriever, fake, extractor=extractor)
    fake.enqueue("Anna Berg designed the bridge of Brill.")
    found, marked, *_ = engine.stream("Who designed the bridge of Brill?")
    assert isinstance(found, EvidenceFound)
    assert isinstance(marked, Marked)
    assert marked.mark is not None
    assert "Anna Berg" in marked.mark.words
    assert marked.mark.words in marked.mark.evidence.text
    assert marked.mark.evidence in found.evidence
