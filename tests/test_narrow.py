"""What the model reads: of two passages those in which the extractor marks, and no further."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from index.store.index import Index
from rag.excerpt import Excerpt, Stop
from rag.find import Found, gather, read_closely
from rag.judge.extract import Extraction, Extractor, Key
from rag.model.prompt import build_messages, evidence_parts
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


def test_a_passage_alone_is_read_where_all_is_marked_in_it(
    found: Found, extractor: Extractor
) -> None:
    assert [e.text for e in found.excerpts] == [FERRY, BRIDGE]
    read = _read(found, extractor)
    assert [e.text for e in read.excerpts] == [BRIDGE]
    # A statement may be pinned to whatever was looked at.
    assert read.candidates == found.candidates


@pytest.mark.parametrize(
    ("best", "other", "read"),
    [
        (0.9, 0.0, [BRIDGE]),
        (0.09, 0.01, [FERRY, BRIDGE]),
        (0.0, 0.3, [FERRY]),
        (0.5, 0.04, [BRIDGE]),
        (0.0, 0.0, [FERRY, BRIDGE]),
    ],
)
def test_a_passage_is_read_for_its_share_of_what_is_marked(
    found: Found, best: float, other: float, read: list[str]
) -> None:
    assert [e.text for e in _read(found, _Sure(best, other)).excerpts] == read


REPAIR = (
    "The harbour bridge opened on Monday after six years of work, and the mayor cut the ribbon "
    "before some two thousand people, three brass bands and a bishop who blessed it in the rain. "
    "It cost 12 million euros, which is twice what the council had planned when it voted on it. "
    "Its lamps, said the engineer, were bought in Ghent, where an old factory had closed and sold "
    "what was left in its stores for less than the price of the copper in them. The bridge is to "
    "be painted every nine years by a company of the town, which has done such work since 1931, "
    "and has promised to be gone each time before the herring boats come in."
)


def test_no_more_is_read_than_up_to_what_is_marked(make_index: Callable[..., Index]) -> None:
    index = make_index({"bridge.txt": REPAIR, "ferry.txt": FERRY})
    found = gather(HybridRetriever(index), QUESTION)
    *_, whole = found.excerpts
    assert whole.text == REPAIR
    assert whole.whole
    assert "".join(whole.pieces) == REPAIR
    assert len(whole.pieces) > 1
    (read,) = _read(found, _Sure(0.95)).excerpts
    assert "It cost 12 million euros" in read.text
    assert read.goes_on
    assert "herring" not in read.text
    # The beginning of it: what is kept of the one serves the other.
    assert whole.pieces[: len(read.pieces)] == read.pieces
    prompt = [m.content for m in build_messages(QUESTION, [read])][-1]
    assert prompt is not None
    assert "\n\nQuestion: How much" in prompt
    parts, further = evidence_parts([read]), evidence_parts([whole])
    assert further[: len(parts)] == parts
    assert prompt.startswith("".join(parts))


def test_a_passage_marked_at_its_end_is_read_to_its_end(make_index: Callable[..., Index]) -> None:
    index = make_index({"bridge.txt": REPAIR, "ferry.txt": FERRY})
    question = "How often is the harbour bridge to be painted by a company?"
    found = gather(HybridRetriever(index), question)
    (read,) = _read(found, _Sure(0.95)).excerpts
    assert read == found.excerpts[-1]
    assert not read.goes_on


def test_a_stop_is_looked_for_at_or_after_a_sentence() -> None:
    excerpt = Excerpt("T", "One. Two. Three.", stops=(Stop(4, 0), Stop(9, 1)))
    assert excerpt.pieces == ["One.", " Two.", " Three."]
    assert excerpt.up_to(0).text == "One."
    assert excerpt.up_to(1).text == "One. Two."
    assert excerpt.up_to(1).pieces == ["One.", " Two."]
    assert excerpt.up_to(2) == excerpt


def test_what_asks_for_several_things_reads_both(make_index: Callable[..., Index]) -> None:
    index = make_index({"bridge.txt": BRIDGE, "ferry.txt": FERRY})
    for question, n_read in (
        (QUESTION, 1),
        ("Why did the harbour bridge cost so much?", 2),
        ("What did the harbour bridge cost and when did it open?", 2),
    ):
        found = gather(HybridRetriever(index), question)
        assert len(_read(found, _Sure(0.95)).excerpts) == n_read, question
