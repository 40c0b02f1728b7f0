"""Do other articles give another answer? Then all are shown; or the newer one, if it corrects.

The answer's value is found in each article that speaks of the same: the extractor marks it, and
`rag.judge.values` compares. No language model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from index.embed.embedder import Array
from index.store.reading import Reading
from index.store.rows import StoredDocument
from rag.answer import Evidence
from rag.english import ASKS, ASKS_FOR_SEVERAL, ASKS_WHETHER, MONTH_NAMES, WEEKDAYS
from rag.english_values import ASKS_FOR_A_LIST, RETRACTS_NEXT
from rag.evidence import evidence_at
from rag.judge.claims import Claim, Word, analyse, is_same_name
from rag.judge.extract import Extractor, Text
from rag.judge.relation import counts_another
from rag.judge.report import (
    Report,
    corrects,
    days_between,
    gives_both,
    is_ahead,
    is_later,
    is_retracted,
    times_of,
)
from rag.judge.values import Sort, Value, sorts_of, value_of
from rag.judge.yesno import Stance, stance

__all__ = ["Contrast", "Told", "contrast"]

_READ = 6
"""Sentences of an article that are read for its value: those nearest to the cited one."""

MIN_STATED = 0.15
"""From this probability on, by the extractor, an article states a value; chosen on the developed
two thirds of tests/benchmarks/disagreement.json."""

MIN_NAMED = 0.3
"""The same for a name or a bare year: many in a text may seem to answer."""

MIN_ALIKE = 0.5
MIN_ALIKE_NAMED = 0.6
"""Cosine similarity of two sentences from which on they may speak of the same, likewise; and where
a name is asked for."""

MIN_SURE = 0.5
MIN_LOOSELY_ALIKE = 0.25
"""Where the extractor is this sure, the question names something, and the sentence has half of its
other telling words, so loosely alike a sentence will do: titles that differ draw the vectors of
their sentences apart."""

MIN_ANSWERS = 0.2
"""From this probability on, by the answer verifier, a value is one of what was asked: "400,000 for
the pier" is none of what was paid for the lighthouse. Of 95 pairs that disagree (tests/benchmarks)
three are not told for it."""

_CONDITION = re.compile(r"\b(?:if|unless|whether)\b", re.IGNORECASE)

_MOST_DAYS = 366
"""Articles further apart tell of another time, unless the question names the year."""


@dataclass(frozen=True, slots=True)
class Told:
    """One value, and the sentences that give it, the newest first."""

    value: str
    evidence: tuple[Evidence, ...]

    @property
    def date(self) -> str:
        return self.evidence[0].date or ""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What articles say differently, newest first; of an update the first is what holds."""

    told: tuple[Told, ...]
    is_update: bool


def contrast(
    question: str,
    cited: Sequence[Evidence],
    documents: Iterable[str],
    reading: Reading,
    extractor: Extractor,
) -> Contrast | None:
    """What `documents` say otherwise than the cited sentences do; None if nothing."""
    if not cited or ASKS_FOR_SEVERAL.search(question) or ASKS_FOR_A_LIST.search(question):
        return None
    if not ASKS.search(question) and not ASKS_WHETHER.match(question):
        # Keywords: nobody knows what would answer them.
        return None
    first = cited[0]
    compare = _Comparing(question, first, reading, extractor)
    mine = compare.report(first.document_id, {e.ordinal for e in cited})
    # A cited sentence may tell what its article takes back: then the article has another.
    mine = mine or compare.report(first.document_id)
    if mine is None:
        return None
    reports = [mine]
    for document_id in dict.fromkeys(documents):
        if document_id == first.document_id:
            continue
        report = compare.report(document_id)
        if report is None or not compare.is_on_the_same(mine, report):
            continue
        is_told = corrects(report, mine) or corrects(mine, report)
        # Parts of one article, not two of them: they tell of different things.
        if not is_told and report.evidence.title == first.title:
            continue
        both = compare.answers(mine) and compare.answers(report)
        if is_told or (both and compare.is_of_the_same_days(mine, report)):
            reports.append(report)
    return _sorted_out(reports)


