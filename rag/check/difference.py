"""One thing that a draft says otherwise than an article: what sort it is of, and both values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Difference", "Mismatch"]


class Mismatch(StrEnum):
    """What differs."""

    NUMBER = "number"
    TIME = "time"
    NAME = "name"
    OPPOSITE = "opposite"
    ROLES = "roles"
    QUOTATION = "quotation"
    SPEAKER = "speaker"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the draft says otherwise than the article."""

    sort: Mismatch
    said: str
    """In the draft."""
    told: str
    """In the article."""

    @property
    def note(self) -> str:
        """For the reader."""
        match self.sort:
            case Mismatch.SPEAKER:
                return f"said by {self.told}, not by {self.said}"
            case Mismatch.QUOTATION:
                return f"the words are: “{self.told}”"
            case Mismatch.ROLES:
                return f"who did it to whom is the other way round: “{self.told}”"
        return f"“{self.told}” in the article, “{self.said}” in the draft"

    def to_json(self) -> dict[str, str]:
        return {"sort": self.sort.value, "said": self.said, "told": self.told}
