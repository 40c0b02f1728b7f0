"""Many questions at once: in order, resumable, and no line stops the others."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import QueueLLM
from ui import cli

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."
ENZYME = "Which enzyme unwinds the double helix?"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    seed_folder: Path,
    fake: QueueLLM,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`pressmark ask` in a folder with the seed's index."""
    monkeypatch.setenv("PRESSMARK_MODELS", str(settings.models))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ui.wiring.open_llm", lambda *_: fake)
    shutil.copytree(seed_folder, tmp_path / ".pressmark")

    def ran(*argv: str) -> tuple[int, str, str]:
        code = cli.main(["ask", *argv])
        out, err = capsys.readouterr()
        return code, out, err

    return ran


def test_lines_are_answered_in_order(run: Run, fake: QueueLLM) -> None:
    Path("q.txt").write_text(f"{REGRET}\n\n{ENZYME}\n")
    fake.enqueue(REPLY)
    code, out, err = run("--batch", "q.txt")
    first, second = map(json.loads, out.splitlines())
    assert (first["line"], first["answer"]) == (1, REPLY)
    assert first["citations"][0]["text"].startswith("Putin on Thursday")
    assert first["confidence"] > 0.25
    assert (second["line"], second["abstained"], second["error"]) == (3, True, None)
    assert code == 0
    assert "2 lines: 1 answered, 1 without an answer, 0 failed, 0 no question" in err


def test_a_line_that_is_no_question_stops_nothing(run: Run, fake: QueueLLM) -> None:
    lines = ['{"question": " "}', "{nonsense", '{"ask": 1}', json.dumps({"question": REGRET})]
    Path("q.jsonl").write_text("\n".join(lines))
    fake.enqueue(REPLY)
    code, out, err = run("--batch", "q.jsonl")
    records = [json.loads(line) for line in out.splitlines()]
    assert [r["error"] for r in records] == [
        "the question is empty; type one",
        "it is no JSON object",
        "it is no object with a text `question`",
        None,
    ]
    assert records[3]["answer"] == REPLY
    assert code == 2
    assert "line 2: it is no JSON object" in err


def test_a_question_that_fails_stops_nothing(run: Run, fake: QueueLLM) -> None:
    # Nothing is queued for the first: the double fails as a model might.
    Path("q.txt").write_text(f"{REGRET}\n{ENZYME}\n")
    code, out, _ = run("--batch", "q.txt")
    failed, other = map(json.loads, out.splitlines())
    assert failed["error"].startswith("the language model failed")
    assert other["abstained"]
    assert code == 1
    assert fake.prompts


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_batch_goes_on_where_it_was_stopped(run: Run, fake: QueueLLM, name: str) -> None:
    again = "Who expressed regret to Erdogan about Turkish troops?"
    Path("q.txt").write_text(f"{REGRET}\n{ENZYME}\n{again}\n")
    fake.enqueue(REPLY, "Putin expressed his regret to Erdogan.")
    run("--batch", "q.txt", "--to", name, "--no-cache", "--written")
    whole = Path(name).read_bytes()
    # Killed in the middle of the third.
    Path(name).write_bytes(whole[:-20])
    asked = len(fake.prompts)
    fake.enqueue("Putin expressed his regret to Erdogan.")
    code, out, _ = run("--batch", "q.txt", "--to", name, "--no-cache", "--written")
    assert (code, out) == (0, "")
    assert len(fake.prompts) == asked + 1
    assert Path(name).read_bytes().count(b"\n") == whole.count(b"\n")
    assert Path(name).read_bytes()[: len(whole) // 2] == whole[: len(whole) // 2]


def test_another_batchs_output_is_left_alone(run: Run) -> None:
    Path("q.txt").write_text(REGRET)
    Path("out.jsonl").write_text(
        '{"line": 1, "question": "Another?", "answer": null, "error": null}\n'
    )
    code, _, err = run("--batch", "q.txt", "--to", "out.jsonl")
    assert code == 2
    assert "out.jsonl holds answers to other questions; give another --to" in err
    assert "Another?" in Path("out.jsonl").read_text()


def test_a_table_comes_back_as_one(run: Run, fake: QueueLLM) -> None:
    Path("q.csv").write_text(f'id;Question\nA1;"{REGRET}"\n=B2;{ENZYME}\n')
    fake.enqueue(REPLY)
    code, out, _ = run("--batch", "q.csv", "--csv")
    first, second = csv.DictReader(io.StringIO(out, newline=""))
    assert (first["id"], first["answer"]) == ("A1", REPLY)
    assert first["citations"].startswith("[1] “Putin on Thursday expressed his regret")
    # A spreadsheet would compute it.
    assert second["id"] == "'=B2"
    assert code == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("q.csv", "id,text\n1,Why?\n", "q.csv has no column `question`; it has id, text"),
        ("q.txt", " \n\n", "q.txt holds no question"),
        ("q.txt", "a\0\1\2\3b", "q.txt: the file holds"),
    ],
)
def test_a_bad_batch_exits_with_2(run: Run, name: str, content: str, words: str) -> None:
    Path(name).write_text(content)
    code, out, err = run("--batch", name)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_question_or_a_batch_is_wanted(run: Run) -> None:
    assert run()[0] == 2
    assert run("Why?", "--batch", "q.txt")[0] == 2
    code, _, err = run("--batch", "none.csv")
    assert (code, err) == (
        2, "pressmark: cannot read none.csv: No such file or directory; give another --batch\n",
    )  # fmt: skip


def test_what_is_cited_can_be_taken_along(run: Run, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    code, out, _ = run(REGRET, "--cite", "bibtex")
    assert code == 0
    assert out.startswith("@misc{")
    code, out, err = run(ENZYME, "--cite", "ris")
    assert (code, out) == (3, "")
    assert "nothing to cite" in err


def test_what_a_batch_cites_is_one_list(run: Run, fake: QueueLLM) -> None:
    Path("q.txt").write_text(f"{REGRET}\n{ENZYME}\nWho expressed regret to Erdogan about troops?\n")
    fake.enqueue(REPLY, "Putin expressed his regret to Erdogan.")
    code, out, err = run("--batch", "q.txt", "--cite", "csl")
    assert code == 0
    assert "3 lines: 2 answered" in err
    (item,) = json.loads(out)
    assert "Putin on Thursday expressed his regret" in item["note"]
    code, out, err = run("--batch", "q.txt", "--cite", "csl", "--to", "out.jsonl")
    assert (code, out) == (2, "")
    assert "leave out --to and --csv" in err
