"""What a reply is worth: pinned, verified and weighed; and quotations that may answer better."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from index.embed.embedder import Embedder
from rag.english_values import UNITS
from rag.evidence import Candidate
from rag.judge.answer_verifier import AnswerVerifier, is_astray
from rag.judge.attribute import Pin, attribute, quote
from rag.judge.claims import analyse, is_misspelled
from rag.judge.complete import Part, complete
from rag.judge.confidence import confidence
from rag.judge.draft import SURE, Draft, choose_draft
from rag.judge.extract import Extraction
from rag.judge.hold import (
    exchanged,
    held_to_the_passage,
    held_together,
    in_their_words,
    is_reworded,
    sentences_of,
)
from rag.judge.lacking import lacking
from rag.judge.refer import is_fragment, is_patched, told_of
from rag.judge.reply import Reply
from rag.judge.reread import Look, reread
from rag.judge.signals import judge_signals
from rag.judge.yesno import borne_out

__all__ = ["Judge"]

_IN_DOUBT = (0.05, 0.9)
"""Between these confidences a slower reader is asked, too: of 970 questions of seven sets nothing
right lies below; asked up to .7 alone, 16 of 100 false premises are answered, up to .95 ten."""

_PLAIN = 2.0
"""From these log-odds on, by the slower reader, the model's own wording is kept. To 130 questions
of a new hand seven of 66 answers were false, each a statement with a word that its sentence does
not have, with -1.7 to 1.8; quoted instead, none is, and as many are right."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Makes of a reply the answers that could be given."""

    embedder: Embedder
    rarity: Callable[[str], float]
    """How telling a word is, above 0."""
    verifier: AnswerVerifier | None = None
    """What holds cited sentences to the question; it comes with an extractor."""
    look: Look | None = None
    """A slower reader, who is asked of what is in doubt."""
    min_confidence: float = 0.0
    """Below this nothing is given; where no draft reaches it the slower reader has the choice."""

    def drafts(
        self,
        question: str,
        reply: Reply,
        candidates: Sequence[Candidate],
        extraction: Extraction | None = None,
        parts: Sequence[Part] = (),
    ) -> list[Draft]:
        """The reply, each statement pinned and verified; then a quotation, if there is one.

        `candidates` are the sentences that the model read, best first; `extraction` is what the
        extractor found in them, where there is one: it says which sentence to quote. Without it
        nothing is quoted.
        """
        said = reply.statements(question)
        found = attribute(said, question, candidates, self.embedder, self.rarity, extraction)
        found = [self._borne_out(question, pin) for pin in found]
        pins = [held_to_the_passage(question, pin, self._alike) for pin in found]
        # Then the sentence with the number must at least speak of what was asked.
        patched = any(is_patched(pin.text, pin.candidates, question) for pin in found)
        pins = [held_together(question, _beside_what_is_told(pin, candidates)) for pin in pins]
        own = self._draft(question, pins, reply, candidates, extraction)
        own = replace(own, pins=tuple(self._in_their_words(question, own, extraction)))
        drafts = [own]
        for quoted in _quotable(own, candidates, extraction):
            if lacking(question, quoted.evidence.text):
                continue
            if not patched or own.supported or _speaks_of(question, quoted):
                pins = [quote(quoted)]
                judge = replace(self, look=None) if _is_sure(own) else self
                drafts.append(
                    judge._draft(question, pins, reply, candidates, extraction, quoted=True)
                )
        return [_completed(draft, candidates, parts) for draft in drafts]

    def may_choose_again(self, drafts: Sequence[Draft]) -> bool:
        """Whether nothing can be given, and a second choice could mend that.

        What the question supposes of another is not mended by a sentence elsewhere.
        """
        is_given = self._is_given(choose_draft(drafts))
        return self.look is not None and not is_given and drafts[0].exchange is None

    def choose_again(
        self,
        question: str,
        reply: Reply,
        drafts: Sequence[Draft],
        candidates: Sequence[Candidate],
        extraction: Extraction,
    ) -> list[Draft]:
        """The drafts, and a sentence of all that was found in which the slower reader sees the
        answer, where there is one that can be given."""
        found = list(drafts)
        chosen = None
        if self.look is not None:
            chosen = reread(question, candidates, extraction, self.look)
        if chosen is not None:
            pins = [quote(chosen)]
            second = self._draft(question, pins, reply, candidates, extraction, quoted=True)
            if self._is_given(second) and not (drafts[0].supposes and second.confidence < SURE):
                found.append(replace(second, is_second=True))
        return found

    def _is_given(self, draft: Draft) -> bool:
        """Whether it could be an answer."""
        is_right = draft.exchange is None and not draft.is_astray
        return bool(draft.supported) and is_right and draft.confidence >= self.min_confidence

    def _draft(
        self,
        question: str,
        pins: Sequence[Pin],
        reply: Reply,
        candidates: Sequence[Candidate],
        extraction: Extraction | None,
        *,
        quoted: bool = False,
    ) -> Draft:
        supported = [pin for pin in pins if pin.check.supported]
        # Of a quotation it is asked whether the model says the same.
        said = reply.text if quoted else " ".join(pin.text for pin in supported)
        cited = [c for pin in supported for c in pin.candidates]
        signals = judge_signals(question, said, cited, candidates, self.rarity, extraction)
        sure = confidence(signals, quoted=quoted)
        exchanges = (exchanged(question, p, self._alike, quoted=quoted) for p in supported)
        exchange = next((e for e in exchanges if e is not None), None)
        astray = self._is_astray(question, supported, signals)
        if extraction is not None and cited and _IN_DOUBT[0] <= sure < _IN_DOUBT[1]:
            told = None if self.look is None else self.look(question, cited)
            if told is not None:
                # It may overrule the verifier, if it rather sees the answer than not.
                signals, astray = {**signals, "answers": told}, astray and told < 0
                sure = confidence(signals, quoted=quoted)
        passed = extraction.passed_over(said, {c.key for c in cited}) if extraction else 0.0
        return Draft(tuple(pins), signals, sure, quoted, exchange, astray, passed)

    def _is_astray(self, question: str, pins: Sequence[Pin], signals: Mapping[str, float]) -> bool:
        """Whether none of several statements answers what was asked."""
        if self.verifier is None or not pins:
            return False
        answers = max(self.verifier.probability(question, pin.candidates) for pin in pins)
        agreed = (signals.get("said", 0.0) + signals.get("marked", 0.0)) / 2
        return is_astray(answers, signals["topic"], agreed)

    def _in_their_words(
        self, question: str, own: Draft, extraction: Extraction | None
    ) -> Iterator[Pin]:
        """The statements of the model's draft, those in doubt by their sentences."""
        is_sure = _is_sure(own) or own.signals.get("answers", 0.0) >= _PLAIN
        for pin in own.pins:
            if extraction is None or self.verifier is None or not pin.candidates:
                yield pin
                continue
            if pin.check.supported and not is_sure and is_reworded(pin):
                yield from sentences_of(pin)
                continue
            said = extraction.said(pin.text)
            answers = self.verifier.probability(question, pin.candidates)
            yield from in_their_words(question, pin, said, answers, self._alike)

    def _borne_out(self, question: str, pin: Pin) -> Pin:
        """The pin without a "yes" or "no" that its sentences do not give."""
        cited = " ".join(c.evidence.text for c in pin.candidates)
        return replace(pin, text=borne_out(question, pin.text, cited, self._alike))

    def _alike(self, one: str, other: str) -> float:
        """Cosine similarity of two words, [-1, 1]; 1 of one that is misspelled, and of a unit's
        short name."""
        unit = UNITS.get(one)
        if is_misspelled(one, other) or (unit is not None and unit == UNITS.get(other)):
            return 1.0
        return float(self.embedder.embed([one])[0] @ self.embedder.embed([other])[0])


