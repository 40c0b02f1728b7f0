"""Each format -> text with its headings and tables, metadata and pages; found by content."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, Metadata
from index.read.formats import extract
from index.read.reader import Reader
from index.read.sniff import Format, sniff
from tests import samples
from tests.samples import ARTICLE, page_lines

TEXT = " ".join(ARTICLE)
TABLE = "Year: 2019; Cost: 6 million.\n\nYear: 2021; Cost: 12 million."


def _read(raw: bytes, name: str = "a.txt", **limits: int) -> Extract:
    """Read bytes here, without the process that usually stands between."""
    return extract(sniff(raw, name), raw, Limits(**limits))


@pytest.mark.parametrize(
    ("raw", "name", "format"),
    [
        (samples.pdf([page_lines("Hi.")]), "a.txt", Format.PDF),
        (b"This is no PDF.", "a.pdf", Format.TEXT),
        (samples.docx_bytes(), "a.pdf", Format.DOCX),
        (b"This is no Word document.", "a.docx", Format.TEXT),
        (samples.epub(["<p>Hi.</p>"]), "a.docx", Format.EPUB),
        (samples.html_page(), "a.md", Format.HTML),
        (b"\xef\xbb\xbf  <!-- saved -->\n<HTML><body>Hi.", "a.txt", Format.HTML),
        (b"No markup at all.", "a.html", Format.TEXT),
        (b"<p>A fragment.</p>", "a.html", Format.HTML),
        (b"<p>Markdown may hold HTML.</p>", "a.md", Format.TEXT),
        (samples.eml(), "a.txt", Format.MAIL),
        (b"Subject: Hi\n\nText.", "a.eml", Format.MAIL),
        (b"Title: Hi\nDate: 2021-04-05\n\nText.", "a.txt", Format.TEXT),
        (b"From: here to there\n\nIt is far.", "a.txt", Format.TEXT),
        (samples.mbox(samples.eml()), "a.txt", Format.MBOX),
        (b"From the start in 2021\nit rained.", "a.txt", Format.TEXT),
        (samples.jsonl({"text": "Hi."}), "a.txt", Format.JSONL),
        (b"not JSON", "a.jsonl", Format.JSONL),
        (b'{"a": "text"} is how JSON looks.', "a.md", Format.TEXT),
    ],
)
def test_the_format_is_found_by_content_before_the_name(
    raw: bytes, name: str, format: Format
) -> None:
    assert sniff(raw, name) is format


def test_a_saved_page_is_its_article_with_headings_and_tables() -> None:
    page = _read(samples.html_page())
    assert page.metadata == Metadata(
        title="Harbour bridge opens",
        date="2021-04-05",
        author="Ann Bee",
        language="en-GB",
        url="https://example.org/bridge",
    )
    assert page.text.startswith("## Harbour bridge opens\n\nThe harbour bridge opened")
    assert "\n\n## The price\n\n" in page.text
    assert TABLE in page.text
    assert "Sport" not in page.text
    assert "Copyright" not in page.text


def test_a_page_without_an_article_is_read_whole() -> None:
    assert _read(b"<html><body><p>Just this.</p></body></html>").text == "Just this."


def test_a_pages_date_is_not_guessed_from_its_text() -> None:
    page = _read(b"<html><body><p>The fire of 5 May 2010 is remembered by few.</p></body></html>")
    assert page.metadata.date is None


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "shift_jis"])
def test_a_page_is_decoded_as_it_declares(encoding: str) -> None:
    words = "東京の橋" if encoding == "shift_jis" else "Über die Brücke"
    page = f'<html><head><meta charset="{encoding}"></head><body><p>{words}</p></body></html>'
    assert _read(page.encode(encoding), "a.html").text == words


def test_a_table_that_only_lays_out_a_page_is_not_read_as_one() -> None:
    cell = f"<td><p>{TEXT}</p><p>{TEXT}</p><p>{TEXT}</p></td>"
    text = _read(f"<html><body><table><tr>{cell}{cell}</tr></table></body></html>".encode()).text
    assert ";" not in text


def test_a_cell_that_spans_rows_or_columns_stands_under_its_label() -> None:
    table = (
        "<table><tr><th>Year</th><th colspan=2>Cost</th></tr>"
        "<tr><td rowspan=2>2019</td><td>6</td><td>million</td></tr>"
        "<tr><td>7</td><td>billion</td></tr></table>"
    )
    assert _read(f"<html><body>{table}</body></html>".encode()).text == (
        "Year: 2019; Cost: 6; Cost: million.\n\nYear: 2019; Cost: 7; Cost: billion."
    )


@pytest.mark.parametrize("depth", [900, 1900])
def test_deep_html_is_read(depth: int) -> None:
    raw = b"<html><body>" + b"<div>" * depth + TEXT.encode() + b"</div>" * depth
    assert _read(raw).text == TEXT


def test_html_beyond_what_the_parser_takes_is_reported_not_cut() -> None:
    raw = b"<html><body><p>First.</p>" + b"<b>" * 100_000 + TEXT.encode()
    with pytest.raises(UnreadableDocument, match="nested more than 2,000 deep"):
        _read(raw)


def test_a_word_document_in_order_with_headings_table_and_list() -> None:
    found = _read(samples.docx_bytes())
    assert found.text == (
        f"# Harbour bridge opens\n\n# What did it cost?\n\n{ARTICLE[0]}\n\n{ARTICLE[1]}\n\n"
        f"{TABLE}\n\n- A wider walkway."
    )
    assert found.metadata == Metadata(author="Ann Bee", language="en-GB")


def test_inserted_and_linked_words_count_and_deleted_ones_do_not() -> None:
    raw = samples.docx_bytes("It cost PLACE euros.")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        body = archive.read("word/document.xml")
    new = (
        b"It cost </w:t></w:r><w:ins><w:r><w:t>12</w:t></w:r></w:ins>"
        b"<w:del><w:r><w:delText>13</w:delText></w:r></w:del>"
        b"<w:hyperlink><w:r><w:t> million</w:t></w:r></w:hyperlink>"
        b'<w:r><w:t xml:space="preserve"> euros.'
    )
    changed = body.replace(b"It cost PLACE euros.", new)
    assert changed != body
    assert (
        "It cost 12 million euros."
        in _read(samples.repacked(raw, {"word/document.xml": changed})).text
    )


def test_content_controls_are_read() -> None:
    raw = samples.docx_bytes("It opened.")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        body = archive.read("word/document.xml")
    control = b"<w:sdt><w:sdtContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    changed = body.replace(b"<w:body>", b"<w:body>" + control)
    text = _read(samples.repacked(raw, {"word/document.xml": changed})).text
    assert text.startswith("Boxed.\n\n# Harbour")


def test_a_books_chapters_in_reading_order() -> None:
    book = _read(samples.epub([f"<h1>One</h1><p>{ARTICLE[0]}</p>", f"<p>{ARTICLE[1]}&nbsp;</p>"]))
    assert book.text == f"# One\n\n{ARTICLE[0]}\n\n# Part\n\n{ARTICLE[1]}"
    assert book.metadata == Metadata("The Bridge", "2021-04-05", "Ann Bee, Cy Dee", "en")


def test_a_protected_book_says_so_and_disguised_fonts_do_not_matter() -> None:
    def encryption(uri: str) -> str:
        return f'<encryption><CipherReference URI="{uri}"/></encryption>'

    assert _read(samples.epub(["<p>Hi.</p>"], encryption=encryption("OEBPS/a.otf"))).text
    with pytest.raises(UnreadableDocument, match="protected against copying"):
        _read(samples.epub(["<p>Hi.</p>"], encryption=encryption("OEBPS/text/c%200.xhtml")))


@pytest.mark.parametrize("kind", ["docx", "epub"])
def test_external_entities_are_never_fetched(kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("swordfish")
    entity = f'<!DOCTYPE x [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>'.encode()
    if kind == "docx":
        raw, part = samples.docx_bytes("It opened HERE today."), "word/document.xml"
        mark = b"HERE"
    else:
        raw, part = samples.epub(["<p>It opened.</p>"]), "OEBPS/book.opf"
        mark = b"The Bridge"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        xml = archive.read(part)
    start = xml.index(b"?>") + 2 if xml.startswith(b"<?xml") else 0
    evil = xml[:start] + entity + xml[start:].replace(mark, b"&leak;")
    found = _read(samples.repacked(raw, {part: evil}))
    assert "It opened" in found.text
    assert "swordfish" not in found.text + str(found.metadata)


def test_entities_that_multiply_are_refused() -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(10))
    raw = samples.docx_bytes("It opened HERE today.")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        xml = archive.read("word/document.xml")
    start = xml.index(b"?>") + 2
    evil = xml[:start] + f"<!DOCTYPE x [{laughs}]>".encode() + xml[start:].replace(b"HERE", b"&l9;")
    with pytest.raises(UnreadableDocument, match="entity amplification"):
        _read(samples.repacked(raw, {"word/document.xml": evil}))


@pytest.mark.parametrize("raw", [samples.docx_bytes(), samples.epub(["<p>Hi.</p>"])])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(raw: bytes) -> None:
    bomb = samples.repacked(raw, {"word/media/a.bin": bytes(8 << 20)})
    with pytest.raises(UnreadableDocument, match="times its size, over the limit of 200"):
        _read(bomb)
    with pytest.raises(UnreadableDocument, match="over the limit of 4 MiB; raise max_unpacked_mb"):
        _read(bomb, max_unpacked_mb=4)


@pytest.mark.parametrize("raw", [samples.docx_bytes(), samples.epub(["<p>Hi.</p>"])])
def test_a_zip_that_is_cut_short_is_reported(raw: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="damaged or cut short"):
        _read(raw[: len(raw) // 2], "a.docx")


def test_a_zip_that_understates_its_size_yields_no_more_than_it_says() -> None:
    raw = bytearray(
        samples.repacked(samples.epub(["<p>Hi.</p>"]), {"OEBPS/book.opf": bytes(8 << 20)})
    )
    position = 0
    while (position := raw.find((8 << 20).to_bytes(4, "little"), position)) >= 0:
        raw[position : position + 4] = (500).to_bytes(4, "little")
    with pytest.raises(UnreadableDocument, match="damaged"):
        _read(bytes(raw))


def test_mail_prefers_plain_text_and_ignores_attachments() -> None:
    found = _read(samples.eml(TEXT, html="<p>The same, marked up.</p>"))
    assert found.text == TEXT
    assert found.metadata == Metadata("Bridge opens", "2021-04-05", "Ann Bee")


def test_mail_in_html_alone_is_read() -> None:
    assert _read(samples.eml("", html=f"<p>{TEXT}</p>")).text == TEXT


def test_quotations_and_the_signature_are_left_out() -> None:
    body = f"{TEXT}\n\nOn Monday, Cy Dee wrote:\n\n> It was closed.\n> Really.\n\nBye.\n-- \nAnn"
    assert _read(samples.eml(body)).text == f"{TEXT}\n\nBye."
    assert _read(samples.eml("> All of it\n> is quoted.")).text == "> All of it\n> is quoted."


def test_mail_of_attachments_only_says_so() -> None:
    raw = b"From: a@b.c\nMIME-Version: 1.0\nContent-Type: application/pdf\n\nJVBERi0="
    with pytest.raises(UnreadableDocument, match="no text, only attachments"):
        _read(raw, "a.eml")


def test_a_subject_in_another_alphabet_is_decoded() -> None:
    raw = b"Subject: =?utf-8?b?0JzQvtGB0YI=?=\nFrom: x@y.z\n\nHi."
    assert _read(raw, "a.eml").metadata.title == "Мост"


def test_a_page_that_a_browser_saved_as_one_file() -> None:
    page = samples.html_page().replace(b"=", b"=3D").decode()
    raw = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://example.org/saved\n"
        'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n'
        "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable"
        f"\n\n{page}\n--b--\n"
    )
    found = _read(raw.encode(), "a.mhtml")
    assert TABLE in found.text
    assert found.metadata.url == "https://example.org/bridge"


def test_a_mailboxs_messages_are_documents(tmp_path: Path) -> None:
    path = tmp_path / "all.mbox"
    path.write_bytes(samples.mbox(samples.eml(), samples.eml("From here on.\n\nFrom there.")))
    with Reader() as reader:
        documents = [reader.document(r, "all.mbox")[0] for r in reader.records(path)]
    assert [d.path for d in documents] == ["all.mbox#1", "all.mbox#2"]
    assert documents[1].text == "From here on.\n\nFrom there."


@pytest.mark.parametrize("before", [b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_a_mailbox_may_begin_with_blanks_or_a_mark(before: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(before + samples.mbox(samples.eml(), samples.eml("Two.")))
    with Reader() as reader:
        assert [r.number for r in reader.records(tmp_path / "a.mbox")] == [1, 2]


def test_lines_of_json_are_documents_and_bad_ones_have_their_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record = {
        "text": TEXT, "title": "Bridge", "date": "2021-04-05T10:00Z", "language": "en",
        "url": "https://example.org/b", "author": ["Ann", "Cy"], "id": 7,
    }  # fmt: skip
    path.write_bytes(
        samples.jsonl(record) + b'\n{"text": 3}\nnonsense\n{"text": " "}\n[' + b"[" * 9999
    )
    with Reader() as reader:
        records = reader.records(path)
        document, _ = reader.document(records[0], "a.jsonl")
        assert (document.path, document.title, document.date) == (
            "a.jsonl#1",
            "Bridge",
            "2021-04-05",
        )
        assert (document.author, document.language) == ("Ann, Cy", "en")
        assert document.url == "https://example.org/b"
        reasons = ("not an object with", "not a line of JSON", "nothing but blanks", "too deeply")
        for faulty, reason in zip(records[1:], reasons, strict=True):
            with pytest.raises(UnreadableDocument, match=reason):
                reader.document(faulty, "a.jsonl")
    assert [r.number for r in records] == [1, 3, 4, 5, 6]


def test_a_file_of_json_without_any_text_is_refused_once(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"level": "info"}\n' * 1000)
    with Reader() as reader, pytest.raises(UnreadableDocument, match='no line holds a "text"'):
        reader.records(tmp_path / "log.jsonl")
