"""Where a quotation answers as well as the model would: then it is the answer, unwritten."""

from __future__ import annotations

from collections.abc import Sequence

from rag.english import ASKS_AT_LENGTH, ASKS_FOR_SEVERAL, ASKS_WHETHER
from rag.judge.answer_verifier import AnswerVerifier
from rag.judge.complete import Part
from rag.judge.confidence import Bar
from rag.judge.draft import Draft
from rag.judge.extract import Extraction
from rag.judge.refer import is_fragment, is_intelligible
from rag.judge.reread import Look

__all__ = ["is_certain", "may_be_certain", "may_be_one_sentence", "without_writing"]

_MARKED, _ANSWERS = 0.8, 0.3
"""So probable must it be, by the extractor, that the answer stands in one sentence, and by the
verifier that this answers the question. Of 355 questions of bench/natural, natural-long, xquad and
normans that the articles answer 122 are quoted so, 113 of them rightly; by the model's words 112
are right. Of 215 that they do not answer 15 are, all of which the model answers, too. At .9 and .5
it is 85 (80, 79) and 9, at .7 and .3 141 (125, 126) and 19, of which the model answers 18."""

_MAX_WORDS = 40
"""Of a longer sentence small readers do not know whether it says more than was asked."""

_SEEN, _UNSEEN = 1.0, -2.5
"""From, and below, these log-odds the model sees the answer where it looks, and does not. Of 86
sentences of answerable questions that lie above 80 are right, by the model's words 65; of 62
questions that lie below writing got three right (tests/benchmarks/README.md)."""


def may_be_one_sentence(question: str, parts: Sequence[Part]) -> bool:
    """Whether one sentence may be the whole answer, if somebody sees it there."""
    return not (parts or ASKS_AT_LENGTH.search(question) or ASKS_WHETHER.match(question))


def may_be_certain(question: str, extraction: Extraction | None, parts: Sequence[Part]) -> bool:
    """Whether one fact is asked for, and the extractor is certain where it stands."""
    if extraction is None or ASKS_FOR_SEVERAL.search(question):
        return False
    if not may_be_one_sentence(question, parts):
        return False
    return max(extraction.mass.values(), default=0.0) >= _MARKED


def is_certain(question: str, draft: Draft, verifier: AnswerVerifier | None) -> bool:
    """Whether a quotation that was drafted without the model needs no model."""
    if verifier is None or draft.signals.get("marked", 0.0) < _MARKED or not _is_enough(draft):
        return False
    if draft.confidence < Bar.STRICT.min_confidence:
        return False
    (pin,) = draft.supported
    is_short = len(pin.text.split()) <= _MAX_WORDS
    return is_short and verifier.probability(question, pin.candidates) >= _ANSWERS


def without_writing(question: str, draft: Draft, look: Look) -> bool | None:
    """Whether the model sees the answer in a quotation that says it; False if it surely does not,
    None where it had better write."""
    if len(draft.supported) != 1:
        return None
    (pin,) = draft.supported
    told = look(question, pin.candidates)
    if told is None or told < _UNSEEN:
        return None if told is None else False
    return True if told >= _SEEN and _is_enough(draft) else None


def _is_enough(draft: Draft) -> bool:
    """Whether it is one sentence that can be read alone and says it of what was asked."""
    if not draft.quoted or draft.exchange is not None or draft.is_astray:
        return False
    if len(draft.supported) != 1:
        return False
    (pin,) = draft.supported
    return not is_fragment(pin.text) and is_intelligible(pin.text)
