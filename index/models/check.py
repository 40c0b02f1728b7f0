"""Are the files on disk the ones that the authors published? Hashed once, then remembered."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from index.errors import ModelCorrupt, ModelError, ModelNotFound, UnknownModel
from index.models.registry import REGISTRY, ModelSpec, spec_of

__all__ = ["check_files", "file_digest", "find_model", "remember", "verify"]

_BLOCK = 1 << 22


def find_model(name: str, models: Path) -> Path:
    """Resolve a registry name or a path without contacting anything.

    Raises: UnknownModel if it is neither; ModelNotFound if the weights are not on disk;
    ModelCorrupt if they are there but are not the published bytes.
    """
    spec = REGISTRY.get(name)
    if spec is None:
        path = Path(name).expanduser()
        if path.exists():
            return path
        raise UnknownModel(
            f"no model is called {name!r} and no such file exists; "
            f"the registry has: {', '.join(REGISTRY)}"
        )
    check_files(spec, models, rehash=False)
    return spec.path(models)


def verify(name: str, models: Path) -> None:
    """Hash every file of a model on disk.

    Raises: ModelNotFound; ModelCorrupt naming the file that differs.
    """
    check_files(spec_of(name), models, rehash=True)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha.update(block)
    return sha.hexdigest()


def check_files(spec: ModelSpec, models: Path, *, rehash: bool) -> None:
    """Compare a model's files with what is published; `rehash` believes no earlier look.

    Raises: ModelNotFound; ModelCorrupt naming the file that differs.
    """
    folder = models / spec.name
    stamp = {} if rehash else _read_stamp(folder)
    hashed = False
    for file in spec.files:
        path = folder / file.name
        try:
            stat = path.stat()
        except OSError:
            raise _unusable(ModelNotFound, spec, f"{file.name} is not on disk") from None
        if file.size_bytes is not None and stat.st_size != file.size_bytes:
            sizes = f"{stat.st_size:,} bytes instead of {file.size_bytes:,}"
            raise _unusable(ModelCorrupt, spec, f"{file.name} has {sizes}")
        if stamp.get(file.name) == [stat.st_size, stat.st_mtime_ns, file.sha256]:
            continue
        hashed = True
        if file_digest(path) != file.sha256:
            raise _unusable(ModelCorrupt, spec, f"{file.name} has been altered")
    if hashed:
        remember(spec, models)


def _unusable(kind: type[ModelError], spec: ModelSpec, what: str) -> ModelError:
    state = f"{what}: run `pressmark models pull {spec.name}`"
    return kind(f"model {spec.name}: {state}", state=state)


def _stamp_path(folder: Path) -> Path:
    return folder / ".verified.json"


def _read_stamp(folder: Path) -> dict[str, Any]:
    try:
        stamp = json.loads(_stamp_path(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def remember(spec: ModelSpec, models: Path) -> None:
    """Note what was hashed, so that a start does not read a gigabyte to learn nothing new."""
    folder = models / spec.name
    stamp = {}
    for file in spec.files:
        stat = (folder / file.name).stat()
        stamp[file.name] = [stat.st_size, stat.st_mtime_ns, file.sha256]
    # A cache on read-only media is usable; it is only hashed at every start.
    with suppress(OSError):
        _stamp_path(folder).write_text(json.dumps(stamp), encoding="utf-8")
