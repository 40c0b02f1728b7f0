"""BM25 without going through all rows finds what going through all of them finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.store.lexical import LexicalIndex
from index.store.max_score import rows_worth_scoring
from index.tokens import tokenize

WORDS = "harbour bridge toll mayor ferry storm cargo police school budget clinic orchard".split()


def written(seed: int, n_chunks: int, steepness: float) -> list[str]:
    """Chunks of 1 to 30 words, some of them far more frequent than others."""
    draw = np.random.default_rng(seed)
    shares = 1.0 / np.arange(1, len(WORDS) + 1) ** steepness
    lengths = draw.integers(1, 31, n_chunks)
    return [" ".join(draw.choice(WORDS, n, p=shares / shares.sum())) for n in lengths]


def indexed(texts: Sequence[str]) -> LexicalIndex:
    """An index whose serials are 0, 3, 6, …"""
    added = [(3 * row, text) for row, text in enumerate(texts)]
    return LexicalIndex.empty().updated([serial for serial, _ in added], added, 1)


def exhaustive(
    lexical: LexicalIndex, query: str, k: int, among: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """The k best by scoring every chunk."""
    scores: npt.NDArray[np.float32] = np.zeros(len(lexical.serials), np.float32)
    for token in tokenize(query):
        rows, counts = lexical._postings(token)
        scores[rows] += lexical.idf(token) * counts / (counts + lexical._norms[rows])
    if among is not None:
        scores[~np.isin(lexical.serials, among)] = 0
    best = np.argsort(-scores, kind="stable")[:k]
    return [(int(lexical.serials[i]), float(scores[i])) for i in best if scores[i] > 0]


@given(
    seed=st.integers(0, 1 << 32),
    n_chunks=st.integers(0, 400),
    steepness=st.floats(0, 3),
    query=st.lists(st.sampled_from([*WORDS, "unheard"]), max_size=9).map(" ".join),
    k=st.integers(0, 40),
    share=st.none() | st.floats(0, 1),
)
@settings(max_examples=200, deadline=None)
def test_the_k_best_are_those_of_scoring_every_chunk(
    seed: int, n_chunks: int, steepness: float, query: str, k: int, share: float | None
) -> None:
    lexical = indexed(written(seed, n_chunks, steepness))
    among = None
    if share is not None:
        kept = np.random.default_rng(seed).random(n_chunks) < share
        among = [int(serial) for serial in lexical.serials[kept]]
    assert lexical.search(query, k, among) == exhaustive(lexical, query, k, among)


def test_of_a_frequent_word_only_rows_that_may_be_among_the_best_are_scored() -> None:
    texts = ["bridge toll"] * 4000 + ["bridge orchard"] * 40 + ["bridge clinic"] * 4000
    lexical = indexed(texts)
    words = lexical._weighted(tokenize("the bridge at the orchard"))
    rows = rows_worth_scoring(words, len(texts), 30)
    assert rows.tolist() == list(range(4000, 4040))


def test_a_file_without_bounds_is_opened_and_finds_the_same(tmp_path: Path) -> None:
    lexical = indexed(written(1, 200, 1.0))
    path = tmp_path / "lexical.npz"
    lexical.save(path)
    with np.load(path) as arrays:
        earlier = {name: arrays[name] for name in arrays if name != "bounds"}
    with path.open("wb") as file:
        np.savez(file, **earlier)
    opened = LexicalIndex.load(path)
    assert opened is not None
    for query in ("harbour", "toll clinic", " ".join(WORDS)):
        assert (
            opened.search(query, 20) == lexical.search(query, 20) == exhaustive(lexical, query, 20)
        )


@pytest.mark.parametrize("k", [0, 1])
def test_an_index_of_nothing_has_no_rows(k: int) -> None:
    assert rows_worth_scoring([], 0, k).tolist() == []
