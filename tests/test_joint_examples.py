"""What the extractor learns from: QED's lines made text again, and questions beside several."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from index.config import load_settings
from index.embed.embedder import Embedder
from index.models.fetch import ensure
from tests.benchmarks.joint_examples import groups, load_places
from tests.benchmarks.typed_questions import as_text, typed_questions

TOKENS = (
    "The mill ( built in 1902 ) was called `` Old Tom '' by the town 's bakers , who did n't "
    'pay $ 40 a year for " flour " . It burnt down in 1931 .'
)
TEXT = (
    "The mill (built in 1902) was called \"Old Tom\" by the town's bakers, who didn't "
    'pay $40 a year for "flour". It burnt down in 1931.'
)


def _line(title: str, number: int) -> str:
    begin = TOKENS.index("Old Tom")
    span = [begin, begin + len("Old Tom")]
    row = {"example_id": number, "title_text": title, "paragraph_text": TOKENS}
    return json.dumps(row | {"question_text": "what was the mill called", "answer_spans": [span]})


def test_tokens_become_text_and_keep_their_places() -> None:
    text, places = as_text(TOKENS)
    assert text == TEXT
    for word in ("1902", "Old Tom", "bakers", "40", "flour", "1931"):
        begin = TOKENS.index(word)
        assert text[places[begin] : places[begin + len(word)]] == word


def test_an_article_that_is_measured_on_is_left_out(tmp_path: Path) -> None:
    lines, left_out = tmp_path / "train.jsonlines", tmp_path / "set.json"
    lines.write_text("\n".join([_line("Mills", 1), _line("The Big Mill", 2)]), encoding="utf-8")
    left_out.write_text(json.dumps({"data": [{"title": "The_big_mill"}]}), encoding="utf-8")
    (article,) = typed_questions([lines], [left_out], random.Random(1))
    assert article["title"] == "Mills"
    (paragraph,) = article["paragraphs"]
    (answer,) = paragraph["qas"][0]["answers"]
    begin = answer["answer_start"]
    assert paragraph["context"][begin : begin + len(answer["text"])] == answer["text"] == "Old Tom"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    settings = load_settings({})
    folder = ensure(settings.embedder, settings.models)
    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


def test_one_text_of_a_question_answers_or_none(embedder: Embedder, tokenizer: Tokenizer) -> None:
    articles = []
    for i, name in enumerate(("Hanna", "Peter", "Ruth", "Josef")):
        context = f"Mill {i} stands by the river. Its owner is {name}. " * 3
        answers = [{"text": name, "answer_start": context.index(name)}]
        asked = {"question": f"who owns mill {i}", "answers": answers}
        paragraphs = [{"context": context, "qas": [asked]}]
        articles.append({"title": f"Mill {i}", "paragraphs": paragraphs})
    places = load_places(articles, embedder)
    assert all(len(place.others) == 3 for place in places)
    source = groups(places, tokenizer, random.Random(2))
    n_answered = 0
    for _ in range(40):
        group = next(source)
        answering = [row for row in group if row.spans]
        assert len(answering) <= 1
        n_answered += len(answering)
        for row in answering:
            (a, b), *_ = row.spans
            words = tokenizer.decode(row.ids[a : b + 1])
            assert words in {"hanna", "peter", "ruth", "josef"}
            assert row.first <= a
    assert 15 < n_answered < 40
