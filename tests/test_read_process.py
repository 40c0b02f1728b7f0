"""The process that reads risky files: light, kept apart, killed when late, started anew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.process import ReadingProcess
from index.read.sniff import Format
from tests import samples
from tests.samples import ARTICLE, page_lines

PDF = samples.pdf([page_lines(*ARTICLE)])
TEXT = " ".join(ARTICLE)


@pytest.fixture
def process() -> Iterator[ReadingProcess]:
    process = ReadingProcess(Limits(max_file_s=1))
    yield process
    process.close()


def _pid(process: ReadingProcess) -> int:
    assert process._process is not None
    return process._process.pid


def test_several_files_are_read_by_one_process(process: ReadingProcess) -> None:
    assert process.extract(Format.PDF, PDF).text == TEXT
    before = _pid(process)
    assert "million" in process.extract(Format.DOCX, samples.docx_bytes()).text
    with pytest.raises(UnreadableDocument, match="encrypted"):
        process.extract(Format.PDF, samples.encrypted_pdf())
    found = process.extract(Format.PDF, samples.pdf([page_lines("One."), page_lines("Two.")]))
    assert found.pages == (0, 6)
    assert _pid(process) == before


def test_one_that_hangs_is_killed_and_the_next_file_is_read(process: ReadingProcess) -> None:
    process.extract(Format.PDF, PDF)
    stopped = _pid(process)
    os.kill(stopped, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(UnreadableDocument, match="took more than 1 s; raise max_file_s"):
        process.extract(Format.PDF, PDF)
    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)
    assert process.extract(Format.PDF, PDF).text == TEXT


def test_one_that_crashes_is_reported_and_the_next_file_is_read(process: ReadingProcess) -> None:
    process.extract(Format.PDF, PDF)
    os.kill(_pid(process), signal.SIGSEGV)
    with pytest.raises(UnreadableDocument, match=r"crashed the pdf reader \(exit code -11\)"):
        process.extract(Format.PDF, PDF)
    assert process.extract(Format.PDF, PDF).text == TEXT


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_AS")
def test_one_that_takes_too_much_memory_is_stopped() -> None:
    heavy = samples.repacked(samples.docx_bytes(), {"word/document.xml": bytes(250 << 20)})
    limits = Limits(max_reader_mb=256, max_unpacked_mb=1000, max_unpack_ratio=100_000)
    process = ReadingProcess(limits)
    try:
        with pytest.raises(UnreadableDocument, match="more than 256 MiB of memory; raise max_read"):
            process.extract(Format.DOCX, heavy)
        assert process.extract(Format.PDF, PDF).text == TEXT
    finally:
        process.close()


def test_an_interruption_leaves_no_process_behind(process: ReadingProcess) -> None:
    process.extract(Format.PDF, PDF)
    left = _pid(process)
    process.close()
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(left, 0)


def test_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, json, index.read.worker, index.read.pdf, index.read.docx, index.read.mail\n"
        "print(json.dumps([m for m in ('torch', 'chromadb', 'numpy', 'gradio', 'llama_index', "
        "'sentence_transformers', 'pypdfium2', 'trafilatura') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_a_folder_of_articles_cannot_stand_in_for_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("index.py", "json.py", "docx.py"):
        (tmp_path / name).write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    process = ReadingProcess(Limits())
    try:
        assert "million" in process.extract(Format.DOCX, samples.docx_bytes()).text
    finally:
        process.close()
