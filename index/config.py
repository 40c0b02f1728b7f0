"""Settings: flag over environment variable over file over default."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from index.errors import ConfigError
from index.limits import Limits

__all__ = ["CONFIG_FILE", "Settings", "load_settings"]

CONFIG_FILE = "pressmark.toml"


@dataclass(frozen=True, slots=True)
class Settings(Limits):
    """Everything that can be set; each field is a key of pressmark.toml and PRESSMARK_<FIELD>."""

    index: Path = Path(".pressmark")
    """Where the index lives."""
    models: Path = dataclasses.field(
        default_factory=lambda: platformdirs.user_cache_path("pressmark") / "models"
    )
    """Where model files live."""
    model: str = "qwen2.5-coder-1.5b-instruct"
    """The language model: a registry name, the path of a GGUF file, or the URL of a server."""
    server_model: str = "default"
    """What an OpenAI-compatible server calls the model; read only when `model` is a URL."""
    embedder: str = "all-minilm-l6-v2"
    """A registry name or the path of a sentence-transformers folder."""
    precision: str = "auto"
    """What many texts are embedded in: "bf16", "fp32", or bf16 where the processor has it."""
    chunk_tokens: int = 200
    """Token budget of a chunk, counted by the embedder's own tokenizer."""
    passages: int = 6
    """Passages that evidence is taken from."""
    max_answer_tokens: int = 160
    min_confidence: float | None = None
    """Abstain below this probability, [0, 1]; None takes the calibrated default."""
    threads: int = 0
    """Threads of the language model; 0 takes the machine's cores."""


def load_settings(
    flags: Mapping[str, Any],
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Merge the layers into Settings.

    `flags` holds the values given on the command line; None means not given.
    Raises: ConfigError for a missing file, an unknown key or a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    fields = {f.name: str(f.type) for f in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    path = config or (Path(CONFIG_FILE) if Path(CONFIG_FILE).is_file() else None)
    if path is not None:
        values.update(_read_file(path, fields))
    for name in fields:
        variable = f"PRESSMARK_{name.upper()}"
        if environ.get(variable):
            values[name] = _convert(environ[variable], fields[name], f"${variable}")
    for name, value in flags.items():
        if name in fields and value is not None:
            values[name] = _convert(value, fields[name], f"--{name.replace('_', '-')}")
    settings = Settings(**values)
    _check(settings)
    return settings


def _read_file(path: Path, fields: Mapping[str, str]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}; give an existing file with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}; correct it and try again") from error
    unknown = sorted(set(table) - set(fields))
    if unknown:
        raise ConfigError(
            f"{path} has an unknown key `{unknown[0]}`; the keys are: {', '.join(fields)}"
        )
    return {key: _convert(value, fields[key], f"{path}: {key}") for key, value in table.items()}


def _convert(value: Any, kind: str, where: str) -> Any:
    if kind == "Path":
        return Path(str(value)).expanduser()
    if kind == "str":
        return str(value)
    wanted = int if kind == "int" else float
    try:
        if isinstance(value, bool):
            raise ValueError
        return wanted(value)
    except (TypeError, ValueError):
        noun = "a whole number" if wanted is int else "a number"
        raise ConfigError(f"{where} must be {noun}, not {value!r}") from None


def _check(settings: Settings) -> None:
    for name, low, high in (
        ("chunk_tokens", 16, 4096),
        ("max_file_mb", 1, 4096),
        ("max_pages", 1, 1_000_000),
        ("max_text_chars", 1_000, 1_000_000_000),
        ("max_unpacked_mb", 1, 16_384),
        ("max_unpack_ratio", 10, 100_000),
        ("max_file_s", 1, 86_400),
        ("max_reader_mb", 256, 1_048_576),
        ("passages", 1, 20),
        ("max_answer_tokens", 8, 4096),
        ("threads", 0, 1024),
    ):
        value = getattr(settings, name)
        if not low <= value <= high:
            raise ConfigError(f"{name} must lie between {low} and {high}, not {value}")
    if settings.precision not in ("auto", "bf16", "fp32"):
        raise ConfigError(f"precision is auto, bf16 or fp32, not {settings.precision!r}")
    confidence = settings.min_confidence
    if confidence is not None and not 0 <= confidence <= 1:
        raise ConfigError(f"min_confidence must lie between 0 and 1, not {confidence}")
