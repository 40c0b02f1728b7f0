"""Every path of the server, in one ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ui.server import openapi
from ui.server.asking import answer_question, check_signature
from ui.server.checking import check_draft
from ui.server.completions import complete_chat, list_models, show_model
from ui.server.documents import show_document
from ui.server.guard import guarded
from ui.server.metrics import Counted
from ui.server.refusal import Refusal, handlers
from ui.server.service import Service
from ui.server.tools import build_mcp

__all__ = ["PATHS", "Built", "build_asgi"]

PATHS = ("/v1", "/mcp", "/documents", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")
"""What begins with one of these is the server's, in the chat too."""


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """The app, and what may be asked of it while it serves."""

    asgi: ASGIApp
    inner: Starlette
    counted: Counted
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]]
    """What must run while it serves, where another app holds it."""

    def drain(self) -> None:
        """Say on /readyz that no more is taken."""
        self.inner.state.is_draining = True


def build_asgi(service: Service) -> Built:
    """The app over a service, behind its guard."""
    routes = [
        Route("/v1/models", list_models),
        Route("/v1/models/{name:path}", show_model),
        Route("/v1/chat/completions", complete_chat, methods=["POST"]),
        Route("/v1/ask", answer_question, methods=["POST"]),
        Route("/v1/check", check_draft, methods=["POST"]),
        Route("/documents/{document_id}", show_document),
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        Route("/metrics", _metrics),
        Route("/openapi.json", _openapi),
        Route("/docs", _docs),
    ]

    mcp, session_manager = _mcp(service)
    routes.append(Route("/mcp", mcp))

    @asynccontextmanager
    async def lifespan(_: Any = None) -> AsyncIterator[None]:
        async with session_manager.run():
            yield

    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.state.service = service
    app.state.is_draining = False
    counted = Counted(guarded(app, service.access), service.metrics, PATHS)
    return Built(counted, app, counted, lifespan)


def _mcp(service: Service) -> tuple[ASGIApp, StreamableHTTPSessionManager]:
    """MCP over streamable HTTP, without sessions; the guard before it checks Host and Origin."""

    async def opened() -> Service:
        return service

    server = build_mcp(opened, writes=service.writes)
    app = server.streamable_http_app(
        stateless_http=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    (route,) = app.routes
    assert isinstance(route, Route)
    endpoint: ASGIApp = route.endpoint
    return endpoint, server.session_manager


async def _healthz(request: Request) -> Response:
    check_signature(request)
    return JSONResponse({"status": "ok"})


async def _readyz(request: Request) -> Response:
    if request.app.state.is_draining:
        raise Refusal(503, "the server is ending", retry_s=30.0)
    service: Service = request.app.state.service
    documents, sentences = await service.threads.call(service.library.counts)
    return JSONResponse({"status": "ready", "documents": documents, "sentences": sentences})


async def _metrics(request: Request) -> Response:
    service: Service = request.app.state.service
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


async def _openapi(request: Request) -> Response:
    service: Service = request.app.state.service
    return JSONResponse(openapi.describe(service.public_url or str(request.base_url).rstrip("/")))


async def _docs(request: Request) -> Response:  # noqa: ARG001
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(openapi.page(), headers={"content-security-policy": policy})
