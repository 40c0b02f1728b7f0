"""`pressmark chat`: the reading room in the browser."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ui import wiring
from ui.console import ANSWERED, filters_of, settings_of

if TYPE_CHECKING:
    from index.config import Settings
    from index.store.index import Index
    from ui.server.access import Access
    from ui.server.service import Service

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Serve the chat until Ctrl-C."""
    from importlib.metadata import version

    from rag.filters import admitted
    from ui.chat.launch import check_host, launch, parse_auth
    from ui.chat.uploads import UPLOADS_FOLDER, clear_leftovers

    settings, filters = settings_of(arguments), filters_of(arguments)
    auth = parse_auth(arguments.auth) if arguments.auth else None
    # Before models are loaded: may this address be served at all?
    check_host(arguments.host, auth, insecure=arguments.insecure)
    access = _access(arguments, auth)
    with wiring.open_index(settings) as index:
        # A collection that there is not is told now, not at every question.
        admitted(index, filters)
        clear_leftovers(index, settings.index / UPLOADS_FOLDER)
        service = _service(settings, index, access)
        launch(
            service.engine,
            service.library,
            settings.index,
            checker=service.checker,
            service=service,
            host=arguments.host,
            port=arguments.port,
            auth=auth,
            insecure=arguments.insecure,
            browser=not arguments.no_browser,
            max_file_bytes=settings.max_bytes,
            versions={"pressmark": version("pressmark"), "embedder": index.embedder.name},
            given=filters,
        )
    return ANSWERED


def _access(arguments: argparse.Namespace, auth: tuple[str, str] | None) -> Access:
    from ui.server.access import access_at, read_tokens

    return access_at(
        arguments.host,
        # Whoever signs in to the page asks the server by the same words.
        [] if auth is None else [*read_tokens(None), ":".join(auth)],
        insecure=arguments.insecure,
        hosts=[arguments.host],
    )


def _service(settings: Settings, index: Index, access: Access) -> Service:
    from ui.chat.launch import import_page
    from ui.chat.library import IndexLibrary
    from ui.chat.uploads import UPLOADS_FOLDER
    from ui.server.service import Service

    engine = wiring.open_engine(settings, index, meanwhile=import_page)
    uploads = settings.index / UPLOADS_FOLDER
    library = IndexLibrary(index, uploads, max_file_bytes=settings.max_bytes, limits=settings)
    return Service.over(
        engine,
        wiring.cached_engine(settings, index, engine),
        library,
        access,
        checker=wiring.open_checker(settings, index),
    )
