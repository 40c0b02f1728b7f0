"""Addresses of sentences: a link that opens the document at the very words."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from index.visible import plain
from rag.answer import Evidence
from ui.server.access import Access

__all__ = ["Links", "name_of"]

_WHOLE_WORDS = 12
"""A longer sentence is named by how it begins and ends."""
_ENDS = 5


@dataclass(frozen=True, slots=True)
class Links:
    """Links to documents under the address at which the server was asked."""

    base: str
    access: Access

    def page(self, evidence: Evidence) -> str:
        """The document with the sentence marked."""
        query = f"s={evidence.start}-{evidence.end}"
        if not self.access.is_open:
            query += f"&k={self.access.sign(evidence.document_id)}"
        return f"{self.base}/documents/{evidence.document_id}?{query}"

    def sentence(self, evidence: Evidence) -> str:
        """The same, and the browser goes to the words (a text fragment)."""
        return f"{self.page(evidence)}#:~:text={_fragment(evidence.text)}"


def name_of(evidence: Evidence) -> str:
    """Title, date and page."""
    page = f"page {evidence.page}" if evidence.page else ""
    parts = [plain(evidence.title), evidence.date or "", page]
    return " · ".join(part for part in parts if part)


def _fragment(text: str) -> str:
    words = text.split()
    if len(words) <= _WHOLE_WORDS:
        return _encoded(" ".join(words))
    return f"{_encoded(' '.join(words[:_ENDS]))},{_encoded(' '.join(words[-_ENDS:]))}"


def _encoded(text: str) -> str:
    # "-" and "," have a meaning of their own there.
    return quote(text, safe="").replace("-", "%2D")
