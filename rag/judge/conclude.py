"""What a reply is worth: pinned, verified and weighed; or a quotation that answers better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from index.embed.embedder import Embedder
from rag.answer import Citation, Passage, Statement, Verdict
from rag.evidence import Candidate
from rag.judge.attribute import Pin, attribute, quote
from rag.judge.confidence import MIN_QUOTED, confidence, signals, span_signals
from rag.judge.extract import Extraction
from rag.judge.reply import clean, is_claim, split_statements

__all__ = [
    "QUOTE_MARGIN",
    "QUOTE_MARGIN_ELSEWHERE",
    "SHARED",
    "Conclusion",
    "Draft",
    "choose_draft",
    "conclude",
    "drafts",
]

QUOTE_MARGIN = 0.05
"""How much surer a quotation must be than the model's own words on the same sentence."""

QUOTE_MARGIN_ELSEWHERE = 0.2
"""The same for a quotation of another sentence. In folds over 150 recorded answers on bench/xquad,
at a confidence of .2: with .05 for both .820 right and a citation precision of .872, with .2 for
both .793 and .908, with this .840 and .908; on bench/squad2-normans .856 to .878 are right."""

SHARED = 0.5
"""From this probability on that the answer is what the model's words give, they are kept."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that could be given."""

    pins: tuple[Pin, ...]
    signals: dict[str, float]
    """What the confidence is made of."""
    confidence: float
    """That the documents answer the question and that this says it right, [0, 1]."""

    @property
    def supported(self) -> list[Pin]:
        return [pin for pin in self.pins if pin.check.supported]

    @property
    def cited(self) -> set[tuple[str, int]]:
        """Documents and ordinals of the sentences that it stands on."""
        return {
            (c.evidence.document_id, c.evidence.ordinal)
            for pin in self.supported
            for c in pin.candidates
        }


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A reply taken apart."""

    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    """Of the supported statements, in the order of their markers."""
    signals: dict[str, float]
    """What the confidence is made of."""
    confidence: float
    """That the documents answer the question and that this says it right, [0, 1]."""

    @property
    def supported(self) -> list[Statement]:
        return [s for s in self.statements if s.verdict is Verdict.SUPPORTED]

    def taken_back(self) -> tuple[Statement, ...]:
        """What was said, without citations, since an abstention cites nothing."""
        return tuple(replace(s, verdict=Verdict.UNSUPPORTED, citations=()) for s in self.statements)


def conclude(found: Sequence[Draft]) -> Conclusion:
    """The better of the drafts, with its citations numbered.

    What did not verify stays among the statements, unsupported.
    """
    chosen = choose_draft(found)
    statements, citations = _number(chosen.pins)
    return Conclusion(tuple(statements), tuple(citations), chosen.signals, chosen.confidence)


def choose_draft(found: Sequence[Draft]) -> Draft:
    """The model's own words, unless a quotation is clearly surer or nothing else is left."""
    own, *quotations = found
    for quotation in quotations:
        if not own.supported:
            return replace(quotation, pins=(*own.pins, *quotation.pins))
        # Of several statements each may answer a part, which no one sentence does.
        if len(own.supported) > 1 or own.signals.get("span_said", 0.0) >= SHARED:
            continue
        margin = QUOTE_MARGIN if quotation.cited <= own.cited else QUOTE_MARGIN_ELSEWHERE
        if quotation.confidence > own.confidence + margin:
            return quotation
    return own


def drafts(
    question: str,
    raw: str,
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    embedder: Embedder,
    weight: Callable[[str], float],
    stated: float | None = None,
    extraction: Extraction | None = None,
) -> list[Draft]:
    """The reply, each statement pinned to its sentences and verified; then a quotation, if any.

    `candidates` are the sentences that the model read, best first; `stated` is the probability
    that they state an answer, [0, 1], where the model has a probe; `extraction` what the
    extractor found in them, where there is one. It says which sentence to quote; without it the
    one that the reply was closest to is quoted, when `stated` is high and nothing verifies.
    """
    said = [text for text in split_statements(clean(raw)) if is_claim(text, question)]
    pins = attribute(said, question, candidates, embedder, weight, extraction)

    def draft(pins: Sequence[Pin], *, quoted: bool) -> Draft:
        supported = [pin for pin in pins if pin.check.supported]
        texts = [pin.text for pin in supported]
        cited = [c for pin in supported for c in pin.candidates]
        values = signals(question, texts, candidates, passages, cited, weight)
        values["quoted"] = float(quoted)
        if stated is not None:
            values["stated"] = stated
        if extraction is not None:
            # Of a quotation it is asked whether the model says the same.
            values |= span_signals(extraction, [raw] if quoted else texts, cited)
        return Draft(tuple(pins), values, confidence(values))

    found = [draft(pins, quoted=False)]
    best = None
    if extraction is not None:
        best = max(candidates, key=extraction.at, default=None)
    elif pins and not found[0].supported and stated is not None and stated >= MIN_QUOTED:
        # They state it, though not as the model puts it: let the documents speak.
        best = pins[0].candidates[0]
    if best is not None:
        found.append(draft([quote(best)], quoted=True))
    return found


def _number(pins: Sequence[Pin]) -> tuple[list[Statement], list[Citation]]:
    """Statements with the markers of their sentences, counted from 1 as they come."""
    statements: list[Statement] = []
    citations: dict[tuple[str, int], Citation] = {}
    for pin in pins:
        outcome = pin.check
        markers = []
        if outcome.supported:
            for candidate, strength in zip(pin.candidates, pin.strengths, strict=True):
                key = (candidate.evidence.document_id, candidate.evidence.ordinal)
                if key not in citations:
                    citations[key] = Citation(len(citations) + 1, candidate.evidence, strength)
                markers.append(citations[key].marker)
        statements.append(
            Statement(
                text=pin.text,
                verdict=Verdict.SUPPORTED if outcome.supported else Verdict.UNSUPPORTED,
                citations=tuple(markers),
                problem=outcome.problem,
            )
        )
    return statements, list(citations.values())
