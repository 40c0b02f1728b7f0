"""What changed where a document was replaced, and what rested on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.ingest.build import build
from index.store.index import Index
from tests.hashing import HashEmbedder
from ui import cli

FIRST = "The bridge opened on Monday. It cost 12 million euros. The mayor spoke. It rained."
SECOND = "The bridge opened on Monday. It cost 14 million euros. The mayor spoke. A band played."
COST = "It cost 12 million euros."

Indexed = Callable[[str], None]
Changes = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Indexed:
    """Write `articles/bridge.txt` and bring the index up to date with it."""
    monkeypatch.chdir(tmp_path)
    Path("articles").mkdir()

    def write(text: str) -> None:
        Path("articles/bridge.txt").write_text(text, encoding="utf-8")
        with Index(Path(".pressmark"), HashEmbedder(), 200) as index:
            build(index, [Path("articles")], prune=True)

    return write


@pytest.fixture
def changes(capsys: pytest.CaptureFixture[str]) -> Changes:
    def listed(*flags: str) -> list[dict[str, Any]]:
        assert cli.main(["status", "--changes", "--json", *flags]) == 0
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["changes"]
        return found

    return listed


def test_a_replaced_document_tells_which_sentences_changed(
    indexed: Indexed, changes: Changes
) -> None:
    indexed(FIRST)
    assert changes() == []
    indexed(SECOND)
    (change,) = changes()
    assert change["path"] == "articles/bridge.txt"
    assert change["sentences"] == [
        {"was": COST, "is": "It cost 14 million euros."},
        {"was": "It rained.", "is": None},
        {"was": None, "is": "A band played."},
    ]


def test_golden_lines_and_votes_that_rested_on_it_are_named(
    indexed: Indexed, changes: Changes, capsys: pytest.CaptureFixture[str]
) -> None:
    indexed(FIRST)
    cited = {"document": "articles/bridge.txt", "text": COST}
    spoke = {"document": "articles/bridge.txt", "text": "The mayor spoke."}
    golden = [{"question": "Who spoke?", "cites": [spoke]}, {"question": "Cost?", "cites": [cited]}]
    Path("golden.jsonl").write_text("\n".join(map(json.dumps, golden)))
    vote = {"question": "What did it cost?", "vote": "up", "citations": [cited]}
    Path(".pressmark/feedback.jsonl").write_text(f"no JSON\n{json.dumps(vote)}\n")
    indexed(SECOND)
    (change,) = changes()
    assert [(r["kind"], r["line"], r["question"]) for r in change["rested"]] == [
        ("golden", 2, "Cost?"),
        ("vote", 2, "What did it cost?"),
    ]
    assert cli.main(["status", "--changes"]) == 0
    out = capsys.readouterr().out
    assert f"  - {COST}\n  + It cost 14 million euros." in out
    assert (
        "  ! a vote (up) rested on this: What did it cost? (.pressmark/feedback.jsonl line 2)"
        in out
    )


def test_a_removed_document_leaves_no_word_of_what_it_was(
    indexed: Indexed, changes: Changes
) -> None:
    indexed(FIRST)
    indexed(SECOND)
    Path("articles/other.txt").write_text("Something else.", encoding="utf-8")
    Path("articles/bridge.txt").unlink()
    with Index(Path(".pressmark"), HashEmbedder(), 200) as index:
        build(index, [Path("articles")], prune=True)
    assert changes() == []
