"""Settings -> models and an engine, for scripts (`from rag import open_engine`) and commands.

llama-index takes a second to import: it is where an engine is made, and not before.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from index.config import Settings, load_settings
from index.embed.embedder import Embedder, Precision
from index.embed.minilm import MiniLM
from index.models.fetch import ensure
from index.models.registry import REGISTRY
from index.setting import rules_of
from index.store.index import Index
from rag.judge.confidence import Bar
from rag.judge.extract import Extractor

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from rag.engine import Engine

__all__ = [
    "engine_over",
    "load_bulk_embedder",
    "load_embedder",
    "load_extractor",
    "load_llm",
    "open_engine",
]

_MANY = 300
"""More texts than are ever embedded without torch."""


def open_engine(folder: Path | str = ".pressmark", **settings: Any) -> Engine:
    """The engine over the index in a folder; `settings` are keys of pressmark.toml.

    Models that are not on disk are fetched first. It is a llama-index query engine.
    Raises: IndexNotFound, IndexMismatch, ModelError, ConfigError; TypeError for an unknown key.
    """
    if unknown := settings.keys() - rules_of(Settings).keys():
        raise TypeError(f"open_engine has no setting {min(unknown)!r}; the README lists them")
    chosen = load_settings({**settings, "index": folder})
    index = Index.open(chosen.index, load_embedder(chosen), chosen.chunk_tokens)
    return engine_over(chosen, index, load_llm(chosen), load_extractor(chosen))


def engine_over(settings: Settings, index: Index, llm: LLM, extractor: Extractor | None) -> Engine:
    """The engine over an index, with what it asks."""
    from rag.engine import Engine
    from rag.retrieve import HybridRetriever

    bar = Bar(settings.bar).min_confidence
    return Engine(
        HybridRetriever(index, top_k=settings.passages),
        llm,
        max_answer_tokens=settings.max_answer_tokens,
        min_confidence=bar if settings.min_confidence is None else settings.min_confidence,
        extractor=extractor,
        quote_when_certain=settings.quote == "certain",
    )


def load_embedder(settings: Settings) -> Embedder:
    """The configured embedder, fetched first when it is not on disk."""
    path = ensure(settings.embedder, settings.models)
    name = settings.embedder if settings.embedder in REGISTRY else None
    return MiniLM(path, name=name, precision=cast("Precision", settings.precision))


def load_bulk_embedder(embedder: str, precision: str, models: str | None = None) -> Embedder:
    """The embedder of a process that embeds many texts, and few never: torch is loaded at once.

    Without `models`, those are where this machine keeps them.
    """
    chosen = {"embedder": embedder, "precision": precision, "models": models}
    found = load_embedder(load_settings(chosen))
    found.embed(["loaded"] * _MANY)
    return found


def load_extractor(settings: Settings) -> Extractor | None:
    """The extractor that was trained on the configured embedder, where there is one."""
    if settings.embedder not in REGISTRY:
        return None
    return Extractor.of(settings.embedder, ensure(settings.embedder, settings.models))


def load_llm(settings: Settings, meanwhile: Callable[[], object] = lambda: None) -> LLM:
    """The configured language model, fetched first when it is not on disk.

    `meanwhile` is done while its file is loaded, which takes no interpreter.
    """
    if settings.model.startswith(("http://", "https://")):
        from rag.model.llms import open_server

        return open_server(
            settings.model, settings.server_model, max_tokens=settings.max_answer_tokens
        )
    from rag.model.library import import_llama
    from rag.model.llama import LlamaModel

    path = ensure(settings.model, settings.models)
    name = settings.model if settings.model in REGISTRY else path.stem
    # All that the other thread needs is imported before: of packages whose modules import each
    # other, two threads at once get halves.
    import_llama()
    with ThreadPoolExecutor(max_workers=1) as pool:
        loading = pool.submit(LlamaModel, path, n_threads=settings.threads)
        meanwhile()
        opened = loading.result()
    from rag.model.llms import LlamaCpp

    return LlamaCpp(path, model_name=name, max_tokens=settings.max_answer_tokens, opened=opened)
