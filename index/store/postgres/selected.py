"""What a search in the database is limited to: conditions on documents, which it evaluates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from index.store.postgres.connect import Connections
from index.store.rows import Selection

__all__ = ["SelectedDocuments", "condition_on"]

_T = TypeVar("_T")

_AUTHORS = """
WITH RECURSIVE names (name) AS (
    SELECT min(author) FROM documents WHERE author > ''
    UNION ALL
    SELECT (SELECT min(author) FROM documents WHERE author > name) FROM names
    WHERE name IS NOT NULL)
SELECT name FROM names WHERE name IS NOT NULL
"""
"""All names, from one to the next in their index: documents are many more."""

Condition = tuple[str, tuple[object, ...]]
"""SQL over a row `d` of documents, and its values."""


class SelectedDocuments(AbstractSet[str]):
    """The documents that meet all of some conditions; their ids are read only to be listed.

    What it says is what the database says at that moment.
    """

    def __init__(self, connections: Connections, conditions: Sequence[Condition]) -> None:
        self._connections = connections
        self._conditions = tuple(conditions)

    @classmethod
    def of(cls, connections: Connections, selection: Selection) -> SelectedDocuments:
        """The documents that a selection admits."""
        conditions: list[Condition] = []
        if selection.since is not None:
            # "2020-03" has a day in each range that begins within it.
            begun = [selection.since[:4], selection.since[:7]]
            # The year, which comes before all of these, is where the index is entered.
            sql = "d.date >= %s AND (d.date >= %s OR d.date = ANY(%s))"
            conditions.append((sql, (begun[0], selection.since, begun)))
        if selection.until is not None:
            conditions.append(("d.date <= %s", (selection.until,)))
        if selection.collection is not None:
            inside = (
                "EXISTS (SELECT 1 FROM places p WHERE p.document_id = d.id AND collection = %s)"
            )
            conditions.append((inside, (selection.collection,)))
        if selection.author is not None:
            # Names are compared as a folder's are; there are far fewer of them than documents.
            by = [name for (name,) in connections.rows(_AUTHORS) if selection.is_by(name)]
            conditions.append(("d.author = ANY(%s)", (by,)))
        return cls(connections, conditions)

    @property
    def condition(self) -> Condition:
        """All of them as one."""
        sql = " AND ".join(sql for sql, _ in self._conditions) or "true"
        return sql, tuple(value for _, values in self._conditions for value in values)

    def __contains__(self, document_id: object) -> bool:
        return bool(self & frozenset([str(document_id)]))

    def __iter__(self) -> Iterator[str]:
        return iter([str(row[0]) for row in self._rows("SELECT d.id FROM documents d WHERE")])

    def __len__(self) -> int:
        return int(self._rows("SELECT count(*) FROM documents d WHERE")[0][0])

    def __bool__(self) -> bool:
        return bool(self._rows("SELECT 1 FROM documents d WHERE", "LIMIT 1"))

    def __and__(self, other: AbstractSet[Any]) -> AbstractSet[str]:
        if isinstance(other, SelectedDocuments):
            return SelectedDocuments(self._connections, self._conditions + other._conditions)
        if not other:
            return frozenset()
        conditions = (*self._conditions, condition_on(other))
        return SelectedDocuments(self._connections, conditions)

    __rand__ = __and__

    @classmethod
    def _from_iterable(cls, it: Iterable[_T]) -> AbstractSet[_T]:
        """What any other operation of sets comes to."""
        return frozenset(it)

    def _rows(self, sql: str, end: str = "") -> list[tuple[Any, ...]]:
        condition, values = self.condition
        return self._connections.rows(f"{sql} {condition} {end}", *values)


def condition_on(documents: Collection[str]) -> Condition:
    """A limit to some documents as a condition; one that is a condition is taken as it is."""
    if isinstance(documents, SelectedDocuments):
        return documents.condition
    return "d.id = ANY(%s)", (list(documents),)
