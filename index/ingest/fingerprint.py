"""Files that need not be read again: nothing that a write would change has changed."""

from __future__ import annotations

import time
from pathlib import Path

from index.store.rows import Fingerprint

__all__ = ["look"]

_TICK_NS = 2_000_000_000
"""FAT keeps times to 2 s, the coarsest there is."""


def look(path: Path) -> tuple[Fingerprint | None, bool]:
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
    found = Fingerprint(str(file), info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
    return found, now_ns - max(found.mtime_ns, found.ctime_ns) > _TICK_NS
