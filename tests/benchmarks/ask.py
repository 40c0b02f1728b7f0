"""Asking: our engine, llama-index's CitationQueryEngine and bare llama.cpp on the same questions.

    python -m tests.benchmarks.ask FILE [--questions N] [--seed S] [--json]

FILE is SQuAD JSON. Both engines have the same documents, embedder and model, and take turns at
every question, each going first every other time; then ours answers it again, when the state of
the passage that its prompt begins with is kept, as it is for every passage of a small library or
one that was read before. Bare llama.cpp is fed the very tokens that ours
was fed, all of them afresh, in a context of its own: what is over it is ours, what is under it is
what ours had read before. Tokens are the model's own, the template's included.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from pydantic import PrivateAttr

from index.config import Settings, load_settings
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.store.index import Index
from rag.engine import Engine
from rag.measure.peer import Peer
from rag.measure.questions import load_squad, sample
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from tests.benchmarks.clock import embedder, parser, show
from ui.wiring import open_extractor

__all__ = ["main"]


class _Noting(LlamaCpp):
    """The model, which notes what it was last fed."""

    _fed: list[int] = PrivateAttr(default_factory=list)

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)

    def _stream(self, parts: Sequence[str], kwargs: dict[str, Any]) -> Iterator[str]:
        self._fed = [token for part in parts for token in self._llama.tokenize(part, special=True)]
        return super()._stream(parts, kwargs)

    def take_fed(self) -> list[int]:
        """The tokens that it was fed since the last call; none when it was not asked."""
        fed, self._fed = self._fed, []
        return fed


class _Bare:
    """llama.cpp's own calls, greedily, with nothing kept between two prompts."""

    def __init__(self, path: Path, settings: Settings) -> None:
        import llama_cpp

        self._api: Any = llama_cpp
        self._max_tokens = settings.max_answer_tokens
        threads = settings.threads or os.cpu_count() or 1
        # Weights as rag.model.llama has them: repacked only where there is no AVX-512.
        has_avx512 = b"AVX512 = 1" in llama_cpp.llama_print_system_info()
        parameters = llama_cpp.llama_model_default_params()
        parameters.use_extra_bufts = not has_avx512
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx, wanted.n_batch, wanted.n_ubatch = 4096, 512, 512
        wanted.n_threads = wanted.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, wanted)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)

    def ask(self, prompt: Sequence[int]) -> dict[str, float | None]:
        """Milliseconds to the first token and to the last, and how many there were."""
        api = self._api
        api.llama_memory_clear(api.llama_get_memory(self._context), True)
        n_vocabulary = api.llama_vocab_n_tokens(self._vocabulary)
        started = time.perf_counter()
        first, n_out, feed = None, 0, list(prompt)
        while n_out < self._max_tokens:
            for start in range(0, len(feed), 512):
                part = feed[start : start + 512]
                tokens = (api.llama_token * len(part))(*part)
                if api.llama_decode(self._context, api.llama_batch_get_one(tokens, len(part))):
                    raise RuntimeError("llama.cpp could not evaluate the prompt")
            logits = api.llama_get_logits_ith(self._context, -1)
            token = int(np.ctypeslib.as_array(logits, (n_vocabulary,)).argmax())
            if api.llama_vocab_is_eog(self._vocabulary, token):
                break
            first = first or (time.perf_counter() - started) * 1000
            n_out, feed = n_out + 1, [token]
        return {
            "retrieve": None,
            "first token": first,
            "total": (time.perf_counter() - started) * 1000,
            "tokens in": float(len(prompt)),
            "tokens out": float(n_out),
        }


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--questions", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    settings = load_settings({})
    documents, questions = load_squad(options.file)
    chosen = sample([q for q in questions if q.answerable], options.questions, options.seed)
    model = embedder()
    ours, bare = _model(settings), _Bare(ensure(settings.model, settings.models), settings)
    peer = Peer(documents, model, ours)
    ways = ("first seen", "bare", "peer", "kept")
    rows: dict[str, list[dict[str, float | None]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), model, 200) as index:
        ingest(index, documents)
        engine = Engine(
            HybridRetriever(index, top_k=settings.passages),
            ours,
            extractor=open_extractor(settings),
        )
        for number, question in enumerate(chosen):
            turns = ["first seen", "peer"] if number % 2 else ["peer", "first seen"]
            for turn in [*turns, "kept"]:
                if turn == "peer":
                    rows[turn].append(_peer(peer, question.question, ours))
                    continue
                row, fed = _ours(engine, question.question, ours)
                rows[turn].append(row)
                if fed and turn == "first seen":
                    rows["bare"].append(bare.ask(fed))
    table = [
        {"way": way, **{key: _median([r[key] for r in found]) for key in found[0]}}
        for way, found in rows.items()
        if found
    ]
    show(table, as_json=options.json, note=f"medians of {len(chosen)} questions, in milliseconds")


def _model(settings: Settings) -> _Noting:
    return _Noting(
        ensure(settings.model, settings.models),
        n_threads=settings.threads,
        max_tokens=settings.max_answer_tokens,
    )


def _ours(engine: Engine, question: str, llm: _Noting) -> tuple[dict[str, float | None], list[int]]:
    answer = engine.ask(question)
    fed = llm.take_fed()
    row = {
        "retrieve": answer.timings.retrieve,
        "first token": answer.timings.first_token,
        "total": answer.timings.total,
        "tokens in": float(len(fed)) if fed else None,
        "tokens out": float(llm.count_tokens(answer.raw_text)),
    }
    return row, fed


def _peer(peer: Peer, question: str, llm: _Noting) -> dict[str, float | None]:
    reply = peer.ask(question)
    return {
        "retrieve": None,
        "first token": reply.first_token_ms,
        "total": reply.total_ms,
        "tokens in": float(len(llm.take_fed())),
        "tokens out": float(llm.count_tokens(reply.text)),
    }


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


if __name__ == "__main__":
    main()
