"""With a sign-in, nothing but the sign-in page is told to whoever has not signed in."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.access import Buckets
from ui.server.refusal import Refusal, refuse

__all__ = ["SignIn"]

_ANYBODY = ("/", "/login", "/login/", "/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt")
_ANYBODY_BELOW = ("/assets/", "/static/", "/svelte/", "/gradio_api/theme.css", "/pwa_icon")
_START = "/gradio_api/startup-events"
"""By which Gradio wakes its own queue; it tells nothing."""
_WRONG_AT_ONCE = 5
_WRONG_PER_S = 0.1


class SignIn:
    """Before Gradio, which leaves some of its paths to everybody; wrong sign-ins are slowed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._wrong = Buckets(_WRONG_AT_ONCE, _WRONG_PER_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_for_anybody(scope) or _has_signed_in(scope):
            if str(scope.get("path", "")).rstrip("/") == "/login":
                await self._sign_in(scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        await refuse(Refusal(401, "sign in first"))(scope, receive, send)

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        bucket = self._wrong.of(str((scope.get("client") or ("unknown",))[0]))
        if wait_s := bucket.wait_s():
            refused = Refusal(429, "too many wrong sign-ins; wait", retry_s=wait_s)
            await refuse(refused)(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                bucket.take()
            await send(message)

        await self._app(scope, receive, noting)


def _is_for_anybody(scope: Scope) -> bool:
    path = str(scope["path"])
    return path in _ANYBODY or path == _START or path.startswith(_ANYBODY_BELOW)


def _has_signed_in(scope: Scope) -> bool:
    """As Gradio itself finds out who asks."""
    gradio: Any = scope["app"]
    cookies = Request(scope).cookies
    names = (f"access-token-{gradio.cookie_id}", f"access-token-unsecure-{gradio.cookie_id}")
    return any(cookies.get(name) in gradio.tokens for name in names if cookies.get(name))
