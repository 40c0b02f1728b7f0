"""Building what the commands need: nothing else constructs models and stores."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ui.ingest import build_index
from ui.terminal import say

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from index.config import Settings
    from index.embed.embedder import Embedder
    from index.store.identity import Identified, Identity
    from index.store.index import Index
    from rag.answer import Answer
    from rag.cache import AnswerCache, CachedEngine
    from rag.check.checker import Checker
    from rag.engine import Engine
    from rag.filters import Filters
    from rag.judge.extract import Extractor
    from rag.retrieve import HybridRetriever

__all__ = [
    "answer_settings",
    "ask_quickly",
    "cached_engine",
    "engine_opener",
    "open_cache",
    "open_checker",
    "open_embedder",
    "open_engine",
    "open_extractor",
    "open_index",
    "open_llm",
    "open_quick_engine",
    "open_retriever",
    "open_set_index",
    "open_stored_index",
    "open_writers_embedder",
    "resident_signature",
]


def open_embedder(settings: Settings) -> Embedder:
    """The configured embedder, fetched first when it is not on disk."""
    from rag.opening import load_embedder

    return load_embedder(settings)


def open_writers_embedder(settings: Settings) -> Embedder:
    """The same for an ingest: where the index was made with it, loaded when there is a new text."""
    from index.embed.deferred import DeferredEmbedder
    from index.models.registry import REGISTRY
    from index.store.identity import Identity, has_catalogue

    if settings.embedder in REGISTRY and has_catalogue(settings.index):
        with closing(Identity.of(settings.index)) as identity:
            stamp = json.loads(identity.meta("stamp") or "{}")
        if stamp.get("embedder") == settings.embedder:
            load = functools.partial(open_embedder, settings)
            return DeferredEmbedder(settings.embedder, int(stamp["dim"]), load)
    return open_embedder(settings)


def open_index(settings: Settings) -> Index:
    """The configured index; with none, one made of `seeds/` when that folder exists."""
    from index.address import shown
    from index.errors import IndexNotFound
    from index.store.index import Index, exists

    if exists(settings.index):
        return Index.open(settings.index, open_embedder(settings), settings.chunk_tokens)
    seeds = Path("seeds")
    if not seeds.is_dir():
        raise IndexNotFound(
            f"there is no index in {shown(settings.index)} and no folder seeds/ to make one from: "
            "run `pressmark index PATH`"
        )
    say(f"there is no index in {shown(settings.index)}: making one from {seeds}/")
    index = Index(settings.index, open_embedder(settings), settings.chunk_tokens)
    build_index(index, [seeds], settings)
    return index


def open_set_index(settings: Settings, folder: Path) -> Index:
    """An index in a folder of its own, emptied first if other settings made it."""
    from index.errors import IndexMismatch
    from index.store.index import Index

    embedder = open_embedder(settings)
    try:
        return Index(folder, embedder, settings.chunk_tokens)
    except IndexMismatch:
        Index.destroy(folder)
        return Index(folder, embedder, settings.chunk_tokens)


def open_retriever(settings: Settings, index: Index) -> HybridRetriever:
    """What finds passages in an index."""
    from rag.retrieve import HybridRetriever

    return HybridRetriever(index, top_k=settings.passages)


def engine_opener(settings: Settings) -> Callable[[Index], Engine]:
    """What opens the engine over one index after another: the language model is loaded once."""
    loaded: list[LLM] = []

    def open_next(index: Index) -> Engine:
        engine = open_engine(settings, index, loaded[0] if loaded else None)
        loaded[:] = [engine.llm]
        return engine

    return open_next


def open_engine(
    settings: Settings,
    index: Index,
    llm: LLM | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Engine:
    """The engine over an index, with the configured language model unless one is given.

    `meanwhile` is done while the model is loaded.
    """

    def load() -> LLM:
        return llm or _open_llm_beside(settings, index, meanwhile)

    return _engine_with(settings, index, load)


def open_quick_engine(settings: Settings, index: Index) -> Engine:
    """The engine for questions that a quotation answers: the language model is not loaded."""

    def load() -> LLM:
        from rag.model.absent import AbsentModel

        return AbsentModel(model_name=settings.model)

    return _engine_with(settings, index, load)


def _engine_with(settings: Settings, index: Index, load: Callable[[], LLM]) -> Engine:
    """The engine; its extractor is computed while `load` imports what else it needs."""
    from concurrent.futures import ThreadPoolExecutor

    from rag.opening import engine_over, load_extractor

    with ThreadPoolExecutor(max_workers=1) as pool:
        extractor = pool.submit(load_extractor, settings)
        llm = load()
        return engine_over(settings, index, llm, extractor.result())


def _open_llm_beside(settings: Settings, index: Index, meanwhile: Callable[[], object]) -> LLM:
    def warm() -> None:
        index.warm()
        import_module("rag.engine")
        meanwhile()

    return open_llm(settings, warm)


def open_extractor(settings: Settings) -> Extractor | None:
    """The extractor that was trained on the configured embedder, where there is one."""
    from rag.opening import load_extractor

    return load_extractor(settings)


def open_checker(settings: Settings, index: Index) -> Checker | None:
    """What checks drafts against an index; None with an embedder whose words cannot be compared."""
    from index.models.fetch import ensure
    from rag.check.align import Aligner
    from rag.check.checker import Checker

    aligner = Aligner.of(ensure(settings.embedder, settings.models))
    return None if aligner is None else Checker(open_retriever(settings, index), aligner)


def open_cache(settings: Settings, index: Identified) -> AnswerCache | None:
    """The answers kept beside the index; None for a server, whose model may change unseen."""
    from index.store.kept_answers import ANSWERS_FILE
    from rag.cache import AnswerCache

    if _is_url(settings.model):
        return None
    settings.index.mkdir(parents=True, exist_ok=True)
    return AnswerCache(settings.index / ANSWERS_FILE, index, answer_settings(settings))


def cached_engine(settings: Settings, index: Index, engine: Engine) -> Engine | CachedEngine:
    """The engine behind the cache, where there is one."""
    from rag.cache import CachedEngine

    cache = open_cache(settings, index)
    return engine if cache is None else CachedEngine(engine, cache)


def answer_settings(settings: Settings) -> str:
    """All that an answer depends on beside index and code, models on disk by size and time."""
    from index.limits import Limits

    limits = {f.name for f in dataclasses.fields(Limits)}
    apart = {"index", "models", "precision", "threads"} | limits
    values: dict[str, object] = {
        name: str(value)
        for name, value in dataclasses.asdict(settings).items()
        if name not in apart
    }
    for role in ("model", "embedder"):
        path = Path(str(values[role])).expanduser()
        if path.exists():
            found = path.stat()
            values[role + "_file"] = (str(path.resolve()), found.st_size, found.st_mtime_ns)
    return json.dumps(values, sort_keys=True)


def ask_quickly(
    settings: Settings, question: str, filters: Filters, *, kept: bool
) -> Answer | None:
    """An answer without loading a model: one that was kept, or the resident process's.

    `kept` says whether an answer that was kept will do.
    """
    from index.store.choose import has_index

    if not has_index(settings.index):
        return None
    from ui.server.resident import ask_resident, socket_path

    with closing(_identity(settings)) as index:
        cache = open_cache(settings, index) if kept else None
        answer = cache.find(question, filters=filters) if cache is not None else None
        if answer is None:
            signature = resident_signature(settings, index)
            answer = ask_resident(
                socket_path(settings.index), signature, question, filters, kept=kept
            )
        return answer


def _identity(settings: Settings) -> Identity | Index:
    """Which index there is; of a folder's not the index itself: numpy and the rest of it take
    longer than a kept answer."""
    from index.address import address_of
    from index.store.identity import Identity

    if address_of(settings.index) is None:
        return Identity.of(settings.index)
    return open_stored_index(settings)


def resident_signature(settings: Settings, index: Identified) -> str:
    """What a resident process and its client must share: index, settings and code."""
    from rag.cache import code_digest

    parts = [index.born, answer_settings(settings), code_digest()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def open_llm(settings: Settings, meanwhile: Callable[[], object] = lambda: None) -> LLM:
    """The configured language model, fetched first when it is not on disk; `meanwhile` is done
    while it is loaded."""
    from rag.opening import load_llm

    return load_llm(settings, meanwhile)


def open_stored_index(settings: Settings) -> Index:
    """The index as it was built, without its embedder: to take out of it, not to ask it."""
    from index.store.index import Index

    return Index.unembedded(settings.index)


def _is_url(model: str) -> bool:
    return model.startswith(("http://", "https://"))
