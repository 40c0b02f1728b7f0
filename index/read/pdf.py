"""PDF files: the text of every page, and where each page begins in it."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from typing import Any

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, Metadata, check_length, tidy
from index.read.layout import Line, compose, mark_hyphen
from index.read.metadata import iso_date, shorten

__all__ = ["extract"]

_END_WITHIN = 8192
"""Bytes at the end of a file in which its end-of-file mark must stand."""
_BREAK = frozenset("\r\n\x02\ufffe")
_HYPHENS = frozenset("\x02\ufffe")
# What programs, not authors, write into a file's title.
_NO_TITLE = re.compile(
    r"\A(?:untitled.*|microsoft \w+ - .*|[\W\d_]*"
    r"|.*\.(?:docx?|pdf|indd|qxd|tex|rtf|odt|dvi|html?))\Z",
    re.IGNORECASE,
)
_MADE = re.compile(r"D?:?\s*(\d{4})(\d{2})(\d{2})", re.ASCII)


def extract(raw: bytes, limits: Limits) -> Extract:
    """Read all pages; running heads and feet are left out, words cut at line ends are mended.

    Raises: UnreadableDocument: encrypted, cut short, damaged, too long, or pictures of pages only.
    """
    import pypdfium2 as pdfium

    if b"%%EOF" not in raw.rstrip(b"\0\r\n\t ")[-_END_WITHIN:]:
        raise UnreadableDocument("cut short: the end of the PDF is missing; fetch it again")
    try:
        document = pdfium.PdfDocument(raw)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableDocument("the PDF is encrypted; save it without a password") from None
        raise UnreadableDocument(f"damaged: it cannot be read as pdf ({error})") from error
    try:
        return _read(document, limits)
    finally:
        document.close()


def _read(document: Any, limits: Limits) -> Extract:
    n_pages = len(document)
    if n_pages > limits.max_pages:
        raise UnreadableDocument(
            f"{n_pages:,} pages are over the limit of {limits.max_pages:,}; "
            "raise max_pages to take it"
        )
    if not n_pages:
        raise UnreadableDocument("the PDF has no pages")
    pages: list[tuple[float, list[Line]]] = []
    n_chars = n_pictures = 0
    for number in range(n_pages):
        page = document[number]
        lines = list(_lines(page))
        n_chars += sum(len(line.text) for line in lines)
        check_length(n_chars, limits)
        n_pictures += not lines and _has_picture(page)
        pages.append((page.get_height(), lines))
        page.close()
    if not n_chars:
        raise UnreadableDocument(
            "the PDF holds only pictures of its pages; run OCR over it first "
            "(`ocrmypdf IN.pdf OUT.pdf`)"
            if n_pictures
            else "the PDF holds no text"
        )
    text, starts = compose(pages)
    note = f"{n_pictures} of {n_pages} pages are pictures without text" if n_pictures else None
    return Extract(text, _metadata(document, pages), starts, note)


def _lines(page: Any) -> Iterator[Line]:
    """The lines of a page in the order of its text, with their places."""
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    try:
        chars = _chars(raw, textpage)
        start = 0
        for end in range(len(chars) + 1):
            if end < len(chars) and chars[end] not in _BREAK:
                continue
            hyphenated = end < len(chars) and chars[end] in _HYPHENS
            if line := _line(raw, textpage, chars, start, end, hyphenated):
                yield line
            start = end + 1
    finally:
        textpage.close()


def _chars(raw: Any, textpage: Any) -> list[str]:
    codes = (raw.FPDFText_GetUnicode(textpage, i) for i in range(textpage.count_chars()))
    # A font may map its signs to numbers that are no characters.
    return [chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes]


def _line(
    raw: Any, textpage: Any, chars: list[str], start: int, end: int, hyphenated: bool
) -> Line | None:
    shown = [i for i in range(start, end) if not chars[i].isspace()]
    # Halves of one character come in two places.
    joined = "".join(chars[start:end]).encode("utf-16-le", "surrogatepass")
    text = " ".join(tidy(joined.decode("utf-16-le", "replace")).split())
    if not shown or not text:
        return None
    x0, bottom, _, top = _box(raw, textpage, shown[0])
    _, bottom2, x1, top2 = _box(raw, textpage, shown[-1])
    # A bullet or a word of code may be set in another size than the line.
    sizes = [raw.FPDFText_GetFontSize(textpage, shown[i * (len(shown) - 1) // 4]) for i in range(5)]
    size = sorted(sizes)[2]
    line = Line(
        text, x0, x1, min(bottom, bottom2), max(top, top2), size or top - bottom, hyphenated
    )
    return line if hyphenated else mark_hyphen(line)


def _box(raw: Any, textpage: Any, i: int) -> tuple[float, float, float, float]:
    """left, bottom, right, top of a character with the whole height of its line."""
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(textpage, i, ctypes.byref(box)):
        return 0.0, 0.0, 0.0, 0.0
    return box.left, box.bottom, box.right, box.top


def _has_picture(page: Any) -> bool:
    import pypdfium2.raw as raw

    return any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


def _metadata(document: Any, pages: list[tuple[float, list[Line]]]) -> Metadata:
    found = document.get_metadata_dict()
    title = " ".join(tidy(found.get("Title", "")).split())
    made = _MADE.match(found.get("CreationDate", ""))
    return Metadata(
        title=shorten(title) if not _NO_TITLE.match(title) else _largest(pages),
        author=shorten(tidy(found.get("Author", ""))) or None,
        made=iso_date("-".join(made.groups())) if made else None,
    )


def _largest(pages: list[tuple[float, list[Line]]]) -> str | None:
    """The line or lines in the largest type of the first page, if it is larger than the rest."""
    lines = pages[0][1]
    sizes = sorted(line.size for line in lines)
    if not sizes or sizes[-1] < 1.2 * sizes[len(sizes) // 2]:
        return None
    return shorten(" ".join(line.text for line in lines if line.size > 0.98 * sizes[-1])) or None
