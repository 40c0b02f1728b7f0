"""An ingest over many processes: decisions are made here, in order; a crew does the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.ingest.intake import FoundAgain
from index.ingest.outcome import Outcome, Status
from index.ingest.prepare import New, Store
from index.ingest.writer import FileInHand, Writer, commit
from index.store.index import Index
from index.store.rows import DocumentRows, Fingerprint

__all__ = ["Batch", "Crew", "Made", "SpreadWriter"]

_BATCH_BYTES = 1 << 16
_BATCH_RECORDS = 256
"""What a worker is given at once, and what its death costs: some 700 texts, a few seconds."""

Batch = tuple[New, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What a worker made of a batch."""

    outcomes: tuple[Outcome, ...] = ()
    """Of what was skipped, and of what it stored itself."""
    skipped: frozenset[str] = frozenset()
    """The ids of documents that could not be read."""
    items: tuple[Store, ...] = ()
    rows: tuple[DocumentRows, ...] = ()
    """What is still to be stored, where the worker did not."""
    n_embedded: int = 0
    precision: str | None = None
    seconds: float = 0.0
    """Of work, waiting left out."""


class Crew(Protocol):
    """Workers that are given batches, and give back what they made of each, in any order."""

    def submit(self, batch: Batch) -> None:
        """Queue a batch; whatever becomes of workers, it comes out of `collect` once."""
        ...

    def collect(self, *, is_last: bool = False) -> list[tuple[Batch, Made]]:
        """What is done by now; waits while more is queued than is needed to keep all busy.

        With `is_last` it waits until something is done; empty only when nothing is left.
        Raises: ClusterError when no worker can work; StoreError as a worker met it.
        """
        ...


class SpreadWriter(Writer):
    """Gives new documents to a crew, and follows up what it made of them."""

    def __init__(
        self, index: Index, crew: Crew, on_outcome: Callable[[Outcome], None] | None = None
    ) -> None:
        super().__init__(index, on_outcome)
        self._crew = crew
        self._batch: list[New] = []
        self._n_bytes = 0
        self._files: dict[str, FileInHand] = {}
        """By the id of the document that is waited for."""
        self._followers: dict[str, list[tuple[FoundAgain, FileInHand]]] = {}
        """What else is where that document is, by its id."""
        self._replaced: set[FileInHand] = set()
        """Files in hand that held other documents before."""
        self._given: set[FileInHand] = set()
        """Files of which all was given, and not all is stored yet."""
        self._done: list[Fingerprint] = []

    @property
    def leaving(self) -> frozenset[str]:
        return frozenset().union(*(file.before for file in self._replaced))

    def take(self, new: New, file: FileInHand) -> None:
        self._batch.append(new)
        self._n_bytes += len(new.record.raw)
        self._files[new.record.id] = file
        file.n_waiting += 1
        self.waiting.add(new.record.id)
        if file.before:
            self._replaced.add(file)
        if self._n_bytes >= _BATCH_BYTES or len(self._batch) >= _BATCH_RECORDS:
            self._submit()

    def finish(self, file: FileInHand) -> None:
        self._given.add(file)
        if not file.n_waiting:
            self._close(file)

    def write(self) -> None:
        """Give away what was gathered, and wait until all of it is stored."""
        self._submit()
        while done := self._crew.collect(is_last=True):
            self._settle(done)

    def _follow(self, again: FoundAgain, file: FileInHand) -> None:
        file.n_waiting += 1
        self._followers.setdefault(again.place.document_id, []).append((again, file))

    def _submit(self) -> None:
        if self._batch:
            self._crew.submit(tuple(self._batch))
            self._batch.clear()
            self._n_bytes = 0
        self._settle(self._crew.collect())

    def _settle(self, done: Sequence[tuple[Batch, Made]]) -> None:
        """Store what came back, and tell of it and of what waited for it."""
        for batch, made in done:
            self.n_embedded += made.n_embedded
            self.note(*made.outcomes)
            if made.items:
                precision = made.precision
                self.note(*commit(self._index, made.items, made.rows, precision=precision))
            for new in batch:
                self._release(self._files.pop(new.record.id), new.record.id in made.skipped)
                self._settle_followers(new, made)
        self._index.store([], [], self._done)
        self._done.clear()

    def _settle_followers(self, new: New, made: Made) -> None:
        self.waiting.discard(new.record.id)
        followers = self._followers.pop(new.record.id, [])
        is_skipped = new.record.id in made.skipped
        if is_skipped:
            (reason,) = {o.reason for o in made.outcomes if o.path == new.place.path}
            skipped = [Outcome(a.place.path, Status.SKIPPED, reason) for a, _ in followers]
            self.note(*skipped)
        elif followers:
            self.note(*commit(self._index, [again for again, _ in followers], []))
        for _, file in followers:
            self._release(file, is_skipped)

    def _release(self, file: FileInHand, is_skipped: bool) -> None:
        file.n_waiting -= 1
        file.is_whole = file.is_whole and not is_skipped
        if file in self._given and not file.n_waiting:
            self._close(file)

    def _close(self, file: FileInHand) -> None:
        """All of a file is stored: the next run need not open it."""
        self._given.discard(file)
        self._replaced.discard(file)
        if file.now is not None and file.is_whole:
            self._done.append(file.now)
