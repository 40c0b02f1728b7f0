"""Files -> Documents: decoding, the article's own header, its title and date."""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from index.document import Document
from index.errors import UnreadableDocument

__all__ = ["SUFFIXES", "decode", "document_from_bytes", "read"]

SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})
"""The file names that a folder is searched for, in lower case."""

_MAX_TITLE = 90
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DATE = r"\d{4}-\d{2}-\d{2}"
# A wire archive's first line: ` date 2020-03-05 The story begins …`
_INLINE_DATE = re.compile(rf"\A\s*date\s+({_DATE})(?:T[\d:.Z+-]+)?[ \t]+(?=\S)", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(
    r"(title|headline|date|published|author|byline|url|source|language)[ \t]*:[ \t]*(.+)",
    re.IGNORECASE,
)
_LONG_DATE = re.compile(
    r"(?:(\d{1,2})\.?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4}))|(?:([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4}))"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        """jan feb mar apr may jun jul aug sep oct nov dec""".split(),
        start=1,
    )
}
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class _Header:
    """What an article says of itself before its text begins."""

    end: int = 0
    title: str | None = None
    date: str | None = None


def read(path: Path, *, name: str | None = None, max_bytes: int = 64 << 20) -> Document:
    """Read one file into a Document.

    `name` is the path to record; the default is `path` as given.
    Raises: UnreadableDocument with the reason: not a regular file, no permission, too large,
    empty, or not text.
    """
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise UnreadableDocument("not a regular file")
        if info.st_size > max_bytes:
            raise UnreadableDocument(
                f"{info.st_size / 2**20:.0f} MiB is over the limit of {max_bytes >> 20} MiB; "
                "raise max_file_mb to take it"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableDocument((error.strerror or str(error)).lower()) from error
    return document_from_bytes(raw, name if name is not None else str(path))


def document_from_bytes(raw: bytes, path: str) -> Document:
    """Make a Document of a file's bytes; `path` is where it was found.

    Raises: UnreadableDocument if it holds no text.
    """
    if not raw:
        raise UnreadableDocument("the file is empty")
    text = decode(raw).replace("\r\n", "\n").replace("\r", "\n")
    header = _header(text)
    body = text[header.end :].strip()
    if not _INVISIBLE.sub("", body).strip():
        raise UnreadableDocument("the file holds nothing but blanks")
    return Document(
        id=hashlib.sha256(raw).hexdigest(),
        path=path,
        title=_title(header, body, Path(path)),
        date=header.date or _date_in_name(Path(path)),
        text=body,
    )


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
    sample = text[: 1 << 16]
    controls = sum(1 for c in sample if (c < " " and c not in "\t\n\r\f\v") or "\x7f" <= c < "\xa0")
    if "\0" in text or controls > max(2, len(sample) // 100):
        raise UnreadableDocument("the file holds control bytes: it is not text")
    return text


def _header(text: str) -> _Header:
    if match := _INLINE_DATE.match(text):
        return _Header(match.end(), None, _iso(match.group(1)))
    if match := _FRONT_MATTER.match(text):
        fields = _fields(match.group(1).splitlines())
        return _Header(match.end(), *fields)
    # `Title: …` lines on top, closed by a blank line.
    block = re.match(r"\A(?:[ \t]*\n)*((?:[^\n]+\n)+)[ \t]*\n", text)
    if block and all(_FIELD.match(line) for line in block.group(1).splitlines()):
        return _Header(block.end(), *_fields(block.group(1).splitlines()))
    return _Header()


def _fields(lines: list[str]) -> tuple[str | None, str | None]:
    found: dict[str, str] = {}
    for line in lines:
        if match := _FIELD.match(line.strip()):
            found.setdefault(match.group(1).lower(), match.group(2).strip().strip("\"'"))
    title = found.get("title") or found.get("headline")
    return (_shorten(title) if title else None), _iso(found.get("date") or found.get("published"))


def _iso(value: str | None) -> str | None:
    """The date that a header field states, as YYYY-MM-DD."""
    if not value:
        return None
    if match := re.search(_DATE, value):
        parts = tuple(int(p) for p in match.group().split("-"))
    elif match := _LONG_DATE.search(value):
        day, month, year, month2, day2, year2 = match.groups()
        number = _MONTHS.get((month or month2)[:3].lower(), 0)
        parts = (int(year or year2), number, int(day or day2))
    else:
        return None
    try:
        return dt.date(*parts).isoformat()
    except ValueError:
        return None


def _date_in_name(path: Path) -> str | None:
    match = re.search(r"(?<!\d)(\d{4})[-_]?(\d{2})[-_]?(\d{2})(?!\d)", path.stem)
    if match is None or not 1900 <= int(match.group(1)) <= 2100:
        return None
    return _iso("-".join(match.groups()))


def _title(header: _Header, body: str, path: Path) -> str:
    """The header's title, the first heading, a telling file name, or the text's own beginning."""
    if header.title:
        return header.title
    first = body.split("\n", 1)[0].strip()
    if re.match(r"#{1,2}\s+\S", first):
        return _shorten(first.lstrip("# ").rstrip("# "))
    words = [w for w in re.split(r"[\W_\d]+", path.stem) if len(w) > 2 and w.isalpha()]
    if len(words) >= 2 and not re.search(r"[0-9a-f]{8}", path.stem, re.IGNORECASE):
        name = re.sub(r"^\d{4}[-_]?\d{2}[-_]?\d{2}", "", path.stem)
        return _shorten(re.sub(r"[\s_-]+", " ", name)).capitalize()
    return _shorten(first)


def _shorten(title: str) -> str:
    title = " ".join(_INVISIBLE.sub("", title).split())
    if len(title) <= _MAX_TITLE:
        return title
    return title[: _MAX_TITLE - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
