"""One writer at a time, in this process or another; who it is, for the one that must wait."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import IndexLocked

__all__ = ["writer_lock"]


@contextmanager
def writer_lock(folder: Path, timeout_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of the index in `folder`; wait for it at most `timeout_s`, below 0 for ever.

    The system releases it when its holder dies; only the note of its number stays behind.
    Raises: IndexLocked naming the process that holds it.
    """
    # Half of what an index takes to import, and only a writer needs it.
    from filelock import FileLock, Timeout

    owner = folder / "writer.pid"
    lock = FileLock(folder / "writer.lock")
    try:
        lock.acquire(timeout=timeout_s, poll_interval=0.1)
    except Timeout:
        holder = _holder(owner)
        raise IndexLocked(
            f"{holder} is writing the index in {folder}: wait until it has ended, then "
            "try again, or let `pressmark index --wait` wait for it",
            holder=holder,
        ) from None
    try:
        owner.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def _holder(owner: Path) -> str:
    """The holder as it noted itself; a note left by a killed process is not believed."""
    try:
        pid = int(owner.read_text(encoding="ascii"))
        if pid != os.getpid() and os.name == "posix":
            os.kill(pid, 0)
    except PermissionError:
        # Somebody else's, and alive.
        return f"process {pid}"
    except (OSError, ValueError):
        return "another process"
    return f"process {pid}"
