"""What the model reads: two passages, or the best one where the extractor is sure of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from index.store.index import Index
from rag.find import Found, gather, read_closely
from rag.judge.extract import Extraction, Extractor, Key
from rag.narrow import sure_of_best
from rag.retrieve import HybridRetriever

BRIDGE = (
    "The harbour bridge opened on Monday after six years of work. It cost 12 million euros, twice "
    "what the council had planned. Anna Berg, the engineer who designed it, was not invited."
)
FERRY = "The harbour ferry, which carried 900 people a day, stops in June. Its crew is to retire."
QUESTION = "How much did the harbour bridge cost?"


class _Sure(Extractor):
    """Gives the first sentence of the best passage, and of the other, these probabilities."""

    def __init__(self, best: float, other: float = 0.0) -> None:
        self.found: Found | None = None
        self._given = best, other

    def read_each(self, questions: Sequence[str], _: object) -> list[Extraction]:
        assert self.found is not None
        first, *_ = self.found.candidates
        second = next(c for c in self.found.candidates if c.passage != first.passage)
        mass: dict[Key, float] = dict(zip((first.key, second.key), self._given, strict=True))
        return [Extraction((), mass)] * len(questions)


@pytest.fixture
def found(make_index: Callable[..., Index]) -> Found:
    index = make_index({"bridge.txt": BRIDGE, "ferry.txt": FERRY})
    return gather(HybridRetriever(index), QUESTION)


def _read(found: Found, extractor: Extractor) -> Found:
    if isinstance(extractor, _Sure):
        extractor.found = found
    return read_closely(found, extractor)


def test_the_best_passage_alone_is_read_where_the_extractor_is_sure(
    found: Found, extractor: Extractor
) -> None:
    assert [e.text for e in found.excerpts] == [FERRY, BRIDGE]
    read = _read(found, extractor)
    assert read.extraction is not None
    assert sure_of_best(read.candidates, read.extraction) > 0.9
    assert [e.text for e in read.excerpts] == [BRIDGE]
    # A statement may be pinned to whatever was looked at.
    assert read.candidates == found.candidates


@pytest.mark.parametrize(("best", "other"), [(0.69, 0.0), (0.05, 0.95), (0.0, 0.0)])
def test_both_are_read_where_it_is_not(found: Found, best: float, other: float) -> None:
    assert _read(found, _Sure(best, other)).excerpts == found.excerpts


def test_what_asks_for_several_things_reads_both(make_index: Callable[..., Index]) -> None:
    index = make_index({"bridge.txt": BRIDGE, "ferry.txt": FERRY})
    for question, n_read in (
        (QUESTION, 1),
        ("Why did the harbour bridge cost so much?", 2),
        ("What did the harbour bridge cost and when did it open?", 2),
    ):
        found = gather(HybridRetriever(index), question)
        assert len(_read(found, _Sure(0.95)).excerpts) == n_read, question
