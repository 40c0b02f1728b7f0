"""The house as a graph: our modules, what each imports and when, and the circles among them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "WINGS", "circles", "imports", "modules", "public_names", "tree_of"]

ROOT = Path(__file__).parent.parent
WINGS = ("index", "rag", "ui")
"""From the ground up: each may import itself and those before it."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(*wings: str) -> dict[str, Path]:
    """Dotted names and files of all modules of the wings, folders by their `__init__`."""
    found = {}
    for wing in wings or WINGS:
        for path in sorted((ROOT / wing).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(*, in_functions: bool) -> dict[str, set[str]]:
    """Which of our modules each imports when it is imported, or also when it runs.

    What is imported for the type checker alone is left out.
    """
    ours = modules()
    graph: dict[str, set[str]] = {}
    for name, path in ours.items():
        wanted = set(_imported(tree_of(path), in_functions=in_functions))
        graph[name] = {found for want in wanted for found in _resolve(want, ours)} - {name}
    return graph


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The modules that import each other, by whatever way."""
    found: list[list[str]] = []
    reached = {name: _reached(graph, name) for name in graph}
    for name in sorted(graph):
        if name in reached[name] and not any(name in circle for circle in found):
            found.append(sorted(n for n in reached[name] if name in reached[n]))
    return found


def public_names(path: Path) -> list[str]:
    """Public functions and classes at a module's top."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = [node.name for node in tree_of(path).body if isinstance(node, kinds)]
    return [name for name in names if not name.startswith("_")]


def _imported(node: ast.AST, *, in_functions: bool) -> Iterator[tuple[str, str]]:
    """(module, name in it) of each import below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, "") for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield from ((child.module, alias.name) for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        elif in_functions or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _imported(child, in_functions=in_functions)


def _resolve(want: tuple[str, str], ours: Mapping[str, Path]) -> list[str]:
    """`from a import b` imports the module a.b, where that is one, or a."""
    module, name = want
    return [found for found in (f"{module}.{name}", module) if found in ours][:1]


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += graph[name]
    return seen