def _is_sure(own: Draft) -> bool:
    """Whether the model's words need no slower look at what could be quoted instead."""
    return bool(own.supported) and own.confidence >= _IN_DOUBT[1]


def _quotable(
    own: Draft, candidates: Sequence[Candidate], extraction: Extraction | None
) -> list[Candidate]:
    """The sentences that may say it better than the model's own draft, or in its place."""
    if extraction is None:
        return []
    found: list[Candidate] = []
    whole = [c for c in candidates if not is_fragment(c.evidence.text)]
    if whole:
        found.append(told_of(max(whole, key=extraction.at), candidates))
    # The evidence states it, though not as the model puts it: let the documents speak.
    if own.pins and not own.supported:
        closest = own.pins[0].candidates[0]
        if closest not in found and not is_fragment(closest.evidence.text):
            found.append(closest)
    return found


def _beside_what_is_told(pin: Pin, candidates: Sequence[Candidate]) -> Pin:
    """The pin with the sentence that says it, where it cites only the one that names of whom.

    "Ole Juhl trained there as a boy." stands on "He had trained there as a boy.", not on the
    sentence before, which brings his name.
    """
    if not pin.check.supported or len(pin.candidates) > 1:
        return pin
    named = pin.candidates[0]
    told = told_of(named, candidates)
    said = analyse(pin.text).content
    held = analyse(named.evidence.text).content
    if not said & analyse(told.evidence.text).content - held:
        return pin
    return replace(pin, candidates=(named, told), strengths=(*pin.strengths, *pin.strengths))


def _speaks_of(question: str, candidate: Candidate) -> bool:
    """Whether a sentence has a word of the question."""
    return bool(analyse(question).content & analyse(candidate.evidence.text).content)


def _completed(draft: Draft, candidates: Sequence[Candidate], parts: Sequence[Part]) -> Draft:
    """The draft with what answers the other parts of the question, and what nothing does."""
    if not draft.supported or not parts:
        return draft
    said = " ".join(pin.text for pin in draft.supported)
    cited = draft.cited | draft.referred_to
    also, missing = complete(said, cited, candidates, parts)
    return replace(draft, further=also, missing=missing)
