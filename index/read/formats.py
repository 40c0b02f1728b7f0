"""The readers, one a format; each is loaded when its first file comes."""

from __future__ import annotations

from importlib import import_module

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, check_length
from index.read.metadata import INVISIBLE
from index.read.sniff import Format

__all__ = ["RISKY", "extract"]

RISKY = frozenset({Format.HTML, Format.PDF, Format.DOCX, Format.EPUB, Format.MAIL, Format.MBOX})
"""Formats whose parsers may crash, hang or take all memory: read in a process of their own."""

_WITH_HEADERS = frozenset({Format.PDF, Format.DOCX})
"""Formats whose properties say who saved a file and when, and whose text may say better."""


def extract(format: Format, raw: bytes, limits: Limits) -> Extract:
    """Read one document's bytes.

    Raises: UnreadableDocument with the reason, also if it holds no text.
    """
    if not raw:
        raise UnreadableDocument("the file is empty")
    try:
        extracted = _extract(format, raw, limits)
    except UnreadableDocument:
        raise
    except RecursionError:
        raise UnreadableDocument("its parts are nested too deeply to be read") from None
    except MemoryError:
        raise UnreadableDocument(
            f"reading it takes more than {limits.max_reader_mb} MiB of memory; "
            "raise max_reader_mb to try"
        ) from None
    except Exception as error:
        # Parsers fail in a hundred ways on damaged files: any of them means this file, not us.
        raise UnreadableDocument(
            f"damaged: it cannot be read as {format.value} "
            f"({type(error).__name__}: {' '.join(str(error).split())[:120]}); save it anew"
        ) from error
    check_length(len(extracted.text), limits)
    if not INVISIBLE.sub("", extracted.text).strip():
        raise UnreadableDocument("the file holds nothing but blanks")
    return extracted


def _extract(format: Format, raw: bytes, limits: Limits) -> Extract:
    # A message is read the same way, alone or out of a mailbox.
    name = Format.MAIL if format is Format.MBOX else format
    reader = import_module(f"index.read.{name}")
    extracted: Extract = reader.extract(raw, limits)
    if format in _WITH_HEADERS:
        from index.read.header import cut_header

        return cut_header(extracted)
    return extracted
