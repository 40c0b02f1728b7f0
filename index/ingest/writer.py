"""Carrying out what was decided: gathered, embedded, stored in batches, and told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.ingest.intake import Arrange, FoundAgain
from index.ingest.outcome import Outcome, Status
from index.ingest.prepare import New, Store, embed_rows, read_new
from index.read import Reader
from index.store.index import Index
from index.store.rows import DocumentRows, Fingerprint

__all__ = ["FileInHand", "LocalWriter", "Writer", "commit"]

_BATCH_TEXTS = 512
"""Texts embedded, then written, at once: what an interruption can cost."""


@dataclass(slots=True, eq=False)
class FileInHand:
    """A file whose records are being taken in."""

    now: Fingerprint | None
    """As it was looked at; None if a later write to it would not show."""
    before: frozenset[str] = frozenset()
    """The documents that were found in it so far."""
    is_whole: bool = True
    """Whether nothing of it was skipped."""
    n_waiting: int = 0
    """Its records that are being stored elsewhere."""


class Writer:
    """What the ingest needs of whoever stores: the decisions come in the order of the files.

    What became of each document is noted when it is stored, not before.
    """

    def __init__(self, index: Index, on_outcome: Callable[[Outcome], None] | None) -> None:
        self.outcomes: list[Outcome] = []
        self.n_embedded = 0
        self.waiting: set[str] = set()
        """The ids of documents that are about to be stored."""
        self._index = index
        self._on_outcome = on_outcome

    @property
    def leaving(self) -> frozenset[str]:
        """The ids of documents that may be gone by the next look, replaced by others."""
        return frozenset()

    def note(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.outcomes.append(outcome)
            if self._on_outcome is not None:
                self._on_outcome(outcome)

    def take(self, new: New, file: FileInHand) -> None:
        """Have a document read, embedded and stored."""
        raise NotImplementedError

    def record(self, again: FoundAgain, file: FileInHand) -> None:
        """Record one more place of a document; of one that is about to be stored, with it."""
        if not again.is_stored:
            self._follow(again, file)
            return
        self._index.store([], [again.place])
        reason = "the same text is already indexed under another name"
        self.note(Outcome(again.place.path, again.status, reason))

    def arrange(self, moves: Arrange) -> None:
        """Record where a file's stored documents are now."""
        removed = self._index.arrange(moves.places, moves.gone)
        for place in moves.left:
            if place.place in moves.gone or place.document_id in removed:
                self.note(Outcome(place.path, Status.REMOVED))

    def finish(self, file: FileInHand) -> None:
        """Of this file all was given: it is done as soon as all of that is stored."""
        raise NotImplementedError

    def write(self) -> None:
        """Store all that was given."""
        raise NotImplementedError

    def _follow(self, again: FoundAgain, file: FileInHand) -> None:
        raise NotImplementedError


class LocalWriter(Writer):
    """Reads, embeds and stores in this process, a batch at a time."""

    def __init__(
        self, index: Index, reader: Reader, on_outcome: Callable[[Outcome], None] | None = None
    ) -> None:
        super().__init__(index, on_outcome)
        self._reader = reader
        self._batch: list[Store | FoundAgain] = []
        self._done: list[Fingerprint] = []
        self._n_texts = 0

    def take(self, new: New, file: FileInHand) -> None:
        index = self._index
        found = read_new(self._reader, index.embedder, index.chunk_tokens, new)
        if isinstance(found, Outcome):
            file.is_whole = False
            self.note(found)
        else:
            self.store(found)

    def store(self, item: Store) -> None:
        """Have a document embedded and stored."""
        self._batch.append(item)
        self.waiting.add(item.document.id)
        self._n_texts += item.n_texts
        if self._n_texts >= _BATCH_TEXTS:
            self.write()

    def finish(self, file: FileInHand) -> None:
        if file.now is not None and file.is_whole:
            self._done.append(file.now)

    def write(self) -> None:
        """Embed and store what was gathered, with its places and the files that are done."""
        rows = embed_rows(
            self._index.embedder, [item for item in self._batch if isinstance(item, Store)]
        )
        outcomes = commit(self._index, self._batch, rows, self._done)
        self.n_embedded += self._n_texts
        self.note(*outcomes)
        self._batch.clear()
        self._done.clear()
        self.waiting.clear()
        self._n_texts = 0

    def _follow(self, again: FoundAgain, file: FileInHand) -> None:  # noqa: ARG002
        # Its document is about to be written; the place goes with it.
        self._batch.append(again)


def commit(
    index: Index,
    items: Sequence[Store | FoundAgain],
    rows: Sequence[DocumentRows],
    files: Sequence[Fingerprint] = (),
    precision: str | None = None,
) -> list[Outcome]:
    """Store documents with their places, and files that are done, in one step; tell each.

    `precision` is what `rows` were embedded in, where that was not done by the index's embedder.
    """
    index.store(rows, [i.place for i in items if i.place is not None], files, precision=precision)
    outcomes = []
    for item in items:
        if item.place is not None:
            note = item.note if isinstance(item, Store) else None
            near = _nearest(index, item.place.document_id)
            outcomes.append(Outcome(item.place.path, item.status, note, near))
    return outcomes


def _nearest(index: Index, document_id: str) -> str | None:
    """The path of the document that this one is nearly the same as, if any."""
    near = index.near(document_id)
    if not near:
        return None
    nearest = index.document(max(near, key=lambda other: (near[other], other)))
    return nearest.path if nearest is not None else None
