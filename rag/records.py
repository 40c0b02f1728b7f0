"""An Answer as JSON that can be read back: what the cache keeps and the resident server sends."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import Enum
from typing import Any

from rag.answer import Answer

__all__ = ["from_record", "to_record"]


def to_record(answer: Answer) -> dict[str, Any]:
    """All of an answer in JSON's types; `ask --json` prints less (`Answer.to_json`)."""
    return dataclasses.asdict(answer)


def from_record(record: Any) -> Answer:
    """The answer again.

    Raises: ValueError, KeyError or TypeError for anything that `to_record` does not make.
    """
    answer: Answer = _build(Answer, record)
    return answer


def _build(kind: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: _build(hints[f.name], value[f.name]) for f in _fields(kind, value)})
    if origin is tuple:
        return tuple(_build(inner[0], item) for item in value)
    if origin is dict:
        return {_build(inner[0], key): _build(inner[1], item) for key, item in value.items()}
    if origin in (typing.Union, types.UnionType):
        (other,) = [i for i in inner if i is not types.NoneType]
        return None if value is None else _build(other, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind}")
    return value


def _fields(kind: Any, value: Any) -> list[dataclasses.Field[Any]]:
    fields = list(dataclasses.fields(kind))
    if set(value) != {f.name for f in fields}:
        raise ValueError(f"these are not the fields of a {kind.__name__}: {', '.join(value)}")
    return fields
