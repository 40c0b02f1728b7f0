"""An answer that could be given, and which of several is the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.judge.attribute import Pin
from rag.judge.premise import Exchange
from rag.judge.refer import stands_on

__all__ = ["Draft", "choose_draft"]

MARGIN = 0.1
"""How much surer a quotation of another sentence must be than the model's own words; of the same
sentence it may be as much less sure, since it says what the documents say to the letter. Of 0, .05
and .1, on sets left out: right on natural .72, .73, .75, on natural-long .70, .76, .76, on xquad
.81 each."""

SHARED = 0.5
"""From this probability on that the answer is what the model's words give, they are kept: they
answer what was asked, and no more."""

CERTAIN = 0.9
"""From this probability on that the answer stands in the quotation, words that give another and
cite elsewhere are replaced by it. On sets left out both are right as often (5 of 8); nothing
else tells that it speaks of something else."""


SURE = 0.4
"""So sure must a quotation be that is given in place of words that suppose what the passage does
not know: they asked of something else. Of 28 such quotations that the extractor marks at less than
.5, on five sets, five of the nine above answer, and three of the 19 below."""

PASSED_OVER = 0.5
"""From this probability on that a sentence answers with what the model's words leave out it is
quoted in their place: "comes from Spain" of "is a Spanish surname"."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that could be given."""

    pins: tuple[Pin, ...]
    signals: dict[str, float]
    """What the confidence is made of (`rag.judge.signals`)."""
    confidence: float
    """That the documents answer the question and that this says it right, [0, 1]."""
    quoted: bool = False
    """Whether it is a sentence of the documents, not the model's words."""
    exchange: Exchange | None = None
    """What the question supposes, and the cited sentences say of another, where they do."""
    is_astray: bool = False
    """Whether its sentences, as a whole, answer another question than the one that was asked."""
    passed_over: float = 0.0
    """The probability that the cited sentences answer with words of which it has none, [0, 1]."""
    further: tuple[Pin, ...] = ()
    """Quotations that answer other parts of the question (`rag.judge.complete`); they have no part
    in how sure it is."""
    missing: tuple[str, ...] = ()
    """Parts of the question that nothing read answers."""
    is_second: bool = False
    """Whether it was chosen where none of the others could be given (`rag.judge.reread`)."""

    @property
    def supported(self) -> list[Pin]:
        return [pin for pin in self.pins if pin.check.supported]

    @property
    def supposes(self) -> bool:
        """Whether it was struck for saying what nothing near its sentences knows of."""
        return any(pin.check.supposes for pin in self.pins)

    @property
    def given(self) -> list[Pin]:
        """All that would be shown with citations."""
        return [*self.supported, *self.further] if self.supported else []

    @property
    def cited(self) -> set[tuple[str, int]]:
        """Documents and ordinals of the sentences that it stands on."""
        return {c.key for pin in self.supported for c in pin.candidates}

    @property
    def referred_to(self) -> set[tuple[str, int]]:
        """The sentences that say who "she" is, where a cited one begins so."""
        here = [c for pin in self.supported for c in pin.candidates]
        return {key for c in here for key in stands_on(c)} - self.cited


def _struck(draft: Draft) -> list[Pin]:
    return [pin for pin in draft.pins if not pin.check.supported]


def choose_draft(found: Sequence[Draft]) -> Draft:
    """The model's own words, unless a quotation is surer or nothing else is left."""
    own, *quotations = found
    if quotations and quotations[-1].is_second:
        # What was struck is shown; what is merely not sure enough says nothing more.
        return replace(quotations[-1], pins=(*_struck(own), *quotations[-1].pins))
    if quotations and not own.supported:
        instead = _in_place_of_struck(quotations)
        if own.supposes and instead.confidence < SURE:
            return own
        return replace(instead, pins=(*own.pins, *instead.pins))
    for quotation in quotations:
        # Of several statements each may answer a part, which no one sentence does.
        if len(own.supported) > 1 or own.signals.get("said", 0.0) >= SHARED:
            continue
        if quotation.cited <= own.referred_to:
            # The name alone, marked in the sentence before, says nothing of what was asked.
            continue
        is_same = quotation.cited <= own.cited
        if is_same and own.passed_over >= PASSED_OVER:
            return quotation
        margin = -MARGIN if is_same else MARGIN
        if quotation.confidence > own.confidence + margin or _is_beside(own, quotation):
            return quotation
    return own


def _in_place_of_struck(quotations: Sequence[Draft]) -> Draft:
    """Of the extractor's sentence and the one that struck words were closest to, in this order.

    Where the words give what the extractor marks its sentence says it; else what the model read is
    right more often, unless the extractor is certain: of twelve answerable questions of five sets
    where they differ in eight, the extractor in three.
    """
    marked, *closest = quotations
    agreed = marked.signals.get("said", 0.0) >= SHARED
    if closest and not agreed and marked.signals.get("marked", 0.0) < CERTAIN:
        return closest[0]
    return marked


def _is_beside(own: Draft, quotation: Draft) -> bool:
    """Whether the model speaks of something else than what the extractor is certain of."""
    elsewhere = max(own.signals.get("said", 1.0), own.signals.get("marked", 1.0)) < 1 - CERTAIN
    return elsewhere and quotation.signals.get("marked", 0.0) > CERTAIN
