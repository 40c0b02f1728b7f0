"""One model, many who ask it: whose turn it is, fairly by client."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import TracebackType

from index.errors import PressmarkError
from rag.answer import Waiting

__all__ = ["CrowdedError", "QueueTurn", "Turns"]

_TICK_S = 0.1
"""How often whoever waits is asked whether it still wants to."""
_SMOOTHING = 0.2
"""Weight of the last turn in the mean length of one."""
_RETRY_S = 5.0


class CrowdedError(PressmarkError):
    """Too many questions are on their way; `retry_s` says when to come again."""

    def __init__(self, message: str, retry_s: float) -> None:
        super().__init__(message)
        self.retry_s = retry_s


class Turns:
    """The queue: whoever was served longest ago goes first; one client's own wait in order."""

    def __init__(self, *, per_client: int = 32, at_most: int = 64) -> None:
        self.per_client = per_client
        self.at_most = at_most
        self._changed = threading.Condition()
        self._open: Counter[str] = Counter()
        self._waiting: list[QueueTurn] = []
        self._holder: QueueTurn | None = None
        self._served: dict[str, int] = {}
        self._n_served = 0
        self._mean_s: float | None = None

    @property
    def n_open(self) -> int:
        """Questions on their way, those that need no model included."""
        with self._changed:
            return self._open.total()

    @property
    def n_waiting(self) -> int:
        """Questions that wait for the model."""
        with self._changed:
            return len(self._waiting)

    def open(self, client: str) -> QueueTurn:
        """A question of a client, on its way until it is closed.

        Raises: CrowdedError when the client, or all together, have too many on their way.
        """
        with self._changed:
            self._check(client)
            self._open[client] += 1
        return QueueTurn(self, client)

    def check(self, client: str) -> None:
        """Whether a question of a client would be taken now. Raises: CrowdedError."""
        with self._changed:
            self._check(client)

    def _check(self, client: str) -> None:
        retry_s = self._mean_s or _RETRY_S
        if self._open[client] >= self.per_client:
            raise CrowdedError(
                f"{self.per_client} of your questions are on their way; wait for an answer", retry_s
            )
        if self._open.total() >= self.at_most:
            raise CrowdedError("too many questions are on their way; ask again soon", retry_s)

    def _wait(self, turn: QueueTurn) -> Iterator[Waiting]:
        with self._changed:
            if self._holder is turn:
                return
            self._waiting.append(turn)
            # Before whoever is served at the moment, behind all who wait since before that.
            self._served.setdefault(turn.client, 2 * self._n_served - 1)
        while True:
            with self._changed:
                if self._takes(turn):
                    return
                place = self._place(turn)
            yield place
            with self._changed:
                if not self._is_next(turn):
                    self._changed.wait(_TICK_S)

    def _close(self, turn: QueueTurn) -> None:
        with self._changed:
            if turn in self._waiting:
                self._waiting.remove(turn)
            if self._holder is turn:
                self._holder = None
                took = time.monotonic() - turn.began
                mean = took if self._mean_s is None else self._mean_s
                self._mean_s = mean + _SMOOTHING * (took - mean)
            self._open[turn.client] -= 1
            if not self._open[turn.client]:
                del self._open[turn.client]
                # Nothing is remembered of whoever has nothing on its way.
                self._served.pop(turn.client, None)
            self._changed.notify_all()

    def _takes(self, turn: QueueTurn) -> bool:
        if not self._is_next(turn):
            return False
        self._waiting.remove(turn)
        self._holder = turn
        self._n_served += 1
        self._served[turn.client] = 2 * self._n_served
        turn.began = time.monotonic()
        return True

    def _is_next(self, turn: QueueTurn) -> bool:
        return self._holder is None and self._order()[0] is turn

    def _place(self, turn: QueueTurn) -> Waiting:
        position = self._order().index(turn) + (self._holder is not None)
        return Waiting(position, None if self._mean_s is None else position * self._mean_s)

    def _order(self) -> list[QueueTurn]:
        """Who waits, as they will go: the first of every client before the second of any.

        A newcomer goes before whoever is served at the moment, and no stream of newcomers keeps
        anybody waiting for ever.
        """
        before: Counter[str] = Counter()
        keys: dict[QueueTurn, tuple[int, int, int]] = {}
        for arrival, turn in enumerate(self._waiting):
            keys[turn] = before[turn.client], self._served[turn.client], arrival
            before[turn.client] += 1
        return sorted(self._waiting, key=keys.__getitem__)


class QueueTurn:
    """One question's place in the queue; leaving the `with` gives it up."""

    def __init__(self, turns: Turns, client: str) -> None:
        self.client = client
        self.began = 0.0
        self._turns = turns

    def wait(self) -> Iterator[Waiting]:
        """Where it stands, again and again, until the model is its own."""
        return self._turns._wait(self)

    def __enter__(self) -> QueueTurn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turns._close(self)
