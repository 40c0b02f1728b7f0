"""Small valid files of every format, and broken ones, made when a test asks for them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from functools import cache

__all__ = [
    "ARTICLE",
    "docx_bytes",
    "eml",
    "encrypted_pdf",
    "epub",
    "html_page",
    "image_pdf",
    "jsonl",
    "mbox",
    "page_lines",
    "pdf",
    "repacked",
]

ARTICLE = (
    "The harbour bridge opened on Monday after six years of work.",
    "It cost 12 million euros, twice as much as the council had planned.",
)

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)

TextLine = tuple[float, float, float, str]
"""x and y of its start in points from the lower left corner, size of the type, words."""


def page_lines(*lines: str, top: float = 700, size: float = 12) -> list[TextLine]:
    """Lines below one another; an empty one leaves a gap."""
    return [(72, top - i * 1.2 * size, size, line) for i, line in enumerate(lines) if line]


def pdf(
    pages: Sequence[Sequence[TextLine]], info: dict[str, str] | None = None, extra: bytes = b""
) -> bytes:
    """A PDF by hand: A4 pages, Helvetica; `extra` goes into every page's contents."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids "
        f"[{' '.join(f'{5 + 2 * i} 0 R' for i in range(len(pages)))}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< " + b" ".join(f"/{k} ({v})".encode() for k, v in (info or {}).items()) + b" >>",
    ]
    for i, lines in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources "
            b"<< /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (6 + 2 * i)
        )
        words = [
            f"/F1 {size} Tf 1 0 0 1 {x} {y} Tm ({_escaped(text)}) Tj".encode("cp1252")
            for x, y, size, text in lines
        ]
        contents = extra + b"\nBT\n" + b"\n".join(words) + b"\nET"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(contents), contents))
    return _assembled(objects, "/Root 1 0 R /Info 4 0 R")


def image_pdf() -> bytes:
    """A scanned page: a picture and no text."""
    picture = b"q 500 0 0 700 40 60 cm BI /W 2 /H 2 /CS /G /BPC 8 ID \x00\x80\xff\x40 EI Q\n"
    return pdf([[]], extra=picture)


def encrypted_pdf() -> bytes:
    """A PDF that asks for a password: the standard handler with keys of no known one."""
    raw = pdf([page_lines(*ARTICLE)])
    keys = b"<" + b"5a" * 32 + b">"
    handler = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O " + keys + b" /U " + keys + b" >>"
    identity = b" /ID [<0011223344556677> <0011223344556677>] "
    return raw.replace(b"/Info 4 0 R", handler + identity)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _assembled(objects: Sequence[bytes], trailer: str) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += f"trailer << /Size {len(objects) + 1} {trailer} >>\n".encode()
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)


@cache
def docx_bytes(*paragraphs: str) -> bytes:
    """A Word document: a title, a heading, paragraphs, a table, a list item."""
    import docx

    document = docx.Document()
    document.core_properties.author = "Ann Bee"
    document.core_properties.language = "en-GB"
    document.add_heading("Harbour bridge opens", level=0)
    document.add_heading("What did it cost?", level=1)
    for paragraph in paragraphs or ARTICLE:
        document.add_paragraph(paragraph)
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(
        table.rows, [("Year", "Cost"), ("2019", "6 million"), ("2021", "12 million")], strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.add_paragraph("A wider walkway.", style="List Bullet")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def repacked(raw: bytes, replace: dict[str, bytes]) -> bytes:
    """A ZIP file with some members replaced or added."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as before,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            after.writestr(name, replace.get(name, before.read(name)))
        for name in replace.keys() - set(before.namelist()):
            after.writestr(name, replace[name])
    return file.getvalue()


def epub(chapters: Sequence[str], *, encryption: str = "") -> bytes:
    """A book: one XHTML file a chapter, given as the inside of its body."""
    numbers = range(len(chapters))
    items = "".join(
        f'<item id="c{i}" href="text/c%20{i}.xhtml" media-type="application/xhtml+xml"/>'
        for i in numbers
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in numbers)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Bridge</dc:title>'
        "<dc:creator>Ann Bee</dc:creator><dc:creator>Cy Dee</dc:creator>"
        "<dc:language>en</dc:language><dc:date>2021-04-05</dc:date></metadata>"
        '<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" '
        f'properties="nav"/>{items}</manifest><spine><itemref idref="nav"/>{spine}</spine>'
        "</package>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", _CONTAINER)
        if encryption:
            archive.writestr("META-INF/encryption.xml", encryption)
        archive.writestr("OEBPS/book.opf", package)
        archive.writestr("OEBPS/nav.xhtml", "<html><body><nav>Contents</nav></body></html>")
        for i, chapter in enumerate(chapters):
            archive.writestr(
                f"OEBPS/text/c {i}.xhtml",
                '<?xml version="1.0" encoding="utf-8"?>'
                '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Part</title></head>'
                f"<body>{chapter}</body></html>",
            )
    return file.getvalue()


def html_page(body: str = "", *, head: str = "") -> bytes:
    """A news site's page: navigation, the article, a footer."""
    article = body or (
        "<h1>Harbour bridge opens</h1>"
        f"<p>{ARTICLE[0]} Hundreds of people came in spite of the rain, and the mayor spoke.</p>"
        f"<h2>The price</h2><p>{ARTICLE[1]} The council will debate it again in the autumn.</p>"
        "<table><tr><th>Year</th><th>Cost</th></tr><tr><td>2019</td><td>6 million</td></tr>"
        "<tr><td>2021</td><td>12 <b>mil</b>lion</td></tr></table>"
        "<p>Dockers had asked for a wider walkway, which the engineers refused to build.</p>"
    )
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        "<title>Harbour bridge opens | The Daily</title>"
        '<meta name="author" content="Ann Bee">'
        '<meta property="article:published_time" content="2021-04-05T10:00:00Z">'
        f'<link rel="canonical" href="https://example.org/bridge">{head}</head><body>'
        '<nav><ul><li><a href="/">Front page</a></li><li><a href="/s">Sport</a></li></ul></nav>'
        f"<article>{article}</article>"
        "<footer>Copyright 2021 The Daily. All rights reserved.</footer></body></html>"
    ).encode()


def eml(text: str = " ".join(ARTICLE), *, html: str = "", subject: str = "Bridge opens") -> bytes:
    """A message with a plain part, an HTML one or both, and an attachment."""
    message = EmailMessage()
    message["From"] = "Ann Bee <ann@example.org>"
    message["To"] = "desk@example.org"
    message["Subject"] = subject
    message["Date"] = "Mon, 05 Apr 2021 10:00:00 +0200"
    message["Message-ID"] = "<1@example.org>"
    if text:
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
    else:
        message.set_content(html, subtype="html")
    message.add_attachment("Secret attachment.", filename="notes.txt")
    return message.as_bytes()


def mbox(*messages: bytes) -> bytes:
    """A mailbox; lines that begin with "From " are escaped as mail programs do."""
    return b"".join(
        b"From ann@example.org Mon Apr  5 10:00:00 2021\n"
        + message.replace(b"\nFrom ", b"\n>From ").rstrip(b"\n")
        + b"\n\n"
        for message in messages
    )


def jsonl(*records: dict[str, object]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)
