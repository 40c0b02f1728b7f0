"""What the extractor learns from: questions beside texts that answer them, or do not."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tokenizers import Tokenizer
from tqdm import tqdm

from tests.benchmarks.changed_questions import NAME, perturb

__all__ = ["Example", "Row", "Tokens", "batches", "encode", "examples", "split"]

MAX_TOKENS = 320
BATCH_TOKENS = 3072
_WORD = re.compile(r"\w+")
_BREAK = re.compile(r"(?<=[a-z0-9)\]\"'%][.!?])[\"')]?\s+(?=[A-Z\"'(])")


@dataclass(frozen=True, slots=True)
class Example:
    title: str
    question: str
    text: str
    start: int
    end: int
    """Of the answer in the text, in characters; -1 when it is not to be shown."""
    stated: bool
    kind: str


@dataclass(frozen=True, slots=True)
class _Article:
    """Its paragraphs, the words of each, and how many paragraphs hold a word."""

    title: str
    texts: list[str]
    words: list[set[str]]
    spread: Mapping[str, int]


def examples(articles: Sequence[Any], rng: random.Random) -> Iterator[Example]:
    """Every question with its paragraph, and most once more where it has no answer."""
    for article in articles:
        texts = [p["context"] for p in article["paragraphs"]]
        words = [_words(text) for text in texts]
        spread: dict[str, int] = {}
        for word in (w for held in words for w in held):
            spread[word] = spread.get(word, 0) + 1
        whole = _Article(article["title"].replace("_", " "), texts, words, spread)
        for i, paragraph in enumerate(article["paragraphs"]):
            names = sorted(set(NAME.findall(texts[i])))
            for entry in paragraph["qas"]:
                gold, start = entry["answers"][0]["text"], entry["answers"][0]["answer_start"]
                question = entry["question"].strip()
                stated = Example(
                    whole.title, question, texts[i], start, start + len(gold), True, "stated"
                )
                yield stated
                yield from _without_answer(stated, whole, i, names, rng)


def _without_answer(
    stated: Example, article: _Article, i: int, names: Sequence[str], rng: random.Random
) -> Iterator[Example]:
    """The question of paragraph i once more, or not at all, where nothing answers it."""
    gold = stated.text[stated.start : stated.end]
    way = rng.random()
    if way < 0.22:
        near = _nearest(stated.question, gold, article, i)
        if near:
            text = article.texts[near[min(len(near) - 1, int(rng.random() ** 2 * 4))]]
            yield Example(stated.title, stated.question, text, -1, -1, False, "other")
    elif way < 0.42:
        kept = [s for s, a, b in split(stated.text) if b <= stated.start or a >= stated.end]
        left = " ".join(kept)
        if len(kept) > 1 and gold.lower() not in left.lower():
            yield Example(stated.title, stated.question, left, -1, -1, False, "cut")
    elif way < 0.8 and (changed := perturb(stated.question, names, rng)):
        kind, question = changed
        yield Example(stated.title, question, stated.text, stated.start, stated.end, False, kind)


def _nearest(question: str, gold: str, article: _Article, i: int) -> list[int]:
    """The article's other paragraphs without the answer, by the rare words of the question."""
    asked, n = _words(question), len(article.texts)
    scored = [
        (sum(math.log(n / article.spread[w]) for w in asked & article.words[j]), j)
        for j in range(n)
        if j != i and gold.lower() not in article.texts[j].lower()
    ]
    return [j for _, j in sorted(scored, reverse=True)]


def _words(text: str) -> set[str]:
    return {w.lower() for w in _WORD.findall(text)}


def split(text: str) -> list[tuple[str, int, int]]:
    """A text's sentences, roughly: each with its start and end in characters."""
    cuts = [0, *(x for m in _BREAK.finditer(text) for x in m.span()), len(text)]
    return [(text[a:b], a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]


class Tokens(Protocol):
    """Two texts to read together."""

    @property
    def ids(self) -> list[int]: ...

    @property
    def n_first(self) -> int:
        """How many of the tokens, special ones included, are the first text's."""


AnyTokens = TypeVar("AnyTokens", bound=Tokens)


@dataclass(frozen=True, slots=True)
class Row:
    """An example as tokens: the question's come first, then the text's."""

    ids: list[int]
    n_first: int
    start: int
    end: int
    """Positions of the answer; 0 and 0, the first token, when there is none."""


def encode(found: Sequence[Example], tokenizer: Tokenizer, rng: random.Random) -> list[Row]:
    """Examples as tokens; one whose answer falls between them is left out."""
    rows = (_encode(example, tokenizer, rng) for example in tqdm(found, desc="tokens"))
    return [row for row in rows if row is not None]


def _encode(example: Example, tokenizer: Tokenizer, rng: random.Random) -> Row | None:
    """Two in three texts are cut to a window of 60 to 140 tokens around the answer: it is quicker
    to learn from more of them, and passages have all lengths."""
    head = "" if rng.random() < 0.25 else example.title + ". "
    encoded = tokenizer.encode(example.question, head + example.text)
    ids, n_first = encoded.ids, encoded.type_ids.index(1)
    a = b = 0
    if example.start >= 0:
        begin, end = example.start + len(head), example.end + len(head)
        inside = [
            i
            for i in range(n_first, len(ids) - 1)
            if encoded.offsets[i][0] < end and encoded.offsets[i][1] > begin
        ]
        if not inside:
            return None
        a, b = inside[0], inside[-1]
    room = MAX_TOKENS - n_first
    if rng.random() < 0.65:
        room = min(room, rng.randint(60, 140))
    if len(ids) - n_first > room:
        low, high = n_first, len(ids) - room
        if a:
            low, high = max(n_first, b - room + 1), min(a, len(ids) - room)
        if low > high:
            return None
        first = rng.randint(low, high)
        ids = ids[:n_first] + ids[first : first + room]
        a, b = (a - first + n_first, b - first + n_first) if a else (0, 0)
    return Row(ids, n_first, a, b) if example.stated else Row(ids, n_first, 0, 0)


def batches(rows: Sequence[AnyTokens], rng: random.Random) -> list[list[AnyTokens]]:
    """Rows of like lengths together, in a random order."""
    order = list(rows)
    rng.shuffle(order)
    batches: list[list[AnyTokens]] = []
    for k in range(0, len(order), 1024):
        batch: list[AnyTokens] = []
        for row in sorted(order[k : k + 1024], key=lambda r: len(r.ids)):
            if batch and len(row.ids) * (len(batch) + 1) > BATCH_TOKENS:
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
    rng.shuffle(batches)
    return batches
