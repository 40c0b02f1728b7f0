"""The best of the drafts, fit to be read alone, with its citations numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.visible import as_prose
from rag.answer import Citation, Evidence, Statement, Verdict
from rag.judge.attribute import Pin
from rag.judge.draft import Draft, choose_draft
from rag.judge.premise import Exchange
from rag.judge.refer import refer
from rag.judge.speaker import quoted_speaker

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
    exchange: Exchange | None
    """What the question supposes, and the cited sentences say of another, where they do."""
    is_astray: bool
    """Whether they answer another question than the one that was asked."""
    missing: tuple[str, ...]
    """Parts of the question that nothing read answers."""

    @property
    def supported(self) -> list[Statement]:
        return [s for s in self.statements if s.verdict is Verdict.SUPPORTED]

    def taken_back(self) -> tuple[Statement, ...]:
        """What was said, without citations, since an abstention cites nothing."""
        return tuple(replace(s, verdict=Verdict.UNSUPPORTED, citations=()) for s in self.statements)


def conclude(found: Sequence[Draft]) -> Conclusion:
    """The better of the drafts, fit to be read alone, with its citations numbered.

    What did not verify stays among the statements, unsupported.
    """
    chosen = choose_draft(found)
    statements, citations = _number([*chosen.pins, *chosen.further])
    # What the model's words gave away holds for a quotation of the same, too.
    exchange = found[0].exchange or chosen.exchange
    return Conclusion(
        tuple(statements),
        tuple(citations),
        chosen.signals,
        chosen.confidence,
        exchange,
        chosen.is_astray,
        chosen.missing,
    )


def _number(pins: Sequence[Pin]) -> tuple[list[Statement], list[Citation]]:
    """Statements with the markers of their sentences, counted from 1 as they come."""
    statements: list[Statement] = []
    citations: dict[tuple[str, int], Citation] = {}
    known: set[str] = set()
    for pin in pins:
        said = as_prose(pin.text)
        if pin.check.supported and any(said in s.text for s in statements if s.supported):
            continue
        text, markers = pin.text, []
        if pin.check.supported:
            first = pin.candidates[0]
            beside: tuple[Evidence, ...] = ()
            # After a statement on the same article, "she" is who that one spoke of.
            if first.evidence.document_id not in known:
                referred = refer(pin.text, first)
                text, beside = referred.text, referred.beside
            known = {first.evidence.document_id}
            shown = [(e, pin.strengths[0]) for e in beside]
            shown += [(c.evidence, s) for c, s in zip(pin.candidates, pin.strengths, strict=True)]
            for evidence, strength in shown:
                key = (evidence.document_id, evidence.ordinal)
                if key not in citations:
                    speaker = next(
                        (quoted_speaker(c) for c in pin.candidates if c.key == key), None
                    )
                    citations[key] = Citation(len(citations) + 1, evidence, strength, speaker)
                if citations[key].marker not in markers:
                    markers.append(citations[key].marker)
        statements.append(
            Statement(
                text=as_prose(text),
                verdict=Verdict.SUPPORTED if pin.check.supported else Verdict.UNSUPPORTED,
                citations=tuple(markers),
                problem=pin.check.problem,
            )
        )
    return statements, list(citations.values())
