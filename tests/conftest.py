"""The real embedder, Chroma and segmenter; the language model where a test is about it."""

from __future__ import annotations

import os

# Before anything imports them: no library asks the network for anything.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    GRADIO_ANALYTICS_ENABLED="False",
    ANONYMIZED_TELEMETRY="False",
    TOKENIZERS_PARALLELISM="false",
)

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.config import Settings, load_settings
from index.embed.embedder import Embedder
from index.embed.minilm import MiniLM
from index.ingest.build import build
from index.models.fetch import ensure
from index.store.index import Index
from rag.check.align import Aligner
from rag.engine import Engine
from rag.judge.extract import Extractor
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from tests.browser import open_browser
from tests.database import Databases
from tests.fakes import QueueLLM

SEEDS = Path(__file__).parent.parent / "seeds"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the golden lines whose outcome has changed; review them with git diff",
    )


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings({})


@pytest.fixture(scope="session")
def embedder(settings: Settings) -> Embedder:
    return MiniLM(ensure("all-minilm-l6-v2", settings.models), name="all-minilm-l6-v2")


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL, started when the first test asks for it."""
    opened = Databases()
    yield opened
    opened.close()


@pytest.fixture(params=["folder", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where an index is kept: a folder, then a database; each test that asks for it runs twice."""
    if request.param == "folder":
        return tmp_path / "index"
    made: Path = request.getfixturevalue("databases").make()
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for the tests of the pages."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def llm() -> QueueLLM:
    """A model for a whole module, whose replies are queued."""
    return QueueLLM()


@pytest.fixture(scope="session")
def aligner(settings: Settings) -> Aligner:
    """What compares the words of a draft with those of the articles."""
    found = Aligner.of(ensure("all-minilm-l6-v2", settings.models))
    assert found is not None
    return found


@pytest.fixture(scope="session")
def extractor(settings: Settings) -> Extractor:
    """The reader beside the language model."""
    found = Extractor.of("all-minilm-l6-v2", ensure("all-minilm-l6-v2", settings.models))
    assert found is not None
    return found


@pytest.fixture(scope="session")
def language_model(settings: Settings) -> Iterator[LlamaCpp]:
    """The default model, for tests that are about what it writes."""
    model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    yield model
    model.close()


@pytest.fixture(scope="session")
def seed_folder(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    folder = tmp_path_factory.mktemp("seeded") / "index"
    with Index(folder, embedder, 200) as index:
        build(index, [SEEDS])
    return folder


@pytest.fixture
def seed_index(seed_folder: Path, tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    """The seed article's index, a copy of one's own."""
    folder = tmp_path / "seed-index"
    shutil.copytree(seed_folder, folder)
    with Index.open(folder, embedder, 200) as index:
        yield index


@pytest.fixture
def fake() -> QueueLLM:
    return QueueLLM()


@pytest.fixture
def engine(seed_index: Index, fake: QueueLLM) -> Engine:
    return Engine(HybridRetriever(seed_index), fake)


@pytest.fixture
def make_index(tmp_path: Path, embedder: Embedder) -> Iterator[Callable[..., Index]]:
    """Make an index of files: make_index({"a.txt": "…"}) writes and indexes them."""
    opened: list[Index] = []

    def make(files: dict[str, str], *, name: str = "index") -> Index:
        folder = tmp_path / "articles"
        folder.mkdir(exist_ok=True)
        for path, text in files.items():
            (folder / path).write_text(text, encoding="utf-8")
        index = Index(tmp_path / name, embedder, 200)
        opened.append(index)
        build(index, [folder])
        return index

    yield make
    for index in opened:
        index.close()
