"""What was found and what a model wrote of it -> an Answer: pinned, verified, or an abstention."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from index.store.index import Index
from index.store.reading import Reading
from index.visible import as_prose
from rag.answer import Answer, Statement, Timings
from rag.evidence import Candidate, Rarity
from rag.find import Found, read_on
from rag.judge.answer_verifier import AnswerVerifier
from rag.judge.certain import (
    is_certain,
    may_be_certain,
    may_be_one_sentence,
    without_writing,
)
from rag.judge.conclude import Conclusion, conclude
from rag.judge.draft import Draft, choose_draft
from rag.judge.extract import Extractor
from rag.judge.judge import Judge
from rag.judge.reply import Reply
from rag.judge.reread import Look
from rag.judge.settle import Settled, settle
from rag.model.point import point
from rag.model.probe import answers

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

__all__ = ["Clock", "Responder"]

_UNSUPPORTED = "The documents touch on this, but nothing in them supports an answer."
_ASTRAY = "The documents touch on this, but do not seem to say it of what was asked."
_UNSURE = "The documents touch on this, but do not seem to state the answer."

_SPEAKS = 0.2
"""From this probability on the extractor speaks for an answer. Set by hand."""


@dataclass(slots=True)
class Clock:
    """When each step ended, in milliseconds from the question; None for one that did not run."""

    started: float
    retrieve: float = 0.0
    quoted: float | None = None
    first_token: float | None = None

    def ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000

    def timings(self) -> Timings:
        return Timings(self.retrieve, self.first_token, self.ms(), self.quoted)


@dataclass(frozen=True, slots=True)
class Responder:
    """Makes the answer of one question; `model` is what it says wrote it."""

    index: Index
    extractor: Extractor | None
    min_confidence: float
    """Below this probability it abstains."""
    model: str
    reader: LLM | None = None
    """Who looks again where the smaller readers are in doubt."""
    _told: dict[tuple[object, ...], float | None] = field(default_factory=dict, repr=False)
    """What it said of which sentences."""

    def respond(self, found: Found, reply: Reply, clock: Clock) -> Answer:
        """What a reply is worth, or a quotation in its place."""
        judge = self._judge()
        drafts = self._drafts(judge, found, reply)
        drafts = self._chosen_again(judge, found, drafts, reply)
        return self._conclude(found, reply, clock, drafts)

    def quote(self, found: Found, clock: Clock) -> Answer:
        """What a quotation answers, without a model."""
        return self._conclude(found, Reply(""), clock, self._quoted(found))

    def quote_if_certain(self, found: Found, clock: Clock) -> Answer | None:
        """The same, where the small readers are certain of it."""
        if not may_be_certain(found.condensed, found.extraction, found.parts):
            return None
        drafts = self._quoted(found)
        if not is_certain(found.condensed, choose_draft(drafts), self._verifier):
            return None
        answer = self._conclude(found, Reply(""), clock, drafts)
        return None if answer.abstained else answer

    def look_up(self, found: Found) -> Found:
        """The same, marked where the reader looks, too; it has read all of it then."""
        if self.reader is None or found.extraction is None:
            return found
        looked = point(self.reader, found.condensed, found.excerpts, found.candidates)
        if looked is None:
            return found
        return replace(found, extraction=found.extraction.led_by(looked))

    def without_writing(self, found: Found, clock: Clock) -> Answer | None:
        """A quotation that the reader sees the answer in, or an abstention where it sees none
        anywhere; None where it had better write."""
        judge = self._judge()
        if judge.look is None or not may_be_one_sentence(found.condensed, found.parts):
            return None
        nothing = Reply("")
        drafts = self._drafts(judge, found, nothing)
        is_seen = without_writing(found.condensed, choose_draft(drafts), judge.look)
        if is_seen is None:
            return None
        if is_seen:
            answer = self._conclude(found, nothing, clock, drafts)
            return None if answer.abstained else answer
        drafts = self._chosen_again(judge, found, drafts, nothing)
        return self._conclude(found, nothing, clock, drafts)

    @property
    def _verifier(self) -> AnswerVerifier | None:
        return None if self.extractor is None else self.extractor.verifier

    def _judge(self) -> Judge:
        return Judge(
            self.index.embedder,
            Rarity(self.index),
            self._verifier,
            self._look(),
            self.min_confidence,
        )

    def _drafts(self, judge: Judge, found: Found, reply: Reply) -> list[Draft]:
        return judge.drafts(
            found.condensed, reply, found.candidates, found.extraction, parts=found.parts
        )

    def _chosen_again(
        self, judge: Judge, found: Found, drafts: list[Draft], reply: Reply
    ) -> list[Draft]:
        """The drafts; with one of all that was found, where none of them can be given."""
        if self.extractor is None or not judge.may_choose_again(drafts):
            return drafts
        everything = read_on(found, self.extractor)
        return judge.choose_again(found.condensed, reply, drafts, *everything)

    def _quoted(self, found: Found) -> list[Draft]:
        """Nothing that a model wrote: the judge has the quotation alone to weigh."""
        return self._drafts(replace(self._judge(), look=None), found, Reply(""))

    def _look(self) -> Look | None:
        """What asks the reader, once of the same sentences."""
        reader, told = self.reader, self._told
        if reader is None:
            return None

        def look(question: str, cited: Sequence[Candidate]) -> float | None:
            key = (question, *(c.key for c in cited))
            if key not in told:
                told[key] = answers(reader, question, cited)
            return told[key]

        return look

    def _conclude(
        self, found: Found, reply: Reply, clock: Clock, drafts: Sequence[Draft]
    ) -> Answer:
        """Decide whether what is left of a reply is an answer."""
        verdict = conclude(drafts)
        if not verdict.supported:
            return self.abstain(found, _UNSUPPORTED, clock, reply=reply, verdict=verdict)
        if verdict.exchange is not None and self.min_confidence > 0:
            reason = verdict.exchange.reason
            return self.abstain(found, reason, clock, reply=reply, verdict=verdict)
        if verdict.is_astray and self.min_confidence > 0:
            return self.abstain(found, _ASTRAY, clock, reply=reply, verdict=verdict)
        if self.min_confidence > 0 and _is_only_near(found, verdict):
            return self.abstain(found, _UNSURE, clock, reply=reply, verdict=verdict)
        if verdict.confidence < self.min_confidence:
            return self.abstain(found, _UNSURE, clock, reply=reply, verdict=verdict)
        settled = settle(found, verdict, Reading(self.index), self.extractor)
        return Answer(
            question=found.question,
            condensed_question=found.condensed,
            text=settled.text,
            reason=None,
            statements=settled.statements,
            citations=settled.citations,
            passages=tuple(found.passages),
            nearest=found.nearest,
            raw_text=reply.text,
            model=self.model,
            timings=clock.timings(),
            confidence=verdict.confidence,
            signals=verdict.signals,
            missing=verdict.missing,
            own_time=found.own_time,
            disagreement=settled.disagreement,
            correction=settled.correction,
            marked=_marked(found, settled),
        )

    def abstain(
        self,
        found: Found,
        reason: str,
        clock: Clock,
        *,
        reply: Reply | None = None,
        verdict: Conclusion | None = None,
        is_courtesy: bool = False,
    ) -> Answer:
        """No answer; what was drafted stays to be looked at, without citations."""
        statements: tuple[Statement, ...] = () if verdict is None else verdict.taken_back()
        return Answer(
            question=found.question,
            condensed_question=found.condensed,
            text=None,
            reason=reason,
            statements=statements,
            citations=(),
            passages=tuple(found.passages),
            nearest=found.nearest,
            raw_text="" if reply is None else reply.text,
            model=self.model,
            timings=clock.timings(),
            confidence=None if verdict is None else verdict.confidence,
            signals={} if verdict is None else verdict.signals,
            is_courtesy=is_courtesy,
            own_time=found.own_time,
        )


def _is_only_near(found: Found, verdict: Conclusion) -> bool:
    """Whether nothing but the talk speaks for an answer: a question that leans on it and was not
    spelled out is near whatever the talk was on."""
    if not found.about or found.condensed != found.question or found.extraction is None:
        return False
    return max(verdict.signals.get("said", 0.0), verdict.signals.get("marked", 0.0)) < _SPEAKS


def _marked(found: Found, settled: Settled) -> str | None:
    """The words that the extractor marks in a sentence that is quoted."""
    mark = found.mark
    given = {s.text for s in settled.statements if s.supported}
    if mark is None or as_prose(mark.evidence.text) not in given:
        return None
    return mark.words
