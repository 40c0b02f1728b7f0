"""Where the smaller readers doubt an answer the language model looks again, and only there."""

from __future__ import annotations

import pytest

from index.store.index import Index
from rag.answer import Evidence
from rag.engine import Engine
from rag.filters import Filters
from rag.judge.extract import Extractor
from rag.model.llms import LlamaCpp
from rag.model.second_look import answers
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY
from tests.test_refer import Find, find_sentence

__all__ = ["find_sentence"]

ARTICLE = (
    "The ferryman\n\nAda Finch, who has died aged 91, steered the ferry for thirty years. "
    "Her brother Per kept the lighthouse."
)


@pytest.mark.model
def test_the_model_tells_whether_the_answer_is_there(
    language_model: LlamaCpp, find_sentence: Find
) -> None:
    cited: list[Evidence] = [find_sentence(ARTICLE, "Ada Finch").evidence]
    assert answers(language_model, "how old did the ferry captain get", "", cited)
    assert not answers(language_model, "How many nurses did the clinic hire?", "", cited)
    assert not answers(language_model, "how old did the ferry captain get", "", [])


def test_a_model_that_tells_only_words_is_not_asked(fake: QueueLLM, find_sentence: Find) -> None:
    cited = [find_sentence(ARTICLE, "Ada Finch").evidence]
    assert not answers(fake, "how old did the ferry captain get", "", cited)
    assert fake.prompts == []


@pytest.fixture
def doubting(
    seed_index: Index, fake: QueueLLM, extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """An engine whose answer verifier believes nothing."""
    monkeypatch.setattr("rag.judge.conclude.is_astray", lambda *_: True)
    return Engine(HybridRetriever(seed_index), fake, extractor=extractor)


def test_what_is_doubted_is_answered_where_the_model_sees_it(
    doubting: Engine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def see(_: object, question: str, __: str, cited: list[Evidence]) -> bool:
        asked.append(question)
        assert any("34 Turkish troops" in e.text for e in cited)
        return sees

    monkeypatch.setattr("rag.respond.answers", see)
    for sees in (True, False):
        fake.enqueue(REPLY)
        assert (doubting.ask(REGRET).text is None) is not sees
    assert asked == [REGRET, REGRET]


def test_a_quotation_alone_asks_no_model(
    doubting: Engine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    def see(*_: object) -> bool:
        raise AssertionError("the model was asked")

    monkeypatch.setattr("rag.respond.answers", see)
    assert doubting.ask(REGRET, filters=Filters(quick=True)).text is None
    assert fake.prompts == []
