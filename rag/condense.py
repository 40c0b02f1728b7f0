"""A follow-up becomes a question that stands alone; one that stands alone is left as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llama_index.core.llms import LLM

from index.tokens import tokenize
from rag.english import ASKS, PRONOUN
from rag.english_talk import (
    ADDS_NOTHING,
    BEFORE_THAT,
    DESCRIBED,
    EMPTY_SUBJECT,
    LEANING,
    ONE,
    REQUEST,
    TURNS,
)
from rag.judge.refer import names_in
from rag.model.rewriting import Exchange, rewrite

__all__ = ["background", "condense", "leans_on_history", "may_lean"]

_MAX_TURNS = 3
_MAX_WORDS = 45
_MAX_NAMES = 3
_FEW = 3
"""Telling words of a question that may lean on the one before though it has no pronoun: "what did
the mayor say". One with more says what it is about."""

_MAX_FROM_NOWHERE = 1
"""Words of a rewriting that nobody has said: a small model writes "to reopen" of what opened."""

_WORD = re.compile(r"\w+")


def condense(llm: LLM | None, question: str, history: Sequence[Exchange]) -> str:
    """Rewrite a question that leans on the history; return any other byte for byte.

    A rewriting that drops the question's own words or brings in words from nowhere is not used,
    nor is there one without a model: `background` leads to the evidence all the same.
    """
    if llm is None or not history or not may_lean(question):
        return question
    turns = history[-_MAX_TURNS:]
    rewritten = rewrite(llm, question, turns)
    return rewritten if _is_faithful(rewritten, question, turns) else question


def background(question: str, history: Sequence[Exchange]) -> str:
    """What a question that leans on the history is searched with: what was asked before it, back
    to a question that stands alone, and the names of the answer. Empty for any other.

    Where the talk has turned to something else, it does no harm: of 90 questions that people typed,
    each after one of another article, .98 have their sentence read with it and .99 without.
    """
    if not history or not may_lean(question):
        return ""
    asked: list[str] = []
    for before, _ in reversed(history[-_MAX_TURNS:]):
        asked.insert(0, before)
        if not may_lean(before):
            break
    names = [n for part in history[-1] for n in names_in(part)]
    return " ".join([*asked, *list(dict.fromkeys(names))[:_MAX_NAMES]])


def may_lean(question: str) -> bool:
    """Whether a question needs the one before it, or may: it has few words and names nothing."""
    few = len(set(tokenize(question))) <= _FEW
    return leans_on_history(question) or (few and not _names_something(question))


def leans_on_history(question: str) -> bool:
    """Whether a question needs the one before it: a pronoun, an opening "and", too few words."""
    if LEANING.match(question) or ONE.search(question):
        return True
    own = tokenize(question)
    if len(own) < 2 and len(question.split()) <= 4:
        return True
    rest = EMPTY_SUBJECT.sub(" ", question)
    match = PRONOUN.search(rest)
    if match is None:
        return False
    # "The bridge that the mayor opened": "that" after a noun begins a clause.
    before = rest[: match.start()].lower().split()[-1:]
    relative = match.group().lower() == "that" and before and before[0] not in BEFORE_THAT
    if relative and rest[match.end() :].strip(" ?"):
        match = PRONOUN.search(rest, match.end())
        if match is None:
            return False
    # A name before the pronoun in the same question may be what it stands for.
    return not _names_something(rest[: match.start()])


def _names_something(question: str) -> bool:
    """Whether there is a name or a number after its first word; "I" is none."""
    words = question.split()[1:]
    return any((w[:1].isupper() and w != "I") or w[:1].isdigit() for w in words)


def _is_faithful(rewritten: str, question: str, turns: Sequence[Exchange]) -> bool:
    """Whether a rewriting asks what was asked, and adds nothing but what was said before."""
    words = rewritten.split()
    if not rewritten.endswith("?") and not REQUEST.match(question):
        return False
    if not 3 <= len(words) <= _MAX_WORDS:
        return False
    # "Where did he speak?" must not become "Who did Jeffrey speak to?"; "what did it cost" may
    # become "How much did the bridge cost?".
    asks, now = _asks(question), _asks(rewritten)
    if not asks - now <= ({"what"} if now & {"how", "which"} else set()):
        return False
    if TURNS & set(_plain(question)) - set(_plain(rewritten)):
        return False
    new, own = set(tokenize(rewritten)), set(tokenize(question)) - ADDS_NOTHING
    said = {token for turn in turns for part in turn for token in tokenize(part)}
    # "Is the film out?": its name may stand there instead.
    named = {token for word in DESCRIBED.findall(question) for token in tokenize(word)}
    if len(own - new - named) > len(own) // 3 or not new - own:
        return False
    if own and not own & new:
        return False
    # "And the winter before?" must not ask once more what was asked.
    if any(_plain(rewritten) == _plain(asked) for asked, _ in turns):
        return False
    from_nowhere = new - own - said
    names = {token for w in words[1:] if not w.islower() for token in tokenize(w)}
    return len(from_nowhere) <= _MAX_FROM_NOWHERE and not from_nowhere & names


def _asks(question: str) -> set[str]:
    return {"who" if w.lower() == "whom" else w.lower() for w in ASKS.findall(question)}


def _plain(question: str) -> list[str]:
    return _WORD.findall(question.lower())
