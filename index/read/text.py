"""Text and Markdown: decoding, and the article's own header."""

from __future__ import annotations

import codecs
import re

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, Metadata, check_length
from index.read.metadata import from_fields, iso_date

__all__ = ["decode", "extract", "header_fields"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A wire archive's first line: ` date 2020-03-05 The story begins …`
_INLINE_DATE = re.compile(
    r"\A\s*date\s+(\d{4}-\d{2}-\d{2})(?:T[\d:.Z+-]+)?[ \t]+(?=\S)", re.IGNORECASE | re.ASCII
)
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(
    r"(title|headline|date|published|author|byline|url|source|language|lang)[ \t]*:[ \t]*(.+)",
    re.IGNORECASE,
)
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+][ -~]|[@-Z\\^_c=>])"
)
"""What a terminal takes as a command: colours, titles, moves of the cursor (ECMA-48)."""
_MAX_HEADER_LINES = 40


def extract(raw: bytes, limits: Limits) -> Extract:
    """Read text or Markdown; a header on top becomes metadata and leaves the text."""
    text = decode(raw).replace("\r\n", "\n").replace("\r", "\n")
    end, metadata = _header(text)
    body = text[end:].strip()
    check_length(len(body), limits)
    return Extract(body, metadata)


def decode(raw: bytes) -> str:
    """Decode UTF-8, UTF-16 and UTF-32 (with a byte order mark), UTF-16 without one, or Latin-1.

    Raises: UnreadableDocument if the bytes are not text.
    """
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            try:
                return _reject_binary(raw.decode(encoding))
            except UnicodeDecodeError:
                raise UnreadableDocument(
                    f"the file begins as {encoding.upper().removesuffix('-SIG')} "
                    "but is damaged further on"
                ) from None
    if b"\0" in raw:
        return _reject_binary(_decode_utf16(raw))
    try:
        return _reject_binary(raw.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    try:
        # Windows' superset of Latin-1: curly quotes and dashes where Latin-1 has control codes.
        return _reject_binary(raw.decode("cp1252"))
    except UnicodeDecodeError:
        return _reject_binary(raw.decode("latin-1"))


def _decode_utf16(raw: bytes) -> str:
    """UTF-16 without a mark: in European text nearly every second byte is NUL."""
    sample = raw[: 1 << 16]
    pairs = max(1, len(sample) // 2)
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[offset::2].count(0) > 0.6 * pairs and len(raw) % 2 == 0:
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                break
    raise UnreadableDocument("the file holds NUL bytes: it is not text")


def _reject_binary(text: str) -> str:
    """The text, without a terminal's escape sequences; a log that was saved is full of them."""
    text = _ANSI.sub("", text) if "\x1b" in text else text
    sample = text[: 1 << 16]
    controls = sum(1 for c in sample if (c < " " and c not in "\t\n\r\f\v") or "\x7f" <= c < "\xa0")
    if "\0" in text or controls > max(2, len(sample) // 100):
        raise UnreadableDocument("the file holds control bytes: it is not text")
    return text


def header_fields(lines: list[str]) -> dict[str, str]:
    """The `name: value` lines that speak of the article, the first of each name."""
    found: dict[str, str] = {}
    for line in lines:
        if match := _FIELD.match(line.strip()):
            found.setdefault(match.group(1).lower(), match.group(2).strip().strip("\"'"))
    return found


def _header(text: str) -> tuple[int, Metadata]:
    """Where the text begins, and what stands above it."""
    if match := _INLINE_DATE.match(text):
        return match.end(), Metadata(date=iso_date(match.group(1)))
    if match := _FRONT_MATTER.match(text):
        return match.end(), from_fields(header_fields(match.group(1).splitlines()))
    # `Title: …` lines on top, closed by a blank line.
    start = re.match(r"(?:[ \t]*\n)*", text)
    position = start.end() if start else 0
    lines: list[str] = []
    while len(lines) <= _MAX_HEADER_LINES:
        stop = text.find("\n", position)
        if stop < 0:
            break
        line = text[position:stop]
        position = stop + 1
        if lines and not line.strip():
            return position, from_fields(header_fields(lines))
        if not _FIELD.match(line):
            break
        lines.append(line)
    return 0, Metadata()
