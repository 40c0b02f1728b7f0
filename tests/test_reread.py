"""Where nothing can be given, the slower reader chooses among all that was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from index.store.index import Index
from rag.evidence import Candidate
from rag.find import Found, find, read_on
from rag.judge.extract import Extraction, Extractor
from rag.judge.reread import reread
from rag.retrieve import HybridRetriever

ARTICLES = (
    "The ferry\n\nThe ferry of Brill runs from March to October. It carries 900 people a day.",
    "The bridge\n\nThe bridge of Brill opened on Monday. It cost 12 million euros.",
    "The harbour\n\nThe harbour of Brill is dredged every spring. Nobody may anchor there.",
    "The school\n\nThe school of Brill has 80 pupils. Its roof leaks.",
)
QUESTION = "how many kids go to the school of brill"


class _Reader:
    """Sees an answer in what has a word, and remembers what it was shown."""

    def __init__(self, word: str = "") -> None:
        self._word = word
        self.shown: list[str] = []

    def __call__(self, question: str, cited: Sequence[Candidate]) -> float:
        assert question == QUESTION
        (candidate,) = cited
        self.shown.append(candidate.evidence.text)
        return 3.0 if self._word and self._word in candidate.evidence.text else -3.0


@pytest.fixture
def brill(make_index: Callable[..., Index], extractor: Extractor) -> Found:
    return find(
        HybridRetriever(make_index({f"{i}.txt": text for i, text in enumerate(ARTICLES)})),
        QUESTION,
        extractor=extractor,
    )


def test_it_reads_on_in_the_passages_that_the_model_did_not_read(
    brill: Found, extractor: Extractor
) -> None:
    candidates, extraction = read_on(brill, extractor)
    unread = {c.key for c in brill.unread}
    assert unread
    assert not unread & {c.key for c in brill.candidates}
    assert unread < {c.key for c in candidates}
    assert set(extraction.mass) <= {c.key for c in candidates}


def test_the_first_in_which_it_sees_the_answer_is_taken(brill: Found, extractor: Extractor) -> None:
    reader = _Reader("80 pupils")
    chosen = reread(QUESTION, *read_on(brill, extractor), reader)
    assert chosen is not None
    assert chosen.evidence.text == reader.shown[-1] == "The school of Brill has 80 pupils."


def test_it_looks_at_few_and_at_none_that_tells_no_number(
    brill: Found, extractor: Extractor
) -> None:
    reader = _Reader()
    assert reread(QUESTION, *read_on(brill, extractor), reader) is None
    assert 0 < len(reader.shown) <= 5
    assert "Its roof leaks." not in reader.shown


def test_what_is_marked_comes_first_and_then_what_fits(brill: Found) -> None:
    candidates = [*brill.candidates, *brill.unread]
    numbered = [c for c in candidates if any(n in c.evidence.text for n in ("900", "80", "12"))]
    marked = next(c for c in numbered if "900" in c.evidence.text)
    reader = _Reader()
    reread(QUESTION, numbered, Extraction((), {marked.key: 0.9}), reader)
    assert "900" in reader.shown[0]
    assert "80 pupils" in reader.shown[1]


def test_a_reader_that_has_no_say_chooses_nothing(brill: Found, extractor: Extractor) -> None:
    assert reread(QUESTION, *read_on(brill, extractor), lambda *_: None) is None
