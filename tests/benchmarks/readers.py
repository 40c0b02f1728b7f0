"""Many readers of one engine: when each sees its evidence, answers a minute, whose answer it got.

Run by python -m tests.benchmarks.serve --readers N.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponseGen
from pydantic import PrivateAttr

from rag.answer import EvidenceFound, Finished, Waiting
from rag.engine import Engine
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY
from ui.server.queued import QueuedEngine
from ui.server.turns import Turns

__all__ = ["AtWork", "ask_together"]


class AtWork(QueueLLM):
    """Replies the same, all cores busy half the time before the first word, half between words."""

    _reply_s: float = PrivateAttr(default=0.0)

    def __init__(self, reply_s: float) -> None:
        super().__init__()
        self._reply_s = reply_s

    def stream_chat(self, messages: Sequence[ChatMessage], **more: Any) -> ChatResponseGen:
        self.prompts.clear()
        self.enqueue(REPLY)
        replies = super().stream_chat(messages, **more)

        def generate() -> ChatResponseGen:
            self._work(self._reply_s / 2)
            for reply in replies:
                yield reply
                self._work(self._reply_s / 2 / len(REPLY.split()))

        return generate()

    def _work(self, seconds: float) -> None:
        over = time.perf_counter() + seconds
        cores = [threading.Thread(target=_burn, args=(over,)) for _ in range(os.cpu_count() or 1)]
        for core in cores:
            core.start()
        for core in cores:
            core.join()


def _burn(over: float) -> None:
    """Keep one core busy, without the interpreter, as llama.cpp does."""
    block = bytes(1 << 20)
    while time.perf_counter() < over:
        hashlib.sha256(block)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one reader saw: milliseconds from its question to the evidence and to the answer."""

    evidence_ms: float
    answer_ms: float
    place: bool
    is_own: bool


def ask_together(engine: Engine, n_readers: int, within_s: float, *, n_same: int) -> dict[str, Any]:
    """N readers, one question each, begun evenly within so many seconds.

    Groups of `n_same` ask the same and begin at the same time.
    """
    queued = QueuedEngine(engine, Turns(at_most=max(64, n_readers)))
    # What every first question waits for is not what is measured.
    queued.ask(REGRET)
    started, used = time.perf_counter(), time.process_time()

    def read(number: int) -> _Seen:
        group = number // n_same
        time.sleep(max(0.0, started + group * n_same / n_readers * within_s - time.perf_counter()))
        return _read(queued, f"{REGRET} ({group})", f"reader {number}")

    with ThreadPoolExecutor(max_workers=n_readers) as pool:
        seen = list(pool.map(read, range(n_readers)))
    took = time.perf_counter() - started
    evidence = sorted(s.evidence_ms for s in seen)
    return {
        "readers": n_readers,
        "asking_the_same": n_same,
        "evidence_p50_ms": round(statistics.median(evidence), 1),
        "evidence_p95_ms": round(evidence[min(n_readers - 1, int(0.95 * n_readers))], 1),
        "evidence_max_ms": round(evidence[-1], 1),
        "answer_p50_ms": round(statistics.median(s.answer_ms for s in seen), 1),
        "saw_their_place": sum(s.place for s in seen),
        "got_their_own": sum(s.is_own for s in seen),
        "answers_a_minute": round(60 * n_readers / took, 1),
        "processor_s_an_answer": round((time.process_time() - used) / n_readers, 3),
        "threads_left": threading.active_count(),
    }


def _read(queued: QueuedEngine, question: str, client: str) -> _Seen:
    began = time.perf_counter()
    evidence = answer = 0.0
    place = is_own = False
    for event in queued.stream(question, client=client):
        now = (time.perf_counter() - began) * 1000
        if isinstance(event, EvidenceFound):
            evidence = now
        elif isinstance(event, Waiting):
            place = True
        elif isinstance(event, Finished):
            answer, is_own = now, event.answer.question == question
    return _Seen(evidence, answer, place, is_own)
