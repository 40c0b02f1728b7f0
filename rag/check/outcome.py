"""What becomes of a draft's sentence: an outcome, the sentences that say so, what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rag.answer import Evidence
from rag.check.difference import Difference
from rag.check.draft import DraftSentence

__all__ = ["Checked", "Ruling", "count_outcomes"]


class Ruling(StrEnum):
    """What the articles say of a sentence."""

    SUPPORTED = "supported"
    """They say it."""
    CONTRADICTED = "contradicted"
    """They say otherwise."""
    PARTLY = "partly"
    """They say a part of it, and nothing of the rest."""
    NOT_FOUND = "not found"
    """They say nothing of it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence of a draft after it was checked."""

    sentence: DraftSentence
    outcome: Ruling | None
    """None for what claims nothing: a heading, a question, a greeting."""
    evidence: tuple[Evidence, ...] = ()
    """The sentences that say it, or say otherwise; of "not found", the nearest one."""
    differences: tuple[Difference, ...] = ()
    missing: tuple[str, ...] = ()
    """Words of the sentence that the articles do not have, for "partly"."""
    speaker: str | None = None
    """Who says it in the article, where it is somebody's words."""

    @property
    def is_open(self) -> bool:
        """Whether the writer has to look at it: contradicted or not found."""
        return self.outcome in (Ruling.CONTRADICTED, Ruling.NOT_FOUND)

    @property
    def note(self) -> str:
        """What is the matter, for the reader; empty where nothing is."""
        if self.differences:
            return "; ".join(d.note for d in self.differences)
        if self.missing:
            return "not in the articles: " + ", ".join(f"“{m}”" for m in self.missing)
        return "no article says this" if self.outcome is Ruling.NOT_FOUND else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.sentence.text,
            "start": self.sentence.start,
            "end": self.sentence.end,
            "outcome": None if self.outcome is None else self.outcome.value,
            "note": self.note,
            "differences": [d.to_json() for d in self.differences],
            "missing": list(self.missing),
            "speaker": self.speaker,
            "evidence": [e.to_json() for e in self.evidence],
        }


def count_outcomes(checked: Sequence[Checked]) -> dict[str, int]:
    """How many sentences came out each way."""
    counts = Counter(c.outcome for c in checked)
    return {outcome.value: counts[outcome] for outcome in Ruling}
