"""`/v1/check`: a draft in, the object of `check --json` out."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rag.check.draft import read_draft
from rag.check.outcome import Checked
from rag.filters import admitted
from ui.checked import checked_json
from ui.server.bodies import CheckBody, read_body
from ui.server.service import Service

__all__ = ["check_draft"]


async def check_draft(request: Request) -> Response:
    """Each sentence with what the articles say of it; no model is asked, and nothing is queued."""
    service: Service = request.app.state.service
    body = read_body(await request.body(), CheckBody)
    read_draft(body.draft)
    began = time.perf_counter()

    def work() -> list[Checked]:
        index = service.engine.retriever.index
        documents = admitted(index, body.limits, body.documents)
        return list(service.open_checker().check(body.draft, documents=documents))

    checked = await service.threads.call(work)
    return JSONResponse(checked_json("", checked, time.perf_counter() - began))
