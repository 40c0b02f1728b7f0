"""What a reply is worth: its statements pinned and verified, and how sure the whole is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from index.embed import Embedder
from rag.answer import Citation, Passage, Statement, Verdict
from rag.attribute import Pin, attribute, quote, split_statements
from rag.confidence import MIN_QUOTED, confidence, signals
from rag.evidence import Candidate
from rag.generate import clean, is_claim

__all__ = ["Conclusion", "conclude"]


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


def conclude(
    question: str,
    raw: str,
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    embedder: Embedder,
    weight: Callable[[str], float],
    stated: float | None = None,
) -> Conclusion:
    """Split a reply into statements, pin each to its sentences, verify it, weigh the whole.

    `candidates` are the sentences that the model read, best first; `stated` is the probability
    that they state an answer, [0, 1], where the model has a probe. When it is high and nothing
    that was said verifies, the sentence that the reply was closest to is quoted.
    """
    said = [text for text in split_statements(clean(raw)) if is_claim(text, question)]
    pins = attribute(said, question, candidates, embedder, weight)
    failed = bool(pins) and not any(pin.check.supported for pin in pins)
    quoted = failed and stated is not None and stated >= MIN_QUOTED
    if quoted:
        # They state it, though not as the model puts it: let the documents speak.
        pins.append(quote(pins[0].candidates[0]))
    statements, citations = _number(pins)
    values = signals(
        question,
        [s.text for s in statements if s.verdict is Verdict.SUPPORTED],
        candidates,
        passages,
        [c for pin in pins if pin.check.supported for c in pin.candidates],
        weight,
    )
    values["quoted"] = float(quoted)
    if stated is not None:
        values["stated"] = stated
    return Conclusion(tuple(statements), tuple(citations), values, confidence(values))


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
                support=outcome.coverage,
                problem=outcome.problem,
            )
        )
    return statements, list(citations.values())
