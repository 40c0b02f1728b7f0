"""The parent's side of the worker: starts it, kills it when a file takes too long, starts anew."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract
from index.read.sniff import Format
from index.read.worker import decode_reply, encode_request

__all__ = ["ReadingProcess"]

# The parent's own path, set from within: with -m, the current folder would come first, and a
# folder of articles may hold anything.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from index.read.worker import main; main()"
)
_END_S = 0.5
"""Allowed for a process without input to end."""
_START_S = 30.0
"""Allowed on top for a process that is still to start."""


class ReadingProcess:
    """Reads files one at a time in another process; use it in one thread."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def extract(self, format: Format, raw: bytes) -> Extract:
        """Read one document's bytes there.

        Raises: UnreadableDocument, also when the process crashed or had to be killed over it.
        """
        allowed = float(self._limits.max_file_s)
        if self._process is None:
            self._process = _start()
            allowed += _START_S
        line, is_late = self._exchange(self._process, format, raw, allowed)
        if line.endswith(b"\n") and not is_late:
            return decode_reply(line)
        code = self.close()
        if is_late:
            raise UnreadableDocument(
                f"reading it took more than {self._limits.max_file_s} s; "
                "raise max_file_s to wait longer"
            )
        raise UnreadableDocument(
            f"damaged: it crashed the {format.value} reader (exit code {code}); save it anew"
        )

    def _exchange(
        self, process: subprocess.Popen[bytes], format: Format, raw: bytes, allowed_s: float
    ) -> tuple[bytes, bool]:
        """Send a request; return the line that answers it, and whether it was killed over it."""
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(allowed_s, kill)
        timer.daemon = True
        timer.start()
        line = b""
        try:
            process.stdin.write(encode_request(format, raw, self._limits))
            process.stdin.write(raw)
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            # It is gone; how, its exit code says.
            line = b""
        except BaseException:
            # Interrupted half-way through a request: the next one would read its leftovers.
            self.close()
            raise
        finally:
            timer.cancel()
        return line, late.is_set()

    def close(self) -> int:
        """End the process, whatever it does; return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # What it has not read yet, it never will.
                with contextlib.suppress(OSError):
                    pipe.close()
        # Without input it ends by itself; one that has crashed keeps its own exit code.
        try:
            code = process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return code


def _start() -> subprocess.Popen[bytes]:
    path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _START, json.dumps(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
