"""Ingests of bad files: each is skipped with its reason, and the good ones are all there."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.config import load_settings
from index.embed.embedder import Embedder
from index.errors import ConfigError, IndexMismatch, UnreadableDocument
from index.ingest.build import BuildReport, build
from index.ingest.outcome import Status
from index.read import Reader
from index.store.index import Index
from tests import samples
from tests.samples import page_lines
from tests.stored import chroma_rows
from ui import cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


@pytest.fixture
def index(tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    with Index(tmp_path / "index", embedder, 200) as index:
        yield index


def _statuses(report: BuildReport) -> dict[str, str]:
    return {Path(o.path).name: o.status for o in report.outcomes}


def _paths(index: Index) -> list[str]:
    return [Path(document.path).name for document in index.documents()]


def _good(i: int) -> tuple[str, bytes]:
    """The i-th good file: one of every format in turn, no two alike."""
    text = f"The council of town {i} opened bridge number {i} on Monday."
    kinds = (
        (".txt", text.encode()),
        (".md", f"# Bridge {i}\n\n{text}".encode("utf-16")),
        (".html", samples.html_page(f"<h1>Bridge {i}</h1><p>{text}</p>")),
        (".pdf", samples.pdf([page_lines(text)])),
        (".docx", samples.docx_bytes(text)),
        (".epub", samples.epub([f"<p>{text}</p>"])),
        (".eml", samples.eml(text)),
        (".jsonl", samples.jsonl({"text": text})),
        (".mbox", samples.mbox(samples.eml(text))),
        (".pdf", text.encode("latin-1")),
    )
    suffix, raw = kinds[i % len(kinds)]
    return f"good-{i}{suffix}", raw


_PDF = samples.pdf([page_lines("The bridge opened.")])
_BOMB = {"word/media/a.bin": bytes(4 << 20)}
BAD: tuple[tuple[str, bytes, str], ...] = (
    (".txt", b"", "the file is empty"),
    (".md", b" \n\t ", "nothing but blanks"),
    (".txt", b"Text with\0holes", "NUL bytes"),
    (".txt", b"\xff\xfeA", "begins as UTF-16 but is damaged"),
    (".txt", b"\x89PNG\r\n\x1a\n\0\0", "a picture; run OCR"),
    (".pdf", samples.encrypted_pdf(), "the PDF is encrypted"),
    (".pdf", _PDF[:-150], "cut short"),
    (".pdf", samples.image_pdf(), "only pictures of its pages"),
    (".pdf", b"%PDF-1.4\ngarbage\n%%EOF", "damaged"),
    (".docx", samples.repacked(samples.docx_bytes(), _BOMB), "times its size"),
    (".docx", samples.docx_bytes()[:5000], "damaged or cut short"),
    (".docx", samples.repacked(samples.docx_bytes(), {"word/document.xml": b"<x"}), "damaged"),
    (
        ".doc.docx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9,
        "of before 2007, or one with a password",
    ),
    (".epub", samples.epub([]), "nothing but blanks"),
    (".epub", samples.repacked(samples.epub([]), {"OEBPS/book.opf": b""}), "damaged"),
    (".html", b"<html><body>" + b"<i>" * 9000 + b"x", "nested more than 2,000 deep"),
    (".html", b"<html><script>only()</script></html>", "nothing but blanks"),
    (".eml", b"Subject: Nothing\n\n", "no text, only attachments"),
    (".jsonl", b'{"level": "info"}\n', 'no line holds a "text"'),
    (".txt", b"{\\rtf1 Hi.}", "an RTF file"),
)


def test_fifty_good_files_are_indexed_among_fifty_bad_ones(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for i in range(50):
        name, raw = _good(i)
        (folder / name).write_bytes(raw)
        suffix, raw, _ = BAD[i % len(BAD)]
        (folder / f"bad-{i}{suffix}").write_bytes(raw)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["index", "articles", "--json"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["added"], report["skipped"]) == (50, 50)
    assert "pressmark: 50 of 100 files were skipped\n" in err
    reasons = {
        Path(f["path"]).name: f["reason"] for f in report["files"] if f["status"] == "skipped"
    }
    for i in range(50):
        suffix, _, reason = BAD[i % len(BAD)]
        assert reason in reasons[f"bad-{i}{suffix}"]
        assert f"bad-{i}{suffix}: " in err
    assert cli.main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 50
    # Again: nothing is read twice, and --strict tells a script.
    assert cli.main(["index", "articles", "--json", "--strict"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["unchanged"], report["skipped"], report["embedded"]) == (50, 50, 0)


def test_an_unchanged_file_is_not_read_again(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.pdf").write_bytes(_PDF)
    build(index, [folder])

    def fail(*_: object) -> None:
        raise AssertionError("the file was read again")

    monkeypatch.setattr("index.read.reader.ReadingProcess.extract", fail)
    assert build(index, [folder]).count(Status.UNCHANGED) == 1


def test_a_mailbox_that_grows_shrinks_and_shifts_embeds_only_what_is_new(
    index: Index, folder: Path
) -> None:
    one, two, three, four = (samples.eml(f"Message {n} is here.") for n in "abcd")
    path = folder / "all.mbox"
    path.write_bytes(samples.mbox(one, two, three))
    assert build(index, [folder]).count(Status.ADDED) == 3
    # One in front shifts all numbers.
    path.write_bytes(samples.mbox(four, one, two, three))
    report = build(index, [folder])
    assert [o.status for o in report.outcomes] == ["unchanged", "unchanged", "unchanged", "updated"]
    assert report.n_embedded == 2
    assert sorted(_paths(index)) == [f"all.mbox#{n}" for n in (1, 2, 3, 4)]
    path.write_bytes(samples.mbox(three, four))
    report = build(index, [folder])
    assert report.n_embedded == 0
    assert sorted(o.status for o in report.outcomes) == ["removed"] * 2 + ["unchanged"] * 2
    assert {d.text: Path(d.path).name for d in index.documents()} == {
        "Message c is here.": "all.mbox#1",
        "Message d is here.": "all.mbox#2",
    }
    assert chroma_rows(index) == 2
    # Records have no file of their own: their file's existence counts.
    assert build(index, [folder], prune=True).count(Status.REMOVED) == 0
    path.unlink()
    assert build(index, [folder], prune=True).count(Status.REMOVED) == 2
    assert chroma_rows(index) == 0


def test_a_record_that_stands_twice_is_one_document(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.ingest.writer._BATCH_TEXTS", 1)
    record: dict[str, object] = {"text": "The bridge opened."}
    (folder / "a.jsonl").write_bytes(samples.jsonl(record, {"text": "Other."}, record))
    build(index, [folder])
    assert index.counts().documents == 2
    assert len(index.places()) == 3
    report = build(index, [folder])
    assert (report.count(Status.UNCHANGED), report.n_embedded) == (3, 0)


def test_a_bad_line_is_skipped_by_its_number(index: Index, folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(b'{"text": "One."}\n{"text": \n\n{"text": "Two."}\n')
    outcomes = build(index, [folder]).outcomes
    assert [(Path(o.path).name, o.status) for o in outcomes] == [
        ("a.jsonl#2", "skipped"),
        ("a.jsonl#1", "added"),
        ("a.jsonl#4", "added"),
    ]
    assert (outcomes[0].reason or "").startswith("not a line of JSON")


def test_a_file_that_becomes_another_format_leaves_nothing_behind(
    index: Index, folder: Path
) -> None:
    path = folder / "a.jsonl"
    path.write_bytes(samples.jsonl({"text": "One."}, {"text": "Two."}))
    build(index, [folder])
    path.write_bytes(_PDF)
    build(index, [folder])
    assert _paths(index) == ["a.jsonl"]
    assert len(index.places()) == 1
    assert chroma_rows(index) == 1


def test_a_file_deleted_while_ingesting_is_skipped(index: Index, folder: Path) -> None:
    for i in range(3):
        (folder / f"{i}.txt").write_text(f"Story number {i}.")

    def delete(_: int) -> None:
        (folder / "1.txt").unlink()

    report = build(index, [folder], on_total=delete)
    assert _statuses(report) == {"0.txt": "added", "1.txt": "skipped", "2.txt": "added"}
    assert [o.reason for o in report.outcomes if o.status == "skipped"] == [
        "no such file or directory"
    ]


def test_a_file_without_permission_says_so() -> None:
    # Not below tmp_path, whose parents nobody else may enter.
    with tempfile.TemporaryDirectory() as name, Reader() as reader:
        path = Path(name) / "closed.txt"
        path.write_text("Nobody may read this.")
        Path(name).chmod(0o755)
        path.chmod(0)
        before = os.geteuid()
        try:
            if before == 0:
                # Root may read everything: try as somebody else.
                os.seteuid(65534)
            with pytest.raises(UnreadableDocument, match="permission denied"):
                reader.records(path)
        finally:
            os.seteuid(before)


def test_a_link_to_itself_and_a_broken_one_are_skipped(index: Index, folder: Path) -> None:
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "broken.txt").symlink_to(folder / "nowhere.txt")
    (folder / "good.txt").write_text("The bridge opened.")
    report = build(index, [folder])
    assert {Path(o.path).name: o.reason for o in report.outcomes} == {
        "loop.txt": "a link that leads to itself",
        "broken.txt": "no such file or directory",
        "good.txt": None,
    }


def test_names_with_dots_lead_nowhere_else(index: Index, folder: Path) -> None:
    (folder / "..").joinpath("outside.txt").write_text("This lies outside.")
    (folder / "..good.txt").write_text("Hidden, and so left alone.")
    (folder / "a..b.txt").write_text("The bridge opened.")
    assert _statuses(build(index, [folder / ".." / folder.name])) == {"a..b.txt": "added"}
    assert index.documents()[0].path == str(folder / "a..b.txt")


def test_a_name_that_is_not_utf_8_is_skipped(
    index: Index, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("The bridge opened.")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (outcome,) = build(index, [folder]).outcomes
    assert (outcome.status, outcome.reason) == ("skipped", "its name is not UTF-8; rename it")
    print(outcome.path)
    assert "caf\\udce9.txt" in capsys.readouterr().out


def test_metadata_and_pages_are_stored(index: Index, folder: Path) -> None:
    (folder / "a.html").write_bytes(samples.html_page())
    (folder / "b.pdf").write_bytes(samples.pdf([page_lines("One is here."), page_lines("Two is.")]))
    build(index, [folder])
    page, pdf = index.documents()
    assert (page.author, page.language) == ("Ann Bee", "en-GB")
    assert page.url == "https://example.org/bridge"
    assert (page.pages, page.page(5)) == ((), None)
    assert [pdf.page(s.start) for s in index.sentences(pdf.id)] == [1, 2]


def test_an_index_of_before_is_refused_with_the_command(
    tmp_path: Path, folder: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("The bridge opened.")
    monkeypatch.setattr("index.store.stamp._SEGMENTATION", 1)
    with Index(tmp_path / "old", embedder, 200) as index:
        build(index, [folder])
    monkeypatch.undo()
    with pytest.raises(IndexMismatch, match="pressmark index --rebuild"):
        Index(tmp_path / "old", embedder, 200)
    shutil.rmtree(tmp_path / "old")


def test_limits_are_settings(index: Index, folder: Path) -> None:
    (folder / "a.pdf").write_bytes(samples.pdf([page_lines("One is here."), page_lines("Two is.")]))
    strict = load_settings({}, environ={"PRESSMARK_MAX_PAGES": "1"})
    (outcome,) = build(index, [folder], limits=strict).outcomes
    assert outcome.reason == "2 pages are over the limit of 1; raise max_pages to take it"
    assert build(index, [folder], limits=load_settings({}, environ={})).count(Status.ADDED) == 1
    with pytest.raises(ConfigError, match="max_unpack_ratio must lie between 10 and 100000"):
        load_settings({}, environ={"PRESSMARK_MAX_UNPACK_RATIO": "1"})
