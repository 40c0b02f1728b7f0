"""Is the answer there? The language model says, where the smaller readers doubt it."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from rag.answer import Evidence
from rag.model.llms import LlamaCpp
from rag.model.prompt import harmless

__all__ = ["answers"]

_LEAST = 0.3
"""Log-odds of "yes" against "no" from which on it counts. Of 50 answers on articles of our own that
the answer verifier does not believe, 27 of them right, eleven sure ones pass, all right; of 75
false premises one; of 570 questions of the bench sets eight, three of them right."""

_SYSTEM = "You check whether a text answers a question. You say yes or no."


def answers(llm: LLM, question: str, before: str, cited: Sequence[Evidence]) -> bool:
    """Whether the model rather says that cited sentences answer a question than not.

    `before` is what stands before them. A model behind an address is not asked: it tells words, not
    how likely they are. Source: Kadavath et al. 2022 (a model's own "is it true").
    """
    if not isinstance(llm, LlamaCpp) or not cited:
        return False
    text = " ".join(e.text for e in cited)
    body = (
        f"Text: {cited[0].title}\n{before} {text}\n\nQuestion: {question}\n"
        "Is the answer to this question in the text? Say yes or no."
    )
    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content=_SYSTEM),
        ChatMessage(role=MessageRole.USER, content=harmless(body)),
    ]
    return llm.log_odds(messages, ("Yes", "yes"), ("No", "no")) >= _LEAST