class _Comparing:
    """One question, and the sentence that its answer stands on."""

    def __init__(
        self, question: str, cited: Evidence, reading: Reading, extractor: Extractor
    ) -> None:
        self._question, self._cited = question, cited
        self._reading, self._extractor = reading, extractor
        self._asked = analyse(question)
        self._sorts = sorts_of(question)

    def report(self, document_id: str, ordinals: set[int] | None = None) -> Report | None:
        """The value of an article; only in `ordinals`, if they are given."""
        stored, cited = self._reading.get(document_id), self._reading.get(self._cited.document_id)
        if stored is None or cited is None:
            return None
        near: Array = stored.vectors @ cited.vectors[self._cited.ordinal]
        order = [int(i) for i in np.argsort(-near, kind="stable")]
        order = [i for i in order if stored.sentences[i].kind.citable][:_READ]
        alike = MIN_ALIKE_NAMED if self._sorts[0] is Sort.NAME else MIN_ALIKE
        wanted = ordinals if ordinals is not None else {i for i in order if near[i] >= alike}
        if ASKS.search(self._question) is None:
            return self._stance(stored, order, wanted)
        loosely = {i for i in order if ordinals is None and near[i] >= MIN_LOOSELY_ALIKE} - wanted
        loosely = {i for i in loosely if self._has_words(stored.sentences[i].text)}
        return self._value(stored, sorted({*order, *(ordinals or ())}), wanted, loosely)

    def _has_words(self, sentence: str) -> bool:
        """Whether a question that names something has half of its other telling words in it."""
        names = {w.stem for w in _names(self._asked)}
        telling = self._asked.content - names
        return bool(names and telling) and 2 * len(telling & analyse(sentence).content) >= len(
            telling
        )

    def _stance(
        self, stored: StoredDocument, order: Sequence[int], wanted: set[int]
    ) -> Report | None:
        for i in [*order, *sorted(wanted - {*order})]:
            # "Correction: it is safe; we wrote that it is not": the first clause counts.
            parts = re.split(r"[;:]", stored.sentences[i].text)
            for part in [*parts, stored.sentences[i].text] if i in wanted else ():
                if _CONDITION.search(part):
                    # "If the county approves" says neither yes nor no.
                    continue
                if (found := stance(self._question, part)) is not None:
                    return self._at(found, stored, i)
        return None

    def _value(
        self, stored: StoredDocument, read: Sequence[int], wanted: set[int], loosely: set[int]
    ) -> Report | None:
        document, sentences = stored.document, stored.sentences
        if not wanted | loosely:
            return None
        text = Text(document.title, {(document.id, i): sentences[i].text for i in read})
        found = self._extractor.read(self._question, [text])
        for span in found.spans:
            i = span.at[1]
            if i not in wanted | loosely or is_retracted(span.text, sentences[i].text):
                continue
            if counts_another(self._question, span.text, sentences[i].text):
                continue
            kept = RETRACTS_NEXT.split(span.text, maxsplit=1)[0]
            value = value_of(kept, sentences[i].text, self._sorts)
            if value is None:
                continue
            is_bare = value.sort is Sort.NAME or (value.date[0] and value.date[1] is None)
            enough = MIN_SURE if i in loosely else MIN_NAMED if is_bare else MIN_STATED
            if found.mass[span.at] >= enough:
                return self._at(value, stored, i)
        return None

    def _at(self, value: Value | Stance, stored: StoredDocument, i: int) -> Report:
        evidence = evidence_at(stored.document, stored.sentences[i], i, 0.0, 0.0)
        return Report(value, stored, evidence)

    def is_on_the_same(self, mine: Report, other: Report) -> bool:
        """Whether another article speaks of what the answer does: names and time agree."""
        told, there = analyse(_whole(mine)), analyse(_whole(other))
        for name in _names(self._asked):
            if is_same_name(name, told.words) and not is_same_name(name, there.words):
                return False
        if not _names(self._asked):
            near = analyse(f"; {mine.evidence.title}. {mine.evidence.text}")
            here = [w for w in _names(near) if w.text not in mine.text]
            if here and not any(is_same_name(name, there.words) for name in here):
                return False
        return self._is_of_one_time(mine, other)

    def answers(self, report: Report) -> bool:
        """Whether its sentence answers the question as it was asked, not another like it."""
        if isinstance(report.value, Stance):
            return True
        at, sentences = report.evidence.ordinal, report.stored.sentences
        before = sentences[at - 1].text if at else ""
        told = (report.evidence.title, before, report.evidence.text)
        return self._extractor.verifier.told(self._question, *told) >= MIN_ANSWERS

    def is_of_the_same_days(self, mine: Report, other: Report) -> bool:
        """Whether two articles are not too far apart to tell of one time."""
        days = days_between(mine.evidence.date, other.evidence.date)
        return days is None or days <= _MOST_DAYS or bool(self._asked.numbers)

    def _is_of_one_time(self, mine: Report, other: Report) -> bool:
        """Whether two sentences may tell of one time: "in January" and "in July" do not."""
        if self._sorts[0] is Sort.DATE and len(self._sorts) == 1:
            return True
        texts = mine.evidence.text, other.evidence.text
        if {is_ahead(text) for text in texts} == {True, False}:
            # What it will cost, and what it did cost before.
            return False
        one, two = map(times_of, texts)
        return not (one and two) or bool(one & two)


