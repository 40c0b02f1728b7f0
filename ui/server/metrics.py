"""Figures for Prometheus: requests, answers, how long they take, who waits."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.answer import Answer
from ui.server.turns import Turns

__all__ = ["Counted", "Metrics"]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """What one server counts."""

    def __init__(self, turns: Turns) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "pressmark_requests", "Requests.", ["path", "status"], registry=self.registry
        )
        self.answers = Counter(
            "pressmark_answers", "Answers by outcome.", ["outcome"], registry=self.registry
        )
        self.seconds = Histogram(
            "pressmark_answer_seconds",
            "From the question to the answer, waiting not included.",
            registry=self.registry,
            buckets=_SECONDS,
        )
        waiting = Gauge("pressmark_waiting", "Questions in the queue.", registry=self.registry)
        waiting.set_function(lambda: turns.n_waiting)
        on_way = Gauge("pressmark_open", "Questions on their way.", registry=self.registry)
        on_way.set_function(lambda: turns.n_open)

    def note(self, answer: Answer) -> None:
        """One more answer."""
        outcome = "kept" if answer.cached else "abstained" if answer.abstained else "answered"
        self.answers.labels(outcome).inc()
        self.seconds.observe(answer.timings.total / 1000)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


class Counted:
    """Counts what an app is asked, by its known paths, and when it was asked last."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: tuple[str, ...]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths
        self._last = time.monotonic()
        self._n_open = 0

    @property
    def idle_s(self) -> float:
        """How long nothing has been asked."""
        return 0.0 if self._n_open else time.monotonic() - self._last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        label = next((p for p in self._paths if path == p or path.startswith(f"{p}/")), "other")

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.requests.labels(label, str(message["status"])).inc()
            await send(message)

        self._n_open += 1
        try:
            await self._app(scope, receive, counting)
        finally:
            self._n_open -= 1
            self._last = time.monotonic()
