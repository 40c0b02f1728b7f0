"""The app on its sockets: until it is stopped, or nobody has asked for a while."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from index.errors import ConfigError
from ui.server.app import Built

__all__ = ["Listening", "ended_by_signals", "listen_at", "own_socket", "unix_socket"]

_DRAIN_S = 30
"""How long answers on their way may take once the server is to end."""
_BACKLOG = 128
_CONNECTIONS = 1000


class Listening:
    """A server that can be stopped from anywhere."""

    def __init__(self, built: Built, *, idle_s: float | None = None) -> None:
        config = uvicorn.Config(
            built.asgi,
            lifespan="on",
            ws="none",
            # Lines of requests could hold what only their client should know.
            access_log=False,
            log_level="critical",
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_DRAIN_S,
        )
        self._built = built
        self._server = _Server(config, self._has_been_idle)
        self._idle_s = idle_s

    @property
    def is_stopped(self) -> bool:
        return self._server.should_exit

    def stop(self) -> None:
        """Take nothing more, and end when what is on its way has been answered; twice: now."""
        if self._server.should_exit:
            self._server.force_exit = True
        self._built.drain()
        self._server.should_exit = True

    def run(
        self, sockets: Sequence[socket.socket], on_ready: Callable[[], None] = lambda: None
    ) -> None:
        """Serve on these sockets until stopped or idle."""
        self._server.on_ready = on_ready
        try:
            self._server.run(list(sockets))
        finally:
            self._server.should_exit = True
            self._built.inner.state.service.threads.close()

    def _has_been_idle(self) -> bool:
        return self._idle_s is not None and self._built.counted.idle_s > self._idle_s


class _Server(uvicorn.Server):
    """Uvicorn's, but signals are its owner's."""

    def __init__(self, config: uvicorn.Config, is_over: Callable[[], bool]) -> None:
        super().__init__(config)
        self.on_ready: Callable[[], None] = lambda: None
        self._is_over = is_over

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()

    async def on_tick(self, counter: int) -> bool:
        if self._is_over():
            self.should_exit = True
        return await super().on_tick(counter)


def listen_at(host: str, port: int) -> socket.socket:
    """A socket at an address of this machine.

    Raises: ConfigError if it cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OverflowError as error:
        raise ConfigError(f"port {port} does not exist; give --port 1024 to 65535") from error
    except OSError as error:
        # The error's own words repeat the address.
        known = error.errno is not None and error.errno > 0
        why = os.strerror(error.errno or 0) if known else error.strerror
        raise ConfigError(
            f"cannot serve on {host}:{port}: {why}; give another --host or --port"
        ) from error


@contextlib.contextmanager
def own_socket(path: Path, *, may_share: bool = False) -> Iterator[list[socket.socket]]:
    """The socket where `pressmark ask` looks, for one process at a time; gone afterwards.

    None where the system has no Unix sockets, or, with `may_share`, where another process has it.
    Raises: ConfigError where another process serves already.
    """
    if not hasattr(socket, "AF_UNIX"):
        yield []
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_uid != os.getuid():
        raise ConfigError(
            f"{path.parent} is another user's: set XDG_RUNTIME_DIR to a folder of yours"
        )
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not may_share:
            raise ConfigError(
                "another process serves this index already: ask it with `pressmark ask QUESTION`"
            ) from None
        yield []
        return
    try:
        # Whoever left it there has ended without holding the lock.
        path.unlink(missing_ok=True)
        with unix_socket(path) as listener:
            yield [listener]
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def unix_socket(path: Path) -> socket.socket:
    """A socket that only this user can open.

    Raises: ConfigError if there is something already, or no folder for it.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot make the socket {path}: {error.strerror or error}; give another --socket"
        ) from error
    finally:
        os.umask(before)
    listener.listen(_BACKLOG)
    return listener


@contextlib.contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` where Ctrl-C or a termination would have ended the process."""
    ends = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop()) for number in ends]
    try:
        yield
    finally:
        for number, handler in zip(ends, before, strict=True):
            signal.signal(number, handler)
