"""`/v1/ask`: one question in, the object of `ask --json` out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rag.codec import write_json
from rag.question import check_question
from ui.server.bodies import AskBody, read_body
from ui.server.leaving import while_there
from ui.server.refusal import Refusal
from ui.server.resident import RECORD, SIGNATURE
from ui.server.service import Asked, Service

__all__ = ["answer_question", "check_signature"]


async def answer_question(request: Request) -> Response:
    """The answer; all of its record for `pressmark ask`, which shows more of it."""
    service: Service = request.app.state.service
    check_signature(request)
    body = read_body(await request.body(), AskBody)
    check_question(body.question)
    asked = Asked(
        body.question,
        tuple(body.history),
        None if body.documents is None else tuple(body.documents),
        body.kept,
        body.filters,
    )
    client = str(request.scope["state"]["client"])
    answer = await while_there(request, service.ask(asked, client))
    if RECORD in request.headers.get("accept", ""):
        return Response(write_json(answer), media_type=RECORD)
    return JSONResponse(answer.to_json())


def check_signature(request: Request) -> None:
    """Raises: Refusal for a client that has another index, other settings or other code."""
    service: Service = request.app.state.service
    signature = request.headers.get(SIGNATURE)
    if signature is not None and signature != service.signature:
        raise Refusal(409, "this server has another index, other settings or other code")
