"""A process that keeps the models loaded, and `pressmark ask` as its client, over a Unix socket.

One answer a connection, a line of JSON each: a question is sent, "ready" comes back, then the
answer or an error. Where index, settings or code are not the client's, nothing comes.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from index.errors import ConfigError, PressmarkError
from rag.answer import Answer, Events, Finished
from rag.codec import read_json, write_json
from rag.filters import ANYTHING, Filters

__all__ = ["ForwardedError", "Resident", "ask_resident", "socket_path"]

_MAX_PATH_BYTES = 100
"""A socket's path has room for 104 bytes on macOS and 108 on Linux."""
_MAX_REQUEST_BYTES = 1 << 22
_READY_S = 2.0
"""How long a client waits to be heard before it answers by itself."""
_JOIN_S = 10.0

Stream = Callable[[str, bool, Filters], Events]
"""(question, whether a kept answer will do, its limits) -> the engine's events."""


@dataclass(frozen=True, slots=True)
class _Request:
    question: str
    signature: str
    kept: bool
    """Whether a kept answer will do."""
    filters: Filters = ANYTHING


@dataclass(frozen=True, slots=True)
class _Reply:
    """The first line says only that there will be another."""

    ready: bool = False
    answer: Answer | None = None
    error: str | None = None
    exit_code: int = 1


class ForwardedError(PressmarkError):
    """What went wrong with the question in the resident process."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def socket_path(folder: Path) -> Path:
    """Where the resident process of an index listens: in its folder, when that path is short."""
    path = folder.resolve() / "ask.sock"
    if len(os.fsencode(path)) <= _MAX_PATH_BYTES:
        return path
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    base = Path(runtime) if runtime else Path(tempfile.gettempdir())
    return base / f"pressmark-{getpass.getuser()}" / f"{name}.sock"


def ask_resident(
    path: Path, signature: str, question: str, filters: Filters = ANYTHING, *, kept: bool = True
) -> Answer | None:
    """The resident process's answer; None when there is none for this index and these settings.

    Raises: ForwardedError if the question failed there.
    """
    if not hasattr(socket, "AF_UNIX") or not _is_mine(path):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_READY_S)
        try:
            connection.connect(os.fspath(path))
            _send(connection, _Request(question, signature, kept, filters))
            with connection.makefile("rb") as lines:
                if not read_json(lines.readline(), _Reply).ready:
                    return None
                connection.settimeout(None)
                reply = read_json(lines.readline(), _Reply)
        except (OSError, ValueError):
            # Gone, or gone in the middle: this process can answer, too.
            return None
    if reply.error is not None:
        raise ForwardedError(reply.error, reply.exit_code)
    return reply.answer


class Resident:
    """Answers one question at a time until it is stopped or nobody has asked for `idle_s`."""

    def __init__(self, stream: Stream, path: Path, signature: str, *, idle_s: float) -> None:
        self._stream = stream
        self._path = path
        self._signature = signature
        self._idle_s = idle_s
        self._engine_lock = threading.Lock()
        self._stopped = threading.Event()
        self._readers: list[threading.Thread] = []
        self._last = time.monotonic()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """Make `listen` return; a question that is being answered ends at its next word."""
        self._stopped.set()

    def listen(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Listen until stopped or idle; the socket is gone afterwards.

        Raises: ConfigError where there are no Unix sockets, or another process serves already.
        """
        if not hasattr(socket, "AF_UNIX"):
            raise ConfigError("this system has no Unix sockets: use `pressmark chat` instead")
        from filelock import FileLock, Timeout

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._path.parent.stat().st_uid != os.getuid():
            raise ConfigError(
                f"{self._path.parent} is another user's: set XDG_RUNTIME_DIR to a folder of yours"
            )
        lock = FileLock(self._path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ConfigError(
                "another process serves this index already: ask it with `pressmark ask QUESTION`"
            ) from None
        try:
            # Whoever left it there has ended without holding the lock.
            self._path.unlink(missing_ok=True)
            with _listen(self._path) as listener:
                on_ready()
                self._accept(listener)
        finally:
            self.stop()
            for reader in self._readers:
                reader.join(_JOIN_S)
            self._path.unlink(missing_ok=True)
            lock.release()

    def _accept(self, listener: socket.socket) -> None:
        listener.settimeout(0.2)
        while not self._stopped.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                self._readers = [reader for reader in self._readers if reader.is_alive()]
                if self._readers:
                    self._last = time.monotonic()
                if time.monotonic() - self._last > self._idle_s:
                    return
                continue
            reader = threading.Thread(target=self._answer, args=(connection,), daemon=True)
            self._readers.append(reader)
            reader.start()

    def _answer(self, connection: socket.socket) -> None:
        # Whoever sends nonsense or leaves is owed no answer.
        with connection, contextlib.suppress(OSError, ValueError):
            connection.settimeout(_READY_S)
            with connection.makefile("rb") as lines:
                request = read_json(lines.readline(_MAX_REQUEST_BYTES), _Request)
            if request.signature != self._signature:
                return
            _send(connection, _Reply(ready=True))
            with self._engine_lock:
                reply = self._reply(connection, request)
            if reply is not None:
                _send(connection, reply)

    def _reply(self, connection: socket.socket, request: _Request) -> _Reply | None:
        """What to send back; None when there is nobody left to send it to."""
        try:
            with contextlib.closing(
                self._stream(request.question, request.kept, request.filters)
            ) as events:
                for event in events:
                    if isinstance(event, Finished):
                        return _Reply(answer=event.answer)
                    if self._stopped.is_set() or _has_left(connection):
                        return None
        except PressmarkError as error:
            return _Reply(error=str(error), exit_code=error.exit_code)
        except Exception as error:
            # The outermost edge of a question: the process goes on, its client gets one line.
            traceback.print_exc(file=sys.stderr)
            what = f"unexpected {type(error).__name__}: {error}"
            return _Reply(error=f"{what}; see where the server runs")
        return None


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)
    listener.listen(16)
    return listener


def _is_mine(path: Path) -> bool:
    """A socket of this user: in a shared folder, anybody could have made one."""
    try:
        return path.is_socket() and path.stat().st_uid == os.getuid()
    except OSError:
        return False


def _send(connection: socket.socket, value: _Request | _Reply) -> None:
    connection.sendall(write_json(value) + b"\n")


def _has_left(connection: socket.socket) -> bool:
    try:
        connection.setblocking(False)
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(_READY_S)
