"""Text and Markdown: decoding; the article's own header is `index.read.header`'s."""

from __future__ import annotations

import codecs
import re

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, check_length
from index.read.header import read_header

__all__ = ["decode", "extract"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+][ -~]|[@-Z\\^_c=>])"
)
"""What a terminal takes as a command: colours, titles, moves of the cursor (ECMA-48)."""


def extract(raw: bytes, limits: Limits) -> Extract:
    """Read text or Markdown; a header on top becomes metadata and leaves the text."""
    text = decode(raw).replace("\r\n", "\n").replace("\r", "\n")
    end, metadata = read_header(text)
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
