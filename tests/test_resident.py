"""`ask` by the server on its Unix socket: left alone when it is another's or gone."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.embed.embedder import Embedder
from index.errors import ConfigError
from index.ingest.build import build
from index.store.index import Index
from rag.engine import Engine
from tests.conftest import SEEDS
from tests.database import Databases, typed
from tests.fakes import QueueLLM
from tests.serving import REGRET, REPLY, Serving, until
from ui import cli
from ui.server.listen import own_socket
from ui.server.resident import ForwardedError, ask_resident, socket_path

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return socket_path(tmp_path)


@pytest.fixture
def served(engine: Engine, path: Path, tmp_path: Path) -> Iterator[Path]:
    with Serving(engine, tmp_path, socket_at=path, signature="mine"):
        yield path


def test_it_answers_as_the_engine_does(served: Path, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    answer = ask_resident(served, "mine", REGRET)
    assert answer is not None
    assert answer.text == REPLY
    assert answer.citations[0].evidence.text.startswith("Putin on Thursday expressed")


def test_only_its_user_may_ask(served: Path) -> None:
    assert stat.S_IMODE(served.stat().st_mode) == 0o600


def test_another_index_or_setting_is_not_answered(served: Path, fake: QueueLLM) -> None:
    assert ask_resident(served, "another's", REGRET) is None
    assert fake.prompts == []


def test_an_error_is_the_clients(served: Path) -> None:
    with pytest.raises(ForwardedError, match="is empty") as caught:
        ask_resident(served, "mine", " ")
    assert caught.value.exit_code == 2


def test_an_unexpected_error_leaves_the_server_running(
    served: Path,
    engine: Engine,
    fake: QueueLLM,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the moon is full")

    with monkeypatch.context() as broken:
        broken.setattr(engine.retriever, "passages", fail)
        with pytest.raises(ForwardedError, match="unexpected RuntimeError: the moon is full"):
            ask_resident(served, "mine", REGRET)
    assert "Traceback" in capfd.readouterr().err
    fake.enqueue(REPLY)
    assert ask_resident(served, "mine", REGRET) is not None


def test_two_clients_take_turns(served: Path, fake: QueueLLM) -> None:
    fake.enqueue(REPLY, REPLY)
    gate = fake.hold()
    found: list[Any] = []
    clients = [
        threading.Thread(target=lambda: found.append(ask_resident(served, "mine", REGRET)))
        for _ in range(2)
    ]
    for client in clients:
        client.start()
    until(lambda: len(fake.prompts) == 1)
    time.sleep(0.2)
    assert len(fake.prompts) == 1
    gate.set()
    for client in clients:
        client.join(15)
    assert [answer.text for answer in found] == [REPLY, REPLY]


def test_a_client_that_leaves_stops_the_model(served: Path, fake: QueueLLM) -> None:
    fake.enqueue(REPLY, REPLY)
    gate = fake.hold()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(served))
        body = json.dumps({"question": REGRET})
        connection.sendall(
            f"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            f"{body}".encode()
        )
        until(lambda: len(fake.prompts) == 1)
    time.sleep(0.2)
    gate.set()
    until(lambda: fake.closed == 1)
    assert ask_resident(served, "mine", REGRET) is not None


@pytest.mark.parametrize("sent", [b"", b"{}\n", b"not HTTP\r\n\r\n", b"\xff\xfe\r\n\r\n"])
def test_nonsense_is_not_answered(served: Path, fake: QueueLLM, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(served))
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in connection.recv(100)
    fake.enqueue(REPLY)
    assert ask_resident(served, "mine", REGRET) is not None


def test_nobody_there_is_no_error(path: Path) -> None:
    assert ask_resident(path, "mine", REGRET) is None
    path.write_text("no socket")
    assert ask_resident(path, "mine", REGRET) is None


def test_a_socket_left_behind_is_replaced(
    engine: Engine, fake: QueueLLM, path: Path, tmp_path: Path
) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(path))
    left.close()
    assert path.is_socket()
    assert ask_resident(path, "mine", REGRET) is None
    with Serving(engine, tmp_path, socket_at=path, signature="mine"):
        fake.enqueue(REPLY)
        assert ask_resident(path, "mine", REGRET) is not None
    assert not path.exists()


def test_a_server_that_hangs_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.server.resident._READY_S", 0.2)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(str(path))
        deaf.listen(1)
        assert ask_resident(path, "mine", REGRET) is None


def test_a_second_server_is_refused(served: Path) -> None:
    with pytest.raises(ConfigError, match="serves this index already"), own_socket(served):
        pass
    assert served.is_socket()


def test_a_second_server_of_a_database_serves_its_port_alone(
    fake: QueueLLM,
    embedder: Embedder,
    databases: Databases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Any,
) -> None:
    monkeypatch.setenv("PRESSMARK_MODELS", str(settings.models))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("ui.wiring.open_llm", lambda *_: fake)
    place = databases.make()
    with Index(place, embedder, settings.chunk_tokens) as index:
        build(index, [SEEDS])
    with own_socket(socket_path(place)):
        command = ["serve", "--index", typed(place), "--port", "0", "--idle", "0.1"]
        assert cli.main(command) == 0
        assert "/v1 is answered from here, `pressmark ask` by" in capsys.readouterr().err
        assert socket_path(place).is_socket()
    # With nobody beside it, it is asked by `pressmark ask`, too.
    assert cli.main(command) == 0
    assert "ready: `pressmark ask` and" in capsys.readouterr().err


def test_it_ends_when_nobody_asks(engine: Engine, path: Path, tmp_path: Path) -> None:
    server = Serving(engine, tmp_path, socket_at=path, idle_s=0.3)
    server.thread.join(10)
    assert not server.thread.is_alive()
    server.stop()
    assert not path.exists()


def _asking(path: Path, fake: QueueLLM) -> tuple[threading.Event, threading.Thread, list[Any]]:
    """A client whose answer waits after its first word, and where the answer goes."""
    fake.enqueue(REPLY)
    gate = fake.hold()
    found: list[Any] = []
    client = threading.Thread(target=lambda: found.append(ask_resident(path, "mine", REGRET)))
    client.start()
    until(lambda: len(fake.prompts) == 1)
    return gate, client, found


def test_an_end_waits_for_the_answer_and_takes_no_other(
    engine: Engine, fake: QueueLLM, path: Path, tmp_path: Path
) -> None:
    server = Serving(engine, tmp_path, socket_at=path, signature="mine")
    gate, client, found = _asking(path, fake)
    server.listening.stop()
    time.sleep(0.5)
    assert ask_resident(path, "mine", REGRET) is None
    gate.set()
    client.join(10)
    server.stop()
    assert [answer.text for answer in found] == [REPLY]


def test_stopped_twice_it_ends_at_the_next_word(
    engine: Engine, fake: QueueLLM, path: Path, tmp_path: Path
) -> None:
    server = Serving(engine, tmp_path, socket_at=path, signature="mine")
    gate, client, found = _asking(path, fake)
    threading.Timer(1.0, gate.set).start()
    server.stop(at_once=True)
    client.join(10)
    assert found == [None]
    assert fake.closed == 1


def test_a_long_path_is_served_from_the_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    path = socket_path(tmp_path / ("long" * 30))
    assert path.is_relative_to("/run/user/7")
    assert path != socket_path(tmp_path / ("wrong" * 30))


def test_the_command_line_asks_it(
    fake: QueueLLM,
    seed_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Any,
) -> None:
    monkeypatch.setenv("PRESSMARK_MODELS", str(settings.models))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(seed_folder, tmp_path / ".pressmark")
    monkeypatch.setattr("ui.wiring.open_llm", lambda *_: fake)
    fake.enqueue(REPLY)
    asked: list[Any] = []

    def client() -> None:
        until(socket_path(Path(".pressmark")).is_socket)
        command = [sys.executable, "-X", "importtime", "-m", "ui", "ask", REGRET, "--json"]
        root = str(Path(__file__).parent.parent)
        environ = {**os.environ, "PYTHONPATH": root, "PRESSMARK_MODEL": settings.model}
        asked.append(subprocess.run(command, capture_output=True, text=True, env=environ))

    thread = threading.Thread(target=client)
    thread.start()
    assert cli.main(["serve", "--port", "0", "--idle", "0.1"]) == 0
    thread.join(10)
    (done,) = asked
    assert done.returncode == 0, done.stderr[-300:]
    assert json.loads(done.stdout)["answer"] == REPLY
    heavy = ("torch", "chromadb", "llama_index", "llama_cpp", "tokenizers", "gradio")
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & set(heavy)
    assert "ready: `pressmark ask`" in capsys.readouterr().err
    # And what it answered was kept.
    assert cli.main(["ask", REGRET, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cached"] is True
    fake.enqueue(REPLY)
    assert cli.main(["ask", REGRET, "--json", "--no-cache"]) == 0
    assert json.loads(capsys.readouterr().out)["cached"] is False
