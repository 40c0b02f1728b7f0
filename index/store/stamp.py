"""What an index was made with, and whether this use of it may go on."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from index.address import shown
from index.embed.embedder import Embedder
from index.errors import IndexMismatch
from index.store import duplicates
from index.store.backend import Backend

__all__ = ["check_stamp", "note_precision", "read_precisions", "read_stamp"]

_SEGMENTATION = 3
"""Raised when reading, segmenting or chunking changes what is stored for the same file."""


def read_stamp(backend: Backend) -> dict[str, Any]:
    """What the index was made with; empty for one that is new."""
    stamp: dict[str, Any] = json.loads(backend.meta("stamp") or "{}")
    return stamp


def check_stamp(backend: Backend, folder: Path, embedder: Embedder, chunk_tokens: int) -> None:
    """Stamp a new index. Raises: IndexMismatch if one was made with something else."""
    stamp = {
        "embedder": embedder.name,
        "dim": embedder.dim,
        "chunk_tokens": chunk_tokens,
        "segmentation": _SEGMENTATION,
        "signatures": duplicates.algorithm(),
    }
    before = read_stamp(backend)
    if not before:
        backend.set_meta("born", secrets.token_hex(8))
        backend.set_meta("stamp", json.dumps(stamp))
        return
    for key, value in stamp.items():
        if before.get(key) != value:
            was = f"was built with {key} {before.get(key)}, the configuration says {value}"
            if key == "segmentation":
                was = "was made by a version of Pressmark that reads files otherwise"
            raise IndexMismatch(
                f"the index in {shown(folder)} {was}: run `pressmark index --rebuild PATH`"
            )


def read_precisions(backend: Backend) -> list[str]:
    """What its vectors were computed in; it may hold several."""
    return [str(name) for name in json.loads(backend.meta("precision") or "[]")]


def note_precision(backend: Backend, precision: str) -> None:
    """Note what vectors that are about to be stored were computed in."""
    before = read_precisions(backend)
    if precision not in before:
        backend.set_meta("precision", json.dumps([*before, precision]))
