"""The tools and resources of MCP: ask, search, read, list, verify; add and remove where allowed."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp_types import CallToolResult, ResourceLink, TextContent, ToolAnnotations
from pydantic import Field

from index.document import Document
from index.errors import PressmarkError
from index.store.rows import Summary
from rag.filters import Filters, admitted, read_filters
from rag.question import check_question
from rag.retrieve import HybridRetriever
from rag.sentences import nearest_sentences
from ui.chat.library import filter_entries
from ui.server import told
from ui.server.service import Asked, Service
from ui.terminal import marked_text

__all__ = ["build_mcp"]

_T = TypeVar("_T")
_MAX_SENTENCES = 50
_MAX_LISTED = 500
_MAX_CHARS = 100_000
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)
_INSTRUCTIONS = (
    "Answers from the user's own articles. Every sentence of an answer cites the exact sentence "
    "that says it: keep the [n] markers and quote the cited sentences. Where `abstained` is true, "
    "the articles do not say it: tell the user so rather than answering from elsewhere."
)

Question = Annotated[str, Field(description="A whole question, as a person would ask it.")]
Ids = Annotated[list[str] | None, Field(description="Ids of documents to search alone.")]
Day = Annotated[str, Field(description="YYYY, YYYY-MM or YYYY-MM-DD; empty for no limit.")]
Opener = Callable[[], Awaitable[Service]]


def build_mcp(open_service: Opener, *, writes: bool) -> MCPServer[Any]:
    """The MCP server over a service, which is opened when it is first needed."""
    server: MCPServer[Any] = MCPServer(
        "pressmark",
        title="Pressmark",
        instructions=_INSTRUCTIONS,
        version=version("pressmark"),
        log_level="ERROR",
    )
    tools = _Tools(open_service)
    reading = (
        tools.ask,
        tools.search,
        tools.get_document,
        tools.list_documents,
        tools.verify,
    )
    for tool in reading:
        server.add_tool(tool, annotations=_READS)
    if writes:
        server.add_tool(tools.add_document, annotations=_WRITES)
        server.add_tool(tools.remove_document, annotations=_WRITES)
    server.resource(
        "pressmark://document/{document_id}",
        name="document",
        description="The text of a document, as it is cited.",
        mime_type="text/plain",
    )(tools.document)
    return server


class _Tools:
    """What an assistant may do; each method's docstring is what it is told."""

    def __init__(self, open_service: Opener) -> None:
        self._open = open_service

    async def ask(
        self,
        question: Question,
        ctx: Context[Any, Any],
        documents: Ids = None,
        since: Day = "",
        until: Day = "",
        author: str = "",
        collection: str = "",
        quick: bool = False,
    ) -> Annotated[CallToolResult, told.ToldAnswer]:
        """Answer a question from the user's articles, each sentence with the exact sentence that
        says it, or abstain with the reason; `quick` gives one verified quotation, at once."""
        service = await self._open()
        ids = None if documents is None else tuple(documents)
        filters = replace(_limits(since, until, author, collection), quick=quick)
        asked = Asked(question, documents=ids, filters=filters)
        answer = await _said(service.ask(asked, _client(ctx)))
        text = f"No answer. {answer.reason}" if answer.abstained else marked_text(answer.statements)
        sentences = [c.evidence for c in answer.citations] or list(answer.nearest)
        quoted = "".join(f'\n[{c.marker}] "{c.evidence.text}"' for c in answer.citations)
        return _result(
            text + quoted,
            told.ToldAnswer.of(answer),
            [(e.document_id, e.title) for e in sentences],
        )

    async def search(
        self,
        query: Question,
        limit: Annotated[int, Field(ge=1, le=_MAX_SENTENCES)] = 10,
        documents: Ids = None,
        since: Day = "",
        until: Day = "",
        author: str = "",
        collection: str = "",
    ) -> Annotated[CallToolResult, told.SentencesFound]:
        """Find the sentences of the user's articles nearest to a query, without any model."""
        service = await self._open()
        filters = _limits(since, until, author, collection)

        def work() -> told.SentencesFound:
            retriever = _retriever(service)
            ids = admitted(retriever.index, filters, documents)
            found = nearest_sentences(retriever, check_question(query), limit=limit, documents=ids)
            return told.SentencesFound([told.SentenceFound.of(c.evidence) for c in found])

        found = await _said(service.threads.call(work))
        text = "\n".join(f'"{s.text}" ({s.title})' for s in found.sentences) or "Nothing is found."
        return _result(text, found, [(s.document_id, s.title) for s in found.sentences])

    async def verify(
        self,
        statement: Question,
        documents: Ids = None,
        since: Day = "",
        until: Day = "",
        author: str = "",
        collection: str = "",
    ) -> Annotated[CallToolResult, told.ToldVerdict]:
        """Tell whether the user's articles support or contradict a statement, have only a part of
        it, or say nothing of it, with the sentence. No model is asked."""
        service = await self._open()
        filters = _limits(since, until, author, collection)

        def work() -> told.ToldVerdict:
            ids = admitted(_retriever(service).index, filters, documents)
            checker = service.open_checker()
            return told.ToldVerdict.of(checker.verify(check_question(statement), documents=ids))

        verdict = await _said(service.threads.call(work))
        quoted = "".join(f'\n"{s.text}" ({s.title})' for s in verdict.sentences)
        text = verdict.finding + (f": {verdict.problem}" if verdict.problem else "")
        links = [(s.document_id, s.title) for s in verdict.sentences]
        return _result(text + quoted, verdict, links)

    async def list_documents(
        self,
        words: Annotated[str, Field(description="Words of the title or path.")] = "",
        since: Day = "",
        until: Day = "",
        start: Annotated[int, Field(ge=0)] = 0,
        limit: Annotated[int, Field(ge=1, le=_MAX_LISTED)] = 100,
    ) -> Annotated[CallToolResult, told.ListedDocuments]:
        """List the user's articles by title."""
        service = await self._open()

        def work() -> told.ListedDocuments:
            summaries = {s.id: s for s in _retriever(service).index.summaries()}
            entries = _dated(service, words, since, until)
            page: list[Summary] = [
                summaries[e.id] for e in entries[start : start + limit] if e.id in summaries
            ]
            return told.ListedDocuments(len(entries), [told.ListedDocument.of(s) for s in page])

        listed = await _said(service.threads.call(work))
        lines = [f"{d.title} ({d.date or 'undated'}) {d.document_id}" for d in listed.documents]
        text = "\n".join(lines) or "There is none."
        return _result(text, listed, [(d.document_id, d.title) for d in listed.documents])

    async def get_document(
        self,
        document_id: str,
        start: Annotated[int, Field(ge=0)] = 0,
        max_chars: Annotated[int, Field(ge=1, le=_MAX_CHARS)] = 20_000,
    ) -> Annotated[CallToolResult, told.DocumentText]:
        """Read one of the user's articles, as its sentences are cited."""
        found = await self._document(await self._open(), document_id)
        end = start + max_chars
        text = told.DocumentText(
            document_id=found.id,
            title=found.title,
            date=found.date,
            author=found.author,
            text=found.text[start:end],
            start=start,
            next_start=end if end < len(found.text) else None,
        )
        return _result(text.text, text, [(found.id, found.title)])

    async def add_document(
        self,
        name: Annotated[str, Field(description="A file name that ends in .txt, .md or .html.")],
        text: str,
    ) -> Annotated[CallToolResult, told.Written]:
        """Add an article to the user's library."""
        service = await self._open()

        def work() -> told.Written:
            with tempfile.TemporaryDirectory() as folder:
                # The name alone: nothing is written elsewhere.
                file = Path(folder) / (Path(name.replace("\0", "")).name or "article.txt")
                file.write_text(text, encoding="utf-8")
                (outcome,) = service.library.add([file])
            return told.Written(outcome.path, outcome.status.value, outcome.reason)

        written = await _said(service.threads.call(work))
        return _result(f"{written.name}: {written.status}", written, [])

    async def remove_document(self, document_id: str) -> Annotated[CallToolResult, told.Written]:
        """Remove an article from the user's library, with all that was kept of it."""
        service = await self._open()
        is_removed = await _said(service.threads.call(lambda: service.library.remove(document_id)))
        if not is_removed:
            raise _absent(document_id)
        return _result(f"{document_id}: removed", told.Written(document_id, "removed"), [])

    async def document(self, document_id: str) -> str:
        """The text of a document."""
        try:
            return (await self._document(await self._open(), document_id)).text
        except ToolError as error:
            raise ResourceNotFoundError(str(error)) from error

    async def _document(self, service: Service, document_id: str) -> Document:
        index = _retriever(service).index
        found = await _said(service.threads.call(lambda: index.document(document_id)))
        if found is None:
            raise _absent(document_id)
        return found


