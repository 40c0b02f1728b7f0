"""A name goes in; the numbers that a script of tests/benchmarks fitted, read once, come out."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "read_fit"]

FOLDER = Path(__file__).parent


@cache
def read_fit(name: str) -> dict[str, Any]:
    """`name`.json: its numbers, and `written_by`, `fitted` and `sets`, which say of what.

    Raises: OSError or ValueError if it is not what the script wrote.
    """
    fit: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return fit
