"""What the READMEs promise: commands that exist, links that lead somewhere, a first look."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ui.parser import make_parser

ROOT = Path(__file__).parent.parent
READMES = [ROOT / folder / "README.md" for folder in ("", "index", "rag", "tests/benchmarks")]
_OPTION = re.compile(r"--[a-z][a-z-]+")


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.parent.name)
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).is_file()] == []


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.parent.name)
def test_every_benchmark_that_is_named_can_be_run(path: Path) -> None:
    named = re.findall(r"`(?:python -m tests\.benchmarks\.|…)(\w+)", path.read_text("utf-8"))
    for name in named:
        module = (ROOT / "tests" / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        assert 'if __name__ == "__main__":' in module, name


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.parent.name)
def test_every_command_that_is_named_takes_its_options(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in re.findall(r"`pressmark ([^`]+)`", path.read_text(encoding="utf-8")):
        name, *arguments = shlex.split(line)
        if name == "COMMAND":
            continue
        with pytest.raises(SystemExit) as stop:
            make_parser().parse_args([name, "--help"])
        assert stop.value.code == 0, line
        shown = set(_OPTION.findall(capsys.readouterr().out))
        assert {a for a in arguments if _OPTION.fullmatch(a)} <= shown, line


def test_the_readme_is_short_enough_for_a_first_look() -> None:
    text = READMES[0].read_text(encoding="utf-8")
    assert len(text.split("## Changelog")[0].split()) <= 1200
