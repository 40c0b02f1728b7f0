"""One SQLite file: a connection for all threads, whole transactions, errors as ours."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import StoreError

__all__ = ["Database"]


class Database:
    """Every method is safe to call from several threads; a transaction happens whole or not."""

    def __init__(self, path: Path, schema: str) -> None:
        self._lock = threading.RLock()
        self._path = path
        self._schema = schema
        with self._errors():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA busy_timeout=5000")
            self._db.execute("PRAGMA journal_mode=WAL")
            # What is removed is overwritten: its words must not stay in free pages.
            self._db.execute("PRAGMA secure_delete=FAST")
            self._db.executescript(schema)

    def close(self) -> None:
        self._db.close()

    def _rows(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock, self._errors():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _moment(self) -> Iterator[None]:
        """What is read within is of one moment, whatever another process writes."""
        with self._lock, self._errors():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # Ctrl-C may come before BEGIN, a full disk has sometimes rolled back already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _drop_tables(self, db: sqlite3.Connection) -> None:
        """Begin anew within a transaction, with this version's schema."""
        names = db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for (name,) in names:
            db.execute(f'DROP TABLE "{name}"')
        for statement in self._schema.split(";"):
            if statement.strip():
                db.execute(statement)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._path}: {error}; free disk space or check permissions, and if that does "
                "not help run `pressmark index --rebuild PATH`"
            ) from error
