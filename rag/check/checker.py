"""Sentence by sentence, a draft is held to the articles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.document import Kind
from index.store.reading import Reading
from rag.answer import Evidence
from rag.check.align import Aligner, Parsed
from rag.check.compare import correction, differences
from rag.check.difference import Difference, Mismatch
from rag.check.draft import DraftSentence, read_draft
from rag.check.outcome import Checked, Ruling
from rag.check.quantity import matches
from rag.check.quoted import QuotationCheck, check_quotations, speaker_otherwise
from rag.check.support import ParsedSource, Support, weigh_support
from rag.check.terms import terms_of
from rag.evidence import Candidate, score_sentences
from rag.judge.fitted import read_fit
from rag.judge.speaker import speaker_of, speaker_of_candidate
from rag.retrieve import HybridRetriever

__all__ = ["Checker", "Compared", "outcome_of"]

_COMPARED = 8
"""Sentences of the articles that each sentence of a draft is compared with."""

_BATCH = 32
"""Sentences of a draft that are read at once: a reader sees the first ones soon."""

_TOLD = 0.6
"""Below this mean a part of the sentence, or a word, is shown as missing."""


_REPEATED = 0.6
"""Share of the telling words, as they stand, from which on a sentence repeats an article's."""

_ADDED = 0.4
"""Below this a word of such a sentence is not in the article."""

_ATTRIBUTION = 3
"""Telling words beside a quotation that may say who spoke, and where."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A sentence beside what was found for it."""

    said: Parsed
    candidates: tuple[Candidate, ...]
    found: tuple[ParsedSource, ...]
    support: Support


class Checker:
    """Checks drafts, and single statements, against an index; no language model is asked."""

    def __init__(self, retriever: HybridRetriever, aligner: Aligner) -> None:
        self.retriever = retriever
        self.aligner = aligner

    def check(self, text: str, *, documents: Collection[str] | None = None) -> Iterator[Checked]:
        """Check a draft, one sentence after the other, in order.

        `documents` limits the articles to these ids.
        Raises: DraftError, before the first one.
        """
        return self._check(read_draft(text), documents)

    def verify(
        self,
        statement: str,
        before: Sequence[str] = (),
        *,
        documents: Collection[str] | None = None,
    ) -> Checked:
        """Check one statement; `before` are the sentences before it, which say who "she" is.

        Raises: DraftError if it is empty.
        """
        (first, *_) = read_draft(statement)
        whole = replace(
            first, text=statement.strip(), is_claim=True, kind=Kind.PROSE, before=tuple(before)
        )
        return next(self._check([whole], documents))

    def compare(
        self,
        sentence: DraftSentence,
        said: Parsed,
        reading: Reading,
        documents: Collection[str] | None = None,
    ) -> Compared | None:
        """Find what the articles have on a sentence, and weigh it; None where they are empty."""
        passages = self.retriever.passages(
            _query(sentence), vector=said.vector, documents=documents, reading=reading
        )
        scored = score_sentences(reading, sentence.plain, said.vector, passages)[:_COMPARED]
        if not scored:
            return None
        parsed = self.aligner.parse([c.evidence.text for c in scored])
        found = tuple(
            ParsedSource(c.evidence.document_id, p, terms_of(c.context), c.evidence.cosine)
            for c, p in zip(scored, parsed, strict=True)
        )
        return Compared(said, tuple(scored), found, weigh_support(said, found))

    def _check(
        self, sentences: Sequence[DraftSentence], documents: Collection[str] | None
    ) -> Iterator[Checked]:
        reading = Reading(self.retriever.index)
        for first in range(0, len(sentences), _BATCH):
            batch = sentences[first : first + _BATCH]
            claims = [s.plain for s in batch if s.is_claim]
            parsed = dict(zip(claims, self.aligner.parse(claims), strict=True))
            for sentence in batch:
                if not sentence.is_claim:
                    yield Checked(sentence, None)
                    continue
                compared = self.compare(sentence, parsed[sentence.plain], reading, documents)
                yield _judge(sentence, compared)


def _query(sentence: DraftSentence) -> str:
    """What is searched for by its words: with the names of the sentence before, for "she"."""
    names = [t.text for text in sentence.before[-1:] for t in terms_of(text) if t.is_name]
    return " ".join([sentence.plain, *names])


def _judge(sentence: DraftSentence, compared: Compared | None) -> Checked:
    if compared is None:
        return Checked(sentence, Ruling.NOT_FOUND)
    quoted = check_quotations(sentence, compared.candidates)
    if quoted is not None and (quoted.differences or not quoted.absent):
        return _judge_quoted(sentence, compared, quoted)
    likely = outcome_of(compared.support)
    best = compared.candidates[compared.support.best]
    differing = _differing(sentence, compared)
    if likely is not Ruling.NOT_FOUND and (corrected := _corrected(compared)) is not None:
        holder, difference = corrected
        return _checked(sentence, Ruling.CONTRADICTED, [holder], differences=[difference])
    if (other := _said_elsewhere(compared, differing)) is not None:
        return _checked(sentence, Ruling.SUPPORTED, [other])
    if differing and likely is not Ruling.NOT_FOUND:
        return _checked(sentence, Ruling.CONTRADICTED, [best], differences=differing)
    if quoted is not None and likely is Ruling.SUPPORTED:
        return _checked(sentence, Ruling.PARTLY, [best], missing=quoted.absent)
    if likely is Ruling.SUPPORTED and (lacking := _lacking(compared)):
        return _checked(sentence, Ruling.PARTLY, [best], missing=lacking)
    if likely is Ruling.PARTLY:
        return _checked(sentence, likely, [best], missing=_missing(compared))
    holders = _holders(compared) if likely is Ruling.SUPPORTED else [best]
    return _checked(sentence, likely, holders)


