"""The house itself: names, directions, and what a command may load."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ABOVE = {"index": {"rag", "ui"}, "rag": {"ui"}, "ui": set()}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", list(ABOVE))
def test_imports_run_one_way(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not _imports(path) & ABOVE[package], path


@pytest.mark.parametrize("package", list(ABOVE))
def test_the_top_level_names_are_ours(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve().parent == ROOT / package
    assert set(metadata.packages_distributions().get(package, ["pressmark"])) == {"pressmark"}


def test_the_top_level_holds_what_the_customer_named() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} == {
        "pyproject.toml",
        "README.md",
        "rag",
        "index",
        "seeds",
        "ui",
        "tests",
    }


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, ui.cli\n"
        "try: ui.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'gradio', 'llama_cpp', 'llama_index', 'chromadb', 'numpy')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("package", list(ABOVE))
def test_every_module_says_what_it_is_for_and_what_it_offers(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        if path.name.startswith("__"):
            continue
        (exported,) = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        ]
        defined = {
            getattr(node, "name", None) or getattr(getattr(node, "target", None), "id", None)
            for node in tree.body
        }
        defined |= {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        assert set(exported) <= defined, path
