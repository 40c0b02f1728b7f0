"""Statements beside the sentence that they are pinned to: whether it says so.

A clause of a sentence is said by it; with a word exchanged, or with what the next sentence tells
joined on, it is not. What is read in a question's place is the statement.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.judge.claims import analyse
from tests.benchmarks.verifier_examples import Asked, Pair, Vocabulary, exchanges

__all__ = ["claims_of", "statement_pairs"]

_CUT = re.compile(r"(?:,? (?:which|who|while|whereas|although|but)\b|;|, and\b).*", re.IGNORECASE)
_ASIDE = re.compile(r" ?\([^()]*\)|, [^,]{3,60},(?= (?:is|was|has|had|[a-z]+ed)\b)")
_PRONOUN = re.compile(r"(?:He|She|It|They)\b")
_LEAST_WORDS = 5
_MOST_WORDS = 30


def claims_of(file: Path) -> list[Pair]:
    """Claims with the evidence that supports or refutes them.

    Source: Schuster et al. 2019 (FEVER Symmetric, CC BY-SA 3.0).
    """
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        claim, evidence = (_tidy(row[k]) for k in ("claim", "evidence"))
        found.append(Pair(claim, "", "", evidence, row["gold_label"] == "SUPPORTS", "claim"))
    return found


def statement_pairs(
    asked: Asked, words: Vocabulary, article: Sequence[str], rng: random.Random
) -> Iterator[Pair]:
    """What one sentence of a text says, and what it does not."""
    if not asked.sentences:
        return
    i = rng.choice(sorted(asked.right)) if asked.right else rng.randrange(len(asked.sentences))
    sentence = asked.sentences[i]
    statement = _clause(sentence, asked.title)
    if statement is None:
        return
    right = Pair(statement, asked.title, asked.before(i), sentence, True, "statement")
    yield right
    yield from exchanges(right, words, article, rng, kind="statement ")
    joined = _joined(statement, asked.sentences[i + 1 : i + 2])
    if joined is not None:
        both = rng.random() < 0.3
        text = f"{sentence} {asked.sentences[i + 1]}" if both else sentence
        yield Pair(joined, asked.title, asked.before(i), text, both, "joined")


def _clause(sentence: str, title: str) -> str | None:
    """What a sentence says first, with its subject's name."""
    cut = _ASIDE.sub("", _CUT.sub("", sentence)).strip(" .,")
    cut = _PRONOUN.sub(lambda _: title, cut, count=1) if title else cut
    if not _LEAST_WORDS <= len(cut.split()) <= _MOST_WORDS:
        return None
    return f"{cut}."


def _joined(statement: str, following: Sequence[str]) -> str | None:
    """The statement and what the next sentence says was done, as if of the same subject."""
    for sentence in following:
        at = next((w for w in analyse(sentence).words[1:6] if w.is_past), None)
        if at is not None:
            done = sentence[sentence.index(at.text) :].rstrip(".")
            return f"{statement.rstrip('.')} and {done}."
    return None


def _tidy(text: str) -> str:
    """Text without the spaces that a tokenizer put in."""
    text = text.replace("-LRB- ", "(").replace(" -RRB-", ")").replace("``", '"').replace("''", '"')
    return re.sub(r" ([.,;:?!)]|'s)", r"\1", text).strip()
