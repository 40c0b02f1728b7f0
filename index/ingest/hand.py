"""What one worker of a crew does, in a process of its own that may be on another machine."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from index.address import read_place
from index.embed.embedder import Embedder
from index.errors import PressmarkError
from index.ingest.outcome import Outcome
from index.ingest.prepare import Store, embed_rows, read_new
from index.ingest.spread import Batch, Made
from index.ingest.writer import commit
from index.limits import Limits
from index.read import Reader
from index.store.index import Index

__all__ = ["Hand", "Orders", "Trouble"]


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told once, before its first batch."""

    open_embedder: Callable[[], Embedder]
    """Importable there, too."""
    chunk_tokens: int
    limits: Limits
    address: str | None = field(default=None, repr=False)
    """The database that it stores to; without one, what it made goes back."""
    password: str | None = field(default=None, repr=False)
    """The PGPASSWORD of where the ingest was started."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a worker cannot go on, and another could not either: an error's message."""

    message: str


class Hand:
    """Reads, embeds and, given a database, stores; nothing in its name tells of what."""

    def begin(self, orders: Orders) -> Trouble | None:
        """Load the embedder and open the index; say what keeps it from that."""
        try:
            if orders.password is not None:
                os.environ.setdefault("PGPASSWORD", orders.password)
            self._reader = Reader(orders.limits)
            self._embedder = orders.open_embedder()
            self._chunk_tokens = orders.chunk_tokens
            self._index: Index | None = None
            if orders.address is not None:
                place = read_place(orders.address)
                self._index = Index(place, self._embedder, orders.chunk_tokens)
        except PressmarkError as error:
            return Trouble(f"a worker on {socket.gethostname()}: {error}")
        return None

    def hello(self) -> None:
        """Answer, and so prove to be alive."""

    def work(self, batch: Batch) -> Made | Trouble:
        """Do a batch; to do it twice comes to the same as once."""
        started = time.perf_counter()
        found = [read_new(self._reader, self._embedder, self._chunk_tokens, new) for new in batch]
        outcomes = [item for item in found if isinstance(item, Outcome)]
        skipped = frozenset(
            new.record.id
            for new, item in zip(batch, found, strict=True)
            if isinstance(item, Outcome)
        )
        items = [item for item in found if isinstance(item, Store)]
        rows = embed_rows(self._embedder, items)
        if self._index is not None:
            try:
                outcomes += commit(self._index, items, rows)
            except PressmarkError as error:
                return Trouble(str(error))
        is_stored = self._index is not None
        return Made(
            tuple(outcomes),
            skipped,
            items=() if is_stored else tuple(items),
            rows=() if is_stored else tuple(rows),
            n_embedded=sum(item.n_texts for item in items),
            precision=self._embedder.precision,
            seconds=time.perf_counter() - started,
        )
