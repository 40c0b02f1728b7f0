"""A model's reply, tidied and cut into the statements that it makes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.document import Kind
from index.segment import segment
from rag.english import ASKS, PREAMBLE, REFUSAL
from rag.judge.claims import analyse
from rag.model.prompt import harmless

__all__ = ["Reply", "clean", "is_claim", "split_statements"]

_MARKER = re.compile(r"\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
# "U. S." for "U.S.": the model's own spelling, which would end a sentence.
_SPACED_INITIALS = re.compile(r"\b([A-Z]\.) (?=[A-Z]\.)")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of asking a model."""

    text: str
    """As it wrote it."""

    def statements(self, question: str) -> list[str]:
        """The sentences of the reply that claim something."""
        return [s for s in split_statements(clean(self.text)) if is_claim(s, question)]


def split_statements(text: str) -> list[str]:
    """The sentences of an answer; list items and lines are statements of their own.

    What goes on in lower case, or with a dash, on the same line is no new one: "non-U.S. firms".
    """
    lines = text.replace("\n", "\n\n")
    spans: list[tuple[int, int]] = []
    for sentence in segment(lines):
        if sentence.kind is Kind.CREDIT:
            continue
        before = spans[-1] if spans else (0, 0)
        goes_on = sentence.text[:1].islower() or sentence.text[:1] in "-–—"
        if spans and goes_on and "\n" not in lines[before[1] : sentence.start]:
            spans[-1] = before[0], sentence.end
        else:
            spans.append((sentence.start, sentence.end))
    return [lines[start:end] for start, end in spans]


def is_claim(text: str, question: str) -> bool:
    """Whether a sentence of a reply answers: it does not say that the passages are silent, and it
    adds something to a question that asks for something ("who", "what", but not "is it …?")."""
    if REFUSAL.search(text) or text.endswith("?"):
        return False
    if not ASKS.search(question):
        return True
    return bool(analyse(text).content - analyse(question).content)


def clean(raw: str) -> str:
    """The model's text without preamble, without markers that it made up, without hidden signs."""
    text = PREAMBLE.sub("", harmless(raw).strip())
    text = _MARKER.sub("", text).strip()
    text = _SPACED_INITIALS.sub(r"\1", text)
    return text[:1].upper() + text[1:]
