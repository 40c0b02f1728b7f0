"""From an engine to a served page: address, sign-in, headers, the API."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import ConfigError
from index.store.index import Index
from rag.engine import Engine
from tests.browser import tidy
from tests.fakes import QueueLLM
from ui.chat.launch import check_host, free_port, launch, parse_auth
from ui.chat.library import IndexLibrary
from ui.cli import main
from ui.server.access import access_at
from ui.server.service import Service

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."


def _serving(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that runs Gradio's server, which leaves loops and sockets unclosed."""
    for kind in (
        "ResourceWarning",
        "pytest.PytestUnraisableExceptionWarning",
        "DeprecationWarning",
    ):
        test = pytest.mark.filterwarnings(f"ignore::{kind}")(test)
    return test


@pytest.fixture
def library(seed_index: Index, tmp_path: Path) -> IndexLibrary:
    return IndexLibrary(seed_index, tmp_path / "uploads", max_file_bytes=1000)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_a_host_that_others_reach_needs_a_sign_in(host: str) -> None:
    with pytest.raises(ConfigError, match="add --auth USER:PASSWORD"):
        check_host(host, None, insecure=False)
    check_host(host, ("ada", "secret"), insecure=False)
    check_host(host, None, insecure=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_sign_in(host: str) -> None:
    check_host(host, None, insecure=False)


def test_a_sign_in_comes_from_the_command_line_or_a_file(tmp_path: Path) -> None:
    assert parse_auth("ada:a:b") == ("ada", "a:b")
    (tmp_path / "auth").write_text("ada:secret\n", encoding="utf-8")
    assert parse_auth(str(tmp_path / "auth")) == ("ada", "secret")
    for wrong in (":x", "x:", str(tmp_path / "none")):
        with pytest.raises(ConfigError, match="--auth takes USER:PASSWORD"):
            parse_auth(wrong)


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) <= port + 50


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="not an address of this machine"):
        free_port("192.0.2.1", 7860)


@_serving
def test_the_api_answers_and_everything_else_is_private(
    engine: Engine, library: IndexLibrary, fake: QueueLLM, tmp_path: Path, capsys: Any
) -> None:
    from gradio_client import Client  # type: ignore[import-untyped]
    from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

    served = launch(engine, library, tmp_path / "kept", port=7940, browser=False, block=False)
    url = served.url
    try:
        client = Client(url, verbose=False, analytics_enabled=False)
        fake.enqueue(REPLY)
        answer = client.predict(question=REGRET, api_name="/ask")
        assert answer["answer"] == REPLY
        assert set(answer) >= {"condensed_question", "statements", "citations", "passages"}
        with pytest.raises(AppError, match="the question is empty; type one"):
            client.predict(question=" ", api_name="/ask")
        with pytest.raises(AppError, match="history takes"):
            client.predict(question=REGRET, history=[["alone"]], api_name="/ask")
        assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/ask"]
        assert client.view_api(return_format="dict")["unnamed_endpoints"] == {}
        assert "the reading room is open at http://127.0.0.1:7940" in capsys.readouterr().err
    finally:
        served.close()
        tidy()


@_serving
def test_every_page_carries_the_policy_and_a_sign_in_is_asked_for(
    engine: Engine, library: IndexLibrary, tmp_path: Path
) -> None:
    served = launch(
        engine,
        library,
        tmp_path / "kept",
        port=7940,
        auth=("ada", "secret"),
        browser=False,
        block=False,
    )
    url = served.url
    try:
        page = httpx.get(url)
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "form-action 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "Putin" not in page.text
        join = httpx.post(
            f"{url}gradio_api/queue/join",
            json={"data": [REGRET], "fn_index": 0, "session_hash": "x"},
        )
        assert join.status_code == 401
        signed_in = httpx.Client()
        signed_in.post(f"{url}login", data={"username": "ada", "password": "secret"})
        assert signed_in.get(url).status_code == 200
        for place in (tmp_path / "kept" / "chat.key", Path(__file__)):
            assert signed_in.get(f"{url}gradio_api/file={place}").status_code == 403
        assert signed_in.get(f"{url}monitoring").status_code == 403
        _expect_nothing_told(url, signed_in)
        signed_in.close()
    finally:
        served.close()
        tidy()


