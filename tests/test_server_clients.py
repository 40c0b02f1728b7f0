"""The server as the clients of others read it: openai, llama-index, Open WebUI, LobeChat."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from rag.engine import Engine
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY, Serving

WIRE = Path(__file__).parent / "wire"
TOKEN = "a-long-token"


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Serving]:
    with Serving(engine, tmp_path) as server:
        yield server


@pytest.fixture
def client(served: Serving) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0) as opened:
        yield opened


def _question(**more: Any) -> dict[str, Any]:
    return {"model": "pressmark", "messages": [{"role": "user", "content": REGRET}], **more}


def test_openai_reads_an_answer_whole(client: openai.OpenAI, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    reply = client.chat.completions.create(**_question())
    message = reply.choices[0].message
    assert message.content == f"{REPLY} [1]"
    (annotation,) = message.annotations or []
    place = annotation.url_citation
    assert message.content[place.start_index : place.end_index] == f"{REPLY} [1]"
    assert "#:~:text=" in place.url
    assert reply.usage is not None
    assert reply.usage.completion_tokens > 10
    assert (reply.model_extra or {})["pressmark"]["confidence"] > 0.4


def test_openai_reads_a_stream_in_which_nothing_is_unverified(
    client: openai.OpenAI, fake: QueueLLM
) -> None:
    # The second sentence is nowhere in the documents.
    fake.enqueue(f"{REPLY} Merkel sent 900 soldiers to Lisbon.")
    asked = _question(stream=True, stream_options={"include_usage": True})
    chunks = list(client.chat.completions.create(**asked))
    contents = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(contents) == f"{REPLY} [1]"
    assert not any("Merkel" in json.dumps(c.model_dump()) for c in chunks[:-2])
    *_, last, usage = chunks
    assert last.choices[0].finish_reason == "stop"
    assert (last.model_extra or {})["pressmark"]["statements"][1]["verdict"] == "unsupported"
    assert usage.choices == []
    assert usage.usage is not None


def test_openai_asks_asynchronously(served: Serving, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)

    async def ask() -> str:
        async with openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="none") as client:
            told = ""
            async for chunk in await client.chat.completions.create(**_question(stream=True)):
                told += chunk.choices[0].delta.content or ""
            return told

    assert asyncio.run(ask()) == f"{REPLY} [1]"


def test_openai_lists_models_and_reads_errors(client: openai.OpenAI) -> None:
    assert [m.id for m in client.models.list()] == ["pressmark", "pressmark-writer"]
    assert client.models.retrieve("pressmark").owned_by == "pressmark"
    with pytest.raises(openai.NotFoundError, match="there is no model gpt-4o here"):
        client.chat.completions.create(**{**_question(), "model": "gpt-4o"})
    with pytest.raises(openai.BadRequestError, match="leave it out") as caught:
        client.chat.completions.create(**_question(n=3))
    assert caught.value.param == "n"


def test_openai_brings_the_token_and_is_refused_without(engine: Engine, tmp_path: Path) -> None:
    from ui.server.access import access_at

    with Serving(engine, tmp_path, access=access_at("0.0.0.0", (TOKEN,))) as served:
        url = f"{served.url}/v1"
        with openai.OpenAI(base_url=url, api_key=TOKEN) as opened:
            assert opened.models.list().data
        with (
            openai.OpenAI(base_url=url, api_key="wrong", max_retries=0) as refused,
            pytest.raises(openai.AuthenticationError),
        ):
            refused.models.list()


def test_an_error_in_mid_stream_reaches_the_client(
    client: openai.OpenAI, engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the moon is full")

    monkeypatch.setattr(engine.retriever, "passages", fail)
    stream = client.chat.completions.create(**_question(stream=True))
    with pytest.raises(openai.APIError, match="the moon is full"):
        list(stream)
    assert "Traceback" in capfd.readouterr().err


def test_llama_index_asks_it_as_a_model(served: Serving, fake: QueueLLM) -> None:
    model = OpenAILike(
        model="pressmark",
        api_base=f"{served.url}/v1",
        api_key="none",
        is_chat_model=True,
        max_retries=0,
    )
    fake.enqueue(REPLY, REPLY)
    said = model.chat([ChatMessage(content=REGRET)])
    assert said.message.content == f"{REPLY} [1]"
    streamed = [r.delta or "" for r in model.stream_chat([ChatMessage(content=REGRET)])]
    assert "".join(streamed) == f"{REPLY} [1]"


def test_the_chunks_have_the_shapes_that_open_webui_and_lobechat_read(
    served: Serving, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY)
    chunks = _chunks(served)
    webui = json.loads((WIRE / "open-webui.json").read_text(encoding="utf-8"))
    sources = [c for c in chunks if c.get("event", {}).get("type") == "source"]
    statuses = [c for c in chunks if c.get("event", {}).get("type") == "status"]
    for chunk, wanted in ((sources[0], webui["source"]), (statuses[0], webui["status"])):
        assert _lacks(chunk, wanted) == []
    lobechat = json.loads((WIRE / "lobechat.json").read_text(encoding="utf-8"))
    assert _lacks(chunks[-1], lobechat["chunk"]) == []
    assert "content" not in chunks[-1]["choices"][0]["delta"]
    assert all(len(chunk["choices"]) == 1 for chunk in chunks)


def test_open_webui_shows_one_exact_sentence_a_marker(served: Serving, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    shown = _as_open_webui(_chunks(served))
    (citation,) = shown
    assert citation["document"][0].startswith("Putin on Thursday expressed his regret")
    # The page adds a fragment of its own to the address.
    assert "#" not in citation["url"]
    assert citation["name"].startswith("Russian President Vladimir Putin")


def _chunks(served: Serving) -> list[dict[str, Any]]:
    url = f"{served.url}/v1/chat/completions"
    with httpx.stream("POST", url, json=_question(stream=True), timeout=30) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def _as_open_webui(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Its list of citations: sources by their metadata's id, annotations made sources, too."""
    sources = [c["event"]["data"] for c in chunks if c.get("event", {}).get("type") == "source"]
    for chunk in chunks:
        for annotation in chunk["choices"][0]["delta"].get("annotations", []):
            cited = annotation["url_citation"]
            sources.append(
                {
                    "source": {"name": cited["title"], "url": cited["url"]},
                    "document": [cited["title"]],
                    "metadata": [{"source": cited["url"], "name": cited["title"]}],
                }
            )
    shown: dict[str, dict[str, Any]] = {}
    for data in sources:
        for document, metadata in zip(data["document"], data["metadata"], strict=True):
            entry = {"document": [], "name": metadata["name"], "url": data["source"]["url"]}
            shown.setdefault(metadata["source"], entry)["document"].append(document)
    return list(shown.values())


def _lacks(sent: Any, wanted: Any, where: str = "") -> list[str]:
    """Where what is sent has not what is wanted: keys, and the types of values."""
    if isinstance(wanted, dict):
        lacking = [f"{where}.{key}" for key in wanted if key not in sent]
        return lacking + [
            found
            for key in wanted.keys() & sent.keys()
            for found in _lacks(sent[key], wanted[key], f"{where}.{key}")
        ]
    if isinstance(wanted, list):
        return _lacks(sent[0], wanted[0], f"{where}[0]") if sent else [where]
    return [] if type(sent) is type(wanted) else [f"{where}: {sent!r}"]
