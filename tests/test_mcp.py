"""Pressmark's tools, as the MCP client of the SDK calls them: over both transports."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from rag.check.align import Aligner
from rag.check.checker import Checker
from rag.engine import Engine
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY, Serving, until

_T = TypeVar("_T")


@pytest.fixture
def served(engine: Engine, aligner: Aligner, tmp_path: Path) -> Iterator[Serving]:
    checker = Checker(engine.retriever, aligner)
    with Serving(engine, tmp_path, writes=True, checker=checker) as server:
        yield server


def _with(served: Serving, work: Callable[[Client], Awaitable[_T]]) -> _T:
    """What a client makes of the server, over streamable HTTP."""

    async def connect() -> _T:
        async with Client(streamable_http_client(f"{served.url}/mcp")) as client:
            return await work(client)

    return asyncio.run(asyncio.wait_for(connect(), 60))


async def _call(client: Client, tool: str, **arguments: Any) -> Any:
    done = await client.call_tool(tool, arguments)
    assert not done.is_error, done.content
    return done


def test_ask_answers_with_sentences_and_links(served: Serving, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    done = _with(served, lambda client: _call(client, "ask", question=REGRET))
    told = done.structured_content
    assert told["answer"] == REPLY
    (citation,) = told["citations"]
    assert citation["text"].startswith("Putin on Thursday expressed his regret")
    text, link = done.content
    assert text.text.startswith(f'{REPLY} [1]\n[1] "Putin on Thursday')
    assert (link.type, str(link.uri)) == ("resource_link", citation["uri"])


def test_ask_and_verify_keep_within_dates_and_collections(served: Serving, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)

    async def work(client: Client) -> None:
        within = await _call(client, "ask", question=REGRET, since="2020-03", until="2020-03")
        assert within.structured_content["answer"] == REPLY
        later = await _call(client, "ask", question=REGRET, since="2021")
        assert later.structured_content["abstained"]
        verdict = await _call(client, "verify", statement=REPLY, since="2021")
        assert verdict.structured_content["finding"] == "not found"
        for tool, field in (("ask", "question"), ("verify", "statement")):
            wrong = await client.call_tool(tool, {field: REGRET, "collection": "none"})
            assert wrong.is_error
            assert "there is no collection" in wrong.content[0].text  # type: ignore[union-attr]

    _with(served, work)


def test_a_link_is_read_and_offsets_fit(served: Serving, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)

    async def work(client: Client) -> None:
        done = await _call(client, "ask", question=REGRET)
        (citation,) = done.structured_content["citations"]
        read = await client.read_resource(citation["uri"])
        text = read.contents[0].text  # type: ignore[union-attr]
        assert text[citation["start"] : citation["end"]] == citation["text"]
        id_ = citation["document_id"]
        part = await _call(client, "get_document", document_id=id_, start=citation["start"])
        assert part.structured_content["text"].startswith(citation["text"])
        cut = await _call(client, "get_document", document_id=id_, max_chars=10)
        assert cut.structured_content["next_start"] == 10

    _with(served, work)


def test_search_finds_sentences_within_dates(served: Serving, fake: QueueLLM) -> None:
    async def work(client: Client) -> None:
        found = await _call(client, "search", query=REGRET, limit=3)
        sentences = found.structured_content["sentences"]
        assert len(sentences) == 3
        assert "34 Turkish" in sentences[0]["text"]
        later = await _call(client, "search", query=REGRET, since="2021")
        assert later.structured_content["sentences"] == []
        wrong = await client.call_tool("search", {"query": REGRET, "since": "yesterday"})
        assert wrong.is_error
        assert "takes a date such as" in wrong.content[0].text  # type: ignore[union-attr]

    _with(served, work)
    assert fake.prompts == []


@pytest.mark.parametrize(
    ("statement", "finding", "problem"),
    [
        ("Putin expressed his regret about the killing of 34 Turkish troops.", "supported", None),
        (
            "Putin expressed his regret about the recent killing of 52 Turkish troops.",
            "contradicted",
            "52",
        ),
        ("The harbour bridge opened on Monday after six years of work.", "not found", ""),
    ],
)
def test_verify_tells_what_the_documents_say_of_a_statement(
    served: Serving, statement: str, finding: str, problem: str | None
) -> None:
    done = _with(served, lambda client: _call(client, "verify", statement=statement))
    told = done.structured_content
    assert told["finding"] == finding
    if problem is None:
        assert told["problem"] is None
    else:
        assert problem in told["problem"]
    assert told["sentences"][0]["document_id"]


def test_documents_are_added_listed_and_removed(served: Serving) -> None:
    text = "The harbour bridge opened on Monday.\n\nIt cost 12 million euros."

    async def work(client: Client) -> None:
        added = await _call(client, "add_document", name="../../bridge.txt", text=text)
        assert added.structured_content["status"] == "added"
        listed = await _call(client, "list_documents", words="bridge")
        (line,) = listed.structured_content["documents"]
        verified = await _call(client, "verify", statement="The bridge cost 12 million euros.")
        assert verified.structured_content["finding"] == "supported"
        await _call(client, "remove_document", document_id=line["document_id"])
        again = await client.call_tool("remove_document", {"document_id": line["document_id"]})
        assert again.is_error
        listed = await _call(client, "list_documents", words="bridge")
        assert listed.structured_content["documents"] == []

    _with(served, work)


def test_a_client_that_gives_up_frees_the_model(served: Serving, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    gate = fake.hold()

    async def work(client: Client) -> None:
        asking = asyncio.create_task(client.call_tool("ask", {"question": REGRET}))
        await asyncio.to_thread(until, lambda: len(fake.prompts) == 1)
        asking.cancel()
        await asyncio.sleep(0.3)

    _with(served, work)
    gate.set()
    until(lambda: fake.closed == 1)
    until(lambda: served.service.engine.turns.n_open == 0)


def test_nothing_is_written_unless_it_is_allowed(engine: Engine, tmp_path: Path) -> None:
    async def tools(client: Client) -> dict[str, Any]:
        return {t.name: t for t in (await client.list_tools()).tools}

    with Serving(engine, tmp_path) as served:
        listed = _with(served, tools)
    assert set(listed) == {"ask", "search", "verify", "list_documents", "get_document"}
    assert all(tool.annotations.read_only_hint for tool in listed.values())
    assert "answer" in listed["ask"].output_schema["properties"]


def test_the_command_speaks_over_standard_input(
    seed_folder: Path, tmp_path: Path, settings: Any
) -> None:
    shutil.copytree(seed_folder, tmp_path / ".pressmark")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "ui", "mcp"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PRESSMARK_MODELS": str(settings.models),
            # A server that is not there: what follows asks no model.
            "PRESSMARK_MODEL": "http://127.0.0.1:9/v1",
        },
    )

    async def work() -> None:
        async with Client(stdio_client(server)) as client:
            found = await _call(client, "search", query=REGRET, limit=1)
            (sentence,) = found.structured_content["sentences"]
            assert "34 Turkish" in sentence["text"]
            listed = await _call(client, "list_documents")
            assert listed.structured_content["total"] == 1

    asyncio.run(asyncio.wait_for(work(), 120))
