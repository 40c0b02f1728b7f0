"""Settings: flag over environment variable over file over default."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import ConfigError
from index.limits import Limits
from index.setting import Rule, rules_of, setting

__all__ = ["CONFIG_FILE", "RULES", "Settings", "load_settings"]

CONFIG_FILE = "pressmark.toml"


def _models_folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("pressmark") / "models"


@dataclass(frozen=True, slots=True)
class Settings(Limits):
    """Everything that can be set; a new field is a new setting everywhere, by its declaration."""

    index: Path = setting(Path(".pressmark"), "where the index lives: a folder or an address")
    models: Path = setting(
        _models_folder, "where model files live", words="the user's cache folder"
    )
    model: str = setting(
        "qwen2.5-coder-1.5b-instruct",
        "a registry name, a GGUF file, or the address of an OpenAI-compatible server",
    )
    server_model: str = setting("default", "what such a server calls the model")
    """Read only when `model` is an address."""
    embedder: str = setting("all-minilm-l6-v2", "a registry name or a sentence-transformers folder")
    precision: str = setting(
        "auto",
        "what many texts are embedded in: `bf16` where the processor has it, or `fp32`",
        choices=("auto", "bf16", "fp32"),
    )
    chunk_tokens: int = setting(200, "token budget of a chunk", between=(16, 4096))
    """Counted by the embedder's own tokenizer."""
    passages: int = setting(6, "passages that evidence is taken from", between=(1, 20))
    max_answer_tokens: int = setting(160, "the longest answer", between=(8, 4096))
    bar: str = setting(
        "default",
        "how sure an answer must be: strict, default or eager",
        choices=("strict", "default", "eager"),
    )
    min_confidence: float | None = setting(
        None, "abstain below this probability", words="the bar's", between=(0, 1)
    )
    quote: str = setting(
        "certain",
        "quote instead of writing: where `certain`, or `never`",
        choices=("certain", "never"),
    )
    threads: int = setting(0, "threads of the language model", words="all cores", between=(0, 1024))


RULES: Mapping[str, Rule] = rules_of(Settings)
"""Every setting by name: what it may be, and what is said of it."""


def load_settings(
    flags: Mapping[str, Any],
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Merge the layers into Settings.

    `flags` holds the values given on the command line; None means not given.
    Raises: ConfigError for a missing file, an unknown key or a value that may not be.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    path = config or (Path(CONFIG_FILE) if Path(CONFIG_FILE).is_file() else None)
    if path is not None:
        values.update(_read_file(path))
    for name, rule in RULES.items():
        if environ.get(rule.variable):
            values[name] = rule.convert(environ[rule.variable], f"${rule.variable}")
    for name, value in flags.items():
        if name in RULES and value is not None:
            values[name] = RULES[name].convert(value, f"--{name.replace('_', '-')}")
    settings = Settings(**values)
    for name, rule in RULES.items():
        rule.check(getattr(settings, name))
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}; give an existing file with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}; correct it and try again") from error
    unknown = sorted(set(table) - set(RULES))
    if unknown:
        raise ConfigError(
            f"{path} has an unknown key `{unknown[0]}`; the keys are: {', '.join(RULES)}"
        )
    return {key: RULES[key].convert(value, f"{path}: {key}") for key, value in table.items()}
