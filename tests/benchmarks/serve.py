"""What the server costs beside its engine: time of a request, memory of a thousand, of `ask`.

python -m tests.benchmarks.serve [--requests N]: the seed article, the real embedder, a language
model that replies at once, so that what is measured is the way and not the model.

With --readers N as many ask one question each within ten seconds (--within): the language model
keeps all cores busy for --reply seconds an answer, or is the configured one with --model; groups
of --same ask the same. With --different FILE (SQuAD JSON) its questions, --requests of them, are
asked of its paragraphs one after the other, answered by quotations: what memory they leave behind.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from llama_index.core.base.llms.types import ChatMessage, ChatResponseGen

from index.config import Settings, load_settings
from index.embed.minilm import MiniLM
from index.ingest.build import build, ingest
from index.models.fetch import ensure
from index.store.index import Index
from rag.engine import Engine
from rag.filters import read_filters
from rag.measure.questions import load_squad, sample
from rag.model.absent import AbsentModel
from rag.opening import engine_over, load_extractor, load_llm
from rag.retrieve import HybridRetriever
from tests.benchmarks.clock import embedder
from tests.benchmarks.readers import AtWork, ask_together
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY, Serving
from ui import wiring
from ui.server.access import Access
from ui.server.resident import socket_path

__all__ = ["main"]

ROOT = Path(__file__).parent.parent.parent
_WARM = 20


class AtOnce(QueueLLM):
    """Replies the same, at once."""

    def stream_chat(self, messages: Sequence[ChatMessage], **more: Any) -> ChatResponseGen:
        self.prompts.clear()
        self.enqueue(REPLY)
        return super().stream_chat(messages, **more)


def main() -> None:
    """Measure, and print one object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=0)
    parser.add_argument("--within", type=float, default=10.0)
    parser.add_argument("--same", type=int, default=1)
    parser.add_argument("--reply", type=float, default=0.5)
    parser.add_argument("--model", action="store_true")
    parser.add_argument("--different", type=Path)
    options = parser.parse_args()
    settings = load_settings({})
    if options.different:
        print(json.dumps(_different(options.different, settings, options.requests), indent=2))
        return
    path = ensure(settings.embedder, settings.models)
    minilm = MiniLM(path, name=settings.embedder)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / ".pressmark"
        with Index(folder, minilm, settings.chunk_tokens) as index:
            build(index, [ROOT / "seeds"])
            if options.readers:
                told = _together(index, settings, options)
            else:
                engine = Engine(HybridRetriever(index, top_k=settings.passages), AtOnce())
                over_http = _over_http(engine, Path(name), options.requests)
                told = {**over_http, **_by_ask(engine, index, folder)}
    print(json.dumps(told, indent=2))


def _together(index: Index, settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    llm = load_llm(settings) if options.model else AtWork(options.reply)
    engine = engine_over(settings, index, llm, load_extractor(settings))
    engine.prepare()
    return ask_together(engine, options.readers, options.within, n_same=options.same)


def _different(file: Path, settings: Settings, n_questions: int) -> dict[str, Any]:
    """Memory after 100 different questions and after all."""
    documents, questions = load_squad(file)
    llm, quick = AbsentModel(model_name=settings.model), read_filters(quick=True)
    memory_mb = {}
    with tempfile.TemporaryDirectory() as name, Index(Path(name), embedder(), 200) as index:
        ingest(index, documents)
        engine = engine_over(settings, index, llm, load_extractor(settings))
        for number, question in enumerate(sample(questions, n_questions, 1), start=1):
            engine.ask(question.question, filters=quick)
            if number in (100, n_questions):
                memory_mb[number] = _memory_mb()
    return {
        "memory_mb": memory_mb,
        "memory_growth": round(memory_mb[n_questions] / memory_mb[100] - 1, 4),
    }


def _over_http(engine: Engine, folder: Path, n_requests: int) -> dict[str, Any]:
    alone_ms = _median_ms(lambda: engine.ask(REGRET))
    with (
        Serving(engine, folder, access=Access(per_minute=10_000_000)) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
    ):
        chat = {"model": "pressmark", "messages": [{"role": "user", "content": REGRET}]}

        def ask() -> None:
            client.post("/v1/ask", json={"question": REGRET}).raise_for_status()

        def complete() -> None:
            body = {**chat, "stream": True}
            client.post("/v1/chat/completions", json=body).raise_for_status()

        ask_ms, chat_ms = _median_ms(ask), _median_ms(complete)
        memory_mb, threads = {}, {}
        for number in range(1, n_requests + 1):
            (ask if number % 2 else complete)()
            if number in (100, n_requests):
                memory_mb[number], threads[number] = _memory_mb(), _threads()
    return {
        "engine_ms": round(alone_ms, 1),
        "ask_over_http_ms": round(ask_ms - alone_ms, 1),
        "chat_over_http_ms": round(chat_ms - alone_ms, 1),
        "memory_mb": memory_mb,
        "memory_growth": round(memory_mb[n_requests] / memory_mb[100] - 1, 4),
        "threads": threads,
    }


def _by_ask(engine: Engine, index: Index, folder: Path) -> dict[str, Any]:
    """Seconds of `pressmark ask` through the socket, beside the answer itself."""
    settings = load_settings({"index": folder})
    signature = wiring.resident_signature(settings, index)
    with Serving(engine, folder, socket_at=socket_path(folder), signature=signature):
        command = [sys.executable, "-m", "ui", "ask", REGRET, "--json", "--no-cache"]
        command += ["--index", str(folder)]
        spent = []
        for _ in range(9):
            started = time.perf_counter()
            done = subprocess.run(
                command, capture_output=True, check=True, cwd=ROOT, env=dict(os.environ)
            )
            took = time.perf_counter() - started
            spent.append(took - json.loads(done.stdout)["timings_ms"]["total"] / 1000)
    return {"ask_beside_the_answer_s": round(statistics.median(spent), 3)}


def _median_ms(work: Callable[[], object]) -> float:
    for _ in range(_WARM):
        work()
    spent = []
    for _ in range(60):
        started = time.perf_counter()
        work()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


def _memory_mb() -> float:
    gc.collect()
    return round(_status("VmRSS") / 1024, 1)


def _threads() -> int:
    return _status("Threads")


def _status(name: str) -> int:
    """A figure of this process, as Linux tells it."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found.group(1))


if __name__ == "__main__":
    main()
