"""`pressmark mcp`: an assistant's tools, over standard input and output."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ui import wiring
from ui.console import ANSWERED, settings_of

if TYPE_CHECKING:
    from contextlib import ExitStack

    from index.config import Settings
    from ui.server.service import Service

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Serve until standard input ends; models are loaded when a tool first needs them."""
    import asyncio
    from contextlib import ExitStack

    from ui.server.tools import build_mcp

    settings = settings_of(arguments)
    opened: list[Service] = []
    opening = asyncio.Lock()
    with ExitStack() as stack:

        async def open_service() -> Service:
            async with opening:
                if not opened:
                    opened.append(await asyncio.to_thread(_open, settings, stack))
            return opened[0]

        asyncio.run(build_mcp(open_service, writes=arguments.write).run_stdio_async())
    return ANSWERED


def _open(settings: Settings, stack: ExitStack) -> Service:
    from ui.chat.library import IndexLibrary
    from ui.chat.uploads import UPLOADS_FOLDER
    from ui.server.access import Access
    from ui.server.service import Service

    index = stack.enter_context(wiring.open_index(settings))
    engine = wiring.open_engine(settings, index)
    library = IndexLibrary(
        index,
        settings.index / UPLOADS_FOLDER,
        max_file_bytes=settings.max_bytes,
        limits=settings,
    )
    service = Service.over(
        engine,
        wiring.cached_engine(settings, index, engine),
        library,
        Access(),
        checker=wiring.open_checker(settings, index),
    )
    stack.callback(service.threads.close)
    return service
