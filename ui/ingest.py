"""An ingest at a terminal: a progress bar, and whom it waits for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.terminal import printable, say

if TYPE_CHECKING:
    from index.ingest.build import BuildReport
    from index.ingest.spread import Crew
    from index.limits import Limits
    from index.store.index import Index

__all__ = ["await_writer", "build_index", "read_collection"]

_NAME_WIDTH = 30
_MAX_NAME = 60


def build_index(
    index: Index,
    roots: Sequence[Path],
    limits: Limits,
    *,
    prune: bool = False,
    collection: str | None = None,
    wait_s: float = 0.0,
    crew: Crew | None = None,
) -> BuildReport:
    """Ingest with a progress bar; a stop says how far it came.

    Raises: what `build` raises; StoreError, ClusterError and KeyboardInterrupt with the files done
    so far.
    """
    from tqdm import tqdm

    from index.errors import ClusterError, IndexLocked, StoreError
    from index.ingest.build import build

    with tqdm(desc="indexing", unit="file", file=sys.stderr, leave=False) as bar:
        try:
            return build(
                index,
                roots,
                prune=prune,
                collection=collection,
                limits=limits,
                on_total=lambda n: bar.reset(total=n),
                on_start=lambda path: bar.set_postfix_str(printable(Path(path).name)[:_NAME_WIDTH]),
                on_file=lambda _: bar.update(),
                wait_s=wait_s,
                crew=crew,
            )
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{_where(bar)}; run the same command again to go on") from None
        except IndexLocked:
            raise
        except (ClusterError, StoreError) as error:
            raise type(error)(f"{_where(bar)}; {error}") from error


def _where(bar: Any) -> str:
    return f"stopped after {bar.n} of {bar.total or 0} files, and they are kept"


def await_writer(folder: Path, wait_s: float) -> None:
    """Say for whom this command waits. Raises: IndexLocked at once when it is not to wait."""
    from index.address import address_of
    from index.errors import IndexLocked
    from index.store.lock import writer_lock

    if address_of(folder) is not None or not folder.is_dir():
        return
    try:
        with writer_lock(folder):
            pass
    except IndexLocked as error:
        if not wait_s:
            raise
        say(f"{error.holder} is writing the index in {folder}: waiting (Ctrl-C stops)")


def read_collection(typed: str) -> str:
    """A collection's name. Raises: ConfigError for one that nobody could type again."""
    from index.errors import ConfigError

    name = " ".join(typed.split())
    if not name or not name.isprintable() or len(name) > _MAX_NAME:
        raise ConfigError(
            f"a collection takes a name of 1 to {_MAX_NAME} letters, not {typed[:80]!r}"
        )
    return name
