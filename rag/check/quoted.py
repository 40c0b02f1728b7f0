"""A draft's quotations: do the articles have them to the letter, and by the speaker named?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer import Evidence
from rag.check.difference import Difference, Mismatch
from rag.check.draft import DraftSentence
from rag.evidence import Candidate
from rag.judge.speaker import (
    Quotation,
    Speaker,
    is_by,
    quotations,
    speaker_of,
    speaker_of_candidate,
)

__all__ = ["QuotationCheck", "check_quotations", "speaker_otherwise"]

_ALIKE = 0.6
"""Share of a quotation's words that a sentence must hold for it to be the one that was meant."""


@dataclass(frozen=True, slots=True)
class QuotationCheck:
    """What came of a sentence's quotations."""

    quoted: tuple[Quotation, ...]
    evidence: tuple[Evidence, ...]
    """The sentences that have them, or the nearest ones."""
    differences: tuple[Difference, ...]
    absent: tuple[str, ...]
    """Quotations that nothing in the articles resembles."""


def check_quotations(
    sentence: DraftSentence, candidates: Sequence[Candidate]
) -> QuotationCheck | None:
    """Hold each quotation of a sentence to the articles' words; None where it quotes nothing."""
    quoted = quotations(sentence.plain)
    if not quoted:
        return None
    speaker = speaker_of(sentence.plain, sentence.before)
    evidence: list[Evidence] = []
    differing: list[Difference] = []
    absent: list[str] = []
    for quotation in quoted:
        holder, is_verbatim = _holder(quotation.text, candidates)
        if holder is None:
            absent.append(quotation.text)
            continue
        evidence.append(holder.evidence)
        if not is_verbatim:
            differing.append(
                Difference(Mismatch.QUOTATION, quotation.text, _original(holder.evidence.text))
            )
        elif (other := speaker_otherwise(speaker, holder)) is not None:
            differing.append(other)
    return QuotationCheck(tuple(quoted), tuple(evidence), tuple(differing), tuple(absent))


def speaker_otherwise(said: Speaker | None, candidate: Candidate) -> Difference | None:
    """The difference where a sentence gives an article's words to another speaker."""
    told = speaker_of_candidate(candidate)
    if said is None or told is None or not (said.is_named and told.is_named):
        return None
    if is_by(told, said.name) or is_by(said, told.name):
        return None
    return Difference(Mismatch.SPEAKER, said.name, told.name)


def _holder(quotation: str, candidates: Sequence[Candidate]) -> tuple[Candidate | None, bool]:
    """The candidate that has a quotation, and whether to the letter; else the one most like it."""
    wanted = _letters(quotation)
    for candidate in candidates:
        if wanted in _letters(candidate.evidence.text):
            return candidate, True
    for candidate in candidates:
        # It may run over the end of a sentence.
        if wanted in _letters(candidate.surroundings):
            return candidate, True
    best, share = None, 0.0
    for candidate in candidates:
        got = _share(quotation, candidate.evidence.text)
        if got > share:
            best, share = candidate, got
    return (best, False) if share >= _ALIKE else (None, False)


def _original(text: str) -> str:
    """What a sentence quotes, or all of it."""
    quoted = quotations(text)
    return quoted[0].text if quoted else text


def _letters(text: str) -> str:
    """Words alone: quotation marks, dashes and the comma before "he said" differ by house."""
    words = re.findall(r"[^\W_]+", text.lower())
    return f" {' '.join(words)} "


def _share(quotation: str, text: str) -> float:
    """Share of the quotation's words that stand in a sentence in the same order."""
    ours, theirs = _letters(quotation).split(), _letters(text).split()
    row = [0] * (len(theirs) + 1)
    for a in ours:
        previous = 0
        for j, b in enumerate(theirs, start=1):
            above = row[j]
            row[j] = previous + 1 if a == b else max(row[j], row[j - 1])
            previous = above
    return row[-1] / len(ours) if ours else 0.0
