"""Is the answer there? A probe of the language model's hidden state tells.

Small readers go by likeness, and people ask in words of their own. The language model reads what
they mean, long before it writes: halfway up its layers, more than it would say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from index.embed.embedder import Array
from rag.evidence import Candidate
from rag.model.llms import LlamaCpp
from rag.model.prompt import harmless

__all__ = ["FOLDER", "Probe", "answers", "probe_messages"]

FOLDER = Path(__file__).parent / "probes"

_SYSTEM = "You check whether a text answers a question. You say yes or no."


@dataclass(frozen=True, slots=True)
class Probe:
    """A logistic regression over one layer's state at the end of a prompt.

    Fitted by tests/benchmarks/fit_probe.py for one model. Sources: Alain & Bengio 2016 (linear
    probes), Azaria & Mitchell 2023 (of whether a statement is true).
    """

    layer: int
    """Counted from 0."""
    weight: Array
    """float32, shape (dim,)."""
    bias: float

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, model_name: str, folder: Path = FOLDER) -> Probe | None:
        """The probe that was fitted on a model of the registry, or None."""
        file = folder / f"{model_name}.npz"
        if not file.is_file():
            return None
        with np.load(file) as stored:
            weight = stored["weight"].astype(np.float32)
            return cls(int(stored["layer"]), weight, float(stored["bias"]))

    def log_odds(self, state: Array) -> float:
        """That the text answers the question, by the state of this layer."""
        return float(state @ self.weight) + self.bias


def probe_messages(question: str, title: str, before: str, text: str) -> list[ChatMessage]:
    """What the model reads, as the turns of a chat: the question comes after the text, so that it
    is read with the text in mind (the other way round the probe tells far less)."""
    body = (
        f"Text: {title}\n{before} {text}\n\nQuestion: {question}\n"
        "Is the answer to this question in the text? Say yes or no."
    )
    return [
        ChatMessage(role=MessageRole.SYSTEM, content=_SYSTEM),
        ChatMessage(role=MessageRole.USER, content=harmless(body)),
    ]


def answers(llm: LLM, question: str, cited: Sequence[Candidate]) -> float | None:
    """Log-odds that cited sentences answer a question; they are read in their order, after the one
    that stands before the first.

    None of a model that no probe was fitted on, or that is behind an address. Raises:
    LanguageModelError if the model fails.
    """
    if not isinstance(llm, LlamaCpp) or not cited:
        return None
    probe = Probe.of(llm.model_name)
    if probe is None:
        return None
    first = cited[0]
    before = first.preceding[-1].text if first.preceding else ""
    text = " ".join(c.evidence.text for c in cited)
    laid_out = probe_messages(question, first.evidence.title, before, text)
    state = llm.hidden_state(laid_out, probe.layer)
    # A file may be called like the model that it is not.
    return probe.log_odds(state) if state.shape == probe.weight.shape else None
