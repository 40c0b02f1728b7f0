"""What became of each file or name, for whoever tells the reader."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Outcome", "Status"]


class Status(StrEnum):
    """What an ingest or a removal did."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """Nothing of this name is indexed: a removal finds nothing to remove."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: str
    status: Status
    reason: str | None = None
    near: str | None = None
    """The path of the document that this one is nearly the same as."""
