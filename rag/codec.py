"""Frozen dataclasses to JSON and back: the one way that an Answer is kept, sent or remembered.

Reading checks every field's type; what it does not know, it leaves out. `ask --json` prints
less than all of an answer (`Answer.to_json`).
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

__all__ = ["from_plain", "read_json", "to_plain", "write_json"]

_T = TypeVar("_T")


def write_json(value: object) -> bytes:
    """JSON on one line."""
    return msgspec.json.encode(value)


def read_json(text: bytes | str, kind: type[_T]) -> _T:
    """What `write_json` made, again.

    Raises: ValueError for anything that is none.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is no {kind.__name__}: {error}") from error


def to_plain(value: object) -> Any:
    """The same in dicts, lists and JSON's other types, for somebody else to write."""
    return msgspec.to_builtins(value)


def from_plain(value: object, kind: type[_T]) -> _T:
    """What `to_plain` made, again.

    Raises: ValueError for anything that is none.
    """
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is no {kind.__name__}: {error}") from error
