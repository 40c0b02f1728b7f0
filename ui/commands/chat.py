"""`pressmark chat`: the reading room in the browser."""

from __future__ import annotations

import argparse

from ui import wiring
from ui.console import ANSWERED, settings_of

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Serve the chat until Ctrl-C."""
    from importlib.metadata import version

    from ui.chat.launch import check_host, launch, parse_auth
    from ui.chat.library import IndexLibrary
    from ui.chat.uploads import UPLOADS_FOLDER
    from ui.server.access import access_at, read_tokens
    from ui.server.service import Service

    settings = settings_of(arguments)
    auth = parse_auth(arguments.auth) if arguments.auth else None
    # Before models are loaded: may this address be served at all?
    check_host(arguments.host, auth, insecure=arguments.insecure)
    access = access_at(
        arguments.host,
        # Whoever signs in to the page asks the server by the same words.
        [] if auth is None else [*read_tokens(None), ":".join(auth)],
        insecure=arguments.insecure,
        hosts=[arguments.host],
    )
    max_file_bytes = settings.max_bytes
    with wiring.open_index(settings) as index:
        engine = wiring.open_engine(settings, index)
        library = IndexLibrary(
            index,
            settings.index / UPLOADS_FOLDER,
            max_file_bytes=max_file_bytes,
            limits=settings,
        )
        cached = wiring.cached_engine(settings, index, engine)
        service = Service.over(engine, cached, library, access)
        launch(
            service.engine,
            library,
            settings.index,
            service=service,
            host=arguments.host,
            port=arguments.port,
            auth=auth,
            insecure=arguments.insecure,
            browser=not arguments.no_browser,
            max_file_bytes=max_file_bytes,
            versions={"pressmark": version("pressmark"), "embedder": index.embedder.name},
        )
    return ANSWERED
