"""The command line: its output, its exit codes, and one clear line for bad input."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from index.models.registry import REGISTRY
from tests.conftest import SEEDS
from tests.fakes import QueueLLM
from ui import cli
from ui.parser import make_parser

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """An empty working folder; the models stay where they are."""
    monkeypatch.setenv("PRESSMARK_MODELS", str(settings.models))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def seeded(home: Path, seed_folder: Path) -> Path:
    shutil.copytree(seed_folder, home / ".pressmark")
    return home


@pytest.fixture
def model(fake: QueueLLM, monkeypatch: pytest.MonkeyPatch) -> QueueLLM:
    monkeypatch.setattr("ui.wiring.open_llm", lambda *_: fake)
    return fake


def _run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        code = cli.main(argv)
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("seeded")
def test_ask_prints_the_answer_and_its_sentence(
    model: QueueLLM, capsys: pytest.CaptureFixture[str]
) -> None:
    model.enqueue(REPLY)
    code, out, _ = _run(capsys, "ask", REGRET)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"{REPLY} [1]"
    assert lines[2].startswith("[1] Putin on Thursday expressed his regret to Erdogan")
    assert "2020-03-05" in out
    assert "000_c8414aeea56d847d.txt" in out


@pytest.mark.usefixtures("seeded")
def test_ask_json_has_the_contracts_fields(
    model: QueueLLM, capsys: pytest.CaptureFixture[str]
) -> None:
    model.enqueue(REPLY)
    code, out, _ = _run(capsys, "ask", REGRET, "--json")
    assert code == 0
    answer = json.loads(out)
    assert {
        "question", "condensed_question", "answer", "abstained", "reason", "statements",
        "citations", "passages", "model", "timings_ms", "missing", "disagreement", "correction",
        "own_time",
    } <= set(answer)  # fmt: skip
    assert answer["statements"] == [{"text": REPLY, "verdict": "supported", "citations": [1]}]
    (citation,) = answer["citations"]
    assert set(citation) == {
        "marker", "document", "document_id", "title", "date", "page", "start", "end", "text",
        "score", "reckoned",
    }  # fmt: skip
    assert set(answer["timings_ms"]) == {"retrieve", "quoted", "first_token", "total"}
    assert citation["date"] == "2020-03-05"


@pytest.mark.usefixtures("seeded", "model")
def test_an_abstention_exits_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "ask", "Which enzyme unwinds the double helix?")
    assert code == 3
    assert out.startswith("No answer. ")
    assert "The nearest sentences:" in out


@pytest.mark.usefixtures("seeded")
def test_a_dash_reads_standard_input(
    model: QueueLLM, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model.enqueue(REPLY)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(REGRET.encode() + b"\n")))
    code, out, _ = _run(capsys, "ask", "-", "--json")
    assert code == 0
    assert json.loads(out)["question"] == REGRET


@pytest.mark.usefixtures("seeded", "model")
@pytest.mark.parametrize(
    ("question", "words"),
    [("", "is empty"), (" \n", "is empty"), ("why " * 250_000, "at most 2,000")],
)
def test_a_bad_question_exits_with_2(
    question: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = _run(capsys, "ask", question)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_ask_makes_an_index_of_seeds(
    home: Path, model: QueueLLM, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(SEEDS, home / "seeds")
    model.enqueue(REPLY)
    code, _, err = _run(capsys, "ask", REGRET)
    assert code == 0
    assert "making one from seeds/" in err
    assert (home / ".pressmark" / "catalogue.sqlite3").is_file()


@pytest.mark.usefixtures("home")
def test_no_index_and_no_seeds_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, "ask", "Anything?")
    assert code == 1
    assert err == (
        "pressmark: there is no index in .pressmark and no folder seeds/ to make one from: "
        "run `pressmark index PATH`\n"
    )


def test_index_reports_each_outcome(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "a.txt").write_text("The bridge opened.")
    (home / "b.txt").write_bytes(b"")
    code, out, err = _run(capsys, "index", str(home), "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["added"], report["skipped"], report["embedded"]) == (1, 1, 2)
    assert "b.txt: the file is empty" in err
    assert _run(capsys, "index", str(home), "--strict")[0] == 1
    assert _run(capsys, "index", "b.txt")[0] == 1


def test_the_terminal_is_safe_from_file_names(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "x\n\x1b[2Jy.txt").write_bytes(b"")
    (home / "good.txt").write_text("The bridge opened.")
    _, _, err = _run(capsys, "index", str(home))
    assert "x\\n\\x1b[2Jy.txt" in err
    assert "\x1b" not in err.replace("\x1b[A", "")


def test_rebuild_needs_paths_that_exist(seeded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _run(capsys, "index", "--rebuild", "nowhere")
    assert code == 1
    assert "nowhere does not exist" in err
    assert (seeded / ".pressmark" / "catalogue.sqlite3").is_file()


@pytest.mark.usefixtures("seeded")
def test_another_chunking_is_refused_with_the_command_to_type(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_CHUNK_TOKENS", "64")
    code, _, err = _run(capsys, "ask", "Anything?")
    assert code == 1
    assert "pressmark index --rebuild" in err


@pytest.mark.usefixtures("seeded")
def test_status_counts(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "status", "--json")
    status = json.loads(out)
    assert code == 0
    assert (status["documents"], status["sentences"]) == (1, 39)
    assert status["models"]["embedder"]["name"] == "all-minilm-l6-v2"
    assert status["disk_bytes"] > 100_000


@pytest.mark.usefixtures("home")
def test_models_list_names_the_registry(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "models", "list", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)["models"]] == list(REGISTRY)


@pytest.mark.usefixtures("home")
def test_an_unknown_model_is_listed_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "models", "list", "gpt-17", "--json")
    assert code == 0
    (row,) = json.loads(out)["models"]
    assert row["state"].startswith("no model is called 'gpt-17'")
    assert row["path"] is None


@pytest.mark.usefixtures("home")
def test_a_missing_model_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSMARK_MODELS", str(tmp_path / "none"))
    code, _, err = _run(capsys, "models", "verify", "smollm2-135m-instruct")
    assert code == 1
    assert "run `pressmark models pull smollm2-135m-instruct`" in err
    assert err.count("\n") == 1


@pytest.mark.usefixtures("seeded", "model")
def test_eval_asks_golden_questions_and_resumes(
    model: QueueLLM, seeded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"question": REGRET, "answerable": True, "mentions": ["34"], "forbids": []}
    line["cites"] = [{"document": "000_c8414aeea56d847d.txt", "text": "34 Turkish troops"}]
    (seeded / "mine.jsonl").write_text(json.dumps(line) + "\n")
    model.enqueue(REPLY)
    code, out, _ = _run(capsys, "eval", "mine.jsonl", "--json", "--plot", "figures.png")
    figures = json.loads(out)
    assert code == 0
    assert figures["answer"]["contains"] == 1.0
    assert figures["citation"] == {"precision": 1.0, "recall": 1.0, "valid": 1.0}
    assert (seeded / "figures.png").stat().st_size > 10_000
    # The queue is empty: a second run that asked the model again would fail.
    code, out, _ = _run(capsys, "eval", "mine.jsonl")
    assert code == 0
    assert "citation precision" in out


@pytest.mark.usefixtures("home")
def test_eval_of_a_file_that_is_no_question_set(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "x.json").write_text("[1, 2]")
    code, _, err = _run(capsys, "eval", "x.json")
    assert code == 1
    assert "is not a SQuAD question set" in err


def test_the_console_script_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui", "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("usage: pressmark")


def test_the_readme_shows_the_programs_own_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    shown = readme.split("$ pressmark --help\n", 1)[1].split("```", 1)[0]
    assert shown == make_parser().format_help()


@pytest.mark.usefixtures("seeded", "model")
def test_an_unexpected_error_is_one_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the moon\nis full")

    monkeypatch.setattr("ui.wiring.open_llm", fail)
    code, _, err = _run(capsys, "ask", REGRET)
    assert code == 1
    assert err == (
        "pressmark: unexpected RuntimeError: the moon is full; "
        "run it again with --debug to see where\n"
    )
    _, _, err = _run(capsys, "ask", REGRET, "--debug")
    assert "Traceback" in err


@pytest.mark.usefixtures("seeded")
def test_bench_says_what_to_expect(model: QueueLLM, capsys: pytest.CaptureFixture[str]) -> None:
    model.enqueue(*[REPLY] * 4)
    code, out, _ = _run(capsys, "bench", "--json")
    figures = json.loads(out)
    assert code == 0
    assert figures["machine"]["cores"] >= 1
    assert figures["ingest"]["texts_per_s"] > 0
    assert figures["ingest"]["precision"] in ("bf16", "fp32")
    asked = figures["answers"]["questions"]
    assert len(asked) == len({row["question"] for row in asked}) >= 2
    assert 0 < figures["answers"]["retrieve_ms"] <= figures["answers"]["total_ms"]
    model.enqueue(*[REPLY] * 4)
    code, out, _ = _run(capsys, "bench")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        "machine", "ingest", "model", "retrieval", "answer",
    ]  # fmt: skip
