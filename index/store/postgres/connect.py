"""Connections to a database: a pool, whole steps, waiting with back-off, errors as ours."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from index.address import quiet
from index.errors import ConfigError, StoreError
from index.store.postgres.schema import has_schema, upgrade

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["EF_SEARCH", "Connections", "holds_index", "lock_key"]

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_PATIENCE_S = 20.0
"""How long a call waits for a database that went away."""
_ATTEMPT_S = 1.0
_FIRST_WAIT_S, _MOST_WAIT_S = 0.1, 1.0
_MOST = 8
"""Connections of one process."""
EF_SEARCH = 800
"""Candidates that HNSW keeps (pgvector takes 1,000 at most): of the ten nearest of 100,000 composed
chunks 400 find .994, 800 all, in 1.6 times the time (tests/benchmarks/shared.py)."""


class Connections:
    """A pool; every method is safe to call from several threads."""

    def __init__(self, address: str, *, dim: int, make: bool) -> None:
        """Connect; with `make`, tables are made or brought up to date first.

        Raises: ConfigError when the packages are not there; StoreError.
        """
        _need_packages()
        from psycopg_pool import ConnectionPool

        # What it says of each attempt is said by the error in the end.
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
        self.where = quiet(address)
        self._address = address
        self.has_index = _prepare(address, dim, make=make)
        self._pool: Any = None
        if self.has_index:
            self._pool = ConnectionPool(
                address,
                # None is kept ready: whoever asks makes one, and is not told to wait for another's.
                min_size=0,
                max_size=_MOST,
                kwargs={"autocommit": True, "application_name": "pressmark"},
                configure=_configure,
                # `patiently` waits, and says so once.
                timeout=_ATTEMPT_S,
                reconnect_timeout=_ATTEMPT_S,
                open=True,
            )

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()

    def rows(self, sql: str, *values: object, binary: bool = False) -> list[tuple[Any, ...]]:
        """All rows of one statement, of one moment; `binary` is the shorter way for numbers."""

        def ask(db: Connection[Any]) -> list[tuple[Any, ...]]:
            return db.execute(sql.encode(), values or None, binary=binary).fetchall()

        return self.patiently(ask)

    def moment(self, work: Callable[[Connection[Any]], _T]) -> _T:
        """Do `work`, which only reads, on one state of the database."""

        def read(db: Connection[Any]) -> _T:
            with db.transaction():
                db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                return work(db)

        return self.patiently(read)

    def step(self, keys: Sequence[str], work: Callable[[Connection[Any]], _T]) -> _T:
        """Do `work` whole or not at all, alone with what `keys` name.

        It is done again when the database went away or two writers stood in each other's way: to
        do it twice must come to the same as once.
        """
        locks = sorted({lock_key(key) for key in keys})

        def write(db: Connection[Any]) -> _T:
            with db.transaction():
                for key in locks:
                    db.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
                return work(db)

        return self.patiently(write)

    def patiently(self, work: Callable[[Connection[Any]], _T]) -> _T:
        """Do `work` on a connection; wait with back-off for a database that went away."""
        import psycopg
        from psycopg_pool import PoolTimeout

        wait_s, deadline = _FIRST_WAIT_S, time.monotonic() + _PATIENCE_S
        is_stale = True
        while True:
            try:
                with self._errors(), self._pool.connection() as db:
                    return work(db)
            except (psycopg.OperationalError, PoolTimeout) as error:
                is_busy = isinstance(error, psycopg.errors.TransactionRollback)
                if is_stale and not is_busy:
                    # Perhaps it ended long ago, and the server is back: look at those that are
                    # kept now, which is cheaper than before each use.
                    is_stale = False
                    self._pool.check()
                    continue
                if time.monotonic() + wait_s > deadline:
                    raise _gone(self.where, error) from None
                if not is_busy and wait_s == _FIRST_WAIT_S:
                    _log.warning("%s does not answer: waiting for it", self.where)
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _MOST_WAIT_S)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What waiting does not mend, as a StoreError."""
        import psycopg

        lasting = (psycopg.errors.DiskFull, psycopg.errors.InsufficientPrivilege)
        try:
            yield
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError) and not isinstance(error, lasting):
                raise
            raise StoreError(
                f"{self.where}: {_line(error)}; free disk space or check permissions there, and if "
                "that does not help run `pressmark index --rebuild PATH`"
            ) from error


def holds_index(address: str) -> bool:
    """Whether there is an index in the database at an address. Raises: as `Connections`."""
    _need_packages()
    return _prepare(address, 0, make=False, may_upgrade=False)


def lock_key(name: str) -> int:
    """The number of an advisory lock that stands for a place or a document."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def _configure(db: Connection[Any]) -> None:
    """What a connection is told once, when it is made."""
    from pgvector.psycopg import register_vector

    register_vector(db)
    db.execute(
        "SELECT set_config(name, value, false) FROM (VALUES "
        f"('hnsw.ef_search', '{EF_SEARCH}'), ('hnsw.iterative_scan', 'strict_order'), "
        # Compiling a query, or starting processes for it, takes longer than any of ours.
        "('jit', 'off'), ('max_parallel_workers_per_gather', '0')) AS told (name, value)".encode()
    )


def _line(error: Exception) -> str:
    """The gist of a message of several lines; libpq puts no password into one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _need_packages() -> None:
    try:
        import pgvector.psycopg  # noqa: F401
        import psycopg_pool  # noqa: F401
    except ImportError:
        raise ConfigError(
            "an index in PostgreSQL needs more packages: run `pip install 'pressmark[postgres]'`"
        ) from None


def _prepare(address: str, dim: int, *, make: bool, may_upgrade: bool = True) -> bool:
    """Look whether there is an index, and make it or bring it up to date."""
    import psycopg

    where = quiet(address)
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=10) as db:
            if not make and not has_schema(db):
                return False
            if may_upgrade:
                upgrade(db, dim, where)
            return True
    except psycopg.OperationalError as error:
        raise _gone(where, error) from None
    except psycopg.ProgrammingError as error:
        if error.sqlstate is not None:
            raise _unfit(where, error) from None
        # libpq could not read the address, and may quote a part of it that is secret.
        raise ConfigError(
            f"the address {where} cannot be read: it is postgresql://user@host:port/name"
        ) from None
    except psycopg.Error as error:
        raise _unfit(where, error) from None


def _unfit(where: str, error: Exception) -> StoreError:
    return StoreError(
        f"no index can be kept in {where}: {_line(error)}; it takes PostgreSQL with the extension "
        "pgvector, and a user who may make tables"
    )


def _gone(where: str, error: Exception) -> StoreError:
    return StoreError(
        f"{where} cannot be reached ({_line(error)}): check that the server runs and the address "
        "is right, then run the command again: what was stored is kept"
    )
