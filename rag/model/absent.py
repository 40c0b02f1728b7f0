"""A language model that was not loaded: for answers that are quotations alone."""

from __future__ import annotations

from typing import Any

from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.llms import CustomLLM

from rag.errors import LanguageModelError

__all__ = ["AbsentModel"]


class AbsentModel(CustomLLM):
    """Its name is known; to ask it is an error."""

    model_name: str

    @classmethod
    def class_name(cls) -> str:
        return "AbsentModel"

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name=self.model_name)

    def complete(self, *_: Any, **__: Any) -> CompletionResponse:
        raise LanguageModelError("no language model was loaded; ask without --quick")

    def stream_complete(self, *_: Any, **__: Any) -> CompletionResponseGen:
        raise LanguageModelError("no language model was loaded; ask without --quick")
