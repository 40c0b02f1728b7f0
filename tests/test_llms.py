"""Language models: one call at a time in this process, and any OpenAI-compatible server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, MessageRole

from rag.errors import LanguageModelError
from rag.excerpt import Excerpt
from rag.judge.reply import clean, is_claim
from rag.model.llms import LlamaCpp, open_server, stream_text
from rag.model.prompt import ONE, SEVERAL, build_messages


def _ask(text: str) -> list[ChatMessage]:
    return [ChatMessage(role=MessageRole.USER, content=text)]


@pytest.mark.model
def test_two_threads_take_turns(language_model: LlamaCpp) -> None:
    replies: list[str] = []

    def run() -> None:
        pieces = stream_text(language_model, _ask("Say: one two three."), max_tokens=8)
        replies.append("".join(pieces))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(replies) == 2
    assert replies[0] == replies[1] != ""


@pytest.mark.model
def test_a_closed_stream_lets_the_next_one_in(language_model: LlamaCpp) -> None:
    pieces = stream_text(language_model, _ask("Count to one hundred."), max_tokens=200)
    next(pieces)
    pieces.close()
    assert str(language_model.complete("Say yes.", max_tokens=4)) != ""


@pytest.mark.model
def test_an_over_long_prompt_is_one_clear_line(language_model: LlamaCpp) -> None:
    with pytest.raises(LanguageModelError, match="ask a shorter question"):
        list(stream_text(language_model, _ask("word " * 6000)))


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF, but not really")
    with pytest.raises(LanguageModelError, match=r"x\.gguf cannot be loaded"):
        LlamaCpp(path)


class _Server(BaseHTTPRequestHandler):
    """As much of the OpenAI protocol as a streamed chat needs."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(body)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in ("The", " bridge", " opened."):
            choice = {"index": 0, "delta": {"role": "assistant", "content": word}}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
            self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Server.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/v1"
        http.shutdown()
        thread.join()


def test_an_openai_compatible_server_answers(server: str) -> None:
    model = open_server(server, "mine", max_tokens=32)
    assert "".join(stream_text(model, _ask("What opened?"))) == "The bridge opened."
    assert _Server.asked[0]["model"] == "mine"
    assert _Server.asked[0]["messages"][0]["content"] == "What opened?"


def test_a_server_that_is_not_there_is_one_clear_line() -> None:
    model = open_server("http://127.0.0.1:9/v1", "mine", max_tokens=32)
    with pytest.raises(LanguageModelError, match="check that its server is running"):
        list(stream_text(model, _ask("What opened?")))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Answer: The bridge opened [1].", "The bridge opened."),
        ("According to the passages, the bridge opened.", "The bridge opened."),
        ("  the bridge\u200b opened [1, 2].<|im_end|>", "The bridge opened."),
        ("The U. S. Navy left.", "The U.S. Navy left."),
    ],
)
def test_a_reply_is_cleaned(raw: str, text: str) -> None:
    assert clean(raw) == text


@pytest.mark.parametrize(
    ("text", "question", "claims"),
    [
        ("The bridge opened in May.", "When did the bridge open?", True),
        ("The bridge opened.", "When did the bridge open?", False),
        ("The bridge opened.", "Did the bridge open?", True),
        ("The passages do not mention the bridge.", "When did the bridge open?", False),
        ("When did the bridge open?", "When did the bridge open in May?", False),
    ],
)
def test_only_what_answers_is_a_claim(text: str, question: str, claims: bool) -> None:
    assert is_claim(text, question) is claims


def test_a_question_for_several_things_may_have_several_sentences() -> None:
    excerpts = [Excerpt("Bridge", "The bridge opened.")]
    assert SEVERAL in str(build_messages("Why did it open?", excerpts)[1].content)
    assert SEVERAL in str(build_messages("How did it open?", excerpts)[1].content)
    assert ONE in str(build_messages("How many came?", excerpts)[1].content)
