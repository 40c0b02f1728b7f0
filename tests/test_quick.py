"""A quotation before, or in place of, what a language model writes."""

from __future__ import annotations

import io

import pytest

from index.store.index import Index
from rag.answer import EvidenceFound, Finished, Marked, answer_of
from rag.cache import AnswerCache, CachedEngine
from rag.engine import Engine
from rag.filters import ANYTHING, read_filters
from rag.judge.extract import Extraction, Extractor, Text
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY
from ui.preview import with_preview
from ui.server.bodies import AskBody, read_body

QUICK = read_filters(quick=True)


@pytest.fixture
def engine(seed_index: Index, fake: QueueLLM, extractor: Extractor) -> Engine:
    return Engine(HybridRetriever(seed_index), fake, extractor=extractor)


def test_a_quick_answer_is_a_quotation_and_asks_no_model(engine: Engine, fake: QueueLLM) -> None:
    found, finished = engine.stream(REGRET, filters=QUICK)
    assert isinstance(found, EvidenceFound)
    assert isinstance(finished, Finished)
    answer = finished.answer
    assert fake.prompts == []
    (citation,) = answer.citations
    assert answer.text == citation.evidence.text
    assert "regret" in answer.text


def test_it_declines_what_the_articles_do_not_say(engine: Engine, fake: QueueLLM) -> None:
    assert engine.ask("Who won the chess tournament in Reykjavik?", filters=QUICK).abstained
    assert fake.prompts == []


def test_a_follow_up_is_understood_without_a_model(engine: Engine, fake: QueueLLM) -> None:
    follow_up = "And when was it?"
    answer = engine.ask(follow_up, [(REGRET, REPLY)], filters=QUICK)
    assert any("34 Turkish" in e.text for e in answer.nearest)
    assert answer.condensed_question == follow_up
    assert not any("34 Turkish" in e.text for e in engine.ask(follow_up, filters=QUICK).nearest)
    assert fake.prompts == []


def test_a_quotation_is_not_kept_for_an_answer(
    engine: Engine, fake: QueueLLM, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("kept") / "answers.sqlite3"
    cached = CachedEngine(engine, AnswerCache(path, engine.retriever.index, ""))
    cached.ask(REGRET, filters=QUICK)
    fake.enqueue(REPLY)
    assert not cached.ask(REGRET, filters=ANYTHING).cached
    assert cached.ask(REGRET, filters=QUICK).cached


def test_when_a_sentence_was_marked_is_told(engine: Engine, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    timings = engine.ask(REGRET).timings
    assert timings.quoted is not None
    assert timings.first_token is not None
    assert timings.retrieve <= timings.quoted <= timings.first_token
    assert timings.to_json()["quoted"] == round(timings.quoted, 1)
    assert engine.ask("hello").timings.quoted is None


def test_the_evidence_is_told_before_the_extractor_reads_it(
    engine: Engine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []
    read_each = Extractor.read_each

    def note(self: Extractor, questions: list[str], texts: list[Text]) -> list[Extraction]:
        read.append(questions)
        return read_each(self, questions, texts)

    monkeypatch.setattr(Extractor, "read_each", note)
    fake.enqueue(REPLY)
    events = engine.stream(REGRET)
    found = next(events)
    assert isinstance(found, EvidenceFound)
    assert read == []
    marked = next(events)
    assert read == [[REGRET]]
    assert isinstance(marked, Marked)
    assert marked.mark is not None
    assert marked.mark.evidence in found.evidence
    assert fake.prompts == []
    assert answer_of(events).text == REPLY


def test_what_is_off_the_topic_is_declined_without_the_model(
    engine: Engine, fake: QueueLLM
) -> None:
    answer = engine.ask("Which enzyme unwinds the double helix during replication?")
    assert answer.reason == "The documents seem to hold nothing on this topic."
    assert fake.prompts == []


def test_of_documents_that_were_chosen_the_model_is_asked_whatever_the_words(
    engine: Engine, fake: QueueLLM
) -> None:
    document = engine.retriever.passages("What did Soylu say?")[0].document_id
    fake.enqueue("The documents do not say.")
    answer = engine.ask("Which enzyme unwinds the double helix?", documents=[document])
    assert answer.text is None
    assert len(fake.prompts) == 1


def test_a_terminal_shows_the_marked_sentence_until_the_answer_is_there(
    engine: Engine, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY)
    screen = io.StringIO()
    events = with_preview(engine.stream(REGRET), is_shown=True, screen=screen)
    found, reading = next(events), screen.getvalue()
    assert isinstance(found, EvidenceFound)
    assert reading.startswith(f"\x1b[2mReading: {found.evidence[0].title[:40]}")
    marked, quoted = next(events), screen.getvalue().removeprefix(reading)
    assert isinstance(marked, Marked)
    assert marked.mark is not None
    first = f"\x1b[1F\x1b[J\x1b[2mNot checked yet: “{marked.mark.evidence.text[:40]}"
    assert quoted.startswith(first)
    n_lines = quoted.count("\n")
    assert answer_of(events).text == REPLY
    assert screen.getvalue().endswith(f"\x1b[{n_lines}F\x1b[J")


def test_what_is_no_terminal_is_shown_nothing(engine: Engine, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    screen = io.StringIO()
    assert not answer_of(
        with_preview(engine.stream(REGRET), is_shown=False, screen=screen)
    ).abstained
    assert screen.getvalue() == ""


def test_the_server_is_asked_for_a_quotation_by_a_field() -> None:
    assert read_body(b'{"question": "Who?", "quick": true}', AskBody).filters == QUICK
    assert read_body(b'{"question": "Who?"}', AskBody).filters == ANYTHING
