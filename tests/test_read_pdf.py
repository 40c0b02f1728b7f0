"""PDF -> text: pages, paragraphs, headings, columns; what only a page needs is left out."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, Metadata
from index.read.formats import extract
from index.read.reader import Reader
from index.read.sniff import sniff
from index.segment import segment
from tests import samples
from tests.samples import ARTICLE, page_lines

TEXT = " ".join(ARTICLE)


def _read(raw: bytes, name: str = "a.txt", **limits: int) -> Extract:
    """Read bytes here, without the process that usually stands between."""
    return extract(sniff(raw, name), raw, Limits(**limits))


def test_a_pdfs_pages_paragraphs_and_heading() -> None:
    pages = [
        [(72, 760, 20, "Harbour bridge opens"), *page_lines(*ARTICLE, "", "A new paragraph.")],
        page_lines("It went on here."),
    ]
    found = _read(samples.pdf(pages, {"CreationDate": "D:20210405100000Z", "Author": "Ann"}))
    assert found.text == (
        f"## Harbour bridge opens\n\n{TEXT}\n\nA new paragraph.\n\nIt went on here."
    )
    assert found.pages == (0, found.text.index("It went"))
    assert found.metadata == Metadata("Harbour bridge opens", None, "Ann", made="2021-04-05")


def test_a_date_in_the_text_goes_over_the_one_that_the_file_was_made_on(tmp_path: Path) -> None:
    made = {"CreationDate": "D:20210405100000Z", "Author": "scanner"}
    first = [(72, 760, 20, "Harbour bridge opens"), *page_lines("By Ann Bee", "", *ARTICLE)]
    pages = [first, page_lines("It went on here.", "", "Published on 31 March 2020")]
    (tmp_path / "a.pdf").write_bytes(samples.pdf(pages, made))
    with Reader() as reader:
        (record,) = reader.records(tmp_path / "a.pdf")
        document, _ = reader.document(record, "a.pdf")
    assert (document.date, document.author) == ("2020-03-31", "Ann Bee")
    assert document.title == "Harbour bridge opens"
    assert document.text.startswith(ARTICLE[0])
    assert document.page(document.text.index("It went on")) == 2


def test_a_sentence_over_two_pages_is_one_and_stands_where_it_begins(tmp_path: Path) -> None:
    pages = [page_lines("It began here", "and it was inter-"), page_lines("national news.", "End.")]
    (tmp_path / "a.pdf").write_bytes(samples.pdf(pages))
    with Reader() as reader:
        (record,) = reader.records(tmp_path / "a.pdf")
        document, _ = reader.document(record, "a.pdf")
    assert document.text == "It began here and it was international news. End."
    sentences = segment(document.text)
    assert [document.page(s.start) for s in sentences] == [1, 2]


def test_words_cut_at_line_ends_are_mended_and_compounds_kept() -> None:
    lines = page_lines(
        "The well-known mayor said inter-", "national talks with a well-", "known friend of Anglo-",
        "Saxon law began in 2019-", "2020 or so.",
    )  # fmt: skip
    assert _read(samples.pdf([lines])).text == (
        "The well-known mayor said international talks with a well-known friend of Anglo-Saxon "
        "law began in 2019-2020 or so."
    )


def test_running_heads_and_feet_are_dropped_and_single_lines_kept() -> None:
    pages = [
        [
            (72, 800, 9, f"The Daily {number}" if number % 2 else "Monday, 5 April"),
            *page_lines(f"Page {word} has its own text."),
            (300, 30, 9, f"- {number} -"),
        ]
        for number, word in enumerate(("one", "two", "three", "four", "five", "six"), start=1)
    ]
    pages[0].append((72, 780, 9, "Only here"))
    text = _read(samples.pdf(pages)).text
    assert "Daily" not in text
    assert "Monday" not in text
    assert "- 3 -" not in text
    assert "Only here" in text
    assert text.count("has its own text.") == 6


def test_a_head_that_changes_with_the_chapter_goes_with_its_page_number() -> None:
    words = ("one", "two", "three", "four")
    pages = [
        [(72, 760, 10, f"Chapter {i}: On {word}s {i + 7}"), *page_lines(f"This is {word}.")]
        for i, word in enumerate(words)
    ]
    assert _read(samples.pdf(pages)).text == "\n\n".join(f"This is {word}." for word in words)


def test_lists_and_what_follows_them_are_paragraphs() -> None:
    lines = [
        (90, 700, 12, "\u2022 The first item goes on"),
        (102, 686, 12, "in a second line."),
        (90, 672, 12, "\u2022 The second item."),
        (72, 658, 12, "The text goes on here."),
    ]
    assert _read(samples.pdf([lines])).text == (
        "\u2022 The first item goes on in a second line.\n\n\u2022 The second item.\n\n"
        "The text goes on here."
    )


def test_two_columns_are_read_one_after_the_other() -> None:
    left = page_lines("The left column ends in", "the middle of")
    right = [(320, y, size, text) for _, y, size, text in page_lines("a sentence. It is", "over.")]
    assert _read(samples.pdf([[*left, *right]])).text == (
        "The left column ends in the middle of a sentence. It is over."
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (samples.encrypted_pdf(), "the PDF is encrypted; save it without a password"),
        (samples.image_pdf(), "holds only pictures of its pages; run OCR"),
        (samples.pdf([[]]), "the PDF holds no text"),
        (samples.pdf([page_lines(*ARTICLE)])[:-200], "cut short: the end of the PDF is missing"),
        (b"%PDF-1.7\nnothing\n%%EOF", "damaged: it cannot be read as pdf"),
    ],
)
def test_a_pdf_without_text_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        _read(raw)


def test_pages_that_are_pictures_are_counted() -> None:
    scanned = samples.image_pdf()
    assert b"BI /W 2" in scanned
    picture = b"q 500 0 0 700 40 60 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q"
    mixed = samples.pdf([page_lines("Text."), []], extra=picture)
    assert _read(mixed).note == "1 of 2 pages are pictures without text"


def test_more_pages_than_the_limit_are_refused() -> None:
    raw = samples.pdf([page_lines("Hi.")] * 3)
    with pytest.raises(UnreadableDocument, match="3 pages are over the limit of 2; raise max_page"):
        _read(raw, max_pages=2)


def test_page_numbers_grow_with_the_text() -> None:
    words = ("alpha", "beta", "", "gamma")
    pages = [page_lines(f"The {word} page.") if word else [] for word in words]
    found = _read(samples.pdf(pages))
    assert found.pages[0] == 0
    assert all(a <= b for a, b in itertools.pairwise(found.pages))
    assert found.text[found.pages[3] :] == "The gamma page."
    assert len(found.pages) == 4
