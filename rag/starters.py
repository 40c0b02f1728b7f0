"""Questions to begin with, made from the documents' own sentences without any model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from index.document import Kind, Sentence
from index.visible import plain

__all__ = ["Readable", "starter_questions"]


class Readable(Protocol):
    """An article with its sentences."""

    @property
    def title(self) -> str: ...

    @property
    def sentences(self) -> Sequence[Sentence]: ...


_NAME = r"(?:[A-Z][\w’'.-]+(?: (?:al-)?[A-Z][\w’'.-]+){1,3})"
# "At least 16 civilians were killed": how many civilians were killed?
_COUNTED = re.compile(
    r"\b\d[\d,.]*\d (?P<what>(?:[a-z]+ )?[a-z]+s) "
    r"(?P<did>(?:were|have been|are) [a-z]+ed)\b"
)
_SAID = re.compile(
    rf"\b(?P<who>{_NAME})(?:,[^,.]{{3,60}},)? (?P<verb>said|announced|denied|warned|promised)\b"
)
_BASE = {
    "said": "say",
    "announced": "announce",
    "denied": "deny",
    "warned": "warn of",
    "promised": "promise",
}
_OPENERS = frozenset(
    "The A An In On At It He She They This That These Those But And As When While After Before "
    "For If Our We I You His Her Their Its Two Three There Here Since Facing Thousands".split()
)


def starter_questions(articles: Sequence[Readable], n: int = 3) -> list[str]:
    """Up to n questions that the documents should be able to answer, of different kinds."""
    kinds = [list(kind(articles)) for kind in (_how_many, _who_said, _what_about)]
    questions: list[str] = []
    for round_ in range(n):
        for found in kinds:
            if round_ < len(found) and found[round_] not in questions and len(questions) < n:
                questions.append(found[round_])
    return questions


def _how_many(articles: Sequence[Readable]) -> Iterator[str]:
    for text in _prose(articles):
        if match := _COUNTED.search(text):
            where = re.search(r"\b(?:in|near|at) (?:the )?[A-Z]\w+(?: [A-Z]\w+)*", text)
            place = f" {where.group()}" if where and where.start() > match.end() else ""
            yield f"How many {match['what']} {match['did']}{place}?"


def _who_said(articles: Sequence[Readable]) -> Iterator[str]:
    for text in _prose(articles):
        match = _SAID.search(text)
        if match and match["who"].split()[0] not in _OPENERS:
            yield f"What did {match['who']} {_BASE[match['verb']]}?"


def _what_about(articles: Sequence[Readable]) -> Iterator[str]:
    """Names of several words, the most frequent first; else the titles."""
    names: Counter[str] = Counter()
    for text in _prose(articles):
        for match in re.finditer(rf"(?<=[a-z,] ){_NAME}", text):
            names[match.group().rstrip(".,'’").removesuffix("’s").removesuffix("'s")] += 1
    for name, _ in names.most_common():
        yield f"What is said about {name}?"
    for article in articles:
        yield f"What happens in “{plain(article.title)}”?"


def _prose(articles: Sequence[Readable]) -> Iterator[str]:
    for article in articles:
        for sentence in article.sentences:
            if sentence.kind is Kind.PROSE:
                yield plain(sentence.text)
