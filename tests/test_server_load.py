"""The server under many clients and under nonsense: everyone their own answer, and no 500."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.base.llms.types import ChatMessage, ChatResponseGen

from rag.answer import Waiting
from rag.engine import Engine
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY, Serving
from ui.chat.desk import Desk
from ui.chat.feedback import Feedback
from ui.chat.library import IndexLibrary
from ui.chat.memory import Memory
from ui.server.access import Access
from ui.server.queued import QueuedEngine
from ui.server.turns import CrowdedError, QueueTurn, Turns

N_CLIENTS = 50


class _Echo(QueueLLM):
    """Says back the last word that it was asked, and is asked by one at a time."""

    def stream_chat(self, messages: Any, **_: Any) -> ChatResponseGen:
        asked = messages[-1].content.split()[-1]
        self.enqueue(f"The word is {asked}")
        return super().stream_chat([ChatMessage(content=asked)])


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Serving]:
    with Serving(engine, tmp_path, access=Access(per_minute=1_000_000)) as server:
        yield server


def test_fifty_clients_at_once_get_their_own_answers(engine: Engine, tmp_path: Path) -> None:
    engine.llm = _Echo()
    tokens = tuple(f"token-number-{n}" for n in range(N_CLIENTS))
    with Serving(engine, tmp_path, access=Access(tokens=tokens)) as served:

        async def ask(client: httpx.AsyncClient, number: int) -> tuple[int, str]:
            told = [{"role": "user", "content": f"### Task: say word-{number}"}]
            response = await client.post(
                f"{served.url}/v1/chat/completions",
                json={"model": "pressmark-writer", "messages": told},
                headers={"authorization": f"Bearer {tokens[number]}"},
            )
            return response.status_code, response.json()["choices"][0]["message"]["content"]

        async def ask_all() -> list[tuple[int, str]]:
            async with httpx.AsyncClient(timeout=60) as client:
                return await asyncio.gather(*(ask(client, n) for n in range(N_CLIENTS)))

        before = threading.active_count()
        assert asyncio.run(ask_all()) == [(200, f"The word is word-{n}") for n in range(N_CLIENTS)]
        # What served them is kept for the next, within the bound.
        assert threading.active_count() <= before + served.service.engine.turns.at_most + 4
        assert served.service.engine.turns.n_open == 0


def test_one_client_with_too_many_questions_is_told_to_wait(
    served: Serving, fake: QueueLLM
) -> None:
    turns = served.service.engine.turns
    held = [turns.open("127.0.0.1") for _ in range(turns.per_client)]
    told = [{"role": "user", "content": REGRET}]
    for path, body in (
        ("/v1/ask", {"question": REGRET}),
        ("/v1/chat/completions", {"model": "pressmark", "messages": told, "stream": True}),
    ):
        refused = httpx.post(f"{served.url}{path}", json=body)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
    for turn in held:
        turn.__exit__(None, None, None)
    fake.enqueue(REPLY)
    assert httpx.post(f"{served.url}/v1/ask", json={"question": REGRET}).status_code == 200


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    "question history documents kept model messages stream n tool_choice max_tokens jsonrpc id "
    "method params".split()
)
_BODIES = st.one_of(
    st.binary(max_size=60),
    _JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(_FIELDS, _JSON, max_size=6).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["role", "content", "type"]), _JSON).map(
        lambda m: json.dumps({"model": "pressmark", "messages": [m, m]}).encode()
    ),
)
_PATHS = st.sampled_from(
    "/v1/ask /v1/chat/completions /mcp /v1/models /v1/models/%00 /documents/x?s=9-é /%2e%2e/x "
    "/documents/%ff?k=%ff".split()
)


def test_a_hundred_malformed_requests_are_refused(served: Serving) -> None:
    with httpx.Client(base_url=served.url, timeout=30) as client:

        @settings(
            max_examples=100,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            derandomize=True,
        )
        @given(_PATHS, _BODIES, st.sampled_from(["POST", "GET", "DELETE", "PATCH"]))
        def send(path: str, body: bytes, method: str) -> None:
            headers = {"content-type": "application/json", "accept": "application/json, text/x"}
            response = client.request(method, path, content=body, headers=headers)
            assert 200 <= response.status_code < 500, (path, body, response.text)

        send()
    assert httpx.get(f"{served.url}/healthz").status_code == 200


def test_turns_go_round_by_client() -> None:
    turns = Turns(per_client=9)
    went: list[str] = []
    first = turns.open("ada")
    assert list(first.wait()) == []
    # Ada asks three more before anybody else comes.
    asked = [turns.open(name) for name in ("ada", "ada", "ada", "ben", "cy", "ben")]
    waiting = [(turn, turn.wait()) for turn in asked]
    places = [next(ticks) for _, ticks in waiting]
    assert [p.position for p in places] == [1, 2, 3, 1, 2, 4]
    first.__exit__(None, None, None)
    while waiting:
        for turn, ticks in list(waiting):
            if _has_its_turn(turn, ticks):
                went.append(turn.client)
                waiting.remove((turn, ticks))
                turn.__exit__(None, None, None)
    assert went == ["ben", "cy", "ada", "ben", "ada", "ada"]
    assert (turns.n_open, turns.n_waiting) == (0, 0)


def _has_its_turn(turn: QueueTurn, ticks: Iterator[Waiting]) -> bool:
    assert turn.client
    return next(ticks, None) is None


def test_a_place_that_is_given_up_is_the_next_ones() -> None:
    turns = Turns(per_client=2, at_most=3)
    first, second = turns.open("ada"), turns.open("ada")
    assert list(first.wait()) == []
    ticks = second.wait()
    assert next(ticks) == Waiting(1, None)
    with pytest.raises(CrowdedError, match="2 of your questions"):
        turns.open("ada")
    third = turns.open("ben")
    with pytest.raises(CrowdedError, match="too many questions"):
        turns.open("cy")
    second.__exit__(None, None, None)
    first.__exit__(None, None, None)
    assert list(third.wait()) == []


def test_a_reader_of_the_page_waits_in_the_same_queue(
    engine: Engine, fake: QueueLLM, tmp_path: Path
) -> None:
    library = IndexLibrary(engine.retriever.index, tmp_path / "uploads", max_file_bytes=1000)
    turns = Turns()
    desk = Desk(QueuedEngine(engine, turns), library, Feedback(tmp_path / "feedback.jsonl", {}))
    other = turns.open("a program")
    assert list(other.wait()) == []
    fake.enqueue(REPLY)
    views = desk.ask(REGRET, Memory.load(None), None, "a page")
    assert any("1 question is answered before yours" in (view.live or "") for view in views)
    assert fake.prompts == []
    other.__exit__(None, None, None)
    last = list(views)[-1]
    assert last.memory is not None
    assert last.memory.current.turns[0].outcome == "answered"
