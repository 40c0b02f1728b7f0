"""A head of the language model looks where the answer stands; what is read so is not read again."""

from __future__ import annotations

import numpy as np
import pytest
from llama_index.core.base.llms.types import ChatMessage, MessageRole

from rag.excerpt import Excerpt
from rag.judge.extract import Extraction, Span
from rag.model.llms import LlamaCpp
from rag.model.point import Pointer, density, places, point
from rag.model.prompt import build_messages, generate
from tests.fakes import QueueLLM
from tests.test_refer import Find, find_sentence

__all__ = ["find_sentence"]

OPENED = "The bridge at Skarrow was opened by Mayor Holt in 1904."
COST = "Two merchants gave 40,000 crowns for it."
BOATS = "Boats with masts cannot go under it, and storks nest on the northern pier."
ARTICLE = f"The bridge\n\n{OPENED} {COST} {BOATS}"
EXCERPT = Excerpt("The bridge", f"{OPENED} {COST} {BOATS}")
READ = [EXCERPT]


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        # In words that the sentence does not have.
        ("where did the cash for the crossing come from", COST),
        ("which animals live there", BOATS),
        ("who cut the ribbon", OPENED),
    ],
)
def test_it_looks_at_the_sentence_that_answers(
    language_model: LlamaCpp, find_sentence: Find, question: str, expected: str
) -> None:
    candidates = [find_sentence(ARTICLE, text[:12]) for text in (OPENED, COST, BOATS)]
    looked = point(language_model, question, READ, candidates)
    assert looked is not None
    assert sum(looked.values()) == pytest.approx(1)
    likeliest = max(candidates, key=lambda c: looked[c.key])
    assert likeliest.evidence.text == expected


@pytest.mark.model
def test_a_reply_is_the_same_whether_it_has_looked_or_not(
    language_model: LlamaCpp, find_sentence: Find
) -> None:
    question = "who opened the bridge and when"
    language_model.complete("Say yes.", max_tokens=2)
    before = "".join(generate(language_model, question, READ, max_tokens=40))
    language_model.complete("Say yes.", max_tokens=2)
    point(language_model, question, READ, [find_sentence(ARTICLE, "The bridge")])
    assert "".join(generate(language_model, question, READ, max_tokens=40)) == before


@pytest.mark.model
def test_what_it_has_read_to_look_is_not_read_again(
    language_model: LlamaCpp, find_sentence: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    llama, evaluated = language_model._llama, []
    decode = llama._decode

    def counted(tokens: list[int], position: int, **options: bool) -> None:
        evaluated.append(len(tokens))
        decode(tokens, position, **options)

    point(language_model, "who opened it", READ, [find_sentence(ARTICLE, "The bridge")])
    monkeypatch.setattr(llama, "_decode", counted)
    point(language_model, "who opened it", READ, [find_sentence(ARTICLE, "The bridge")])
    assert evaluated == []
    next(iter(generate(language_model, "who opened it", READ, max_tokens=1)))
    assert max(evaluated, default=1) <= 4


@pytest.mark.model
def test_what_a_head_attends_to_is_one(language_model: LlamaCpp) -> None:
    """The tokens between the spans, and the template's, have the rest of it."""
    content = build_messages("who opened it", READ)[-1].content or ""
    messages = [ChatMessage(role=MessageRole.USER, content=content)]
    halves = [(0, 40), (40, len(content))]
    both, whole = (language_model.attention(messages, (), s, 5) for s in (halves, [(0, 999)]))
    assert both.shape == (12, 2)
    assert both.dtype == np.float32
    assert np.allclose(both.sum(axis=1), whole[:, 0], atol=1e-4)
    assert (both.sum(axis=1) < 1).all()


def test_models_whose_heads_nobody_knows_are_not_asked(fake: QueueLLM, find_sentence: Find) -> None:
    assert Pointer.of("somebody-elses-model") is None
    assert point(fake, "who opened it", READ, [find_sentence(ARTICLE, "The bridge")]) is None
    assert fake.prompts == []


def test_sentences_are_found_where_they_stand_in_the_prompt(find_sentence: Find) -> None:
    candidates = [find_sentence(ARTICLE, text[:12]) for text in (BOATS, OPENED)]
    content = build_messages(BOATS, READ)[-1].content or ""
    found = dict(places(content, READ, candidates))
    assert [content[slice(*found[c.key])] for c in candidates] == [BOATS, OPENED]
    # Not where the question repeats it.
    assert max(end for _, end in found.values()) < content.index("Question:")


def test_a_sentence_that_is_not_read_has_no_place(find_sentence: Find) -> None:
    begun = Excerpt("The bridge", OPENED, goes_on=True)
    content = build_messages(COST, [begun])[-1].content or ""
    assert dict(places(content, [begun], [find_sentence(ARTICLE, "Two merchant")])) == {}


def test_of_two_that_are_looked_at_alike_the_shorter_is_meant() -> None:
    short, long = density(np.array([0.2, 0.2], dtype=np.float32), [(0, 25), (25, 125)])
    assert short == pytest.approx(2 * long)


def test_both_readers_are_heard() -> None:
    one, other, third = ("d", 0), ("d", 1), ("d", 2)
    spans = (Span("Holt", one, 0.5), Span("merchants", other, 0.1))
    read = Extraction(spans, {one: 0.5, other: 0.1})
    led = read.led_by({one: 0.1, other: 0.7, third: 0.2})
    assert led.stated == pytest.approx(read.stated)
    assert led.mass[other] > led.mass[one] > led.mass[third] > 0
    assert [s.text for s in led.spans] == ["merchants", "Holt"]
    assert led.spans[0].probability == pytest.approx(led.mass[other])
    assert Extraction((), {}).led_by({one: 1.0}).mass == {}
