"""Which backend keeps an index: a folder's, or a database's when its place is an address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.address import address_of
from index.store.identity import has_catalogue
from index.store.kept_answers import forget_answers

if TYPE_CHECKING:
    from index.store.backend import Backend

__all__ = ["empty_index", "has_index", "open_backend"]

# What either takes is imported where it is needed: only an address asks for a database's packages.


def has_index(place: Path) -> bool:
    """Whether there is an index in a folder, or in the database that it stands for."""
    address = address_of(place)
    if address is None:
        return has_catalogue(place)
    from index.store.postgres.connect import holds_index

    return holds_index(address)


def open_backend(place: Path, *, dim: int, make: bool) -> Backend:
    """What keeps the rows; with `make`, an empty index is made when there is none.

    Raises: IndexNotFound; StoreError; ConfigError without the packages that it takes.
    """
    address = address_of(place)
    if address is None:
        from index.store.local import LocalBackend

        return LocalBackend(place)
    from index.store.postgres.backend import PostgresBackend

    return PostgresBackend(address, dim=dim, make=make)


def empty_index(place: Path, wait_s: float = 0.0) -> None:
    """Empty an index, and touch nothing else there; readers see it empty.

    Raises: IndexLocked while another process writes one in a folder.
    """
    address = address_of(place)
    if address is None:
        from index.store.local import destroy

        destroy(place, wait_s)
    elif has_index(place):
        from index.store.postgres.backend import PostgresBackend

        backend = PostgresBackend(address)
        try:
            backend.empty()
        finally:
            backend.close()
        forget_answers(place)
