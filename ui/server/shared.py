"""The same asked at once is answered once: a running answer, and all who are told it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Hashable
from types import TracebackType
from typing import Protocol

from rag.answer import Event, Events, Finished, Waiting

__all__ = ["Closable", "SharedAnswers"]


class Closable(Protocol):
    """What is left when an answer is over: a place in the queue."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class _Running:
    """One answer on its way, made by whichever of its readers has nothing left to read.

    So it has no thread of its own: a reader who leaves takes nothing along, since the next one
    goes on with it, and the last one who leaves stops it.
    """

    def __init__(self, events: Events, place: Closable, on_end: Callable[[], None]) -> None:
        self._made = events
        self._place = place
        self._on_end = on_end
        self._changed = threading.Condition()
        self._told: list[Event] = []
        self._error: BaseException | None = None
        self._is_being_made = False
        self._is_over = False
        self.n_readers = 0

    def read(self) -> Events:
        """All events from the first on, but of the places that are past only the latest."""
        number = 0
        while True:
            event = self._next(number)
            if event is None:
                return
            number += 1
            if not (isinstance(event, Waiting) and len(self._told) > number):
                yield event

    def close(self) -> None:
        """Stop it; nobody reads it any more."""
        with self._changed:
            if self._is_over:
                return
            self._is_over = True
        self._end()

    def _next(self, number: int) -> Event | None:
        """The event of a number, made now if nobody else is making it; None after the last."""
        with self._changed:
            while True:
                if number < len(self._told):
                    return self._told[number]
                if self._error is not None:
                    raise self._error
                if self._is_over:
                    return None
                if not self._is_being_made:
                    break
                self._changed.wait()
            self._is_being_made = True
        event, error = None, None
        try:
            event = next(self._made, None)
        except BaseException as raised:
            error = raised
        is_last = event is None or isinstance(event, Finished)
        if is_last:
            self._end()
        with self._changed:
            if event is not None:
                self._told.append(event)
            self._error = error
            self._is_over = is_last
            self._is_being_made = False
            self._changed.notify_all()
        if error is not None:
            raise error
        return event

    def _end(self) -> None:
        self._on_end()
        try:
            self._made.close()
        finally:
            self._place.__exit__(None, None, None)


class SharedAnswers:
    """Running answers by what they answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, _Running] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._running)

    def read(
        self, key: Hashable, place: Closable, make: Callable[[], Events]
    ) -> Generator[Event, None, None]:
        """What `make` makes, unless an answer of the same key is running: then that.

        `place` is given up when the answer that took it is over, or at once where none did.
        Closing this leaves the answer to its other readers, and stops it where there are none.
        """
        running, is_first = self._join(key, place, make)
        try:
            yield from running.read()
        finally:
            with self._lock:
                running.n_readers -= 1
                is_last = running.n_readers == 0
                if is_last and self._running.get(key) is running:
                    del self._running[key]
            if is_last:
                running.close()
            if not is_first:
                place.__exit__(None, None, None)

    def _join(
        self, key: Hashable, place: Closable, make: Callable[[], Events]
    ) -> tuple[_Running, bool]:
        def forget() -> None:
            with self._lock:
                if self._running.get(key) is made:
                    del self._running[key]

        with self._lock:
            running = self._running.get(key)
            if running is not None:
                running.n_readers += 1
                return running, False
            made = _Running(make(), place, forget)
            made.n_readers = 1
            self._running[key] = made
            return made, True
