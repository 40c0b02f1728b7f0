"""`pressmark chat`: the reading room in the browser."""

from __future__ import annotations

import argparse

from ui import wiring
from ui.console import ANSWERED, filters_of, settings_of

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Serve the chat until Ctrl-C."""
    from importlib.metadata import version

    from rag.filters import admitted
    from ui.chat.launch import check_host, launch, parse_auth
    from ui.chat.library import IndexLibrary
    from ui.chat.uploads import UPLOADS_FOLDER, clear_leftovers

    settings, filters = settings_of(arguments), filters_of(arguments)
    auth = parse_auth(arguments.auth) if arguments.auth else None
    # Before models are loaded: may this address be served at all?
    check_host(arguments.host, auth, insecure=arguments.insecure)
    max_file_bytes = settings.max_bytes
    with wiring.open_index(settings) as index:
        # A collection that there is not is told now, not at every question.
        admitted(index, filters)
        clear_leftovers(index, settings.index / UPLOADS_FOLDER)
        launch(
            wiring.cached_engine(settings, index, wiring.open_engine(settings, index)),
            IndexLibrary(
                index,
                settings.index / UPLOADS_FOLDER,
                max_file_bytes=max_file_bytes,
                limits=settings,
            ),
            settings.index,
            checker=wiring.open_checker(settings, index),
            host=arguments.host,
            port=arguments.port,
            auth=auth,
            insecure=arguments.insecure,
            browser=not arguments.no_browser,
            max_file_bytes=max_file_bytes,
            versions={"pressmark": version("pressmark"), "embedder": index.embedder.name},
            given=filters,
        )
    return ANSWERED
