"""Each command from a cold process: seconds, processor seconds, peak memory.

    python -m tests.benchmarks.startup [FOLDER] [--model NAME] [--rounds N] [--json]

FOLDER holds the articles (default: seeds/). `ask` runs three ways: afresh, from a resident process
and from what was kept; "engine's own" is what the answer itself took, the rest is start-up. `chat`
is timed until its page is there. The language model runs: this takes a few minutes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from tests.benchmarks.clock import Child, parser, run_child, show
from ui.server.resident import socket_path

__all__ = ["main"]

_ROOT = str(Path(__file__).parent.parent.parent)
_WAIT_S = 120.0


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--model", default="qwen2.5-coder-1.5b-instruct")
    arguments.add_argument("--question", default="What is said about the ceasefire?")
    options = arguments.parse_args()
    seeds = Path(_ROOT) / "seeds"
    articles = str((options.file or seeds).resolve())
    ask = ["ask", options.question, "--json", "--model", options.model]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [_row("index, first time", [run_child(["index", articles], folder)])]
        commands = {
            "--help": ["--help"],
            "status": ["status"],
            "models list": ["models", "list"],
            "index, unchanged": ["index", articles],
            "ask, afresh": [*ask, "--no-cache"],
            "ask, kept": ask,
        }
        run_child(ask, folder)
        for label, command in commands.items():
            rows.append(_row(label, [run_child(command, folder) for _ in range(options.rounds)]))
        with _server(folder, options.model) as server:
            try:
                resident = [run_child([*ask, "--no-cache"], folder) for _ in range(options.rounds)]
            finally:
                server.terminate()
        rows.append(_row("ask, resident", resident))
        rows.append(_page_row(folder, options.model, options.rounds))
    show(rows, as_json=options.json)


def _server(folder: Path, model: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ui", "serve", "--model", model, "--idle", "10"]
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": _ROOT})
    path = socket_path(folder / ".pressmark")
    until = time.monotonic() + _WAIT_S
    while not path.is_socket():
        if time.monotonic() > until or process.poll() is not None:
            process.kill()
            raise SystemExit("the resident process did not start")
        time.sleep(0.05)
    return process


def _page_row(folder: Path, model: str, rounds: int) -> dict[str, Any]:
    """`chat`, until its page is there."""
    took = []
    for _ in range(rounds):
        started = time.monotonic()
        command = ["chat", "--no-browser", "--model", model, "--port", "7870"]
        process = subprocess.Popen(
            [sys.executable, "-m", "ui", *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": _ROOT},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        with process, process.stderr:
            url = next(u for line in process.stderr for u in re.findall(r"http://\S+", line))
            page = httpx.get(url, trust_env=False).raise_for_status()
            took.append(time.monotonic() - started)
            assert "gradio" in page.text
            process.terminate()
    none = dict.fromkeys(("processor s", "peak MB", "engine's own s", "start-up s"))
    return {"command": "chat, page", "s": median(took), **none, "exit": "-"}


def _row(label: str, children: list[Child]) -> dict[str, Any]:
    took = median(c.seconds for c in children)
    own = None
    if label.startswith("ask"):
        timings = [json.loads(c.out)["timings_ms"] for c in children]
        own = median(t["total"] for t in timings) / 1000
    return {
        "command": label,
        "s": took,
        "processor s": median(c.cpu_s for c in children),
        "peak MB": median(c.peak_mb for c in children),
        "engine's own s": own,
        "start-up s": None if own is None else took - own,
        "exit": str(children[-1].code),
    }


if __name__ == "__main__":
    main()
