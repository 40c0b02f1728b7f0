"""Building what a large ingest works with: an embedder for many texts, workers on a cluster."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.config import Settings
    from index.embed.embedder import Embedder
    from index.ingest.cluster import RayCrew

__all__ = ["open_bulk_embedder", "open_crew"]


def open_bulk_embedder(settings: Settings) -> Embedder:
    """The configured embedder, loaded for many texts."""
    return _bulk_embedder(settings)()


def open_crew(
    address: str, settings: Settings, *, stores: bool = True
) -> AbstractContextManager[RayCrew]:
    """Workers on a Ray cluster; those of a database store what they make, unless told not to."""
    from index.address import address_of
    from index.ingest.cluster import hire_crew
    from index.ingest.hand import Orders
    from index.limits import Limits

    limits = {field.name: getattr(settings, field.name) for field in dataclasses.fields(Limits)}
    database = address_of(settings.index) if stores else None
    orders = Orders(
        _bulk_embedder(settings),
        settings.chunk_tokens,
        Limits(**limits),
        database,
        None if database is None else os.environ.get("PGPASSWORD"),
    )
    return hire_crew(address, orders)


def _bulk_embedder(settings: Settings) -> Callable[[], Embedder]:
    """What loads it here or on another machine, which may keep its models elsewhere."""
    from index.config import Settings
    from index.models.registry import REGISTRY
    from rag.opening import load_bulk_embedder

    name = settings.embedder
    if name not in REGISTRY:
        name = str(Path(name).expanduser().absolute())
    models = None if settings.models == Settings().models else str(settings.models.absolute())
    return functools.partial(load_bulk_embedder, name, settings.precision, models)