def _judge_quoted(sentence: DraftSentence, compared: Compared, quoted: QuotationCheck) -> Checked:
    """What a sentence is whose quotations stand in the articles, to the letter or nearly."""
    holders = [c for c in compared.candidates if c.evidence in quoted.evidence]
    if quoted.differences:
        return _checked(sentence, Ruling.CONTRADICTED, holders, differences=quoted.differences)
    parts = compared.support.parts
    inside = {
        t.part for q in quoted.quoted for t in compared.said.terms if q.start <= t.start < q.end
    }
    weak = [k for k, mean in parts.items() if k not in inside and mean < _TOLD]
    if weak and len(parts) > 1 and _n_terms(compared, weak) > _ATTRIBUTION:
        return _checked(
            sentence, Ruling.PARTLY, holders, missing=[_words(compared, k) for k in weak]
        )
    return _checked(sentence, Ruling.SUPPORTED, holders)


def _corrected(compared: Compared) -> tuple[Candidate, Difference] | None:
    """The sentence of another article that corrects what the best one says, and how."""
    for candidate, told in zip(compared.candidates, compared.found, strict=True):
        difference = correction(compared.said, told)
        if difference is not None:
            return candidate, difference
    return None


def _said_elsewhere(compared: Compared, differing: Sequence[Difference]) -> Candidate | None:
    """The sentence of another article that has each amount in which the best one differs."""
    if not differing or any(d.sort is not Mismatch.NUMBER for d in differing):
        return None
    amounts = [q for q in compared.said.quantities if q.text.strip() in {d.said for d in differing}]
    here = compared.found[compared.support.best].document_id
    for candidate, told in zip(compared.candidates, compared.found, strict=True):
        stems = {t.stem for t in told.parsed.terms}
        has_all = all(
            q.unit & stems and any(matches(q, t) for t in told.parsed.quantities) for q in amounts
        )
        if has_all and amounts and told.document_id != here:
            return candidate
    return None


def _differing(sentence: DraftSentence, compared: Compared) -> list[Difference]:
    found = differences(compared.said, compared.found, compared.support)
    speaker = speaker_of(sentence.plain, sentence.before)
    other = speaker_otherwise(speaker, compared.candidates[compared.support.best])
    return found if other is None else [other, *found]


def outcome_of(support: Support) -> Ruling:
    """Supported, partly or not found, whichever the signals make likeliest."""
    fit = read_fit("outcome")
    signals = (support.signals - np.array(fit["means"])) / np.array(fit["scales"])
    scores = {
        name: row["bias"] + float(np.dot(row["weights"], signals))
        for name, row in fit["outcomes"].items()
    }
    return Ruling(max(scores, key=lambda name: scores[name]))


def _holders(compared: Compared) -> list[Candidate]:
    """The best sentence, and the one beside it that holds what it lacks."""
    support = compared.support
    lacking = support.anywhere - support.terms
    chosen = [compared.candidates[support.best]]
    if lacking.size and float(lacking.max()) > 1 - _TOLD:
        at = int(lacking.argmax())
        term = compared.said.terms[at]
        for i in support.beside:
            if i != support.best and any(
                t.stem == term.stem for t in compared.found[i].parsed.terms
            ):
                chosen.append(compared.candidates[i])
                break
    return chosen


def _lacking(compared: Compared) -> tuple[str, ...]:
    """Of a sentence that repeats an article's, what was put in: a name, an amount, a word."""
    support = compared.support
    if support.exact < _REPEATED:
        return ()
    said = compared.said
    words = [
        t.text
        for t, held in zip(said.terms, support.anywhere, strict=True)
        if held < _ADDED and not (t.is_light or t.is_name or t.number is not None)
    ]
    return (*support.absent, *words)


def _n_terms(compared: Compared, parts: Sequence[int]) -> int:
    return sum(t.part in parts and not t.is_light for t in compared.said.terms)


def _words(compared: Compared, part: int) -> str:
    """A part of the sentence, from its first telling word to its last that is not held."""
    said, support = compared.said, compared.support
    terms = [i for i, t in enumerate(said.terms) if t.part == part]
    low = [i for i in terms if support.anywhere[i] < _TOLD] or terms
    return said.text[said.terms[low[0]].start : said.terms[low[-1]].end]


def _missing(compared: Compared) -> tuple[str, ...]:
    """The words of a sentence that nothing holds: a part of it, or what lies in the weakest one."""
    parts = compared.support.parts
    weak = [k for k, mean in parts.items() if mean < _TOLD]
    if parts and (not weak or len(weak) == len(parts)):
        weak = [min(parts, key=lambda k: parts[k])]
    return tuple(_words(compared, k) for k in weak)


def _checked(
    sentence: DraftSentence,
    outcome: Ruling,
    holders: Sequence[Candidate],
    *,
    differences: Sequence[Difference] = (),
    missing: Sequence[str] = (),
) -> Checked:
    evidence: tuple[Evidence, ...] = tuple(c.evidence for c in holders)
    speaker = (
        speaker_of_candidate(holders[0]) if holders and outcome is not Ruling.NOT_FOUND else None
    )
    return Checked(
        sentence,
        outcome,
        evidence,
        tuple(differences),
        tuple(missing),
        None if speaker is None else speaker.name,
    )
