"""Questions on their way: each in a thread of its own, so that Stop never waits for the model."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator

from rag.answer import Event, Events

__all__ = ["Run", "Runs"]

_POLL_S = 0.05


class Run:
    """One question's events, read elsewhere than they are made."""

    def __init__(self, stream: Callable[[], Events]) -> None:
        self._stream = stream
        self._events: queue.Queue[Event | BaseException | None] = queue.Queue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="question", daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End the events now; the model is closed at its next word."""
        self._stopped.set()

    def events(self) -> Iterator[list[Event]]:
        """What happened since the last look, in order; empty lists while nothing does.

        Ends with the last event or once stopped. Raises what the engine raised.
        """
        while not self.stopped:
            batch: list[Event] = []
            try:
                item = self._events.get(timeout=_POLL_S)
                while True:
                    if item is None:
                        yield batch
                        return
                    if isinstance(item, BaseException):
                        raise item
                    batch.append(item)
                    item = self._events.get_nowait()
            except queue.Empty:
                yield batch

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _work(self) -> None:
        try:
            # Unclosed, the model would write on, and hold its lock.
            with contextlib.closing(self._stream()) as events:
                for event in events:
                    self._events.put(event)
                    if self.stopped:
                        break
        except Exception as error:
            self._events.put(error)
        else:
            self._events.put(None)


class Runs:
    """At most one run a reader, by the session of the reader's page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}

    def start(self, session: str, stream: Callable[[], Events]) -> Run:
        """Start a run; one that the same page still has is stopped."""
        run = Run(stream)
        with self._lock:
            before = self._runs.get(session)
            self._runs[session] = run
        if before is not None:
            before.stop()
        return run

    def stop(self, session: str) -> None:
        with self._lock:
            run = self._runs.pop(session, None)
        if run is not None:
            run.stop()

    def end(self, session: str, run: Run) -> None:
        """A run is over, or its reader has gone."""
        run.stop()
        with self._lock:
            if self._runs.get(session) is run:
                del self._runs[session]
