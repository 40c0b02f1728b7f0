"""`/v1/chat/completions` and `/v1/models`: a conversation in, a verified answer out."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from rag.answer import EvidenceFound, Finished, TextDelta, Waiting
from rag.question import check_question
from ui.server.bodies import ChatBody, read_body
from ui.server.leaving import while_there
from ui.server.links import Links
from ui.server.refusal import Refusal, body_of, refusal_of
from ui.server.service import Asked, Service
from ui.server.shapes import ChatReply, Shaped, status_of, usage_of

__all__ = ["ANSWERER", "WRITER", "complete_chat", "list_models", "show_model"]

ANSWERER = "pressmark"
WRITER = "pressmark-writer"
_WRITER_TOKENS = 256


async def list_models(request: Request) -> Response:
    """Both models."""
    return JSONResponse({"object": "list", "data": [_model(request, n) for n in _NAMES]})


async def show_model(request: Request) -> Response:
    """One of them."""
    name = str(request.path_params["name"])
    if name not in _NAMES:
        raise _unknown(name)
    return JSONResponse(_model(request, name))


async def complete_chat(request: Request) -> Response:
    """The answer, at once or as a stream of chunks."""
    service: Service = request.app.state.service
    body = read_body(await request.body(), ChatBody)
    if body.model not in _NAMES:
        raise _unknown(body.model)
    body.check()
    # A title is no question about the articles, whichever model a front end asks for it.
    name = WRITER if body.is_task else body.model
    reply = ChatReply(f"chatcmpl-{secrets.token_hex(12)}", int(time.time()), name)
    chunks = _Chunks(service, body, reply, request)
    if name == WRITER:
        body.for_writer()
    else:
        check_question(body.last)
    if body.stream:
        # While its status can still say so.
        service.engine.turns.check(str(request.scope["state"]["client"]))
        return StreamingResponse(_sent(chunks), media_type="text/event-stream")
    whole = await while_there(request, chunks.whole())
    return JSONResponse(whole)


class _Chunks:
    """One reply on its way."""

    def __init__(
        self, service: Service, body: ChatBody, reply: ChatReply, request: Request
    ) -> None:
        self._service = service
        self._body = body
        self._reply = reply
        self._client = str(request.scope["state"]["client"])
        base = service.public_url or str(request.base_url)
        self._links = Links(base.rstrip("/"), service.access)

    async def stream(self) -> AsyncGenerator[dict[str, Any], None]:
        """The chunks; closing this stops the model."""
        yield self._reply.chunk({"role": "assistant", "content": ""})
        told = self._written() if self._reply.model == WRITER else self._answered()
        text = ""
        async with aclosing(told):
            async for chunk in told:
                text += (chunk["choices"][0]["delta"]).get("content", "")
                yield chunk
        options = self._body.stream_options
        if options is not None and options.include_usage:
            yield self._reply.usage(self._usage(text))

    async def whole(self) -> dict[str, Any]:
        """The same at once."""
        text, annotations = "", list[Any]()
        more: dict[str, Any] = {}
        async with aclosing(self.stream()) as chunks:
            async for chunk in chunks:
                if not chunk["choices"]:
                    continue
                delta = chunk["choices"][0]["delta"]
                text += delta.get("content", "")
                annotations = delta.get("annotations", annotations)
                if "pressmark" in chunk:
                    more["pressmark"] = chunk["pressmark"]
        message = {"content": text, "annotations": annotations}
        return self._reply.whole(message, **more, usage=self._usage(text))

    async def _answered(self) -> AsyncGenerator[dict[str, Any], None]:
        """Where it stands, then what is verified, statement by statement; never a draft."""
        reply, body = self._reply, self._body
        asked = Asked(body.last, body.history())
        yield reply.chunk(event=status_of(None, None, done=False))
        said: Waiting | None = None
        understood = check_question(body.last)
        async with aclosing(self._service.events(asked, self._client)) as events:
            async for event in events:
                if isinstance(event, Waiting) and event != said:
                    said = event
                    yield reply.chunk(event=status_of(event, None, done=False))
                elif isinstance(event, EvidenceFound):
                    if event.condensed_question != understood:
                        understood = event.condensed_question
                        yield reply.chunk(event=status_of(None, understood, done=False))
                elif isinstance(event, Finished):
                    self._service.metrics.note(event.answer)
                    shaped = Shaped(event.answer, self._links)
        for source in shaped.events():
            yield reply.chunk(event=source)
        for piece in shaped.pieces:
            yield reply.chunk({"content": piece})
        yield reply.chunk(event=status_of(None, None, done=True))
        delta = {"annotations": shaped.annotations} if shaped.annotations else {}
        yield reply.chunk(delta, "stop", pressmark=shaped.field)

    async def _written(self) -> AsyncGenerator[dict[str, Any], None]:
        """The bare model's words as they come; nothing about them is verified."""
        messages = self._body.for_writer()
        words = self._service.write(messages, self._body.words(_WRITER_TOKENS), self._client)
        async with aclosing(words) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield self._reply.chunk({"content": event.text})
        yield self._reply.chunk({}, "stop")

    def _usage(self, text: str) -> dict[str, int]:
        """Counted by the embedder's tokenizer: the model's own is busy."""
        told = "\n".join(m.text for m in self._body.messages)
        return usage_of(self._service.engine.retriever.index.embedder.count_tokens([told, text]))


async def _sent(chunks: _Chunks) -> AsyncGenerator[str, None]:
    """Chunks as server-sent events; an error is the last of them."""
    try:
        async with aclosing(chunks.stream()) as stream:
            async for chunk in stream:
                yield f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
    except Exception as error:
        # The outermost edge of a stream: its status has been sent already.
        yield f"data: {json.dumps(body_of(refusal_of(error)))}\n\n"
    yield "data: [DONE]\n\n"


_NAMES = (ANSWERER, WRITER)


def _model(request: Request, name: str) -> dict[str, Any]:
    service: Service = request.app.state.service
    return {"id": name, "object": "model", "created": service.created, "owned_by": "pressmark"}


def _unknown(name: str) -> Refusal:
    return Refusal(
        404,
        f"there is no model {name[:60]} here; ask {ANSWERER} or {WRITER}",
        param="model",
        code="model_not_found",
    )
