"""Do the cited sentences answer the question as it was asked? A trained reader tells.

Words, names and numbers of a sentence may all be right, and the question yet speak of another
subject, object or role: "How many nurses did the clinic hire?", where the school did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from index.embed.bert import BertEncoder
from index.embed.embedder import Array
from rag.evidence import Candidate
from rag.judge.adapt import adapted_encoder

__all__ = ["FOLDER", "AnswerVerifier", "is_astray", "lay_out"]

FOLDER = Path(__file__).parent / "verifiers"

_NEARNESS = 10.0
"""What a cosine similarity of 1 of the question and the best sentence is worth in log-odds: people
ask in words of their own, and what comes near is seldom about something else."""

_LEAST = 3.75
"""Below this sum an answer is on something else."""

_AGREED, _LEAST_AGREED = 0.65, 2.5
"""Where the extractor gives this answer, and in this sentence, with so much on average, it takes
less. Of 120 questions by another hand, on twelve articles that no reader was trained on, 61 are
right instead of 57, and no more is answered that the articles do not; of 65 false premises 12 are
answered instead of ten, of 75 true ones none is declined instead of three."""

_MAX_QUESTION_TOKENS = 64
"""Of a longer question the end is read, where it asks."""

_MAX_TITLE_TOKENS = 20
_MAX_BEFORE_TOKENS = 60
"""Of what stands before a cited sentence the end is read."""

_MAX_CITED_TOKENS = 160


class AnswerVerifier:
    """MiniLM that reads a question and a sentence together and tells whether it answers.

    The embedder's own weights with a low-rank adaptation on top, trained from the extractor's on
    by tests/benchmarks/fit_verifier.py: sentences that answer, their neighbours that do not, and
    both with a word exchanged in the question, in the text (they do not answer any more) or in
    both (they do). tests/benchmarks/README.md has its figures.
    Sources: Garg et al. 2020 (answer sentence selection by an adapted encoder); Kaushik et al. 2020
    (pairs that differ in one word).
    """

    def __init__(self, encoder: BertEncoder, weight: Array, bias: Array) -> None:
        self._encoder = encoder
        self._weight, self._bias = weight, bias
        # Several drafts of an answer cite the same sentences.
        self._told = lru_cache(maxsize=64)(self._tell)

    @classmethod
    def of(
        cls, embedder_name: str, folder: Path, *, weights: Path = FOLDER
    ) -> AnswerVerifier | None:
        """The verifier that was fitted on an embedder of the registry, or None.

        `folder` holds that embedder. Raises: OSError, ValueError or KeyError if it is damaged.
        """
        parts = adapted_encoder(folder, weights / f"{embedder_name}.npz")
        return None if parts is None else cls(*parts)

    def probability(self, question: str, cited: Sequence[Candidate]) -> float:
        """That sentences answer a question, [0, 1]; they are read in their order, after the one
        that stands before the first."""
        first = cited[0]
        before = first.preceding[-1].text if first.preceding else ""
        text = " ".join(c.evidence.text for c in cited)
        return self.told(question, first.evidence.title, before, text)

    def told(self, question: str, title: str, before: str, cited: str) -> float:
        """The same of a text with its title and what stands before it."""
        return self._told(question, title, before, cited)

    def _tell(self, question: str, title: str, before: str, cited: str) -> float:
        laid_out = lay_out(self._encoder, question, title, before, cited)
        (states,) = self._encoder.states([laid_out])
        score = float(states[0] @ self._weight[0] + self._bias[0])
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def is_astray(answers: float, topic: float, agreed: float) -> bool:
    """Whether cited sentences answer another question than the one that was asked.

    `answers` is the verifier's probability, `topic` the greatest cosine similarity of the question
    and a sentence that was read, `agreed` the mean of the extractor's probabilities of what is said
    and of where.
    """
    held = min(max(answers, 1e-9), 1 - 1e-9)
    near = math.log(held / (1 - held)) + _NEARNESS * topic
    return near < (_LEAST_AGREED if agreed >= _AGREED else _LEAST)


def lay_out(
    encoder: BertEncoder, question: str, title: str, before: str, cited: str
) -> tuple[list[int], int]:
    """What is read: its token ids, and how many of them are the question's with its marks."""
    first, last = encoder.marks
    asked = encoder.encode(question).ids[-_MAX_QUESTION_TOKENS:]
    titled = encoder.encode(f"{title}.").ids[:_MAX_TITLE_TOKENS] if title else []
    ids = [
        *(first, *asked, last, *titled),
        *encoder.encode(before).ids[-_MAX_BEFORE_TOKENS:],
        *encoder.encode(cited).ids[:_MAX_CITED_TOKENS],
        last,
    ]
    return ids, len(asked) + 2
