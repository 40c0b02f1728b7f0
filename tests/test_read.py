"""Text files -> Documents: encodings, the article's own header, and files that are no articles."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from index.document import Document
from index.errors import UnreadableDocument
from index.limits import Limits
from index.read import read_all
from index.read.text import decode
from index.segment import segment

SEED = next((Path(__file__).parent.parent / "seeds").glob("*.txt"))


@pytest.fixture
def document(tmp_path: Path) -> Callable[..., Document]:
    """Write bytes to a file and read its one document."""

    def read(raw: bytes, name: str = "a.txt") -> Document:
        path = tmp_path / name
        path.write_bytes(raw)
        (found,) = read_all(path)
        return found

    return read


def test_the_seed_articles_header_becomes_metadata() -> None:
    (document,) = read_all(SEED)
    assert document.date == "2020-03-05"
    assert document.text.startswith("Russian President Vladimir Putin on Thursday began talks")
    assert document.title == (
        "Russian President Vladimir Putin on Thursday began talks over a potential ceasefire in…"
    )


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_the_encoding_is_detected(encoding: str) -> None:
    text = "Café Müller öffnet: façade, naïve, übrig."
    assert decode(text.encode(encoding)).lstrip("\ufeff") == text


def test_windows_quotes_survive() -> None:
    assert decode("“No” – he said…".encode("cp1252")) == "“No” – he said…"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\t\r\n ", "nothing but blanks"),
        ("\ufeff\u200b\n".encode(), "nothing but blanks"),
        (b"Some text\0\0with holes in it", "NUL bytes"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a picture; run OCR"),
        (b"GIF89a\0\0\0\0", "NUL bytes"),
        (b"{\\rtf1 Hello.}", "an RTF file; save it as .docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", "of before 2007, or one with a password"),
        (b"PK\x03\x04 a few files", "a ZIP archive; unpack it first"),
        (bytes(range(1, 32)) * 10, "control bytes"),
        (b"\xff\xfeA", "damaged"),
    ],
)
def test_what_is_not_text_is_refused_with_the_reason(
    raw: bytes, reason: str, document: Callable[..., Document]
) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        document(raw)


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UnreadableDocument, match="not a regular file"):
        read_all(tmp_path / "pipe.txt")


def test_a_socket_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The path of a socket may be a hundred characters long at most.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.txt")
        with pytest.raises(UnreadableDocument, match="not a regular file"):
            read_all(tmp_path / "s.txt")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(3 << 20)
    with pytest.raises(UnreadableDocument, match="3 MiB is over the limit of 2 MiB"):
        read_all(path, Limits(max_file_mb=2))


def test_a_line_of_10_mb_is_read_and_cut_into_sentences(tmp_path: Path) -> None:
    line = "The bridge opened on Monday; it was wide " * 255_751
    (tmp_path / "line.txt").write_text(line)
    (document,) = read_all(tmp_path / "line.txt")
    sentences = segment(document.text)
    assert len(document.text) > 10 << 20
    assert all(document.text[s.start : s.end] == s.text for s in sentences)
    assert sum(len(s.text) + 1 for s in sentences) >= len(document.text)


def test_more_text_than_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("word " * 1000)
    with pytest.raises(UnreadableDocument, match="limit of 4,000 characters; raise max_text_chars"):
        read_all(tmp_path / "long.txt", Limits(max_text_chars=4000))


@pytest.mark.parametrize(
    ("text", "title", "date"),
    [
        ("---\ntitle: 'The Bridge'\ndate: 2021-04-05\n---\nIt opened.", "The Bridge", "2021-04-05"),
        ("Title: The Bridge\nDate: 5 April 2021\n\nIt opened.", "The Bridge", "2021-04-05"),
        ("Headline: The Bridge\nDate: April 5, 2021\n\nIt opened.", "The Bridge", "2021-04-05"),
        ("date 2021-04-05 It opened.", "It opened.", "2021-04-05"),
        ("# The Bridge\n\nIt opened.", "The Bridge", None),
        ("It opened.", "It opened.", None),
        ("date 2021-13-45 It opened.", "It opened.", None),
        (
            "The Bridge\nPublished: 2021-04-05\nBy A. Writer\n\nIt opened.",
            "The Bridge",
            "2021-04-05",
        ),
        ("# The Bridge\n\nDatum: 5. April 2021\n\nIt opened.", "The Bridge", "2021-04-05"),
        ("title: The Bridge\n date 2021-04-05 It opened.", "The Bridge", "2021-04-05"),
        ("The Bridge\n\nBy Ann Bee\n5 April 2021\n\nIt opened.", "The Bridge", "2021-04-05"),
        ("Title: The Bridge\nDate: April 2021\nIt opened.", "The Bridge", "2021-04"),
        ("LONDON, April 5, 2021 (Agency) — It opened.", "It opened.", "2021-04-05"),
        ("Title: The Bridge\nDate: 03/04/2021\n\nIt opened.", "The Bridge", None),
    ],
)
def test_headers_give_title_and_date(
    text: str, title: str, date: str | None, document: Callable[..., Document]
) -> None:
    found = document(text.encode(), "0.txt")
    assert (found.title, found.date) == (title, date)
    assert found.text.endswith("It opened.")
    assert "date" not in found.text


def test_a_headers_lines_are_no_sentences(document: Callable[..., Document]) -> None:
    found = document(
        b"Bridge opens\nPublished: 2025-03-02\nBy A. Writer\n\n"
        b"LONDON, March 2 (Agency) -- It opened."
    )
    assert [s.text for s in segment(found.text)] == ["It opened."]
    assert (found.title, found.date, found.author) == ("Bridge opens", "2025-03-02", "A. Writer")
    alone = document(b"LONDON, March 2 (Agency) -- It opened.")
    assert (alone.date, alone.author) == (None, "Agency")


def test_front_matter_is_yaml_and_damaged_it_is_lines(document: Callable[..., Document]) -> None:
    whole = (
        b"---\ntitle: >\n  The\n  Bridge\nauthors: [Ann Bee, Cy Dee]\ndate: 2021-04-05\n---\nIt."
    )
    found = document(whole)
    assert (found.title, found.author) == ("The Bridge", "Ann Bee, Cy Dee")
    damaged = document(b"---\ntitle: The: Bridge\ndate: 5 April 2021\n---\nIt.")
    assert (damaged.title, damaged.date) == ("The: Bridge", "2021-04-05")


@pytest.mark.parametrize("depth", ["[", "- ", "{a: ", "? "])
def test_deep_front_matter_takes_no_time(depth: str, document: Callable[..., Document]) -> None:
    started = time.perf_counter()
    found = document(f"---\ntitle: The Bridge\nx: {depth * 20_000}\n---\nIt.".encode())
    assert found.title == "The Bridge"
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "text",
    [
        "By Monday evening the river had risen.\nIt fell.",
        "Source: the river begins in the hills.\nIt ends in the sea.",
        "Date: a fruit of the palm.\nIt is sweet.",
        "The bridge opened on 5 March 2020\n\nIt is wide.",
        "NATO — the alliance — met.",
        "2020\n\nIt was a year.",
    ],
)
def test_what_only_looks_like_a_header_stays(text: str, document: Callable[..., Document]) -> None:
    found = document(text.encode())
    assert found.text == text
    assert found.date is None


def test_a_header_gives_author_language_and_address(document: Callable[..., Document]) -> None:
    found = document(
        b"Title: The Bridge\nByline: By Ann Bee\nLanguage: de_CH\n"
        b"Source: https://example.org/bridge\n\nIt opened."
    )
    assert (found.author, found.language) == ("Ann Bee", "de-CH")
    assert found.url == "https://example.org/bridge"
    other = document(b"Title: The Bridge\nSource: The Daily\nLanguage: see below!\n\nIt opened.")
    assert (other.url, other.language) == (None, None)


def test_a_file_name_may_give_title_and_date(document: Callable[..., Document]) -> None:
    found = document(b"It opened.", "2021-04-05_harbour-bridge-opens.md")
    assert found.date == "2021-04-05"
    assert found.title == "Harbour bridge opens"


def test_a_title_is_seen(document: Callable[..., Document]) -> None:
    assert document("\u202e\nIt opened.".encode(), "1.md").title == "It opened."
    assert document("# \u200b\nIt opened.".encode(), "1.md").title == "It opened."


def test_the_id_is_the_bytes_own(document: Callable[..., Document]) -> None:
    assert document(b"One.", "a").id == document(b"One.", "b").id
    assert document(b"One.", "a").id != document(b"One. ", "a").id


def test_lines_end_in_one_way(document: Callable[..., Document]) -> None:
    assert document(b"One.\r\n\r\nTwo.\rThree.").text == "One.\n\nTwo.\nThree."


def test_a_terminals_colours_are_no_part_of_the_text(document: Callable[..., Document]) -> None:
    raw = b"\x1b]0;log\x07\x1b[1;31mThe bridge\x1b[0m opened.\x1b[K\n\x1b(BIt \x1b[9mrained\x1b[m."
    assert document(raw).text == "The bridge opened.\nIt rained."
