"""`pressmark check`: what it prints, its page, its exit codes, and one clear line for bad input."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from pybtex.database import parse_string

from ui import cli

DRAFT = (
    "# The talks\n\nErdogan said he hoped the meeting would agree to measures to ease the "
    "conflict. Greek forces wounded 614 people, Soylu said. <b>Nobody</b> & co asked for rain.\n"
)


@pytest.fixture
def seeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, seed_folder: Path
) -> Path:
    """A working folder with an index of the seed article, and a draft."""
    monkeypatch.setenv("PRESSMARK_MODELS", str(settings.models))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(seed_folder, tmp_path / ".pressmark")
    (tmp_path / "draft.md").write_text(DRAFT, encoding="utf-8")
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(argv)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("seeded")
def test_check_prints_each_sentence_with_what_the_articles_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = _run(capsys, "check", "draft.md")
    assert code == 3
    assert "✓ Erdogan said he hoped the meeting" in out
    assert "✗ Greek forces wounded 614 people" in out
    assert "“164” in the article, “614” in the draft" in out
    assert "3 sentences checked" in out
    assert "without the language model: 1 supported, 1 contradicted, 0 partly, 1 not found" in out
    assert "\x1b" not in out


@pytest.mark.usefixtures("seeded")
def test_check_json_has_the_contracts_fields(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "check", "draft.md", "--json")
    found = json.loads(out)
    assert code == 3
    assert set(found) == {"draft", "counts", "sentences", "model", "timings_ms"}
    assert found["model"] is None
    heading, _, wrong, _ = found["sentences"]
    assert heading["outcome"] is None
    assert wrong["outcome"] == "contradicted"
    assert wrong["differences"] == [{"sort": "number", "said": "614", "told": "164"}]
    assert DRAFT.strip()[wrong["start"] : wrong["end"]] == wrong["text"]
    assert wrong["evidence"][0]["text"].startswith("Soylu, who said on Wednesday")


def test_check_html_is_one_page_without_scripts_that_escapes_the_draft(
    seeded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(capsys, "check", "draft.md", "--html", "page.html")
    html = (seeded / "page.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="[^#]', html)
    assert "&lt;b&gt;Nobody&lt;/b&gt; &amp; co" in html
    for number in re.findall(r'href="#(told-\d+)"', html):
        assert f'id="{number}"' in html
    assert html.index("Greek forces wounded 614") < html.index("Soylu, who said on Wednesday")


@pytest.mark.usefixtures("seeded")
def test_what_supports_a_draft_can_be_taken_along(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "check", "draft.md", "--cite", "bibtex")
    assert code == 3
    (entry,) = parse_string(out, "bibtex").entries.values()
    # Only what is supported: the other two sentences have nothing to cite.
    assert entry.fields["note"].count("“") == 1
    assert "measures to ease the conflict" in entry.fields["note"]
    _, out, _ = _run(capsys, "check", "draft.md", "--cite", "markdown")
    assert "to ease the conflict.[^1]\n" in out
    assert "Greek forces wounded 614 people, Soylu said.\n" in out
    assert "\n[^1]: “" in out


@pytest.mark.usefixtures("seeded")
def test_a_draft_of_which_all_is_said_exits_with_0(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Two witnesses reported seeing more Turkish reinforcements deploying into Idlib.\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, _ = _run(capsys, "check", "-")
    assert code == 0
    assert out.startswith("✓ Two witnesses")


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("empty.txt", b"", "the file is empty"),
        ("blank.md", b"# Title\n", "claims nothing"),
        ("long.txt", b"It rains. " * 210_000, "2.1 MB"),
        ("photo.docx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "cannot check"),
        ("none.txt", None, "no such file"),
    ],
)
def test_a_bad_draft_is_one_clear_line_and_exits_with_2(
    seeded: Path, capsys: pytest.CaptureFixture[str], name: str, raw: bytes | None, words: str
) -> None:
    if raw is not None:
        (seeded / name).write_bytes(raw)
    code, out, err = _run(capsys, "check", name)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.usefixtures("seeded")
def test_a_page_that_cannot_be_written_is_told_before_the_work(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = _run(capsys, "check", "draft.md", "--html", "nowhere/page.html")
    assert (code, out) == (2, "")
    assert "cannot write nowhere/page.html" in err
