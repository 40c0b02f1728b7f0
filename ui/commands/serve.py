"""`pressmark serve`: the models stay loaded for `ask` and for whatever speaks HTTP."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ui import wiring
from ui.console import ANSWERED, settings_of
from ui.terminal import say

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from index.config import Settings
    from index.store.index import Index
    from ui.server.access import Access
    from ui.server.service import Service

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped or idle."""
    from contextlib import ExitStack

    from index.address import address_of
    from index.errors import ConfigError
    from ui.server.access import access_at, read_tokens

    settings = settings_of(arguments)
    if arguments.idle is not None and not arguments.idle > 0:
        raise ConfigError(f"--idle must be more than 0 minutes, not {arguments.idle}")
    # Before models are loaded: may this address be served at all?
    access = access_at(
        "localhost" if arguments.socket else arguments.host,
        read_tokens(arguments.token_file),
        insecure=arguments.insecure,
        hosts=[arguments.host, *arguments.allow_host],
        origins=arguments.origin,
        public_url=arguments.public_url,
    )
    with ExitStack() as stack:
        from ui.server.listen import listen_at, own_socket, unix_socket
        from ui.server.resident import socket_path

        # Bound first, so that a taken port is told before the models are loaded.
        if arguments.socket is None:
            sockets = [stack.enter_context(listen_at(arguments.host, arguments.port))]
        else:
            sockets = [stack.enter_context(unix_socket(arguments.socket))]
            stack.callback(arguments.socket.unlink, missing_ok=True)
        index = stack.enter_context(wiring.open_index(settings))
        service = _service(settings, index, access, arguments)
        # Bound last: `ask` waits for nobody who is not ready.
        # A database has many readers, on one machine, too.
        is_shared = address_of(settings.index) is not None
        path = socket_path(settings.index)
        sockets += stack.enter_context(own_socket(path, may_share=is_shared))
        _listen(service, sockets, arguments)
    return ANSWERED


def _listen(
    service: Service, sockets: Sequence[socket.socket], arguments: argparse.Namespace
) -> None:
    """Serve; the engine reads ahead while it waits for the first question."""
    import threading

    from ui.server.app import build_asgi
    from ui.server.listen import Listening, ended_by_signals

    idle_s = None if arguments.idle is None else arguments.idle * 60
    listening = Listening(build_asgi(service), idle_s=idle_s)
    reading = threading.Thread(target=service.engine.prepare, args=(lambda: listening.is_stopped,))

    def on_ready() -> None:
        address = sockets[0].getsockname()
        where = address if isinstance(address, str) else f"http://{arguments.host}:{address[1]}/v1"
        told = f"`pressmark ask` and {where} are answered from here"
        if len(sockets) == 1:
            told = (
                f"{where} is answered from here, `pressmark ask` by the process that has its socket"
            )
        say(f"ready: {told} (Ctrl+C ends it)")
        reading.start()

    with ended_by_signals(listening.stop):
        try:
            listening.run(sockets, on_ready)
        finally:
            if reading.ident is not None:
                reading.join()


def _service(
    settings: Settings, index: Index, access: Access, arguments: argparse.Namespace
) -> Service:
    from ui.chat.library import IndexLibrary
    from ui.chat.uploads import UPLOADS_FOLDER
    from ui.server.service import Service

    engine = wiring.open_engine(settings, index)
    return Service.over(
        engine,
        wiring.cached_engine(settings, index, engine),
        IndexLibrary(
            index,
            settings.index / UPLOADS_FOLDER,
            max_file_bytes=settings.max_bytes,
            limits=settings,
        ),
        access,
        signature=wiring.resident_signature(settings, index),
        public_url=arguments.public_url,
        writes=arguments.write,
        checker=wiring.open_checker(settings, index),
    )
