"""A server in a thread of the test, on a port or a Unix socket, over the engine it is given."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from rag.cache import CachedEngine
from rag.engine import Engine
from ui.chat.library import IndexLibrary
from ui.server.access import Access
from ui.server.app import build_asgi
from ui.server.listen import Listening, listen_at, own_socket
from ui.server.service import Service

__all__ = ["REGRET", "REPLY", "Serving", "until"]

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."


class Serving:
    """Serves from its making to the end of its `with`."""

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        *,
        access: Access | None = None,
        socket_at: Path | None = None,
        cached: CachedEngine | None = None,
        idle_s: float | None = None,
        **more: Any,
    ) -> None:
        self._stack = ExitStack()
        if socket_at is not None:
            sockets: list[socket.socket] = self._stack.enter_context(own_socket(socket_at))
        else:
            sockets = [self._stack.enter_context(listen_at("127.0.0.1", 0))]
            self.port = sockets[0].getsockname()[1]
            self.url = f"http://127.0.0.1:{self.port}"
        library = IndexLibrary(engine.retriever.index, folder / "uploads", max_file_bytes=10_000)
        self.service = Service.over(engine, cached or engine, library, access or Access(), **more)
        self.listening = Listening(build_asgi(self.service), idle_s=idle_s)
        ready = threading.Event()
        self.thread = threading.Thread(target=self.listening.run, args=(sockets, ready.set))
        self.thread.start()
        assert ready.wait(10)

    def stop(self, *, at_once: bool = False) -> None:
        """End it, answers on their way finished first unless `at_once`."""
        self.listening.stop()
        if at_once:
            self.listening.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()
        self._stack.close()

    def __enter__(self) -> Serving:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(at_once=True)


def until(holds: Callable[[], Any]) -> None:
    """Wait until it holds, a minute at most."""
    for _ in range(6000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never held")
