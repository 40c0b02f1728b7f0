"""Files -> Documents: encodings, the article's own header, and files that are no articles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.errors import UnreadableDocument
from index.read import decode, document_from_bytes, read

SEED = next((Path(__file__).parent.parent / "seeds").glob("*.txt"))


def test_the_seed_articles_header_becomes_metadata() -> None:
    document = read(SEED)
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
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "NUL bytes"),
        (bytes(range(1, 32)) * 10, "control bytes"),
        (b"\xff\xfeA", "damaged"),
    ],
)
def test_what_is_not_text_is_refused_with_the_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        document_from_bytes(raw, "a.txt")


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UnreadableDocument, match="not a regular file"):
        read(tmp_path / "pipe.txt")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        file.truncate(3 << 20)
    with pytest.raises(UnreadableDocument, match="3 MiB is over the limit of 2 MiB"):
        read(path, max_bytes=2 << 20)


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
    ],
)
def test_headers_give_title_and_date(text: str, title: str, date: str | None) -> None:
    document = document_from_bytes(text.encode(), "0.txt")
    assert (document.title, document.date) == (title, date)
    assert document.text.endswith("It opened.")
    assert "date" not in document.text


def test_a_file_name_may_give_title_and_date() -> None:
    document = document_from_bytes(b"It opened.", "x/2021-04-05_harbour-bridge-opens.md")
    assert document.date == "2021-04-05"
    assert document.title == "Harbour bridge opens"


def test_the_id_is_the_bytes_own() -> None:
    assert document_from_bytes(b"One.", "a").id == document_from_bytes(b"One.", "b").id
    assert document_from_bytes(b"One.", "a").id != document_from_bytes(b"One. ", "a").id


def test_lines_end_in_one_way() -> None:
    assert document_from_bytes(b"One.\r\n\r\nTwo.\rThree.", "a").text == "One.\n\nTwo.\nThree."
