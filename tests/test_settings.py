"""Settings: one declaration each, from which checks, variables and the README's table come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from index.config import RULES, load_settings
from index.errors import ConfigError
from index.limits import Limits
from index.setting import rules_of, setting
from ui.parser import make_parser

README = Path(__file__).parent.parent / "README.md"


def test_the_readmes_table_is_what_is_declared() -> None:
    _, _, rest = README.read_text(encoding="utf-8").partition("| key | default | means |\n")
    lines = rest.partition("\n\n")[0].splitlines()[1:]
    assert sorted(lines) == sorted(rule.row for rule in RULES.values())


def test_a_flag_that_is_a_setting_says_what_is_declared() -> None:
    (commands,) = [a.choices for a in make_parser()._actions if isinstance(a.choices, dict)]
    shown = {name: " ".join(parser.format_help().split()) for name, parser in commands.items()}
    for name in ("index", "embedder", "model", "min_confidence"):
        assert f"--{name.replace('_', '-')} " in shown["ask"]
        assert RULES[name].help in shown["ask"]
    for parser in commands.values():
        assert all(action.help for action in parser._actions if action.option_strings)


def test_a_flag_goes_over_a_variable_over_a_file_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "pressmark.toml"
    file.write_text('passages = 3\nmodel = "m"\nindex = "~/i"\nmin_confidence = 1\n')
    environ = {"PRESSMARK_PASSAGES": "4", "PRESSMARK_THREADS": "2", "PRESSMARK_MODEL": ""}
    found = load_settings({"passages": 5, "threads": None, "json": True}, file, environ)
    assert (found.passages, found.threads, found.model) == (5, 2, "m")
    assert found.index == Path("~/i").expanduser()
    assert (found.min_confidence, type(found.min_confidence)) == (1.0, float)
    assert found.max_bytes == Limits().max_bytes == 64 << 20


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PRESSMARK_THREADS": "two"}, "$PRESSMARK_THREADS must be a whole number, not 'two'"),
        ({"PRESSMARK_MIN_CONFIDENCE": "x"}, "$PRESSMARK_MIN_CONFIDENCE must be a number, not 'x'"),
        ({"PRESSMARK_MIN_CONFIDENCE": "1.5"}, "min_confidence must lie between 0 and 1, not 1.5"),
        ({"PRESSMARK_MAX_PAGES": "0"}, "max_pages must lie between 1 and 1000000, not 0"),
        ({"PRESSMARK_PRECISION": "int8"}, "precision is auto, bf16 or fp32, not 'int8'"),
    ],
)
def test_a_value_that_may_not_be_is_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_settings({}, environ=environ)
    assert str(raised.value) == message


def test_an_unknown_key_names_the_known_ones(tmp_path: Path) -> None:
    file = tmp_path / "pressmark.toml"
    file.write_text("passage = 3\n")
    with pytest.raises(ConfigError, match=r"unknown key `passage`; the keys are: max_file_mb, "):
        load_settings({}, file, {})
    file.write_text("passages = true\n")
    with pytest.raises(ConfigError, match=r"passages must be a whole number, not True"):
        load_settings({}, file, {})


def test_a_setting_of_a_type_that_cannot_be_read_is_no_setting() -> None:
    @dataclass(frozen=True)
    class Wrong:
        names: bytes = setting(b"", "bytes of something")

    @dataclass(frozen=True)
    class Unexplained:
        number: int = 3

    with pytest.raises(TypeError, match=r"Wrong\.names of type <class 'bytes'> is no setting"):
        rules_of(Wrong)
    with pytest.raises(TypeError, match=r"Unexplained\.number"):
        rules_of(Unexplained)
