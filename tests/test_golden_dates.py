"""Dates with the real default model: limits, a question's own time, now, what happened then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.embed.embedder import Embedder
from index.ingest.build import build
from index.store.index import Index
from rag.engine import Engine
from rag.filters import read_filters
from rag.judge.extract import Extractor
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from tests.conftest import SEEDS
from tests.test_when import ARTICLES

pytestmark = pytest.mark.model

TOLL = "What is the toll of the harbour bridge?"
MORE = {
    "tram.md": "---\ntitle: Tram to Brill\nauthor: Ann Bee\ndate: 2020-03-12\n---\n"
    "The council of Brill approved a tram line of nine kilometres on Tuesday.\n\n"
    "Building begins in May 2021, and the line will cost 80 million euros.",
    "fire.txt": "Fire in the old town\nPublished: 14 March 2020\nBy Cy Dee\n\n"
    "BRILL, March 14 (Agency) -- A fire destroyed two warehouses in the old town of Brill "
    "last night.\n\nNobody was hurt.",
    "fair.txt": "Title: Book fair\nDatum: 5. April 2020\nAutor: Ann Bee\n\n"
    "The book fair of Brill was called off yesterday because of the epidemic.",
}


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory,
    embedder: Embedder,
    language_model: LlamaCpp,
    extractor: Extractor,
) -> Iterator[Engine]:
    """The seed article and eight short ones."""
    folder = tmp_path_factory.mktemp("dated")
    for name, text in {**ARTICLES, **MORE}.items():
        (folder / name).write_text(text, encoding="utf-8")
    with Index(folder / "index", embedder, 200) as index:
        build(index, [folder, SEEDS], collection="all")
        build(index, [folder / "toll.txt"], collection="old")
        yield Engine(HybridRetriever(index), language_model, extractor=extractor)


@pytest.mark.parametrize(
    ("question", "limits", "says", "document", "date"),
    [
        (f"{TOLL[:-1]} now?", {}, "7 euros", "toll-new.txt", "2021-05-02"),
        ("What was the toll of the harbour bridge in 2019?", {}, "5 euros", "toll.txt",
         "2019-05-02"),
        (TOLL, {"as_of": "2020"}, "5 euros", "toll.txt", "2019-05-02"),
        (TOLL, {"collection": "old"}, "5 euros", "toll.txt", "2019-05-02"),
        ("How long is the tram line?", {"author": "bee"}, "nine kilometres", "tram.md",
         "2020-03-12"),
        ("What did a fire destroy in Brill in March 2020?", {}, "two warehouses", "fire.txt",
         "2020-03-14"),
    ],
)  # fmt: skip
def test_an_answer_is_of_the_time_that_is_asked_for(
    engine: Engine, question: str, limits: dict[str, str], says: str, document: str, date: str
) -> None:
    answer = engine.ask(question, filters=read_filters(**limits))  # type: ignore[arg-type]
    assert answer.text is not None, answer.reason
    assert says in answer.text
    (cited,) = {(Path(c.evidence.document).name, c.evidence.date) for c in answer.citations}
    assert cited == (document, date)


def test_an_article_that_is_not_there_yet_answers_nothing(engine: Engine) -> None:
    answer = engine.ask("What will the tram line cost?", filters=read_filters(until="2019"))
    assert answer.abstained


def test_what_happened_in_march_2020(engine: Engine) -> None:
    answer = engine.ask("What happened in March 2020?")
    assert {c.evidence.date for c in answer.citations} >= {"2020-03-05", "2020-03-12", "2020-03-14"}
    days = {r.text: r.iso for c in answer.citations for r in c.evidence.reckoned}
    assert days["Tuesday"] == "2020-03-10"
    assert days["last night"] == "2020-03-13"
    assert "7 euros" not in (answer.text or "")
