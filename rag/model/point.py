"""Where does the answer stand? A head of the language model looks there before it writes.

Among a model's attention heads some look up what a question asks for. From the place where the
reply would begin, one of them attends to the sentence that answers, put in whatever words; the
small readers go by likeness.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from llama_index.core.llms import LLM

from index.embed.embedder import Array
from rag.evidence import Candidate
from rag.excerpt import Excerpt
from rag.model.llms import LlamaCpp
from rag.model.prompt import build_messages, harmless, kept_parts

__all__ = ["Pointer", "density", "places", "point"]

FOLDER = Path(__file__).parent / "probes"


@dataclass(frozen=True, slots=True)
class Pointer:
    """The head of a model that looks where the answer stands.

    Chosen by tests/benchmarks/fit_pointer.py. Sources: Wu et al. 2024 (retrieval heads); Zhang et
    al. 2025 (those that follow the question); Chen et al. 2025 (attention as a ranking).
    """

    layer: int
    head: int
    """Both counted from 0."""

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, model_name: str) -> Pointer | None:
        """The head that was chosen for a model of the registry, or None."""
        heads = json.loads((FOLDER / "heads.json").read_text(encoding="utf-8"))
        return cls(*heads[model_name]) if model_name in heads else None


def point(
    llm: LLM, question: str, excerpts: Sequence[Excerpt], candidates: Sequence[Candidate]
) -> Mapping[tuple[str, int], float] | None:
    """Of what is attended to in the sentences that are read the share of each; together 1.

    The prompt is evaluated on the way, and is not again by `rag.model.prompt.generate`. None of a
    model whose heads nobody has looked at. Raises: LanguageModelError if the model fails.
    """
    pointer = Pointer.of(llm.metadata.model_name) if isinstance(llm, LlamaCpp) else None
    if pointer is None or not isinstance(llm, LlamaCpp):
        return None
    messages = build_messages(question, excerpts)
    where = dict(places(messages[-1].content or "", excerpts, candidates))
    if not where:
        return None
    keep, spans = kept_parts(excerpts), list(where.values())
    attended = density(llm.attention(messages, keep, spans, pointer.layer)[pointer.head], spans)
    total = float(attended.sum())
    return dict(zip(where, (attended / total).tolist(), strict=True)) if total else None


def density(attended: Array, spans: Sequence[tuple[int, int]]) -> Array:
    """What tells which of several spans is looked at: of two that are looked at alike the longer
    one has more tokens. `attended` has shape (…, spans)."""
    lengths = np.array([end - start for start, end in spans], dtype=np.float32)
    found: Array = (attended / np.sqrt(lengths)).astype(np.float32)
    return found


def places(
    prompt: str, excerpts: Sequence[Excerpt], candidates: Sequence[Candidate]
) -> Iterator[tuple[tuple[str, int], tuple[int, int]]]:
    """Where in the prompt the sentences stand that are in it."""
    at = 0
    for excerpt in excerpts:
        text = harmless(excerpt.text)
        at = max(at, prompt.find(text, at))
        ends = at + len(text)
        mine = [c for c in candidates if c.passage == excerpt.rank]
        for candidate in sorted(mine, key=lambda c: c.evidence.ordinal):
            sentence = harmless(candidate.evidence.text)
            start = prompt.find(sentence, at, ends)
            if start >= 0 and sentence:
                at = start + len(sentence)
                yield candidate.key, (start, at)
