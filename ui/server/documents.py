"""`/documents/ID`: an article to read, a sentence of it marked, without a script."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from index.document import Kind, Sentence
from index.visible import plain
from ui.chat.library import Article
from ui.server.service import Service

__all__ = ["show_document"]

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width">'
    '<meta name="robots" content="noindex"><title>{title}</title><style>'
    "body{{max-width:40em;margin:2em auto;padding:0 1em;font:1.1em/1.6 Georgia,serif;"
    "color-scheme:light dark}}mark{{padding:.1em 0}}.about{{font-size:.85em;opacity:.75}}"
    '</style></head><body><h1>{title}</h1><p class="about">{about}</p>{body}</body></html>'
)


async def show_document(request: Request) -> Response:
    """The article; `?s=START-END` marks what stands there."""
    service: Service = request.app.state.service
    document_id = str(request.path_params["document_id"])
    article = await service.threads.call(lambda: service.library.read(document_id))
    if article is None:
        page = _PAGE.format(
            title="No such article", about="It may have been removed or replaced.", body=""
        )
        return HTMLResponse(page, 404, {"content-security-policy": _POLICY})
    start, end = _span(request.query_params.get("s", ""))
    return HTMLResponse(_page(article, start, end), headers={"content-security-policy": _POLICY})


def _page(article: Article, start: int, end: int) -> str:
    about = " · ".join(p for p in (article.date or "", plain(article.place)) if p)
    body = Markup().join(
        _paragraph(list(group), start, end)
        for _, group in groupby(article.sentences, key=lambda s: s.paragraph)
    )
    return _PAGE.format(title=plain(article.title), about=about, body=body)


def _paragraph(sentences: Sequence[Sentence], start: int, end: int) -> Markup:
    parts = []
    for sentence in sentences:
        text = escape(plain(sentence.text))
        if sentence.start < end and start < sentence.end:
            text = Markup('<mark id="cited">{}</mark>').format(text)
        parts.append(text)
    tag = "h2" if all(s.kind is Kind.HEADING for s in sentences) else "p"
    return Markup("<{0}>{1}</{0}>").format(Markup(tag), Markup(" ").join(parts))


def _span(text: str) -> tuple[int, int]:
    """Offsets of the document's text, in characters; an empty span for what is none."""
    start, _, end = text.partition("-")
    if start.isdecimal() and end.isdecimal() and len(text) < 32:
        return int(start), int(end)
    return 0, 0
