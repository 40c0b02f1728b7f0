"""A follow-up and its conversation -> the prompt that asks the model to spell it out."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from rag.model.llms import LlamaCpp, stream_text
from rag.model.prompt import harmless

__all__ = ["Exchange", "read_rewriting_ahead", "rewrite"]

Exchange = tuple[str, str]
"""A question and its answer, as shown."""

_MAX_TOKENS = 64
_MAX_ANSWER_CHARS = 400
"""Of an answer: what it is about stands at its beginning."""
_NO_ANSWER = "The articles do not say."

_SYSTEM = (
    "You rewrite the last question of a conversation so that it can be understood without the "
    "conversation: pronouns become the names that they stand for, and what is left out is added. "
    "You change nothing else and answer nothing."
)

_Example = tuple[tuple[Exchange, ...], str, str]
_EXAMPLES: tuple[_Example, ...] = (
    (
        (("who runs the mill at Orsa", "The mill at Orsa is run by Karin Falk."),),
        "since when?",
        "Since when has Karin Falk run the mill at Orsa?",
    ),
    (
        (("When did the Brenner library close?", "The Brenner library closed in May 2014."),),
        "why",
        "Why did the Brenner library close in May 2014?",
    ),
    (
        (("How many boats sank in the storm of 1953?", "Eleven boats sank."),),
        "and in 1962?",
        "How many boats sank in the storm of 1962?",
    ),
    (
        (("what did Dr. Amin say about the vaccine", "Dr. Amin said that it was safe."),),
        "what about the nurses",
        "What did the nurses say about the vaccine?",
    ),
    (
        (("How did the fire at the Varda plant start?", "It started in the boiler room."),),
        "was anyone hurt",
        "Was anyone hurt in the fire at the Varda plant?",
    ),
    (
        (("who bought the castle", "The castle was bought by the Linde family in 1911."),),
        "how much did they pay for it",
        "How much did the Linde family pay for the castle?",
    ),
    (
        (("What became of the ship's anchor?", "The anchor stands in front of the school."),),
        "and the mast?",
        "What became of the ship's mast?",
    ),
    (
        (
            ("Who is Tomas Reyl?", "Tomas Reyl is the coach of Halden FC."),
            ("how old is he", "Tomas Reyl is 41."),
        ),
        "and his wife?",
        "How old is Tomas Reyl's wife?",
    ),
    (
        (("How much will the new school in Tarn cost?", "It will cost four million."),),
        "what did the architect say",
        "What did the architect say about the new school in Tarn?",
    ),
    (
        (("where is the song festival held", "It is held in Varna, on the Black Sea."),),
        "who lives there?",
        "Who lives in Varna?",
    ),
    (
        (("who was mayor of Lund in 1950", "Ola Berg was mayor of Lund in 1950."),),
        "and after him",
        "Who was mayor of Lund after Ola Berg?",
    ),
    (
        (("Did the council approve the plan for the pool?", "No, the council rejected it."),),
        "who voted against",
        "Who voted against the plan for the pool?",
    ),
)
"""Conversations of our own, one for each way of leaning; their texts are nobody's articles."""


def rewrite(llm: LLM, question: str, turns: Sequence[Exchange]) -> str:
    """The question as the model spells it out, in one line; nothing has been checked yet.

    Shown rather than told what to do (few-shot: Brown et al. 2020), a small model copies the
    question before it no more.
    """
    reply = "".join(stream_text(llm, _messages(question, turns), max_tokens=_MAX_TOKENS)).strip()
    return reply.split("\n")[0].removeprefix("Question:").strip().strip('"')


def read_rewriting_ahead(llm: LLM) -> None:
    """Evaluate what every such prompt begins with, for a model in this process."""
    if isinstance(llm, LlamaCpp):
        llm.read_ahead(_messages("", ()), ())


def _messages(question: str, turns: Sequence[Exchange]) -> list[ChatMessage]:
    messages = [ChatMessage(role=MessageRole.SYSTEM, content=_SYSTEM)]
    for talk, asked, spelled_out in _EXAMPLES:
        messages += [
            ChatMessage(role=MessageRole.USER, content=_talk(asked, talk)),
            ChatMessage(role=MessageRole.ASSISTANT, content=spelled_out),
        ]
    return [*messages, ChatMessage(role=MessageRole.USER, content=_talk(question, turns))]


def _talk(question: str, turns: Sequence[Exchange]) -> str:
    said = "\n".join(
        f"Question: {asked}\nAnswer: {answer[:_MAX_ANSWER_CHARS] or _NO_ANSWER}"
        for asked, answer in turns
    )
    return harmless(f"{said}\nLast question: {question}")
