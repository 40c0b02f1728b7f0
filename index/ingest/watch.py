"""Following folders: what changes in them is indexed as it changes, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.errors import UnreadableDocument
from index.ingest.build import build
from index.ingest.outcome import Outcome, Status
from index.ingest.remove import remove
from index.limits import Limits
from index.store.index import Index

__all__ = ["watch"]

_DEBOUNCE_MS = 800
"""Changes that come together are taken together: an editor's save is three of them."""
_TURN_MS = 500
"""How long a stop may wait."""
_WAIT_S = 60.0
"""How long a change waits for another process that is writing."""


def watch(
    index: Index,
    roots: Sequence[Path],
    *,
    collection: str | None = None,
    limits: Limits | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Outcome]:
    """Keep the index up to date with the files under `roots`; yield each change as it is stored.

    A file that is gone is removed. A file that cannot be read is told of once.
    Raises: UnreadableDocument if a folder vanishes; IndexLocked; KeyboardInterrupt on Ctrl-C.
    """
    import watchfiles

    own = index.folder.resolve()
    followed = [root.resolve() for root in roots]
    # A file is replaced as often as it is written to: its folder tells of both.
    folders = {root if root.is_dir() else root.parent for root in followed}

    def wanted(_: watchfiles.Change, name: str) -> bool:
        path = Path(name)
        # The index may lie in the folder that it follows.
        return not path.is_relative_to(own) and any(path.is_relative_to(r) for r in followed)

    told: dict[str, str | None] = {}
    is_first = True
    for changed in watchfiles.watch(
        *folders,
        watch_filter=wanted,
        debounce=_DEBOUNCE_MS,
        rust_timeout=_TURN_MS,
        yield_on_timeout=True,
        stop_event=stop,
    ):
        # What changed before it listened is seen at the first turn.
        if changed or is_first:
            yield from _changes(index, roots, limits, told, collection)
        is_first = False


def _changes(
    index: Index,
    roots: Sequence[Path],
    limits: Limits | None,
    told: dict[str, str | None],
    collection: str | None,
) -> Iterator[Outcome]:
    here = [root for root in roots if root.exists()]
    for root in roots:
        if root in here:
            continue
        # A folder that is gone may be a disk that was unplugged: nothing of it is removed.
        if not index.documents_in(str(root.resolve())):
            raise UnreadableDocument(
                f"{root} is gone; nothing of it was removed: run "
                f"`pressmark remove {root}`, or `pressmark index --watch` when it is back"
            )
        yield from remove(index, [str(root)], wait_s=_WAIT_S)
    if not here:
        return
    report = build(index, here, prune=True, limits=limits, collection=collection, wait_s=_WAIT_S)
    for outcome in report.outcomes:
        if outcome.status == Status.SKIPPED:
            if told.get(outcome.path) == outcome.reason:
                continue
            told[outcome.path] = outcome.reason
        else:
            told.pop(outcome.path, None)
        if outcome.status != Status.UNCHANGED:
            yield outcome
