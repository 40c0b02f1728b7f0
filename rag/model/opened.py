"""A GGUF file -> the model with its probe; without llama-index, which is imported meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rag.model.llama import LlamaModel
from rag.model.probe import Probe

__all__ = ["OpenedModel", "open_model"]


@dataclass(frozen=True, slots=True, eq=False)
class OpenedModel:
    """A model that is loaded."""

    llama: LlamaModel
    probe: Probe | None
    """The probe that was fitted for it, where there is one."""


def open_model(
    path: Path,
    model_name: str,
    *,
    n_threads: int = 0,
    context_tokens: int = 4096,
    state_bytes: int = 512 << 20,
) -> OpenedModel:
    """Load a GGUF file; `state_bytes` bounds what is kept of prompts, 0 threads are all.

    Raises: LanguageModelError if the file is not a model.
    """
    probe = Probe.of(model_name)
    llama = LlamaModel(
        path,
        context_tokens=context_tokens,
        n_threads=n_threads,
        state_bytes=state_bytes,
        tap_layer=None if probe is None else probe.layer,
    )
    return OpenedModel(llama, probe)
