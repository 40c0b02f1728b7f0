"""Asking: our engine, llama-index's CitationQueryEngine and bare llama.cpp on the same questions.

    python -m tests.benchmarks.ask FILE [--questions N] [--seed S] [--json]

FILE is SQuAD JSON. Both engines have the same documents, embedder and model, and take turns at
every question, each going first every other time. Bare llama.cpp is fed the messages that ours
was fed, in a context of its own: what is over it is ours. Tokens are the model's own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponseGen
from pydantic import PrivateAttr

from index.build import ingest
from index.config import Settings, load_settings
from index.models import ensure
from index.store import Index
from rag.engine import Engine
from rag.llms import LlamaCpp
from rag.peer import Peer
from rag.questions import load_squad, sample
from rag.retrieve import HybridRetriever
from tests.benchmarks.clock import embedder, parser, show

__all__ = ["main"]


class _Noting(LlamaCpp):
    """The model, which notes what it was last fed."""

    _fed: list[ChatMessage] = PrivateAttr(default_factory=list)

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)

    @property
    def fed(self) -> list[ChatMessage]:
        return self._fed

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        self._fed = list(messages)
        return super().stream_chat(messages, **kwargs)

    def tokens_in(self) -> float | None:
        """Tokens of what it was fed since the last call, without the template's own."""
        fed, self._fed = self._fed, []
        return float(self.count_tokens("\n".join(m.content or "" for m in fed))) if fed else None


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--questions", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    settings = load_settings({})
    documents, questions = load_squad(options.file)
    chosen = sample([q for q in questions if q.answerable], options.questions, options.seed)
    model = embedder()
    ours, bare = _model(settings), _model(settings)
    peer = Peer(documents, model, ours)
    rows: dict[str, list[dict[str, float | None]]] = {"pressmark": [], "bare": [], "peer": []}
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), model, 200) as index:
        ingest(index, documents)
        engine = Engine(HybridRetriever(index, top_k=settings.passages), ours)
        for number, question in enumerate(chosen):
            turns = ["pressmark", "peer"] if number % 2 else ["peer", "pressmark"]
            for turn in turns:
                if turn == "peer":
                    rows[turn].append(_peer(peer, question.question, ours))
                    continue
                row, fed = _ours(engine, question.question, ours)
                rows[turn].append(row)
                if fed:
                    rows["bare"].append(_bare(bare, fed))
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


def _ours(
    engine: Engine, question: str, llm: _Noting
) -> tuple[dict[str, float | None], list[ChatMessage]]:
    answer = engine.ask(question)
    fed = llm.fed
    row = {
        "retrieve": answer.timings.retrieve,
        "first token": answer.timings.first_token,
        "total": answer.timings.total,
        "tokens in": llm.tokens_in(),
        "tokens out": float(llm.count_tokens(answer.raw_text)),
    }
    return row, fed


def _bare(llm: _Noting, messages: Sequence[ChatMessage]) -> dict[str, float | None]:
    started = time.perf_counter()
    first, text = None, ""
    for response in llm.stream_chat(messages):
        if first is None and response.delta:
            first = (time.perf_counter() - started) * 1000
        text += response.delta or ""
    total = (time.perf_counter() - started) * 1000
    return {
        "retrieve": None,
        "first token": first,
        "total": total,
        "tokens in": llm.tokens_in(),
        "tokens out": float(llm.count_tokens(text)),
    }


def _peer(peer: Peer, question: str, llm: _Noting) -> dict[str, float | None]:
    reply = peer.ask(question)
    return {
        "retrieve": None,
        "first token": reply.first_token_ms,
        "total": reply.total_ms,
        "tokens in": llm.tokens_in(),
        "tokens out": float(llm.count_tokens(reply.text)),
    }


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


if __name__ == "__main__":
    main()
