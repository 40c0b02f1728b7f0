"""What went wrong, in the shape that OpenAI's clients read."""

from __future__ import annotations

import math
import sys
import traceback

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from index.errors import IndexLocked, PressmarkError
from ui.server.turns import CrowdedError

__all__ = ["Refusal", "handlers", "refuse"]


class Refusal(PressmarkError):
    """A request that is not done; `status` is HTTP's, `param` the field that is at fault."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code
        self.retry_s = retry_s


def refuse(refusal: Refusal) -> JSONResponse:
    """The refusal as a response."""
    headers = {}
    if refusal.retry_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(refusal.retry_s)))
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body_of(refusal), refusal.status, headers)


def body_of(refusal: Refusal) -> dict[str, object]:
    """The refusal as an object."""
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = kinds.get(
        refusal.status, "server_error" if refusal.status >= 500 else "invalid_request_error"
    )
    error = {
        "message": str(refusal),
        "type": kind,
        "param": refusal.param,
        "code": refusal.code,
    }
    return {"error": error}


def refusal_of(error: Exception) -> Refusal:
    """Any error as a refusal; what nobody expected is printed where the server runs."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, CrowdedError):
        return Refusal(429, str(error), code="rate_limit_exceeded", retry_s=error.retry_s)
    if isinstance(error, IndexLocked):
        return Refusal(503, str(error), retry_s=5.0)
    if isinstance(error, PressmarkError):
        return Refusal(400 if error.exit_code == 2 else 503, str(error))
    traceback.print_exception(error, file=sys.stderr)
    what = f"unexpected {type(error).__name__}: {error}"
    return Refusal(500, f"{what}; see where the server runs")


async def _tell(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return refuse(refusal_of(error))


async def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {
        404: f"there is no {request.url.path} here; see /docs",
        405: f"{request.method} cannot be done on {request.url.path}; see /docs",
    }
    response = refuse(Refusal(error.status_code, known.get(error.status_code, error.detail)))
    response.headers.update(error.headers or {})
    return response


handlers = {HTTPException: _tell_http, PressmarkError: _tell, Exception: _tell}
"""For Starlette's `exception_handlers`."""
