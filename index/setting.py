"""How one setting is declared: its default, its bounds, and the words that explain it."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.address import read_place
from index.errors import ConfigError

__all__ = ["Rule", "rules_of", "setting"]


def _path(value: Any) -> Path:
    return read_place(str(value))


def _number(kind: type[int] | type[float], noun: str) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        try:
            if isinstance(value, bool):
                raise ValueError
            return kind(value)
        except (TypeError, ValueError):
            raise ValueError(f"must be {noun}, not {value!r}") from None

    return convert


_CONVERTERS: Mapping[Any, Callable[[Any], Any]] = {
    Path: _path,
    str: str,
    int: _number(int, "a whole number"),
    float: _number(float, "a number"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting: a key of pressmark.toml, a variable PRESSMARK_<NAME>, a line of the README."""

    name: str
    kind: type
    default: Any
    means: str
    """One phrase: the README's and, for a flag, `--help`'s."""
    words: str | None
    """The default in words, where its value says little."""
    low: float | None
    high: float | None
    choices: tuple[str, ...]

    @property
    def variable(self) -> str:
        return f"PRESSMARK_{self.name.upper()}"

    @property
    def help(self) -> str:
        """What `--help` says of its flag."""
        return f"{self.means} (default: {self.words or self.default})"

    @property
    def row(self) -> str:
        """The line of the README's table."""
        shown = self.words
        if shown is None:
            is_number = self.kind in (int, float)
            shown = str(self.default) if is_number else f"`{self.default}`"
        return f"| `{self.name}` | {shown} | {self.means} |"

    def convert(self, value: Any, where: str) -> Any:
        """A value as it came from `where`, in the setting's type. Raises: ConfigError."""
        try:
            return _CONVERTERS[self.kind](value)
        except ValueError as error:
            raise ConfigError(f"{where} {error}") from None

    def check(self, value: Any) -> None:
        """Raises: ConfigError if the value lies outside what may be set."""
        if value is None:
            return
        if self.choices and value not in self.choices:
            *others, last = self.choices
            raise ConfigError(f"{self.name} is {', '.join(others)} or {last}, not {value!r}")
        if self.low is not None and self.high is not None and not self.low <= value <= self.high:
            raise ConfigError(
                f"{self.name} must lie between {self.low} and {self.high}, not {value}"
            )


def setting(
    default: Any,
    means: str,
    *,
    words: str | None = None,
    between: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that is a setting; a callable as `default` makes the default."""
    low, high = between or (None, None)
    said = {"means": means, "words": words, "low": low, "high": high, "choices": choices}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=said)
    return dataclasses.field(default=default, metadata=said)


def rules_of(owner: type) -> dict[str, Rule]:
    """The rules of a dataclass of settings, by name.

    Raises: TypeError for a field that no `setting` explains, or whose type cannot be read.
    """
    hints = typing.get_type_hints(owner)
    rules = {}
    for field in dataclasses.fields(owner):
        hint = hints[field.name]
        if isinstance(hint, types.UnionType):
            # "or None": not set.
            (hint,) = [part for part in typing.get_args(hint) if part is not type(None)]
        if hint not in _CONVERTERS or "means" not in field.metadata:
            raise TypeError(f"{owner.__name__}.{field.name} of type {hint} is no setting")
        default = None if field.default is dataclasses.MISSING else field.default
        rules[field.name] = Rule(field.name, hint, default, **field.metadata)
    return rules