def _limits(since: str, until: str, author: str, collection: str) -> Filters:
    """What is searched. Raises: ToolError for a date that is none."""
    try:
        return read_filters(since=since, until=until, author=author, collection=collection)
    except PressmarkError as error:
        raise ToolError(str(error)) from error


async def _said(work: Awaitable[_T]) -> _T:
    """What the work gives; what went wrong as a line for the assistant."""
    try:
        return await work
    except PressmarkError as error:
        raise ToolError(str(error)) from error
    except ValueError as error:
        # A date that is none.
        raise ToolError(str(error)) from error


def _result(text: str, structured: Any, links: Sequence[tuple[str, str]]) -> CallToolResult:
    from dataclasses import asdict

    return CallToolResult(
        content=[
            TextContent(text=text),
            *(
                ResourceLink(
                    uri=told.uri_of(document_id), name=title or document_id, mime_type="text/plain"
                )
                for document_id, title in dict.fromkeys(links)
            ),
        ],
        structured_content=asdict(structured),
    )


def _retriever(service: Service) -> HybridRetriever:
    return service.engine.retriever


def _dated(service: Service, words: str, since: str, until: str) -> list[Any]:
    return filter_entries(service.library.entries(), words, since, until)


def _absent(document_id: str) -> ToolError:
    return ToolError(f"there is no document {document_id[:80]}; list_documents names them")


def _client(ctx: Context[Any, Any]) -> str:
    request = ctx.request_context.request
    return str(request.scope["state"]["client"]) if request is not None else "stdio"
