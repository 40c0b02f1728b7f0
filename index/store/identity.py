"""Which index this is, and in which state: all that finding a kept answer, or its server, needs."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from index.store.database import Database

__all__ = ["CATALOGUE_FILE", "META_SCHEMA", "Identified", "Identity", "has_catalogue"]

CATALOGUE_FILE = "catalogue.sqlite3"
META_SCHEMA = "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"


class Identified(Protocol):
    """What tells one state of one index from all others."""

    @property
    def born(self) -> str | None: ...

    @property
    def revision(self) -> int: ...


class Identity(Database):
    """What a catalogue notes of its index as a whole; read without numpy, in milliseconds."""

    def __init__(self, path: Path, schema: str = META_SCHEMA) -> None:
        super().__init__(path, schema)

    @classmethod
    def of(cls, folder: Path) -> Identity:
        """That of the index in `folder`, which exists."""
        return cls(folder / CATALOGUE_FILE)

    def meta(self, key: str) -> str | None:
        """What was noted under a key."""
        row = self._rows("SELECT value FROM meta WHERE key = ?", key)
        return str(row[0][0]) if row else None

    @property
    def born(self) -> str | None:
        """Tells this index from one that stood here before: revisions start anew."""
        return self.meta("born")

    @property
    def revision(self) -> int:
        """Grows with every change of what can be found."""
        return int(self.meta("revision") or 0)


def has_catalogue(folder: Path) -> bool:
    """Whether `folder` holds an index."""
    return (folder / CATALOGUE_FILE).is_file()
