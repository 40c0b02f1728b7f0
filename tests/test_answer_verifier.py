"""The reader that holds cited sentences to the question: pairs that differ in one word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.document import Kind
from index.embed.bert import BertEncoder
from index.models.fetch import ensure
from rag.answer import Evidence
from rag.evidence import Candidate
from rag.judge.answer_verifier import FOLDER, AnswerVerifier, is_astray, lay_out
from rag.judge.extract import Extractor

TOLD = "The bakery on Mill Street lent the swimming club 30 benches for its spring gala."
CLOSER = 0.35
"""How far the probabilities of a true question and its false twin must lie apart."""


@pytest.fixture(scope="module")
def folder(settings: Any) -> Path:
    return ensure("all-minilm-l6-v2", settings.models)


def _cited(text: str, *preceding: str, title: str = "Gala in the rain") -> Candidate:
    evidence = Evidence(
        "d", "d.txt", title, None, len(preceding), 0, len(text), text, Kind.PROSE, 0.5, 0.5
    )
    before = tuple(replace(evidence, text=t, ordinal=i) for i, t in enumerate(preceding))
    return Candidate(evidence, np.zeros(384, np.float32), before, text, 0)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("How many benches did the bakery lend the club?", "How many benches did the bank lend?"),
        ("how many benches did the bakery lend", "how many tents did the bakery lend"),
        ("Who lent the swimming club benches?", "Who lent the swimming club boats?"),
        ("bakery benches lent number", "cinema benches lent number"),
    ],
)
def test_an_exchanged_word_is_told(extractor: Extractor, true: str, false: str) -> None:
    verifier = extractor.verifier
    cited = [_cited(TOLD)]
    assert verifier.probability(true, cited) > verifier.probability(false, cited) + CLOSER


def test_the_same_exchange_in_the_text_makes_it_true_again(extractor: Extractor) -> None:
    verifier = extractor.verifier
    question = "How many tents did the bakery lend the swimming club?"
    tents = [_cited(TOLD.replace("benches", "tents"))]
    assert verifier.probability(question, tents) > (
        verifier.probability(question, [_cited(TOLD)]) + CLOSER
    )


def test_what_stands_before_says_who_is_meant(extractor: Extractor) -> None:
    verifier = extractor.verifier
    question = "When did Ada Quist win the race?"
    here, before = "She won the race in 1987.", "Ada Quist grew up by the lake."
    alone = verifier.probability(question, [_cited(here)])
    assert verifier.probability(question, [_cited(here, before)]) > alone


def test_an_answer_is_astray_where_neither_the_verifier_nor_nearness_speaks_for_it() -> None:
    assert is_astray(0.1, topic=0.4, agreed=0.1)
    assert not is_astray(0.9, topic=0.4, agreed=0.1)
    assert not is_astray(0.1, topic=0.9, agreed=0.1)
    # What the extractor gives, too, needs less.
    assert is_astray(0.2, topic=0.45, agreed=0.6)
    assert not is_astray(0.2, topic=0.45, agreed=0.8)
    assert is_astray(0.0, topic=0.4, agreed=0.9)


def test_long_texts_are_cut_to_what_can_be_read(folder: Path, extractor: Extractor) -> None:
    encoder = BertEncoder.open(folder)
    assert encoder is not None
    endless = "word " * 3000
    ids, n_first = lay_out(encoder, endless, endless, endless, endless)
    assert len(ids) <= encoder.n_positions
    assert n_first < len(ids)
    assert 0 <= extractor.verifier.probability(endless, [_cited(endless, endless)]) <= 1
    assert 0 <= extractor.verifier.probability("", [_cited("Yes.", title="")]) <= 1


def test_it_belongs_to_one_embedder(folder: Path, tmp_path: Path) -> None:
    assert AnswerVerifier.of("another-embedder", folder) is None
    assert AnswerVerifier.of("all-minilm-l6-v2", tmp_path) is None
    assert AnswerVerifier.of("all-minilm-l6-v2", folder, weights=tmp_path) is None
    assert (FOLDER / "all-minilm-l6-v2.npz").stat().st_size < 1_000_000
