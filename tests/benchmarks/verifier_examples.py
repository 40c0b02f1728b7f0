"""What the answer verifier learns from: a question beside a sentence that answers it, or does not.

A neighbour of the right sentence is on the topic and silent; a word exchanged in the question, or
in the text, makes a right one wrong; the same exchange in both leaves it right, so that nothing
but the agreement of both can be learnt from an exchange.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from index.embed.embedder import Embedder
from index.tokens import STOPWORDS, stem
from tests.benchmarks.extractor_examples import split

__all__ = [
    "Asked",
    "Pair",
    "Vocabulary",
    "as_typed",
    "exchanges",
    "load_asked",
    "stems_of",
    "telling",
    "varied",
]

N_PER_QUESTION = 3
"""How many times each question is varied."""

_TYPED = 0.65
"""Share of well-formed questions that are made what people type: in lower case, without a mark,
or keywords alone."""
_ALONE = 0.15
"""Share of sentences without the one before."""
_IN_ARTICLE = 0.35
"""Share of exchanges for a word of the same article, where there is one of its form."""
_MAX_EXCHANGES = 2
_LEAST, _MOST = 0.2, 0.6
"""Cosine similarity of a word and what it is exchanged for: of its sort, and not the same."""

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]|[A-Za-z]|\d[\d,.]*\d|\d")
_stem = lru_cache(maxsize=None)(stem)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the sentences it was asked of, and which of them answer it: none, if none do."""

    question: str
    title: str
    sentences: tuple[str, ...]
    right: frozenset[int]

    def before(self, i: int) -> str:
        return self.sentences[i - 1] if i else ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a sentence with what stands before it."""

    question: str
    title: str
    before: str
    sentence: str
    answers: bool
    kind: str


class Vocabulary:
    """The words of a corpus, and which are of one sort."""

    def __init__(self, texts: Iterable[str], embedder: Embedder) -> None:
        lower: Counter[str] = Counter()
        names: Counter[str] = Counter()
        for text in texts:
            for i, word in enumerate(_WORD.findall(text)):
                if len(word) > 2 and word[0].islower() and word not in STOPWORDS:
                    lower[word] += 1
                elif len(word) > 2 and i and word[0].isupper():
                    names[word] += 1
        self.words = [word for word, n in lower.items() if n > 1]
        self.names = [name for name in names if name.lower() not in lower]
        self._at = {word: i for i, word in enumerate(self.words)}
        self._vectors = embedder.embed(self.words)
        self._like: dict[str, list[str]] = {}

    def __contains__(self, word: str) -> bool:
        return word.lower() in self._at

    def like(self, word: str, rng: random.Random) -> str | None:
        """Another word of its sort and form, if there is one."""
        word = word.lower()
        if word not in self._at:
            return None
        if word not in self._like:
            near = self._vectors @ self._vectors[self._at[word]]
            self._like[word] = [
                self.words[i]
                for i in np.argsort(-near)[:400]
                if _LEAST < near[i] < _MOST
                and _stem(self.words[i]) != _stem(word)
                and _ending(self.words[i]) == _ending(word)
            ][:80]
        return rng.choice(self._like[word]) if self._like[word] else None


def load_asked(file: Path) -> list[Asked]:
    """A question set: SQuAD JSON, or SelQA's of answer sentence selection.

    Source: Jurczyk, Zhai & Choi 2016 (SelQA, Apache-2.0).
    """
    data = json.loads(file.read_text(encoding="utf-8"))
    if isinstance(data, list):
        return [
            Asked(
                entry["question"].strip(),
                entry["article"],
                tuple(entry["candidates"]),
                frozenset(entry["answers"]),
            )
            for entry in data
            if entry["answers"]
        ]
    return [
        asked
        for article in data["data"]
        for paragraph in article["paragraphs"]
        for asked in _of_paragraph(article["title"].replace("_", " "), paragraph)
    ]


def _of_paragraph(title: str, paragraph: dict[str, list[dict[str, object]]]) -> Iterator[Asked]:
    cut = split(str(paragraph["context"]))
    sentences = tuple(text for text, _, _ in cut)
    for entry in paragraph["qas"]:
        right: set[int] = set()
        answers = entry["answers"]
        if not entry.get("is_impossible") and isinstance(answers, list):
            for answer in answers:
                a, b = answer["answer_start"], answer["answer_start"] + len(answer["text"])
                right |= {i for i, (_, start, end) in enumerate(cut) if start < b and end > a}
        yield Asked(str(entry["question"]), title, sentences, frozenset(right))


def varied(
    asked: Asked, words: Vocabulary, article: Sequence[str], rng: random.Random
) -> Iterator[Pair]:
    wanted = stems_of(asked.question)
    silent = [i for i in range(len(asked.sentences)) if not {i, i - 1} & asked.right]
    silent.sort(key=lambda i: -len(wanted & stems_of(asked.sentences[i])) - rng.random() / 2)
    if not asked.right:
        yield from (_pair(asked, i, rng, kind="impossible") for i in silent[:2])
        return
    right = _pair(asked, rng.choice(sorted(asked.right)), rng, kind="right")
    yield right
    if silent:
        nearest = silent[min(len(silent) - 1, int(rng.random() ** 2 * 3))]
        yield _pair(asked, nearest, rng, kind="neighbour")
    yield from exchanges(replace(right, question=asked.question), words, article, rng)


def _pair(asked: Asked, i: int, rng: random.Random, *, kind: str) -> Pair:
    before = "" if rng.random() < _ALONE else asked.before(i)
    question = as_typed(asked.question, rng)
    return Pair(question, asked.title, before, asked.sentences[i], i in asked.right, kind)


def exchanges(
    right: Pair, words: Vocabulary, article: Sequence[str], rng: random.Random, kind: str = ""
) -> Iterator[Pair]:
    """A right pair with a word that question and text share exchanged in either, or in both."""
    there = stems_of(f"{right.title} {right.before} {right.sentence}")
    shared = [w for w in telling(right.question) if _stem(w.lower()) in there]
    rng.shuffle(shared)
    taken = there | stems_of(right.question)
    for word in shared[:_MAX_EXCHANGES]:
        other = _other(word, words, article, taken, rng)
        if other is None:
            continue

        def swap(text: str, old: str = word, new: str = other) -> str:
            return _swapped(text, _stem(old.lower()), new)

        def asked(text: str) -> str:
            return text if kind else as_typed(text, rng)

        text = (swap(right.title), swap(right.before), swap(right.sentence))
        way = rng.random()
        if way < 0.5:
            swapped = asked(swap(right.question))
            yield Pair(swapped, right.title, right.before, right.sentence, False, kind + "asked")
        elif way < 0.68:
            yield Pair(asked(right.question), *text, False, kind + "told")
        else:
            yield Pair(asked(swap(right.question)), *text, True, kind + "both")


def _other(
    word: str,
    words: Vocabulary,
    article: Sequence[str],
    taken: set[str],
    rng: random.Random,
) -> str | None:
    """What may stand in place of a word: a number for a number, a name for a name."""
    if word[0].isdigit():
        other = re.sub(r"\d", lambda _: rng.choice("0123456789"), word)
        return None if other == word else other
    is_name = word not in words

    def fits(other: str) -> bool:
        of_its_form = is_name or _ending(other) == _ending(word)
        return of_its_form and other[0].isupper() == is_name and _stem(other.lower()) not in taken

    if article and rng.random() < _IN_ARTICLE:
        drawn = next((w for w in (rng.choice(article) for _ in range(12)) if fits(w)), None)
        if drawn is not None:
            return drawn
    found = rng.choice(words.names) if is_name else words.like(word, rng)
    return found if found is not None and _stem(found.lower()) not in taken else None


def _swapped(text: str, old: str, new: str) -> str:
    def put(match: re.Match[str]) -> str:
        word = match.group()
        if _stem(word.lower()) != old:
            return word
        return new[0].upper() + new[1:] if word[0].isupper() else new.lower()

    return _WORD.sub(put, text)


def as_typed(question: str, rng: random.Random) -> str:
    if question == question.lower() or rng.random() >= _TYPED:
        return question
    bare = question.rstrip("?")
    ways: list[Callable[[], str]] = [
        lambda: bare,
        lambda: bare.lower(),
        lambda: question.lower(),
        lambda: " ".join(w for w in _WORD.findall(bare.lower()) if w not in STOPWORDS),
    ]
    return rng.choice(ways)() or question


def telling(text: str) -> list[str]:
    return [w for w in _WORD.findall(text) if len(w) > 2 and w.lower() not in STOPWORDS]


def stems_of(text: str) -> set[str]:
    return {_stem(w.lower()) for w in _WORD.findall(text) if w.lower() not in STOPWORDS}


def _ending(word: str) -> str:
    return next((e for e in ("ing", "ed", "ly") if word.endswith(e)), "s" * word.endswith("s"))
