"""The house itself: its wings, circles, names, sizes, and what a command may load."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import pytest

from tests.modules import ROOT, WINGS, circles, imports, modules, public_names, tree_of
from ui.parser import make_parser

MAX_LINES = {"tests": 400}
"""Of a module; 300 in the wings."""
MAX_FUNCTION_LINES = 40
# Still to be cut: each that is goes from here, and nothing is added.
LONG_FUNCTIONS = {"rag/engine.py stream"}
SHARED_NAMES = {
    "run": "what each command does, under its module's name",
    "main": "where a process begins",
    "extract": "one contract of all formats: `extract(raw, limits)`",
    "open_engine": "of a folder, for scripts; of settings and an index, for commands",
    "split": "cuts a file of several documents, for the formats that have them",
}


@pytest.mark.parametrize("wing", WINGS)
def test_imports_run_one_way(wing: str) -> None:
    above = WINGS[WINGS.index(wing) + 1 :]
    for module, imported in imports(in_functions=True).items():
        if module.split(".")[0] == wing:
            assert not [name for name in imported if name.split(".")[0] in above], module


def test_no_module_imports_itself_by_a_detour() -> None:
    assert circles(imports(in_functions=False)) == []


def test_no_function_imports_what_imports_its_module() -> None:
    assert circles(imports(in_functions=True)) == []


def test_a_circle_would_be_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d", "a"}}
    assert circles(graph) == [["b", "c"], ["d"]]


def test_wiring_is_imported_by_commands_alone() -> None:
    importing = [n for n, imported in imports(in_functions=True).items() if "ui.wiring" in imported]
    assert importing
    assert all(name.startswith("ui.commands.") for name in importing)


@pytest.mark.parametrize("wing", WINGS)
def test_the_top_level_names_are_ours(wing: str) -> None:
    spec = importlib.util.find_spec(wing)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve().parent == ROOT / wing
    assert set(metadata.packages_distributions().get(wing, ["pressmark"])) == {"pressmark"}


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


def test_every_folder_is_installed_and_says_what_enters_and_what_leaves() -> None:
    folders = {path.parent for path in modules().values()}
    for folder in folders:
        assert ast.get_docstring(tree_of(folder / "__init__.py")), folder
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("packages = [", 1)[1]
    names = {name.strip(' "\n,') for name in declared.split("]", 1)[0].split(",")}
    assert names == {".".join(folder.relative_to(ROOT).parts) for folder in folders}


def test_every_command_has_a_module_that_runs_it() -> None:
    (commands,) = [a for a in make_parser()._actions if isinstance(a.choices, dict)]
    typed = {f"ui.commands.{name}" for name in commands.choices or ()}
    there = {name: path for name, path in modules("ui").items() if name.startswith("ui.commands.")}
    assert typed == set(there)
    assert all(public_names(path) == ["run"] for path in there.values())


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, ui.cli\n"
        "try: ui.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'gradio', 'llama_cpp', 'llama_index', 'chromadb', 'numpy', "
        "'msgspec', 'dataclasses', 'typing', 'ui.console') if m in sys.modules])"
    )
    # Isolated from what an editable install imports at every start.
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("wing", WINGS)
def test_every_module_says_what_it_is_for_and_what_it_offers(wing: str) -> None:
    for path in modules(wing).values():
        tree = tree_of(path)
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


def test_no_two_things_share_a_name() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for module, path in modules().items():
        for name in public_names(path):
            where[name].append(module)
    shared = {name for name, places in where.items() if len(places) > 1}
    assert shared == set(SHARED_NAMES)


def test_no_module_and_no_function_is_too_long() -> None:
    modules_over, functions_over = set(), set()
    for path in modules(*WINGS, "tests").values():
        place = path.relative_to(ROOT).as_posix()
        n_lines = len(path.read_text(encoding="utf-8").splitlines())
        if n_lines > MAX_LINES.get(path.relative_to(ROOT).parts[0], 300):
            modules_over.add(place)
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES:
                    functions_over.add(f"{place} {node.name}")
    assert modules_over == set()
    assert functions_over <= LONG_FUNCTIONS
