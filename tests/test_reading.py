"""What a question reads: each document once, as it was when the question first met it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from index.ingest.remove import remove
from index.store.index import Index
from index.store.local import LocalBackend
from index.store.reading import Reading
from index.store.rows import StoredDocument
from rag.retrieve import HybridRetriever

HARBOUR = "\n\n".join(
    f"In {1900 + year} the harbour of Port Orlen was deepened for the {year}th time, and ships of "
    f"{year * 100} tons could moor there; the harbour master wrote that the work had cost "
    f"{year * 7} thousand crowns, which the town paid from its harbour dues of the year before."
    for year in range(1, 40)
)
EDITED = HARBOUR.replace("harbour master wrote", "harbour master said")


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each document was loaded."""
    counted: Counter[str] = Counter()
    real = LocalBackend.read

    def read(self: LocalBackend, document_ids: Collection[str]) -> dict[str, StoredDocument]:
        counted.update(document_ids)
        return real(self, document_ids)

    monkeypatch.setattr(LocalBackend, "read", read)
    return counted


def test_six_passages_of_a_document_load_it_once(
    make_index: Callable[..., Index], loads: Counter[str]
) -> None:
    index = make_index({"a.txt": HARBOUR, "b.txt": EDITED})
    reading = Reading(index)
    loads.clear()
    passages = HybridRetriever(index).passages("What did the harbour cost?", reading=reading)
    assert len(passages) == 6
    for passage in passages:
        stored = reading.get(passage.document_id)
        assert stored is not None
        assert stored.document.text[passage.start : passage.end] == passage.text
    assert set(loads.values()) == {1}
    assert {p.document_id for p in passages} <= set(loads)


def test_a_question_sees_a_document_as_it_first_did(
    make_index: Callable[..., Index], tmp_path: Path, loads: Counter[str]
) -> None:
    index = make_index({"a.txt": "The bridge opened in May."})
    (document,) = index.documents()
    reading = Reading(index)
    first = reading.get(document.id)
    remove(index, [str(tmp_path / "articles" / "a.txt")])
    assert reading.get(document.id) is first
    assert Reading(index).get(document.id) is None
    loads.clear()
    assert reading.get("no such document") is reading.get("no such document") is None
    assert loads == {"no such document": 1}


def test_all_of_a_document_is_read_at_once(make_index: Callable[..., Index]) -> None:
    index = make_index({"a.txt": "The bridge opened in May. It cost 12 million."})
    (document,) = index.documents()
    stored = index.read(document.id)
    assert stored is not None
    assert stored.document == document
    assert [s.text for s in stored.sentences] == [
        "The bridge opened in May.",
        "It cost 12 million.",
    ]
    assert stored.vectors.shape == (2, 384)
    assert index.read("no such document") is None