def _expect_nothing_told(url: str, signed_in: httpx.Client) -> None:
    """Gradio itself would answer these to whoever asks."""
    for path in ("openapi.json", "docs", "gradio_api/app_id", "gradio_api/heartbeat/x"):
        assert httpx.get(f"{url}{path}").status_code == 401
    for path in ("cancel", "reset"):
        sent = {"session_hash": "x", "fn_index": 0, "event_id": "y"}
        assert httpx.post(f"{url}gradio_api/{path}", json=sent).status_code == 401
        assert signed_in.post(f"{url}gradio_api/{path}", json=sent).status_code == 200


@_serving
def test_wrong_sign_ins_are_slowed(engine: Engine, library: IndexLibrary, tmp_path: Path) -> None:
    kept, auth = tmp_path / "kept", ("ada", "secret")
    served = launch(engine, library, kept, port=7940, auth=auth, browser=False, block=False)
    try:
        tried = [
            httpx.post(f"{served.url}login", data={"username": "ada", "password": f"guess{n}"})
            for n in range(6)
        ]
        assert [response.status_code for response in tried] == [400] * 5 + [429]
        assert 1 <= int(tried[-1].headers["retry-after"]) <= 10
    finally:
        served.close()
        tidy()


@_serving
def test_the_servers_paths_are_beside_the_page(
    engine: Engine, library: IndexLibrary, fake: QueueLLM, tmp_path: Path
) -> None:
    import openai

    access = access_at("127.0.0.1", ["ada:secret"])
    service = Service.over(engine, engine, library, access)
    served = launch(
        service.engine,
        library,
        tmp_path / "kept",
        service=service,
        port=7940,
        auth=("ada", "secret"),
        browser=False,
        block=False,
    )
    asked: list[Any] = [{"role": "user", "content": REGRET}]
    try:
        fake.enqueue(REPLY)
        with openai.OpenAI(base_url=f"{served.url}v1", api_key="ada:secret") as client:
            stream = client.chat.completions.create(model="pressmark", messages=asked, stream=True)
            told = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
        assert told == f"{REPLY} [1]"
        with (
            openai.OpenAI(base_url=f"{served.url}v1", api_key="ada:wrong", max_retries=0) as other,
            pytest.raises(openai.AuthenticationError),
        ):
            other.models.list()
    finally:
        served.close()
        tidy()


@_serving
def test_the_line_of_limits_is_that_of_what_was_typed_last(
    engine: Engine, library: IndexLibrary, tmp_path: Path
) -> None:
    served = launch(engine, library, tmp_path / "kept", port=7940, browser=False, block=False)
    try:
        config = served.app.get_config_file()
    finally:
        served.close()
        tidy()
    named = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
    (event,) = (d for d in config["dependencies"] if named["limited"] in d["outputs"])
    # Its calls are answered in turn; of two events, the earlier one's answer could come last.
    assert event["trigger_mode"] == "always_last"
    boxes = ("from", "to", "as-if-it-were", "author", "collection", "own-time")
    assert event["targets"] == [(named[f"limit-{box}"], "change") for box in boxes]


def test_the_secret_of_the_conversations_is_made_once(tmp_path: Path) -> None:
    from ui.chat.launch import _secret

    first = _secret(tmp_path / "kept")
    assert len(first) == 32
    assert _secret(tmp_path / "kept") == first
    assert [p.name for p in (tmp_path / "kept").iterdir()] == ["chat.key"]


def test_the_command_refuses_an_open_address_before_it_loads_anything(capsys: Any) -> None:
    assert main(["chat", "--host", "0.0.0.0", "--index", "nowhere"]) == 2
    assert "add --auth USER:PASSWORD" in capsys.readouterr().err
