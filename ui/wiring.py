"""Building what the commands need: nothing else constructs models and stores."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from index.build import BuildReport
    from index.config import Settings
    from index.embed import Embedder, Precision
    from index.store import Index
    from rag.engine import Engine

__all__ = ["build_index", "open_embedder", "open_engine", "open_index", "open_llm", "say"]


def say(text: str) -> None:
    """One line on standard error."""
    print(f"pressmark: {text}", file=sys.stderr)


def open_embedder(settings: Settings) -> Embedder:
    """The configured embedder, fetched first when it is not on disk."""
    from index.embed import MiniLM
    from index.models import REGISTRY, ensure

    path = ensure(settings.embedder, settings.models)
    name = settings.embedder if settings.embedder in REGISTRY else None
    return MiniLM(path, name=name, precision=cast("Precision", settings.precision))


def open_index(settings: Settings) -> Index:
    """The configured index; with none, one made of `seeds/` when that folder exists."""
    from index.errors import IndexNotFound
    from index.store import Index, exists

    if exists(settings.index):
        return Index.open(settings.index, open_embedder(settings), settings.chunk_tokens)
    seeds = Path("seeds")
    if not seeds.is_dir():
        raise IndexNotFound(
            f"there is no index in {settings.index} and no folder seeds/ to make one from: "
            "run `pressmark index PATH`"
        )
    say(f"there is no index in {settings.index}: making one from {seeds}/")
    index = Index(settings.index, open_embedder(settings), settings.chunk_tokens)
    build_index(index, [seeds], settings)
    return index


def open_engine(settings: Settings, index: Index) -> Engine:
    """The engine over an index, with the configured language model."""
    from rag.engine import Engine
    from rag.retrieve import HybridRetriever

    return Engine(
        HybridRetriever(index, top_k=settings.passages),
        open_llm(settings),
        max_answer_tokens=settings.max_answer_tokens,
        min_confidence=settings.min_confidence,
    )


def open_llm(settings: Settings) -> LLM:
    """The configured language model, fetched first when it is not on disk."""
    from rag.llms import LlamaCpp, open_server

    if settings.model.startswith(("http://", "https://")):
        return open_server(
            settings.model, settings.server_model, max_tokens=settings.max_answer_tokens
        )
    from index.models import REGISTRY, ensure

    path = ensure(settings.model, settings.models)
    return LlamaCpp(
        path,
        model_name=settings.model if settings.model in REGISTRY else path.stem,
        n_threads=settings.threads,
        max_tokens=settings.max_answer_tokens,
    )


def build_index(
    index: Index, roots: Sequence[Path], settings: Settings, *, prune: bool = False
) -> BuildReport:
    """Ingest with a progress bar."""
    from tqdm import tqdm

    from index.build import build

    with tqdm(desc="indexing", unit="file", file=sys.stderr, leave=False) as bar:
        return build(
            index,
            roots,
            prune=prune,
            max_bytes=settings.max_file_mb << 20,
            on_total=lambda n: bar.reset(total=n),
            on_file=lambda _: bar.update(),
        )
