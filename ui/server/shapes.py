"""An Answer in the shapes that chat clients read: OpenAI's, Open WebUI's and LobeChat's.

Every chunk has `choices`, or strict clients break. Citations come three ways: `annotations` in the
chunk with `finish_reason` (where LobeChat reads them), `event` chunks of the type "source" (Open
WebUI shows their exact sentence; one id a sentence makes its [n] ours), and `pressmark`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.visible import plain
from rag.answer import Answer, Citation, Waiting
from ui.server.links import Links, name_of

__all__ = ["ChatReply", "Shaped", "status_of", "usage_of"]


@dataclass(frozen=True, slots=True)
class ChatReply:
    """One reply's identity: every chunk of it bears it."""

    id: str
    created: int
    model: str

    def chunk(
        self, delta: Mapping[str, Any] | None = None, finish: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """One chunk of a stream."""
        choice = {"index": 0, "delta": dict(delta or {}), "finish_reason": finish}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **more}

    def usage(self, usage: Mapping[str, int]) -> dict[str, Any]:
        """The chunk that a client asked for with `include_usage`."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": dict(usage)}

    def whole(self, message: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """All of it at once."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "refusal": None, **message},
            "logprobs": None,
            "finish_reason": "stop",
        }
        return {**self._head("chat.completion"), "choices": [choice], **more}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


@dataclass(frozen=True, slots=True)
class Shaped:
    """An answer, with links under the address at which it was asked for."""

    answer: Answer
    links: Links

    @property
    def pieces(self) -> list[str]:
        """The content, a statement with its markers a piece; an abstention is one piece."""
        answer = self.answer
        if answer.abstained:
            reason = plain(answer.reason or "")
            return [reason if answer.is_courtesy else f"No answer. {reason}"]
        told = [
            f"{plain(s.text)} {''.join(f'[{n}]' for n in s.citations)}".strip()
            for s in answer.statements
            if s.supported
        ]
        return [f"{' ' if i else ''}{piece}" for i, piece in enumerate(told)]

    @property
    def annotations(self) -> list[dict[str, Any]]:
        """The citations as OpenAI has them; their place is their statement's."""
        places = self._places()
        return [
            {
                "type": "url_citation",
                "url_citation": {
                    "url": self.links.sentence(c.evidence),
                    "title": f"[{c.marker}] {name_of(c.evidence)}",
                    "start_index": places.get(c.marker, (0, 0))[0],
                    "end_index": places.get(c.marker, (0, 0))[1],
                },
            }
            for c in self.answer.citations
        ]

    @property
    def field(self) -> dict[str, Any]:
        """The field `pressmark`: all that `ask --json` tells but the passages, with links."""
        told = self.answer.to_json()
        del told["passages"]
        for shown, citation in zip(told["citations"], self.answer.citations, strict=True):
            shown["url"] = self.links.sentence(citation.evidence)
        return told

    def events(self) -> Iterator[dict[str, Any]]:
        """Each cited sentence as Open WebUI shows it."""
        for citation in self.answer.citations:
            yield {"type": "source", "data": self._source(citation)}

    def _source(self, citation: Citation) -> dict[str, Any]:
        evidence = citation.evidence
        name = name_of(evidence)
        return {
            "source": {"name": name, "url": self.links.page(evidence)},
            "document": [evidence.text],
            "metadata": [
                # The annotation's own address: the two become one.
                {"source": self.links.sentence(evidence), "name": name, "external": True}
            ],
        }

    def _places(self) -> dict[int, tuple[int, int]]:
        """Where in the content each marker's first statement stands, in characters."""
        places: dict[int, tuple[int, int]] = {}
        at = 0
        supported = [s for s in self.answer.statements if s.supported]
        for statement, piece in zip(supported, self.pieces, strict=False):
            start, at = at + (len(piece) - len(piece.lstrip())), at + len(piece)
            for marker in statement.citations:
                places.setdefault(marker, (start, at))
        return places


def status_of(waiting: Waiting | None, condensed: str | None, *, done: bool) -> dict[str, Any]:
    """How far a question has come, as Open WebUI shows it above the answer."""
    told: dict[str, Any] = {"done": done}
    if waiting is not None:
        soon = f", about {waiting.expected_s:.0f} s" if waiting.expected_s is not None else ""
        before = f"{waiting.position} question{'s' if waiting.position != 1 else ''} before yours"
        told |= {
            "description": f"{before}{soon}",
            "position": waiting.position,
            "wait_s": waiting.expected_s,
        }
    elif condensed is not None:
        told["description"] = f"Understood as: {plain(condensed)}"
    else:
        told["description"] = "Checked" if done else "Looking through the articles …"
    return {"type": "status", "data": told}


def usage_of(counts: Sequence[int]) -> dict[str, int]:
    """Tokens of the conversation and of the reply."""
    prompt, completion = counts
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
