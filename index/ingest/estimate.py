"""What an ingest would take: files are looked at, a sample is read and embedded, nothing stored."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.embed.embedder import Embedder
from index.errors import DocumentError
from index.ingest.fingerprint import look
from index.ingest.intake import find_files
from index.ingest.outcome import Status
from index.ingest.prepare import New, Store, embed_rows, read_new
from index.limits import Limits
from index.read import Reader
from index.store.index import Index
from index.store.rows import Place

__all__ = ["Estimate", "Work", "estimate", "work_here"]

_SAMPLE_BYTES = 1 << 16
_SAMPLE_FILES = 12
"""Of each kind of file: as many as come to these bytes, one at least, this many at most."""

Work = Callable[[Sequence[New]], float]
"""Reads and embeds records; tells the seconds that it took."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What there is to do, and how long it takes by the rate of a sample."""

    n_files: int
    n_unchanged: int
    """Of these; they cost a look."""
    n_bytes: int
    """Of the others."""
    hours: float
    """Reading and embedding on `n_workers`; storing comes on top."""
    n_sampled: int
    sampled_bytes: int
    sampled_s: float
    n_workers: int = 1


@dataclass(slots=True)
class _Sample:
    records: list[New] = field(default_factory=list)
    n_bytes: int = 0
    n_files: int = 0


def estimate(
    index: Index | None,
    roots: Sequence[Path],
    limits: Limits,
    work: Work,
    *,
    n_workers: int = 1,
) -> Estimate:
    """Estimate an ingest of `roots` into an index, or into one that does not exist yet.

    Each kind of file (by its suffix) is sampled, evenly over its files in order.
    Raises: UnreadableDocument if a root does not exist.
    """
    files, _ = find_files(roots)
    kinds: dict[str, list[tuple[Path, int]]] = defaultdict(list)
    n_unchanged = 0
    for path, _ in files:
        now, _ = look(path)
        if now is not None and index is not None and index.fingerprint(now.file) == now:
            n_unchanged += 1
        else:
            kinds[path.suffix.lower()].append((path, now.size if now is not None else 0))
    with Reader(limits) as reader:
        samples = [_sample(reader, found) for found in kinds.values()]
    took = [work(sample.records) if sample.records else 0.0 for sample in samples]
    sizes = [_size(found) for found in kinds.values()]
    seconds = sum(
        s * size / max(1, sample.n_bytes)
        for s, size, sample in zip(took, sizes, samples, strict=True)
    )
    return Estimate(
        len(files),
        n_unchanged,
        sum(sizes),
        seconds / 3600 / n_workers,
        sum(sample.n_files for sample in samples),
        sum(sample.n_bytes for sample in samples),
        sum(took),
        n_workers,
    )


def _size(files: Sequence[tuple[Path, int]]) -> int:
    return sum(size for _, size in files)


def work_here(embedder: Embedder, chunk_tokens: int, limits: Limits) -> Work:
    """Work in this process, as an ingest without a crew does it."""

    def work(sample: Sequence[New]) -> float:
        started = time.perf_counter()
        with Reader(limits) as reader:
            found = [read_new(reader, embedder, chunk_tokens, new) for new in sample]
        embed_rows(embedder, [item for item in found if isinstance(item, Store)])
        return time.perf_counter() - started

    return work


def _sample(reader: Reader, files: Sequence[tuple[Path, int]]) -> _Sample:
    """Records of some of the files, evenly chosen."""
    sample = _Sample()
    step = max(1, len(files) // _SAMPLE_FILES)
    for path, _ in files[step // 2 :: step][:_SAMPLE_FILES]:
        try:
            records = reader.records(path)
        except DocumentError:
            continue
        sample.n_files += 1
        for record in records:
            name = os.path.normpath(path)
            place = Place(record.place(name), record.place(name), record.id)
            sample.records.append(New(record, name, place, Status.ADDED))
            sample.n_bytes += len(record.raw)
            if sample.n_bytes >= _SAMPLE_BYTES:
                return sample
    return sample
