"""Where articles differ: the values that they give, or what one puts right in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Correction", "Side"]


@dataclass(frozen=True, slots=True)
class Side:
    """One of several values that articles give, with the markers of the sentences that do."""

    value: str
    citations: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "citations": list(self.citations)}


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that a later article gives in place of another's."""

    value: str
    was: str
    date: str | None
    """Of the article that corrects."""
    citations: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        citations = list(self.citations)
        return {"value": self.value, "was": self.was, "date": self.date, "citations": citations}

    def in_words(self) -> str:
        """ "Corrected on 2025-03-02: 2.4 million, not 4.2 million." """
        when = f" on {self.date}" if self.date else ""
        return f"Corrected{when}: {self.value}, not {self.was}."
