"""What answers, a checked draft or a timeline cite, in one of CITATION_FORMATS.

In Markdown with the words that cite: an answer's statements, a draft's sentences, a timeline's
days, each with its footnotes. The other formats hold the documents alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from index.document import Kind
from rag.answer import Citation
from rag.check.outcome import Ruling
from ui.cite import cite, in_markdown

if TYPE_CHECKING:
    from rag.answer import Answer, Evidence
    from rag.check.outcome import Checked
    from rag.timeline import Timeline

__all__ = ["cite_answers", "cite_draft", "cite_timeline"]

_CITES = (Ruling.SUPPORTED, Ruling.PARTLY)
"""What a draft's sentence may cite an article for: not for what the article denies."""


def cite_answers(answers: Sequence[Answer], form: str) -> str:
    """What the answers cite; abstentions cite nothing."""
    given = [answer for answer in answers if not answer.abstained]
    if form != "markdown":
        return cite([c for answer in given for c in answer.citations], form)
    from ui.chat.html import to_markdown
    from ui.chat.memory import Turn

    return "\n\n---\n\n".join(to_markdown(Turn.of(answer)) for answer in given)


def cite_draft(checked: Sequence[Checked], form: str) -> str:
    """What supports the sentences of a draft, all of them or a part; empty where nothing does."""
    told = [(_line(c), c.evidence if c.outcome in _CITES else ()) for c in checked]
    return _cited(told, form)


def cite_timeline(timeline: Timeline, form: str) -> str:
    """The sentences of a timeline."""
    told = [
        (
            in_markdown(f"{entry.period.iso.replace('/', ' to ')}: {entry.evidence.text}"),
            (entry.evidence,),
        )
        for entry in timeline.entries
    ]
    return _cited(told, form)


def _line(checked: Checked) -> str:
    text = " ".join(checked.sentence.plain.split())
    if checked.sentence.kind is Kind.HEADING:
        return f"## {in_markdown(text.lstrip('# '))}"
    return in_markdown(text)


def _cited(told: Iterable[tuple[str, Sequence[Evidence]]], form: str) -> str:
    """Lines of Markdown, each with what it cites: a sentence that several cite has one number."""
    lines: list[str] = []
    numbered: dict[tuple[str, int], Citation] = {}
    for text, evidence in told:
        markers = []
        for cited in evidence:
            fresh = Citation(len(numbered) + 1, cited, 1.0)
            kept = numbered.setdefault((cited.document_id, cited.start), fresh)
            markers.append(f"[^{kept.marker}]")
        lines.append(text + "".join(markers))
    citations = list(numbered.values())
    if form != "markdown" or not citations:
        return cite(citations, form)
    return "\n\n".join([*lines, cite(citations, form)])
