"""Golden: a minister is quoted, and the real default model answers what she said, not another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.embed.embedder import Embedder
from index.ingest.build import build
from index.store.index import Index
from rag.engine import Engine
from rag.judge.extract import Extractor
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from tests.benchmarks.drafts import write_articles

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def engine(
    embedder: Embedder,
    language_model: LlamaCpp,
    extractor: Extractor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    """Over the seed article and the ten short ones."""
    folder: Path = tmp_path_factory.mktemp("spoken")
    (folder / "articles").mkdir()
    write_articles(folder / "articles")
    with Index(folder / "index", embedder, 200) as index:
        build(index, [folder / "articles"])
        yield Engine(HybridRetriever(index), language_model, extractor=extractor)


def test_a_cited_quotation_names_its_speaker(engine: Engine) -> None:
    answer = engine.ask("What did Tomas Reyl say about trains?")
    (citation,) = answer.citations
    assert citation.evidence.text == '"People in my district have no train to take," he said.'
    assert citation.speaker == "Tomas Reyl"


def test_what_a_minister_said_is_answered_by_the_ministers_words_alone(engine: Engine) -> None:
    answer = engine.ask("What did Clara Osei say about taxes and trains?")
    assert answer.citations, answer.reason
    assert all("Osei announced" in c.evidence.text for c in answer.citations)
    assert not any("Reyl" in e.text or "hauliers" in e.text for e in answer.nearest)
