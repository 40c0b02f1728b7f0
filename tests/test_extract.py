"""The extractive reader: it marks the words that answer, in whatever order and length they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.embed.bert import BertEncoder
from index.models.fetch import ensure
from rag.judge.extract import FOLDER, Extractor, Text

ARTICLE = [
    "The harbour bridge opened on Monday after six years of work.",
    "It cost 12 million euros, twice what the council had planned.",
    "Anna Berg, the engineer who designed it, was not invited.",
    "The ferry, which carried 900 people a day, stops in June.",
]


@pytest.fixture(scope="module")
def folder(settings: Any) -> Path:
    return ensure("all-minilm-l6-v2", settings.models)


def _text(*sentences: str, document: str = "a", title: str = "A new bridge") -> Text:
    return Text(title, {(document, i): s for i, s in enumerate(sentences)})


@pytest.mark.parametrize(
    ("question", "words", "sentence"),
    [
        ("How much did the bridge cost?", "12 million", 1),
        ("Who designed the bridge?", "Anna Berg", 2),
        ("When does the ferry stop?", "June", 3),
        ("When did the bridge open?", "Monday", 0),
    ],
)
def test_the_likeliest_words_answer(
    extractor: Extractor, question: str, words: str, sentence: int
) -> None:
    extraction = extractor.read(question, [_text(*ARTICLE)])
    assert words in extraction.spans[0].text
    assert extraction.spans[0].at == ("a", sentence)
    assert max(extraction.mass, key=lambda key: extraction.mass[key]) == ("a", sentence)
    assert extraction.said(f"It is {words} euros.") > extraction.said("Nobody knows.")


def test_a_text_on_something_else_states_less(extractor: Extractor) -> None:
    other = _text(
        "The choir sings on Sundays.", "Its hall was painted green.", document="b", title="Choir"
    )
    question = "How much did the bridge cost?"
    assert (
        extractor.read(question, [other]).stated
        < extractor.read(question, [_text(*ARTICLE)]).stated
    )


def test_one_distribution_over_all_texts(extractor: Extractor) -> None:
    """Masses and what is left for "not here" add up to one, however many texts there are."""
    other = _text("The bridge was much photographed.", document="b")
    for texts in ([], [_text()], [_text(*ARTICLE)], [_text(*ARTICLE), other]):
        extraction = extractor.read("How much did the bridge cost?", texts)
        assert 0 <= extraction.stated <= 1 + 1e-9
        assert {key for t in texts for key in t.sentences} >= set(extraction.mass)
        assert sum(s.probability for s in extraction.spans) <= extraction.stated + 1e-9
    assert extraction.spans[0].at == ("a", 1)


def test_a_long_text_and_a_long_question_are_read_in_parts(extractor: Extractor) -> None:
    filler = [f"In house number {i} nothing happened all day." for i in range(150)]
    long = _text(*filler, *ARTICLE, "and so on " * 400, title="A street " * 30)
    extraction = extractor.read("Who designed the bridge?", [long])
    assert extraction.spans[0].at == ("a", len(filler) + 2)
    assert 0 <= extractor.read("Tell me this. " * 150 + "Who did?", [long]).stated <= 1


def test_an_endless_title_leaves_room_for_its_text(extractor: Extractor) -> None:
    extraction = extractor.read("Who designed the bridge?", [_text(*ARTICLE, title="x y " * 900)])
    assert extraction.spans[0].at == ("a", 2)


def test_spans_are_the_sentences_own_words(extractor: Extractor) -> None:
    sentences = ["Città d’Été: 3.6 % — ﬁn\u200b.", "中文 and more", "  ", ""]
    for span in extractor.read("What is 3.6 %?", [_text(*sentences)]).spans:
        assert span.text in sentences[span.at[1]]


def test_two_texts_give_the_states_of_transformers(folder: Path) -> None:
    import torch
    from transformers import AutoModel

    encoder = BertEncoder.open(folder)
    assert encoder is not None
    first, last = encoder.marks
    ids = [first, *encoder.encode("Who built it?").ids, last]
    n_first = len(ids)
    ids += [*encoder.encode("The council built the bridge.").ids, last]
    kinds = [0] * n_first + [1] * (len(ids) - n_first)
    model = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()
    with torch.no_grad():
        theirs = model(
            input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([kinds])
        ).last_hidden_state[0]
    assert np.abs(encoder.states([(ids, n_first)])[0] - theirs.numpy()).max() < 1e-4


def test_the_adaptation_belongs_to_one_embedder(folder: Path, tmp_path: Path) -> None:
    assert Extractor.of("another-embedder", folder) is None
    assert Extractor.of("all-minilm-l6-v2", tmp_path) is None
    encoder = BertEncoder.open(folder)
    assert encoder is not None
    with pytest.raises(KeyError):
        encoder.adapted({"encoder.layer.9.output.dense.bias": np.zeros(384, np.float32)})
    assert (FOLDER / "all-minilm-l6-v2.npz").stat().st_size < 1_000_000
