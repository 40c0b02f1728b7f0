"""A follow-up becomes a question that stands alone; one that stands alone is left as it is."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from index.tokens import tokenize
from rag.english import ASKS, EMPTY_SUBJECT, LEANING, PRONOUN
from rag.judge.refer import names_in
from rag.model.llms import stream_text

__all__ = ["Exchange", "condense", "leans_on_history"]

Exchange = tuple[str, str]
"""A question and its answer, as shown."""

_MAX_TURNS = 3
_MAX_WORDS = 45
_MAX_NAMES = 3
_INSTRUCTION = (
    "Rewrite the last question so that it can be understood without the conversation: replace "
    "pronouns by the names that they stand for and add what is left out. Keep its meaning. "
    "Write only the question."
)


def condense(llm: LLM | None, question: str, history: Sequence[Exchange]) -> str:
    """Rewrite a question that leans on the history; return any other byte for byte.

    A rewriting that drops the question's own words or brings in words from nowhere is not used:
    then what the one before it was about is put beside the question: it still asks one thing.
    So it is without a model.
    """
    if not history or not leans_on_history(question):
        return question
    turns = history[-_MAX_TURNS:]
    rewritten = "" if llm is None else _rewrite(llm, question, turns)
    if rewritten and _is_faithful(rewritten, question, turns):
        return rewritten
    return f"{question.rstrip(' ?')} ({_subject(*turns[-1])})?"


def _rewrite(llm: LLM, question: str, turns: Sequence[Exchange]) -> str:
    """The question as the model puts it; nothing has been checked yet."""
    talk = "\n".join(f"Question: {q}\nAnswer: {a}" for q, a in turns)
    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content="You rewrite questions."),
        ChatMessage(
            role=MessageRole.USER,
            content=f"Conversation:\n{talk}\n\nLast question: {question}\n\n{_INSTRUCTION}",
        ),
    ]
    rewritten = "".join(stream_text(llm, messages, max_tokens=64)).strip()
    return rewritten.split("\n")[0].removeprefix("Question:").strip().strip('"')


def leans_on_history(question: str) -> bool:
    """Whether a question needs the one before it: a pronoun, an opening "and", too few words."""
    if LEANING.match(question):
        return True
    own = tokenize(question)
    if len(own) < 2 and len(question.split()) <= 4:
        return True
    rest = EMPTY_SUBJECT.sub(" ", question)
    match = PRONOUN.search(rest)
    if match is None:
        return False
    # "The bridge that the mayor opened": "that" after a noun begins a clause.
    relative = match.group().lower() == "that" and rest[: match.start()].split()[-1:] not in (
        [],
        ["did"],
        ["does"],
        ["say"],
        ["is"],
        ["was"],
        ["do"],
    )
    if relative and rest[match.end() :].strip(" ?"):
        match = PRONOUN.search(rest, match.end())
        if match is None:
            return False
    # A name before the pronoun in the same question may be what it stands for.
    before = rest[: match.start()].split()[1:]
    return not any(word[:1].isupper() for word in before)


def _subject(question: str, answer: str) -> str:
    """Whom and what an exchange was about: its names, or what was asked where it has none."""
    names = dict.fromkeys([*names_in(question), *names_in(answer)])
    if names:
        return ", ".join(list(names)[:_MAX_NAMES])
    return ASKS.sub("", question.rstrip(" ?")).strip() or question


def _is_faithful(rewritten: str, question: str, turns: Sequence[Exchange]) -> bool:
    words = rewritten.split()
    if not rewritten.endswith("?") or not 3 <= len(words) <= _MAX_WORDS:
        return False
    # "Where did he speak?" must not become "Who did Jeffrey speak to?".
    asks = {w.lower() for w in ASKS.findall(question)} - {"whom"}
    if not asks <= {w.lower() for w in ASKS.findall(rewritten)}:
        return False
    new, own = set(tokenize(rewritten)), set(tokenize(question))
    said = {token for turn in turns for part in turn for token in tokenize(part)}
    if len(own - new) > len(own) // 3 or not new - own:
        return False
    return not {token for token in new - own - said if not token.isalpha() or len(token) > 3}
