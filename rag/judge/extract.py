"""Where, in what the model reads, does the answer stand? An extractive reader marks it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.embed.bert import BertEncoder
from index.embed.embedder import Array
from index.tokens import tokenize
from rag.evidence import Candidate
from rag.judge.adapt import adapted_encoder
from rag.judge.answer_verifier import AnswerVerifier

__all__ = ["FOLDER", "Extraction", "Extractor", "Key", "Span", "Text", "mean", "texts_of"]

FOLDER = Path(__file__).parent / "extractors"

MAX_ANSWER_TOKENS = 24
"""The longest span."""

_MAX_QUESTION_TOKENS = 96
"""Of a longer question the end is read, where it asks."""

_MAX_TITLE_TOKENS = 64
"""Of a longer title the beginning is read."""

_N_SPANS = 20
"""Spans kept of an extraction."""

_N_MARKS = 3
"""[CLS] and two [SEP]."""

_MAX_LOGIT = 30.0
_MIN_ODDS = 1e-4
"""Spans less likely than this, against "not here", are passed over."""


_MARKED, _LEAST_MARKED = 0.5, 1e-3
"""How much a mark counts beside the look of a reader who reads better, and where there is none."""

Key = tuple[str, int]
"""A sentence's document and ordinal."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is read in one go: a title and the sentences below it."""

    title: str
    sentences: Mapping[Key, str]


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a sentence that may be the answer."""

    text: str
    at: Key
    probability: float


@dataclass(frozen=True, slots=True)
class Extraction:
    """One distribution over all spans of all texts and "the answer is not here"."""

    spans: tuple[Span, ...]
    """The likeliest, best first."""
    mass: Mapping[Key, float]
    """The probability that the answer is in a sentence, [0, 1]; those that are missing have 0."""

    @property
    def stated(self) -> float:
        """The probability that the texts hold an answer, [0, 1]."""
        return sum(self.mass.values())

    def at(self, candidate: Candidate) -> float:
        """The probability that the answer is in a sentence, [0, 1]."""
        return self.mass.get((candidate.evidence.document_id, candidate.evidence.ordinal), 0.0)

    def said(self, text: str) -> float:
        """The probability that the answer is one that a text gives, [0, 1]."""
        given = set(tokenize(text))
        total = 0.0
        for span in self.spans:
            words = set(tokenize(span.text))
            if words and words <= given:
                total += span.probability
        return total

    def passed_over(self, text: str, keys: Collection[Key]) -> float:
        """The probability that sentences give an answer of which a text has no word, [0, 1]."""
        given = set(tokenize(text))
        return sum(
            span.probability
            for span in self.spans
            if span.at in keys and (words := set(tokenize(span.text))) and not words & given
        )

    def led_by(self, looked: Mapping[Key, float]) -> Extraction:
        """The same, the places seen by another reader, too: of what it looks at the share of each.

        A product of both; how likely an answer is anywhere stays, and what is not among `looked`
        has no part in it.
        """
        stated = self.stated
        here = {
            key: (self.mass.get(key, 0.0) / stated + _LEAST_MARKED) ** _MARKED * share
            for key, share in looked.items()
            if stated
        }
        total = sum(here.values())
        if not total:
            return self
        mass = {key: stated * value / total for key, value in here.items()}
        spans = [
            replace(s, probability=s.probability * mass[s.at] / self.mass[s.at])
            for s in self.spans
            if s.at in mass
        ]
        return Extraction(tuple(sorted(spans, key=lambda s: -s.probability)), mass)


def mean(extractions: Sequence[Extraction]) -> Extraction:
    """What several wordings of a question find in the same texts, each counting the same."""
    if len(extractions) == 1:
        return extractions[0]
    n = len(extractions)
    mass: dict[Key, float] = defaultdict(float)
    spans: dict[tuple[str, Key], float] = defaultdict(float)
    for extraction in extractions:
        for key, probability in extraction.mass.items():
            mass[key] += probability / n
        for span in extraction.spans:
            spans[span.text, span.at] += span.probability / n
    likely = sorted(spans.items(), key=lambda item: -item[1])[:_N_SPANS]
    return Extraction(tuple(Span(*said, probability) for said, probability in likely), dict(mass))


def texts_of(candidates: Sequence[Candidate]) -> list[Text]:
    """The passages that candidates came from, as far as they are among them, best first."""
    passages: dict[int, list[Candidate]] = {}
    for candidate in sorted(candidates, key=lambda c: (c.passage, c.evidence.ordinal)):
        passages.setdefault(candidate.passage, []).append(candidate)
    return [
        Text(
            here[0].evidence.title,
            {(c.evidence.document_id, c.evidence.ordinal): c.evidence.text for c in here},
        )
        for here in passages.values()
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    """What goes through the encoder at once."""

    ids: list[int]
    n_first: int
    """Tokens before the text, those of the question and the marks around it."""
    first: int
    """Position of the first token that may answer; the others follow it, but for the last mark."""
    keys: list[Key]
    """Of each token that may answer, its sentence."""
    offsets: list[tuple[int, int]]
    """And where in it."""
    sentences: Mapping[Key, str]

    def words(self, begin: int, end: int) -> str:
        """The text from one token that may answer to another."""
        return self.sentences[self.keys[begin]][self.offsets[begin][0] : self.offsets[end][1]]


class Extractor:
    """MiniLM that reads a question and a text together and marks the answer's words.

    The embedder's own weights with a low-rank adaptation on top, trained on the training part of
    SQuAD 1.1 (Rajpurkar et al. 2016; CC BY-SA 4.0) by tests/benchmarks/fit_extractor.py, and then
    on that of QED (Lamm et al. 2020; CC BY-SA 3.0), questions that people typed, by
    fit_extractor_jointly.py. tests/benchmarks/README.md has its figures.
    Sources: Hu et al. 2021 (LoRA); Devlin et al. 2019, 4.2 (spans); Clark & Gardner 2018 (one
    normalisation over all texts).
    """

    def __init__(
        self, encoder: BertEncoder, weight: Array, bias: Array, verifier: AnswerVerifier
    ) -> None:
        self._encoder = encoder
        self._weight, self._bias = weight, bias
        self.verifier = verifier
        """What holds the sentences that are cited in the end to the question."""

    @classmethod
    def of(cls, embedder_name: str, folder: Path) -> Extractor | None:
        """The extractor that was fitted on an embedder of the registry, or None.

        `folder` holds that embedder. Raises: OSError, ValueError or KeyError if it is damaged.
        """
        parts = adapted_encoder(folder, FOLDER / f"{embedder_name}.npz")
        verifier = AnswerVerifier.of(embedder_name, folder)
        return None if parts is None or verifier is None else cls(*parts, verifier)

    def read(self, question: str, texts: Sequence[Text]) -> Extraction:
        """Read every text with the question; a long one in parts of whole sentences."""
        (extraction,) = self.read_each([question], texts)
        return extraction

    def read_each(self, questions: Sequence[str], texts: Sequence[Text]) -> list[Extraction]:
        """Read the texts with each of several questions, all of them at once."""
        parts = [self._laid_out(question, texts) for question in questions]
        pairs = [(part.ids, part.n_first) for mine in parts for part in mine]
        states = iter(self._encoder.states(pairs))
        return [self._extraction([(part, next(states)) for part in mine]) for mine in parts]

    def _laid_out(self, question: str, texts: Sequence[Text]) -> list[_Part]:
        asked = self._encoder.encode(question).ids[-_MAX_QUESTION_TOKENS:]
        parts = []
        for text in texts:
            title: list[int] = []
            if text.title:
                title = self._encoder.encode(text.title + ".").ids[:_MAX_TITLE_TOKENS]
            for sentences in self._parts(len(asked) + len(title), text.sentences):
                parts.append(self._lay_out(asked, title, sentences))
        return parts

    def _extraction(self, read: Sequence[tuple[_Part, Array]]) -> Extraction:
        """One distribution over what the parts may answer."""
        found = [
            (odds, part, i, j) for part, states in read for odds, i, j in self._spans(part, states)
        ]
        total = 1.0 + sum(odds for odds, *_ in found)
        mass: dict[Key, float] = defaultdict(float)
        for odds, part, i, _ in found:
            mass[part.keys[i]] += odds / total
        found.sort(key=lambda row: -row[0])
        spans = tuple(
            Span(part.words(i, j), part.keys[i], odds / total)
            for odds, part, i, j in found[:_N_SPANS]
        )
        return Extraction(spans, dict(mass))

    def _parts(self, n_taken: int, sentences: Mapping[Key, str]) -> list[dict[Key, str]]:
        """Sentences that fit beside the question, in turn; one too long stands alone, cut."""
        room = self._room(n_taken)
        parts: list[dict[Key, str]] = []
        left = 0
        counts = self._encoder.count_tokens(list(sentences.values()))
        for (key, sentence), n in zip(sentences.items(), counts, strict=True):
            if not parts or n > left:
                parts.append({})
                left = room
            parts[-1][key] = sentence
            left -= n
        return parts

    def _room(self, n_taken: int) -> int:
        return max(1, self._encoder.n_positions - n_taken - _N_MARKS)

    def _lay_out(
        self, asked: Sequence[int], title: Sequence[int], sentences: Mapping[Key, str]
    ) -> _Part:
        first, last = self._encoder.marks
        ids = [first, *asked, last, *title]
        part = _Part(ids, len(asked) + 2, len(ids), [], [], sentences)
        room = self._room(len(asked) + len(title))
        for key, sentence in sentences.items():
            encoded = self._encoder.encode(sentence)
            ids += encoded.ids[:room]
            part.offsets.extend(encoded.offsets[:room])
            part.keys.extend([key] * len(encoded.ids[:room]))
        ids.append(last)
        return part

    def _spans(self, part: _Part, states: Array) -> list[tuple[float, int, int]]:
        """(odds against "not here", first token, last token) of the likely spans of one part."""
        logits = states @ self._weight.T + self._bias
        logits -= logits[0]
        n = len(part.keys)
        begins, ends = logits[part.first : part.first + n].T
        number = {key: i for i, key in enumerate(part.sentences)}
        sentence = np.array([number[key] for key in part.keys], dtype=np.int64)
        i = np.arange(n)[:, None]
        j = i + np.arange(MAX_ANSWER_TOKENS)
        within = j < n
        j = np.minimum(j, max(0, n - 1))
        within &= sentence[i] == sentence[j]
        odds = np.exp(np.minimum(begins[i] + ends[j], _MAX_LOGIT).astype(np.float64))
        rows, columns = np.nonzero(within & (odds > _MIN_ODDS))
        likely = zip(odds[rows, columns].tolist(), rows.tolist(), columns.tolist(), strict=True)
        return [(value, row, row + column) for value, row, column in likely]
