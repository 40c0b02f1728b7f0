"""What stands before every path: host, origin, token, rate, and a bound on what is sent."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.access import Access, Buckets
from ui.server.refusal import Refusal, refuse

__all__ = ["Guard", "guarded"]

_BODY_S = 30.0
"""How long a request may take to be sent."""
_WRONG_AT_ONCE = 5
_WRONG_PER_S = 0.1
"""Wrong tokens from one address: some at once, then one in ten seconds."""
_BURST = 0.2
"""Share of a minute's requests that may come at once."""
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


def guarded(app: ASGIApp, access: Access) -> ASGIApp:
    """The app behind its guard; pages elsewhere may ask it only if they are named."""
    inner: ASGIApp = Guard(app, access)
    if access.origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=sorted(access.origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["authorization", "content-type", "mcp-session-id"],
            expose_headers=["mcp-session-id", "retry-after"],
        )
    return inner


class Guard:
    """Lets a request through, with `scope["state"]["client"]` saying whose it is."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._rates = Buckets(
            max(1.0, access.per_minute * _BURST), per_s=max(1, access.per_minute) / 60
        )
        self._wrong = Buckets(_WRONG_AT_ONCE, _WRONG_PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        try:
            client = self._admit(scope)
            receive = await self._bounded(scope, receive)
        except Refusal as refusal:
            await refuse(refusal)(scope, receive, send_with_headers)
            return
        scope.setdefault("state", {})["client"] = client
        await self._app(scope, receive, send_with_headers)

    def _admit(self, scope: Scope) -> str:
        """Whose request it is. Raises: Refusal."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        is_local = _is_local(scope)
        if not is_local and not self._access.knows_host(host):
            raise Refusal(
                421, f"this server is not called {host[:100]}; name it with --allow-host HOST"
            )
        origin = headers.get("origin")
        own = f"{scope.get('scheme', 'http')}://{host}"
        if origin is not None and not self._access.knows_origin(origin, own):
            raise Refusal(403, "web pages of other sites may not ask; name one with --origin URL")
        client = "local" if is_local else self._client(scope, headers)
        bucket = self._rates.of(client)
        if wait_s := bucket.wait_s():
            raise Refusal(
                429, "too many requests; slow down", code="rate_limit_exceeded", retry_s=wait_s
            )
        bucket.take()
        return client

    def _client(self, scope: Scope, headers: Headers) -> str:
        address = str((scope.get("client") or ("unknown",))[0])
        if self._access.is_open or self._is_signed(scope):
            return address
        wrong = self._wrong.of(address)
        if wait_s := wrong.wait_s():
            raise Refusal(429, "too many wrong tokens; wait", retry_s=wait_s)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        client = self._access.client_of(token.strip()) if scheme.lower() == "bearer" else None
        if client is None:
            if token:
                wrong.take()
            raise Refusal(401, "send the server's token as a bearer token", code="invalid_api_key")
        return client

    def _is_signed(self, scope: Scope) -> bool:
        before, _, document_id = str(scope["path"]).rpartition("/")
        if before != "/documents" or scope["method"] not in ("GET", "HEAD"):
            return False
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return self._access.is_signed(document_id, query.get("k", [""])[0])

    async def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """The same body, read whole. Raises: Refusal for one too large or too slow."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return receive
        limit = self._access.max_body_bytes
        too_large = Refusal(413, f"the request is larger than {limit:,} bytes; send less")
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_S):
                while True:
                    message = await receive()
                    body += message.get("body", b"")
                    if len(body) > limit:
                        raise too_large
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise Refusal(408, "the request was sent too slowly; send it again") from None
        pending: list[Any] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        return replay


def _is_local(scope: Scope) -> bool:
    """Whether it came over a Unix socket, which only this user can open."""
    server = scope.get("server")
    return server is not None and server[1] is None
