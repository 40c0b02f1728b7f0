"""The server as its clients see it: questions, links, errors, who may ask."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import ConfigError
from rag.check.align import Aligner
from rag.check.checker import Checker
from rag.engine import Engine
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY, Serving, until
from ui.cli import main
from ui.server.access import Access, access_at, read_tokens

TOKEN = "a-long-token"


@pytest.fixture
def served(engine: Engine, aligner: Aligner, tmp_path: Path) -> Iterator[Serving]:
    with Serving(engine, tmp_path, checker=Checker(engine.retriever, aligner)) as server:
        yield server


@pytest.fixture
def client(served: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=30) as opened:
        yield opened


def _chat(*messages: tuple[str, str], **more: Any) -> dict[str, Any]:
    told = [{"role": role, "content": content} for role, content in messages]
    return {"model": "pressmark", "messages": told, **more}


def test_ask_answers_with_the_object_of_the_command_line(
    client: httpx.Client, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY)
    answer = client.post("/v1/ask", json={"question": REGRET}).json()
    assert answer["answer"] == REPLY
    assert answer["citations"][0]["text"].startswith("Putin on Thursday expressed")
    assert set(answer) >= {"condensed_question", "statements", "passages", "timings_ms"}


def test_a_link_leads_to_the_marked_sentence(client: httpx.Client, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    reply = client.post("/v1/chat/completions", json=_chat(("user", REGRET))).json()
    (citation,) = reply["pressmark"]["citations"]
    address, _, fragment = citation["url"].partition("#")
    page = client.get(address)
    marked = re.search(r'<mark id="cited">(.*?)</mark>', page.text)
    assert marked is not None
    assert marked.group(1) == citation["text"]
    assert fragment.startswith(":~:text=Putin%20on%20Thursday")
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("/documents/none").status_code == 404


def test_an_abstention_is_a_normal_message(client: httpx.Client) -> None:
    asked = _chat(("user", "How do I bake sourdough bread with rye flour?"))
    reply = client.post("/v1/chat/completions", json=asked).json()
    (choice,) = reply["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"].startswith("No answer. The documents")
    assert choice["message"]["annotations"] == []
    assert reply["pressmark"]["abstained"] is True
    assert reply["pressmark"]["nearest"]


def test_a_follow_up_is_rewritten_and_shown(client: httpx.Client, fake: QueueLLM) -> None:
    rewritten = "How many Turkish troops were killed in the airstrike?"
    fake.enqueue(rewritten, REPLY)
    asked = _chat(
        ("system", "You are a pirate."),
        ("user", "What did Putin say of the airstrike?"),
        ("assistant", "He regretted that Turkish troops were killed in the airstrike. [1]"),
        ("user", "How many of them?"),
    )
    reply = client.post("/v1/chat/completions", json=asked).json()
    assert reply["pressmark"]["condensed_question"] == rewritten
    assert "[1]" not in fake.prompts[0]
    assert not any("pirate" in prompt for prompt in fake.prompts)


def test_the_writer_writes_titles_and_nothing_else_does(
    client: httpx.Client, fake: QueueLLM
) -> None:
    fake.enqueue("Talks in Moscow", "Ceasefire")
    task = "### Task:\nGenerate a concise title for the chat."
    for model, title in (("pressmark", "Talks in Moscow"), ("pressmark-writer", "Ceasefire")):
        asked = {**_chat(("user", task), max_tokens=20), "model": model}
        reply = client.post("/v1/chat/completions", json=asked).json()
        assert reply["choices"][0]["message"]["content"] == title
        assert reply["model"] == "pressmark-writer"
        assert "pressmark" not in reply


def test_a_draft_is_checked_without_the_model(client: httpx.Client, fake: QueueLLM) -> None:
    draft = "Putin regretted that 52 Turkish troops were killed.\n\nIs it true?"
    told = client.post("/v1/check", json={"draft": draft}).json()
    assert [s["outcome"] for s in told["sentences"]] == ["contradicted", None]
    assert told["sentences"][0]["differences"][0]["told"] == "34"
    assert fake.prompts == []
    late = client.post("/v1/check", json={"draft": draft, "since": "2030"}).json()
    assert late["sentences"][0]["outcome"] == "not found"
    assert client.post("/v1/check", json={"draft": " "}).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "status", "param", "said"),
    [
        ("/v1/ask", b"{", 400, None, "no JSON"),
        ("/v1/ask", b"{}", 400, None, "required field `question`"),
        ("/v1/ask", b'{"question": 3}', 400, "question", "Expected `str`"),
        ("/v1/ask", b'{"question": "a", "when": "2020"}', 400, None, "unknown field `when`"),
        ("/v1/ask", b'{"question": "a", "since": "soon"}', 400, None, "takes a date"),
        ("/v1/ask", b'{"question": " "}', 400, None, "the question is empty"),
        ("/v1/ask", b'{"question": "' + b"a" * 3000 + b'"}', 400, None, "at most 2,000"),
        ("/v1/none", b"{}", 404, None, "see /docs"),
        ("/v1/models", b"{}", 405, None, "POST cannot be done"),
    ],
)
def test_what_cannot_be_done_is_said_in_openais_shape(
    client: httpx.Client, path: str, body: bytes, status: int, param: str | None, said: str
) -> None:
    response = client.post(path, content=body)
    assert response.status_code == status
    error = response.json()["error"]
    assert said in error["message"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"n": 2}, "n"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "I"}]}, "messages"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages",
        ),
        ({"model": "gpt-4o"}, "model"),
    ],
)
def test_what_would_be_answered_otherwise_than_asked_is_refused(
    client: httpx.Client, more: dict[str, Any], param: str
) -> None:
    response = client.post("/v1/chat/completions", json={**_chat(("user", REGRET)), **more})
    assert response.status_code == (404 if param == "model" else 400)
    assert response.json()["error"]["param"] == param


def test_harmless_parameters_are_ignored(client: httpx.Client, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    more = {"temperature": 0.7, "top_p": 1, "seed": 1, "user": "ada", "tools": [], "unheard": {}}
    asked = _chat(("user", REGRET), n=1, response_format={"type": "text"}, **more)
    assert client.post("/v1/chat/completions", json=asked).status_code == 200


def test_ten_megabytes_are_refused_and_the_server_goes_on(
    client: httpx.Client, fake: QueueLLM
) -> None:
    response = client.post("/v1/ask", json={"question": "a" * (10 << 20)})
    assert response.status_code == 413
    assert "larger than 2,097,152 bytes" in response.json()["error"]["message"]

    def endless() -> Iterator[bytes]:
        for _ in range(160):
            yield b" " * (1 << 16)

    with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError):
        assert client.post("/v1/ask", content=endless()).status_code == 413
    fake.enqueue(REPLY)
    assert client.post("/v1/ask", json={"question": REGRET}).status_code == 200


def test_a_page_elsewhere_and_a_borrowed_name_are_refused(served: Serving) -> None:
    body = {"question": REGRET}
    for headers, status in (
        ({"origin": "https://evil.example"}, 403),
        ({"host": "evil.example"}, 421),
        ({"origin": "null"}, 403),
    ):
        answered = httpx.post(f"{served.url}/v1/ask", json=body, headers=headers)
        assert answered.status_code == status
        assert "access-control-allow-origin" not in answered.headers
        assert httpx.post(f"{served.url}/mcp", json=body, headers=headers).status_code == status


def test_a_named_site_may_ask(engine: Engine, tmp_path: Path) -> None:
    site = "https://notes.example"
    access = access_at("127.0.0.1", (), origins=[site])
    with Serving(engine, tmp_path, access=access) as served:
        asks = {"origin": site, "access-control-request-method": "POST"}
        allowed = httpx.options(f"{served.url}/v1/ask", headers=asks)
        assert allowed.headers["access-control-allow-origin"] == site
        told = httpx.get(f"{served.url}/healthz", headers={"origin": site})
        assert told.headers["access-control-allow-origin"] == site


def test_with_a_token_nothing_is_told_without_it(
    engine: Engine, fake: QueueLLM, tmp_path: Path
) -> None:
    access = access_at("127.0.0.1", (TOKEN,))
    with Serving(engine, tmp_path, access=access) as served:
        opened = {"authorization": f"Bearer {TOKEN}"}
        paths = ["healthz", "readyz", "metrics", "openapi.json", "docs", "v1/models", "none"]
        for path in [*paths, "documents/1", "mcp"]:
            refused = httpx.get(f"{served.url}/{path}")
            assert (path, refused.status_code) == (path, 401)
            assert refused.json()["error"]["code"] == "invalid_api_key"
        for path in paths[:-1]:
            assert httpx.get(f"{served.url}/{path}", headers=opened).status_code == 200
        fake.enqueue(REPLY)
        asked = httpx.post(
            f"{served.url}/v1/chat/completions", json=_chat(("user", REGRET)), headers=opened
        )
        (citation,) = asked.json()["pressmark"]["citations"]
        # A link is opened by a browser, which has no token: it is signed instead.
        assert TOKEN not in citation["url"]
        assert httpx.get(citation["url"]).status_code == 200
        assert httpx.get(citation["url"].replace("&k=", "&k=0")).status_code == 401
        assert httpx.get(citation["url"].replace("&k=", "&k=é")).status_code == 401


def test_wrong_tokens_are_slowed(engine: Engine, tmp_path: Path, capfd: Any) -> None:
    with Serving(engine, tmp_path, access=Access(tokens=(TOKEN,))) as served:
        statuses = []
        for number in range(7):
            wrong = {"authorization": f"Bearer guess-{number}"}
            refused = httpx.get(f"{served.url}/healthz", headers=wrong)
            statuses.append(refused.status_code)
        assert statuses == [401] * 5 + [429] * 2
        assert int(refused.headers["retry-after"]) <= 10
    assert "guess" not in "".join(capfd.readouterr())


def test_a_client_that_asks_too_often_is_told_when_to_come_again(
    engine: Engine, tmp_path: Path
) -> None:
    with Serving(engine, tmp_path, access=Access(per_minute=10)) as served:
        answers = [httpx.get(f"{served.url}/healthz") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 429, 429]
    assert answers[2].json()["error"]["type"] == "rate_limit_error"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 6


def test_an_address_that_others_reach_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--token-file"):
        access_at("0.0.0.0", ())
    assert access_at("0.0.0.0", (), insecure=True).any_host
    file = tmp_path / "tokens"
    file.write_text("first-token\n\nsecond-token\n", encoding="utf-8")
    access = access_at("0.0.0.0", read_tokens(file))
    assert access.client_of("second-token") == "token 2"
    assert access.client_of("third-token") is None
    assert read_tokens(None, {"PRESSMARK_TOKEN": "from-outside"}) == ("from-outside",)
    file.write_text("short\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="openssl rand"):
        read_tokens(file)


def test_the_command_refuses_before_it_loads_anything(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRESSMARK_TOKEN", raising=False)
    for arguments, said in (
        (["--host", "0.0.0.0"], "add --token-file FILE"),
        (["--host", "192.0.2.1", "--insecure"], "cannot serve on 192.0.2.1"),
        (["--idle", "0"], "more than 0 minutes"),
        (["--origin", "notes.example"], "give it as https://HOST:PORT"),
        (["--token-file", "nowhere"], "cannot read --token-file nowhere"),
    ):
        assert main(["serve", "--index", "nowhere", *arguments]) == 2
        assert said in capsys.readouterr().err


def test_figures_and_the_openapi_page(client: httpx.Client, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    client.post("/v1/ask", json={"question": REGRET})
    client.post("/v1/none")
    figures = client.get("/metrics").text
    assert 'pressmark_answers_total{outcome="answered"} 1.0' in figures
    assert 'pressmark_requests_total{path="/v1",status="404"} 1.0' in figures
    described = client.get("/openapi.json").json()
    assert set(described["paths"]) >= {"/v1/ask", "/v1/chat/completions", "/mcp"}
    wanted = described["components"]["schemas"]["AskBody"]["required"]
    assert wanted == ["question"]
    assert client.get("/readyz").json()["documents"] == 1
    assert client.get("/docs").text.count("<tr>") == len(described["paths"])


def test_a_client_that_leaves_frees_the_model_twenty_times(served: Serving, fake: QueueLLM) -> None:
    for number in range(20):
        _ask_and_leave(served, fake, is_streamed=number % 2 == 0)
    until(lambda: served.service.engine.turns.n_open == 0)
    assert (len(fake.prompts), fake.closed) == (20, 20)
    fake.enqueue(REPLY)
    assert httpx.post(f"{served.url}/v1/ask", json={"question": REGRET}).json()["answer"] == REPLY


def _ask_and_leave(served: Serving, fake: QueueLLM, *, is_streamed: bool) -> None:
    """Leave once the model has begun, and see it closed at its next word."""
    before, closed = len(fake.prompts), fake.closed
    fake.enqueue(REPLY)
    gate = fake.hold()
    body = json.dumps(_chat(("user", REGRET), stream=is_streamed))
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        until(lambda: len(fake.prompts) == before + 1)
    time.sleep(0.05)
    gate.set()
    until(lambda: fake.closed == closed + 1)


def test_who_waits_is_told_their_place_and_a_hopeless_question_does_not_wait(
    served: Serving, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY, REPLY)
    gate = fake.hold()
    url = f"{served.url}/v1/chat/completions"
    first = threading.Thread(target=lambda: httpx.post(url, json=_chat(("user", REGRET))))
    first.start()
    until(lambda: len(fake.prompts) == 1)
    asked = _chat(("user", "How do I bake sourdough bread with rye flour?"))
    beside = httpx.post(url, json=asked, timeout=20).json()
    assert beside["pressmark"]["abstained"] is True
    statuses: list[dict[str, Any]] = []
    # The very same question would share the first one's answer, and not wait.
    other = _chat(("user", f"{REGRET} In one sentence?"), stream=True)
    with httpx.stream("POST", url, json=other, timeout=30) as lines:
        for line in lines.iter_lines():
            if line.startswith("data: {"):
                event = json.loads(line[6:]).get("event", {})
                if event.get("type") == "status":
                    statuses.append(event["data"])
                if "position" in event.get("data", {}):
                    gate.set()
    first.join(10)
    assert statuses[1]["description"].startswith("1 question before yours")
    assert statuses[-1] == {"done": True, "description": "Checked"}
