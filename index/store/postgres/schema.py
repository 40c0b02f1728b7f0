"""The tables of a shared index: made, brought up to date, compared with what is there."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from index.errors import IndexMismatch

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "SCHEMA_LOCK",
    "SCHEMA_VERSION",
    "count_faults",
    "has_schema",
    "schema_faults",
    "upgrade",
]

SCHEMA_LOCK = 7_305_812_001
"""The advisory lock of whoever makes, changes or empties tables."""


def _sections() -> list[str]:
    """What each version adds, the first one first."""
    text = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    _, *sections = re.split(r"^-- version \d+$", text, flags=re.MULTILINE)
    return sections


SCHEMA_VERSION = len(_sections())
"""What this version of Pressmark reads and writes."""


def has_schema(connection: Connection[Any]) -> bool:
    """Whether there is an index in this database."""
    row = connection.execute("SELECT to_regclass('state') IS NOT NULL").fetchone()
    return bool(row and row[0])


def upgrade(connection: Connection[Any], dim: int, where: str) -> None:
    """Make the tables, or bring older ones up to date, in one step.

    Raises: IndexMismatch if a newer Pressmark made them.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        version = _version(connection)
        if version > SCHEMA_VERSION:
            raise IndexMismatch(
                f"the index in {where} was made by a newer Pressmark (schema {version}, this one "
                f"reads {SCHEMA_VERSION}): install that one"
            )
        if version == 0:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        for number, section in enumerate(_sections()[version:], start=version + 1):
            connection.execute(section.replace("{dim}", str(dim)).encode())
            connection.execute(
                "INSERT INTO meta VALUES ('schema', %s) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (str(number),),
            )
        if dim and dim != _dimension(connection) and not _is_stamped(connection):
            # It was emptied for another embedder.
            for table in ("sentences", "chunks"):
                connection.execute(
                    f"ALTER TABLE {table} ALTER COLUMN vector TYPE halfvec({dim:d})".encode()
                )


def schema_faults(connection: Connection[Any]) -> list[str]:
    """What of the tables is not as this version makes them, a phrase each."""
    version = _version(connection)
    faults = [] if version == SCHEMA_VERSION else [f"schema {version}, not {SCHEMA_VERSION}"]
    wanted = set(re.findall(r"CREATE (?:TABLE|INDEX) (\w+)", "".join(_sections())))
    rows = connection.execute(
        "SELECT c.relname, coalesce(i.indisvalid, true) FROM pg_class c "
        "LEFT JOIN pg_index i ON i.indexrelid = c.oid "
        "WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'state'::regclass)"
    ).fetchall()
    there = {name for name, is_valid in rows if is_valid}
    faults += [f"`{name}` is missing or not valid" for name in sorted(wanted - there)]
    return faults


_COUNTED = """
SELECT name, counted, found FROM (SELECT * FROM state) s, LATERAL (VALUES
    ('documents', s.documents, (SELECT count(*) FROM documents)),
    ('sentences', s.sentences, (SELECT count(*) FROM sentences)),
    ('chunks', s.chunks, (SELECT count(*) FROM chunks)),
    ('tokens', s.tokens, (SELECT coalesce(sum(length), 0) FROM chunks)),
    ('postings in blocks', (SELECT coalesce(sum(n), 0) FROM blocks),
        (SELECT coalesce(sum(octet_length(postings) / 8), 0) FROM blocks))
) AS c (name, counted, found) WHERE counted != found
"""


def count_faults(connection: Connection[Any]) -> list[str]:
    """Where what is counted beside the rows is not what they come to, a phrase each."""
    return [
        f"{found} {name}, counted as {counted}"
        for name, counted, found in connection.execute(_COUNTED).fetchall()
    ]


def _version(connection: Connection[Any]) -> int:
    if not has_schema(connection):
        return 0
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    return int(row[0]) if row else 0


def _dimension(connection: Connection[Any]) -> int:
    row = connection.execute(
        "SELECT atttypmod FROM pg_attribute "
        "WHERE attrelid = 'chunks'::regclass AND attname = 'vector'"
    ).fetchone()
    return int(row[0]) if row else 0


def _is_stamped(connection: Connection[Any]) -> bool:
    return bool(connection.execute("SELECT 1 FROM meta WHERE key = 'stamp'").fetchone())
