"""What the extractor learns from last: a question beside texts of which one answers, or none.

In use all texts of a question are read under one normalisation: what a text is worth is told
against the others. So it is learnt (Clark & Gardner 2018), beside the texts that the embedder
thinks nearest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from index.embed.embedder import Embedder
from tests.benchmarks.changed_questions import NAME, perturb
from tests.benchmarks.extractor_examples import split

__all__ = ["Group", "Place", "TextRow", "groups", "load_places"]

_N_NEAR = 12
"""Texts that the embedder thinks nearest to a question, to choose the others from."""
_NEAREST_CHARS = 250
"""Of a text, for that."""
_ROOMS = (60, 80, 100, 130, 200)
"""Tokens of a text: passages have all lengths."""
_UNTITLED = 0.1
_MISTYPED, _IN_FULL = 0.06, 0.3
"""Shares of questions with two letters exchanged, and up to which they begin with a capital."""
_STATED, _ABSENT, _CUT = 0.7, 0.8, 0.88
"""Shares, one on another, of groups with the answer, without its text, without its sentence; in
the rest the question is changed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A question and where it is answered."""

    question: str
    title: str
    text: str
    spans: tuple[tuple[int, int], ...]
    """Answers in the text, in characters."""
    others: tuple[tuple[str, str], ...] = ()
    """Titles and texts near the question that hold no answer of it, nearest first."""

    def holds_answer(self, text: str) -> bool:
        low = text.lower()
        return any(self.text[a:b].lower() in low for a, b in self.spans)


@dataclass(frozen=True, slots=True)
class TextRow:
    """A question and one text as tokens: the question's come first."""

    ids: list[int]
    n_first: int
    first: int
    """The first token that may answer: what stands before it is the title."""
    spans: tuple[tuple[int, int], ...]
    """First and last token of each answer; none where it does not answer."""


Group = list[TextRow]


def load_places(articles: Sequence[Any], embedder: Embedder) -> list[Place]:
    """SQuAD's articles as questions, each with the nearest of the other paragraphs."""
    found = [(a["title"].replace("_", " "), p) for a in articles for p in a["paragraphs"]]
    texts = [(title, paragraph["context"]) for title, paragraph in found]
    read = embedder.embed([f"{title}: {text[:_NEAREST_CHARS]}" for title, text in texts])
    places = []
    for i, (title, text) in enumerate(texts):
        for entry in found[i][1]["qas"]:
            spans = tuple(
                (a["answer_start"], a["answer_start"] + len(a["text"])) for a in entry["answers"]
            )
            place = Place(entry["question"].strip(), title, text, spans)
            near = np.argsort(-(read @ embedder.embed([place.question])[0]))[:_N_NEAR]
            others = tuple(texts[j] for j in near if j != i and not place.holds_answer(texts[j][1]))
            places.append(Place(place.question, title, text, spans, others))
    return places


def groups(places: Sequence[Place], tokenizer: Tokenizer, rng: random.Random) -> Iterator[Group]:
    """Every question with some texts, without end, each round in another order and another way."""
    while True:
        order = list(places)
        rng.shuffle(order)
        for place in order:
            if group := _group(place, tokenizer, rng):
                yield group


def _group(place: Place, tokenizer: Tokenizer, rng: random.Random) -> Group:
    question = _typed(place.question, rng)
    texts: list[tuple[str, str, tuple[tuple[int, int], ...]]] = []
    n_others = 2
    way = rng.random()
    if way < _STATED:
        texts.append((place.title, place.text, place.spans))
        n_others = rng.choice((0, 1, 1, 2, 2))
    elif _ABSENT <= way < _CUT:
        kept = [s for s, a, b in split(place.text) if all(b <= x or a >= y for x, y in place.spans)]
        left = " ".join(kept)
        if len(kept) > 1 and not place.holds_answer(left):
            texts.append((place.title, left, ()))
            n_others = 1
    elif way >= _CUT:
        changed = perturb(question, sorted(set(NAME.findall(place.text))), rng)
        if changed is None:
            return []
        question = changed[1]
        texts.append((place.title, place.text, ()))
        n_others = rng.choice((0, 1))
    near = rng.sample(place.others[:6], min(n_others, len(place.others[:6])))
    texts += [(title, text, ()) for title, text in near]
    rows = [_row(question, *text, tokenizer, rng) for text in texts]
    if rows and texts[0][2] and (rows[0] is None or not rows[0].spans):
        return []
    return [row for row in rows if row is not None]


def _typed(question: str, rng: random.Random) -> str:
    way = rng.random()
    if way < _MISTYPED:
        words = question.split()
        i = rng.randrange(len(words))
        if len(words[i]) > 4:
            k = rng.randrange(1, len(words[i]) - 2)
            word = words[i]
            words[i] = word[:k] + word[k + 1] + word[k] + word[k + 2 :]
        return " ".join(words)
    if way < _IN_FULL:
        return question[0].upper() + question[1:].rstrip("?") + "?"
    return question


def _row(
    question: str,
    title: str,
    text: str,
    spans: Sequence[tuple[int, int]],
    tokenizer: Tokenizer,
    rng: random.Random,
) -> TextRow | None:
    """As tokens, of a long text a window; None where that cannot hold the answer."""
    head = "" if rng.random() < _UNTITLED else f"{title}. "
    encoded = tokenizer.encode(question, head + text)
    ids, n_first = list(encoded.ids), encoded.type_ids.index(1)
    first = n_first + len(tokenizer.encode(head, add_special_tokens=False).ids)
    inside = []
    for begin, end in spans:
        held = [
            i
            for i in range(n_first, len(ids) - 1)
            if encoded.offsets[i][0] < end + len(head) and encoded.offsets[i][1] > begin + len(head)
        ]
        inside += [(held[0], held[-1])] if held else []
    room = rng.choice(_ROOMS)
    if len(ids) - n_first <= room:
        return TextRow(ids, n_first, first, tuple(inside))
    low, high = n_first, len(ids) - room
    if inside:
        begin, end = inside[0]
        low, high = max(low, end - room + 1), min(begin, high)
        if low > high:
            return None
    cut = rng.randint(low, high)
    moved = cut - n_first
    kept = tuple((a - moved, b - moved) for a, b in inside if a >= cut and b < cut + room)
    ids = ids[:n_first] + ids[cut : cut + room]
    return TextRow(ids, n_first, max(n_first, first - moved), kept)
