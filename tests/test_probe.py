"""Where the smaller readers are in doubt the language model's own state tells, and only there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from index.store.index import Index
from rag.engine import Engine
from rag.errors import LanguageModelError
from rag.evidence import Candidate
from rag.filters import Filters
from rag.judge.extract import Extractor
from rag.model.llms import LlamaCpp
from rag.model.probe import Probe, answers, probe_messages
from rag.retrieve import HybridRetriever
from tests.benchmarks.fit_probe import fit
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY
from tests.test_refer import Find, find_sentence

__all__ = ["find_sentence"]

ARTICLE = (
    "The ferryman\n\nAda Finch, who has died aged 91, steered the ferry for thirty years. "
    "Her brother Per kept the lighthouse."
)
AGE = "how old was she when she died"


@pytest.mark.model
def test_the_state_tells_whether_the_answer_is_there(
    language_model: LlamaCpp, find_sentence: Find
) -> None:
    cited = [find_sentence(ARTICLE, "Ada Finch")]
    stated = answers(language_model, AGE, cited)
    other = answers(language_model, "what did the ferry cost to build", cited)
    assert stated is not None
    assert other is not None
    assert stated > 0 > other
    assert answers(language_model, AGE, []) is None


@pytest.mark.model
def test_a_state_is_of_its_prompt_alone(language_model: LlamaCpp) -> None:
    """What was read or written before, and beside it, changes nothing."""
    asked = probe_messages(AGE, "The ferryman", "", "Ada Finch has died aged 91.")
    once = language_model.hidden_state(asked, 19)
    assert once.dtype == np.float32
    other = language_model.hidden_state(probe_messages("why", "", "", "Nobody knows."), 19)
    language_model.complete("Say yes.", max_tokens=2)
    language_model.hidden_state(asked, 3)
    assert np.array_equal(language_model.hidden_state(asked, 19), once)
    assert not np.array_equal(once, other)


@pytest.mark.model
def test_of_an_endless_text_the_end_is_read(language_model: LlamaCpp) -> None:
    long, longer = (probe_messages(AGE, "", "", "and so on " * n) for n in (3000, 4000))
    one, other = (language_model.hidden_state(laid_out, 3) for laid_out in (long, longer))
    assert np.array_equal(one, other)


@pytest.mark.model
def test_a_layer_that_is_not_there_is_one_clear_line(language_model: LlamaCpp) -> None:
    with pytest.raises(LanguageModelError, match="handed out no tensor l_out-999"):
        language_model.hidden_state(probe_messages(AGE, "", "", "x"), 999)


def test_models_without_a_probe_are_not_asked(fake: QueueLLM, find_sentence: Find) -> None:
    assert Probe.of("somebody-elses-model") is None
    assert answers(fake, AGE, [find_sentence(ARTICLE, "Ada Finch")]) is None
    assert fake.prompts == []


@pytest.mark.model
def test_a_file_that_is_called_like_another_model_is_not_believed(
    language_model: LlamaCpp, find_sentence: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Probe(3, np.ones(8, dtype=np.float32), 0.0)
    monkeypatch.setattr(Probe, "of", lambda _: narrow)
    assert answers(language_model, AGE, [find_sentence(ARTICLE, "Ada Finch")]) is None


def test_a_fit_tells_what_it_was_shown_whatever_the_scale() -> None:
    scales = np.array([1, 1, 50, 1, 1, 1])
    drawn = np.random.default_rng(1).normal(size=(400, 6))
    answers_there = drawn[:, 2] > 0
    states = (drawn * scales + 7).astype(np.float32)
    weight, bias = fit(states, answers_there, np.array(["a"] * 300 + ["b"] * 100))
    told = states @ weight + bias
    assert told[answers_there].mean() > told[~answers_there].mean()
    assert np.corrcoef(told, drawn[:, 2])[0, 1] > 0.9


@pytest.fixture
def doubting(
    seed_index: Index, fake: QueueLLM, extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    """An engine whose answer verifier believes nothing, and which is sure of nothing."""
    monkeypatch.setattr("rag.judge.judge.is_astray", lambda *_: True)
    monkeypatch.setattr("rag.judge.judge._IN_DOUBT", (0.0, 1.01))
    return Engine(HybridRetriever(seed_index), fake, extractor=extractor)


@pytest.mark.parametrize(("log_odds", "is_given"), [(5.0, True), (-5.0, False)])
def test_what_is_in_doubt_the_probe_decides(
    doubting: Engine,
    fake: QueueLLM,
    monkeypatch: pytest.MonkeyPatch,
    log_odds: float,
    is_given: bool,
) -> None:
    looked_at: list[str] = []

    def look(_: object, question: str, cited: Sequence[Candidate]) -> float:
        assert question == REGRET
        looked_at.extend(c.evidence.text for c in cited)
        return log_odds

    monkeypatch.setattr("rag.respond.answers", look)
    fake.enqueue(REPLY)
    answer = doubting.ask(REGRET)
    assert (answer.text is not None) is is_given
    assert answer.signals["answers"] == log_odds
    assert any("34 Turkish troops" in text for text in looked_at)
    assert len(set(looked_at)) == len(looked_at)


@pytest.mark.parametrize(
    ("log_odds", "reply", "is_kept"),
    [
        (0.7, REPLY, True),
        (0.7, "Putin expressed regret about the death of 34 Turkish troops.", False),
        (3.0, "Putin expressed regret about the death of 34 Turkish troops.", True),
    ],
)
def test_what_is_worded_otherwise_is_quoted_where_the_probe_is_not_sure(
    doubting: Engine,
    fake: QueueLLM,
    monkeypatch: pytest.MonkeyPatch,
    log_odds: float,
    reply: str,
    is_kept: bool,
) -> None:
    monkeypatch.setattr("rag.respond.answers", lambda *_: log_odds)
    fake.enqueue(reply)
    answer = doubting.ask(REGRET)
    (citation,) = answer.citations
    assert "34 Turkish troops" in citation.evidence.text
    assert answer.text == (reply if is_kept else citation.evidence.text)


def test_what_is_sure_is_not_looked_at(
    doubting: Engine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.judge.judge.is_astray", lambda *_: False)
    monkeypatch.setattr("rag.judge.judge._IN_DOUBT", (0.0, 0.0))
    monkeypatch.setattr("rag.respond.answers", _refuse)
    fake.enqueue(REPLY)
    assert doubting.ask(REGRET).text is not None


def test_a_quotation_alone_asks_no_model(
    doubting: Engine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.respond.answers", _refuse)
    assert doubting.ask(REGRET, filters=Filters(quick=True)).text is None
    assert fake.prompts == []


def test_where_nothing_can_be_given_the_probe_has_the_choice(
    doubting: Engine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def look(_: object, __: str, cited: Sequence[Candidate]) -> float:
        looked_at.extend(c.evidence.text for c in cited)
        return 5.0 if "34 Turkish troops" not in looked_at[-1] else -5.0

    monkeypatch.setattr("rag.respond.answers", look)
    fake.enqueue(REPLY)
    answer = doubting.ask(REGRET)
    assert "34 Turkish troops" in looked_at[0]
    assert answer.text == looked_at[-1]
    assert [c.evidence.text for c in answer.citations] == looked_at[-1:]
    assert answer.signals["answers"] == 5.0


def test_no_more_sentences_are_looked_at_than_a_reader_waits_for(
    doubting: Engine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[tuple[str, ...]] = []

    def look(_: object, __: str, cited: Sequence[Candidate]) -> float:
        looked_at.append(tuple(c.evidence.text for c in cited))
        return -5.0

    monkeypatch.setattr("rag.respond.answers", look)
    fake.enqueue(REPLY)
    assert doubting.ask(REGRET).text is None
    assert len(looked_at) == len(set(looked_at)) <= 6


def _refuse(*_: object) -> float:
    raise AssertionError("the model was asked")
