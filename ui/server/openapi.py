"""The server's paths in OpenAPI's words, and the same as a page to read."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec
from markupsafe import Markup

from ui.server.bodies import AskBody, ChatBody, CheckBody

__all__ = ["describe", "page"]

_REF = "#/components/schemas/{name}"
_ABOUT = (
    "Answers questions from your own articles, each sentence pinned to the sentence that says so."
)
_PATHS: dict[str, tuple[str, str, type | None]] = {
    "/v1/models": ("get", "The models: pressmark, and pressmark-writer, the bare one.", None),
    "/v1/models/{name}": ("get", "One model.", None),
    "/v1/chat/completions": ("post", "A conversation in, a verified answer out.", ChatBody),
    "/v1/ask": ("post", "A question in, the object of `pressmark ask --json` out.", AskBody),
    "/v1/check": ("post", "A draft in, the object of `pressmark check --json` out.", CheckBody),
    "/documents/{document_id}": ("get", "An article to read; ?s=START-END marks a span.", None),
    "/mcp": ("post", "The Model Context Protocol, streamable HTTP.", None),
    "/healthz": ("get", "Whether the process answers.", None),
    "/readyz": ("get", "Whether questions are taken, and over how many documents.", None),
    "/metrics": ("get", "Figures for Prometheus.", None),
}


def describe(address: str) -> dict[str, Any]:
    """The OpenAPI document of the server at an address."""
    _, schemas = msgspec.json.schema_components([AskBody, ChatBody, CheckBody], ref_template=_REF)
    paths = {path: {kind: _operation(path, about, body)} for path, (kind, about, body) in _ALL}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pressmark", "version": version("pressmark"), "description": _ABOUT},
        "servers": [{"url": address}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def page() -> str:
    """The paths as a page, without a script."""
    row = Markup("<tr><td><code>{} {}</code></td><td>{}</td></tr>")
    rows = Markup().join(
        row.format(kind.upper(), path, about) for path, (kind, about, _) in _PATHS.items()
    )
    return Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pressmark</title>'
        "<style>body{{max-width:50em;margin:2em auto;padding:0 1em;font:1em/1.5 sans-serif;"
        "color-scheme:light dark}}td{{padding:.3em 1em .3em 0;vertical-align:top}}</style></head>"
        '<body><h1>Pressmark</h1><p>{}</p><table>{}</table><p><a href="openapi.json">'
        "openapi.json</a></p></body></html>"
    ).format(_ABOUT, rows)


def _operation(path: str, about: str, body: type | None) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    operation: dict[str, Any] = {
        "summary": about,
        "parameters": [
            {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
        ],
        "responses": {
            "200": {"description": "It is done."},
            "default": {
                "description": "It is refused.",
                "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}},
            },
        },
    }
    if body is not None:
        schema = {"$ref": _REF.format(name=body.__name__)}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


_ALL = tuple(_PATHS.items())
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
