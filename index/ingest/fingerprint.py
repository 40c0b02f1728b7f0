"""Files that need not be read again: nothing that a write would change has changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Seen", "look"]

_TICK_NS = 2_000_000_000
"""FAT keeps times to 2 s, the coarsest there is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was read: while nothing of this changes, its content has not."""

    file: str
    """Its absolute path, links resolved."""
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def look(path: Path) -> tuple[Seen | None, bool]:
    """A file as it is now, if it can be looked at; and whether a later write would show.

    One within a tick of the clock after the last would not. Source: git's "racy" index entries.
    """
    now_ns = time.time_ns()
    try:
        file = path.resolve()
        info = file.stat()
        str(file).encode()
    except (OSError, RuntimeError, UnicodeEncodeError):
        return None, False
    seen = Seen(str(file), info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
    return seen, now_ns - max(seen.mtime_ns, seen.ctime_ns) > _TICK_NS
