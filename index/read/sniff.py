"""What a file is: by its first bytes, and by its name where they leave it open."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePath

from index.errors import UnreadableDocument

__all__ = ["SUFFIXES", "Format", "sniff"]


class Format(StrEnum):
    """The formats that can be read."""

    TEXT = "text"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    EPUB = "epub"
    MAIL = "mail"
    MBOX = "mbox"
    JSONL = "jsonl"


_BY_SUFFIX = {
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".md": Format.TEXT,
    ".markdown": Format.TEXT,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".epub": Format.EPUB,
    ".eml": Format.MAIL,
    ".mht": Format.MAIL,
    ".mhtml": Format.MAIL,
    ".mbox": Format.MBOX,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
}

SUFFIXES = frozenset(_BY_SUFFIX)
"""The file names that a folder is searched for, in lower case."""

_HEAD = 4096
_MARK = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*")
_HTML = re.compile(
    rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(rb"<[a-z!/][^<>]*>", re.IGNORECASE)
_HEADER_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*):[ \t]?[^\r\n]*\r?\n(?:[ \t]+[^\r\n]*\r?\n)*")
_POSTMARK = re.compile(rb"From \S+.*\d{4}\r?\n(?=[A-Za-z][A-Za-z0-9-]*:)")
_EN_ROUTE = {b"message-id", b"mime-version", b"received", b"return-path", b"delivered-to"}
_JSON_RECORD = re.compile(rb'\{[^\n]*"text"\s*:\s*"[^\n]*\}[ \t\r]*(?:\n|\Z)')

_UNREADABLE = (
    (b"{\\rtf", "an RTF file; save it as .docx"),
    (b"\x89PNG\r\n\x1a\n", "a picture; run OCR over it and index the text"),
    (b"\xff\xd8\xff", "a picture; run OCR over it and index the text"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it first"),
    (b"SQLite format 3\0", "a database, not an article"),
)


def sniff(raw: bytes, name: str) -> Format:
    """The format of a file's bytes.

    Raises: UnreadableDocument for one that is known and cannot be read; what is neither known
    nor told by its name counts as text.
    """
    named = _BY_SUFFIX.get(PurePath(name).suffix.lower(), Format.TEXT)
    mark = _MARK.match(raw)
    start = mark.end() if mark else 0
    head = raw[start : start + _HEAD]
    # The standard lets a kilobyte of anything stand before the mark.
    if head.startswith(b"%PDF-") or (named is Format.PDF and b"%PDF-" in raw[:1024]):
        return Format.PDF
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(raw, named)
    if raw.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise UnreadableDocument(
            "a Word document of before 2007, or one with a password; "
            "save it as .docx without a password"
        )
    for magic, what in _UNREADABLE:
        if raw.startswith(magic):
            raise UnreadableDocument(what)
    return _written(head, named)


def _packed(raw: bytes, named: Format) -> Format:
    """What a ZIP file is; its names stand uncompressed in it."""
    if raw[30:58] == b"mimetypeapplication/epub+zip" or b"META-INF/container.xml" in raw:
        return Format.EPUB
    if b"word/document.xml" in raw:
        return Format.DOCX
    for part, what in (
        (b"xl/workbook", "an Excel workbook; save its tables as text"),
        (b"ppt/presentation", "a PowerPoint file; save it as PDF"),
        (b"application/vnd.oasis.opendocument", "an OpenDocument file; save it as .docx"),
    ):
        if part in raw:
            raise UnreadableDocument(what)
    if named in (Format.DOCX, Format.EPUB):
        return named
    raise UnreadableDocument("a ZIP archive; unpack it first")


def _written(head: bytes, named: Format) -> Format:
    """What a file of characters is; a name that promises more than they hold is not believed."""
    if _HTML.match(head):
        return Format.HTML
    if _POSTMARK.match(head):
        return Format.MBOX
    if named is not Format.JSONL and _is_mail(head, strict=named is not Format.MAIL):
        return Format.MAIL
    if named is Format.JSONL or _JSON_RECORD.match(head):
        return Format.JSONL
    if named is Format.HTML and (_TAG.search(head) or b"\0" in head):
        # UTF-16 markup has NUL bytes; the reader decodes it.
        return Format.HTML
    return Format.TEXT


def _is_mail(head: bytes, *, strict: bool) -> bool:
    """Whether the file begins with the header of a message that has been sent."""
    names: set[bytes] = set()
    position = 0
    while match := _HEADER_LINE.match(head, position):
        names.add(match.group(1).lower())
        position = match.end()
    if strict:
        return b"from" in names and bool(names & _EN_ROUTE)
    return bool(names & {b"from", b"subject", b"date", b"to"} or names & _EN_ROUTE)
