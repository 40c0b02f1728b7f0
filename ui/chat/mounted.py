"""The server's paths beside the page: what begins with one of them is the server's."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from ui.server.app import PATHS

__all__ = ["Mounted"]


class Mounted:
    """Hands a request to the server, or on to the page."""

    def __init__(self, app: ASGIApp, server: ASGIApp) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        is_ours = any(path == known or path.startswith(f"{known}/") for known in PATHS)
        if scope["type"] == "http" and is_ours:
            await self._server(scope, receive, send)
        else:
            await self._app(scope, receive, send)
