"""`pressmark models`: list, fetch or check the models on disk."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ui.console import ANSWERED, print_json, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.config import Settings

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked with the models that are named, or with those in use."""
    from index.models.registry import REGISTRY

    settings = settings_of(arguments)
    in_use = [name for name in (settings.model, settings.embedder) if name in REGISTRY]
    if arguments.action == "list":
        rows = _rows(arguments.names or list(REGISTRY), in_use, settings)
        if arguments.json:
            print_json({"folder": str(settings.models), "models": rows})
        else:
            for row in rows:
                print(_line(row))
        return ANSWERED
    done = []
    for name in arguments.names or in_use:
        done.append(_verified(name, settings, pull_first=arguments.action == "pull"))
        if not arguments.json:
            print(f"{name}: every file has its published SHA-256")
    if arguments.json:
        print_json({"models": done})
    return ANSWERED


def _rows(names: Sequence[str], in_use: Sequence[str], settings: Settings) -> list[dict[str, Any]]:
    from index.errors import ModelError
    from index.models.check import find_model
    from index.models.registry import REGISTRY

    rows: list[dict[str, Any]] = []
    for name in names:
        path: str | None = None
        try:
            state, path = "on disk", str(find_model(name, settings.models))
        except ModelError as error:
            state = error.state
        spec = REGISTRY.get(name)
        rows.append(
            {
                "name": name,
                "role": spec.role if spec else None,
                "licence": spec.licence if spec else None,
                "bytes": spec.size_bytes if spec else None,
                "state": state,
                "path": path,
                "default": name in in_use,
            }
        )
    return rows


def _line(row: dict[str, Any]) -> str:
    mark = "*" if row["default"] else " "
    size = f"{(row['bytes'] or 0) / 1e6:,.0f} MB"
    return f"{mark} {row['name']:<30} {row['role'] or '-':<10} {size:>9}  {row['state']}"


def _verified(name: str, settings: Settings, *, pull_first: bool) -> dict[str, str]:
    from index.models.check import verify
    from index.models.fetch import pull

    if pull_first:
        pulled = pull(name, settings.models)
        return {"name": name, "state": "verified", "path": str(pulled)}
    verify(name, settings.models)
    return {"name": name, "state": "verified"}
