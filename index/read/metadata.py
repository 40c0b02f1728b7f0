"""Titles, dates and names, from what a file says of itself or from its own name."""

from __future__ import annotations

import re
from pathlib import PurePath

from index.dates import period_of, read_date
from index.read.extract import Metadata

__all__ = ["INVISIBLE", "date_in_name", "from_fields", "iso_date", "shorten", "title_of"]

INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Signs that take no place on the page."""

_MAX_TITLE = 90
_MAX_FIELD = 300
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*\Z")
_URL = re.compile(r"https?://[^\s<>\"]+\Z", re.IGNORECASE)


def from_fields(fields: dict[str, str]) -> Metadata:
    """Metadata of `name: value` lines, by any of the names that archives use; names lower-case."""

    def first(*names: str) -> str | None:
        return next((value for n in names if (value := _line(fields.get(n, "")))), None)

    title, language = first("title", "headline"), first("language", "lang")
    address = first("url", "source")
    return Metadata(
        title=shorten(title) if title else None,
        date=iso_date(first("date", "published", "updated")),
        author=re.sub(r"\Aby\s+", "", first("author", "byline") or "", flags=re.I) or None,
        language=language.replace("_", "-") if language and _LANGUAGE.match(language) else None,
        url=address if address and _URL.match(address) else None,
    )


def iso_date(value: str | None) -> str | None:
    """The date that a field states, as YYYY-MM-DD, or YYYY-MM where it says no more."""
    return read_date(value) if value else None


def date_in_name(name: str) -> str | None:
    """The date that a file's name holds, as in 2021-04-05_bridge.md."""
    match = re.search(
        r"(?<!\d)(\d{4})[-_]?(\d{2})[-_]?(\d{2})(?!\d)", PurePath(name).stem, re.ASCII
    )
    if match is None or not 1900 <= int(match.group(1)) <= 2100:
        return None
    date = "-".join(match.groups())
    return date if period_of(date) else None


def title_of(metadata: Metadata, body: str, name: str) -> str:
    """The header's title, the first heading, a telling file name, or the text's own beginning."""
    if metadata.title and (title := shorten(metadata.title)):
        return title
    first = body.split("\n", 1)[0].strip()
    if re.match(r"#{1,2}\s+\S", first) and (title := shorten(first.strip("# "))):
        return title
    stem = PurePath(name).stem
    words = [w for w in re.split(r"[\W_\d]+", stem) if len(w) > 2 and w.isalpha()]
    if len(words) >= 2 and not re.search(r"[0-9a-f]{8}", stem, re.IGNORECASE):
        title = re.sub(r"^\d{4}[-_]?\d{2}[-_]?\d{2}", "", stem)
        return shorten(re.sub(r"[\s_-]+", " ", title)).capitalize()
    # The first line may hold nothing that shows.
    lines = (shorten(line.strip("# ")) for line in body.split("\n"))
    return next((line for line in lines if line), stem or "untitled")


def shorten(title: str) -> str:
    """A title on one line, of 90 characters at most."""
    title = _line(title).rstrip("¶ ")
    if len(title) <= _MAX_TITLE:
        return title
    return title[: _MAX_TITLE - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def _line(value: str) -> str:
    return " ".join(INVISIBLE.sub("", value[: 4 * _MAX_FIELD]).split())[:_MAX_FIELD]
