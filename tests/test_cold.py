"""What a command loads before it has something to do with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.modules import ROOT

_LOADED = "print([m for m in {names} if m in sys.modules])"
_ASK = """
from ui import wiring
from index.config import load_settings
from rag.filters import ANYTHING
assert wiring.ask_quickly(load_settings({}), "When?", ANYTHING, kept=True) is None
"""


def run_code(code: str, folder: Path) -> str:
    """The last line that a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an article and its index."""
    folder = tmp_path_factory.mktemp("cold")
    (folder / "a.txt").write_text("The bridge opened in 2019.", encoding="utf-8")
    line = run_code("from ui import cli; cli.main(['index', 'a.txt'])", folder)
    assert line.startswith("1 added")
    return folder


def test_whoever_asks_a_server_or_what_was_kept_loads_little(library: Path) -> None:
    names = ("numpy", "filelock", "asyncio", "httpx", "llama_index", "concurrent.futures")
    assert run_code(_ASK + _LOADED.format(names=names), library) == "[]"


def test_an_unchanged_folder_needs_no_embedder_and_no_vectors(library: Path) -> None:
    names = ("tokenizers", "torch", "chromadb", "llama_index")
    code = "from ui import cli; cli.main(['index', 'a.txt'])\n"
    written = (library / ".pressmark" / "lexical.npz").stat().st_mtime_ns
    assert run_code(code + _LOADED.format(names=names), library) == "[]"
    assert (library / ".pressmark" / "lexical.npz").stat().st_mtime_ns == written


def test_a_new_file_is_embedded_though_nothing_was_loaded_before(library: Path) -> None:
    (library / "b.txt").write_text("The tunnel opened in 2021.", encoding="utf-8")
    line = run_code("from ui import cli; cli.main(['index', '.'])", library)
    assert line.startswith("1 added")


_LEAN = """
from ui import cli
cli.main(["ask", "When did the bridge open?", "--quick", "--no-cache"])
from rag.model.llms import LlamaCpp
loaded = [m for m in sys.modules if m.startswith("llama_index.core.indices.")]
import llama_index.core
from llama_index.core import VectorStoreIndex
from llama_index.core.llms import CustomLLM
assert issubclass(LlamaCpp, llama_index.core.llms.CustomLLM) and CustomLLM in LlamaCpp.__mro__
assert VectorStoreIndex.__module__ == "llama_index.core.indices.vector_store.base"
assert not hasattr(llama_index.core, "unheard_of")
print(loaded)
"""


def test_a_question_is_answered_without_the_rest_of_llama_index(library: Path) -> None:
    assert run_code(_LEAN, library) == "['llama_index.core.indices.prompt_helper']"


_LOAD = """
from index.config import load_settings
from index.models.fetch import ensure
from rag.model.library import import_llama
from rag.model.llama import LlamaModel
settings = load_settings({})
path = ensure(settings.model, settings.models)
import_llama()
before = set(sys.modules)
LlamaModel(path).close()
print(sorted(m for m in set(sys.modules) - before if "." not in m or m.startswith("llama")))
"""


@pytest.mark.model
def test_a_model_is_loaded_without_importing_anything(library: Path) -> None:
    # In a thread beside the imports of llama-index, whose modules import each other.
    assert run_code(_LOAD, library) == "[]"