def _sorted_out(reports: Sequence[Report]) -> Contrast | None:
    """Group what agrees; drop what another article corrects; what is left over disagrees."""
    mine, *others = reports
    against = [r for r in others if mine.same(r) is False or _is_newer_figure(mine, r)]
    corrected: list[tuple[Report, Report]] = []
    for other in against:
        for new, old in ((mine, other), (other, mine)):
            if corrects(new, old):
                corrected.append((new, old))
    gone = {old.stored.document.id for _, old in corrected}
    gone |= {
        r.stored.document.id
        for new, old in corrected
        for r in reports
        if r is not new and r.same(old) and not is_later(r, new)
    }
    left = [r for r in reports if r.stored.document.id not in gone]
    groups: list[list[Report]] = []
    for report in left:
        if any(gives_both(report, group[0]) for group in groups):
            continue
        group = next((g for g in groups if g[0].same(report)), None)
        if group is not None:
            group.append(report)
        elif not groups or all(g[0].same(report) is False for g in groups):
            groups.append([report])
    if len(groups) > 1:
        return Contrast(_newest_first(groups), is_update=False)
    if corrected:
        new, old = corrected[-1]
        return Contrast((_told([new]), _told([old])), is_update=True)
    return None


def _is_newer_figure(one: Report, other: Report) -> bool:
    """Whether one of two that agree roughly is there to be more exact."""
    return one.other_figure(other) and (corrects(one, other) or corrects(other, one))


def _newest_first(groups: Sequence[Sequence[Report]]) -> tuple[Told, ...]:
    return tuple(sorted((_told(group) for group in groups), key=lambda t: t.date, reverse=True))


def _told(group: Sequence[Report]) -> Told:
    ordered = sorted(group, key=lambda r: r.evidence.date or "", reverse=True)
    return Told(ordered[0].text, tuple(r.evidence for r in ordered))


def _names(claim: Claim) -> list[Word]:
    return [w for w in claim.names if w.lower not in MONTH_NAMES | WEEKDAYS]


def _whole(report: Report) -> str:
    document = report.stored.document
    return f"{document.title}. {document.text}"
