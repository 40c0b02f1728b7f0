"""What stands on top of an article and is none of its sentences: title, date, author, dateline."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from index.dates import find_mentions, read_date
from index.read.extract import Extract, Metadata
from index.read.metadata import from_fields, shorten

__all__ = ["cut_header", "read_header", "stated_date"]

# A wire archive's first line: ` date 2020-03-05 The story begins …`
_INLINE_DATE = re.compile(
    r"[ \t]*date[ \t]+(\d{4}-\d{2}-\d{2})(?:T[\d:.Z+-]+)?(?:[ \t]+|(?=\n))",
    re.IGNORECASE | re.ASCII,
)
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_MAX_FRONT_MATTER = 1 << 16
# No header of an article, and the parser's time grows with the square of its depth.
_NESTED = re.compile(r"(?:[\[{][^\]}]{0,20}){20}|(?:[-?:] ){20}| {80}")
_NAMES = {
    "title": "title|headline|titel|schlagzeile|titre",
    "date": "date|published(?: on)?|publication date|datum|veröffentlicht(?: am)?|posted(?: on)?"
    "|first published|publié le|created",
    "updated": "updated|last updated|modified|lastmod|aktualisiert",
    "author": "authors?|byline|by|writer|autor(?:in)?|von|auteur",
    "url": "url|source|link|quelle",
    "language": "language|lang|sprache",
    "other": "tags?|keywords|section|category|categories|slug|copyright|location",
}
_FIELD = re.compile(
    "(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _NAMES.items()) + r")[ \t]*:[ \t]*"
    r"(?P<value>.+)",
    re.IGNORECASE,
)
_NAME = r"[A-ZÀ-ÞŁŠŽ][\w'’.-]*"
_SMALL = r"(?:de|da|del|der|di|la|le|van|von|al|el|bin|ben|in|for|of|the)"
_BYLINE = re.compile(
    rf"(?:By|BY|Von|Par|Por)[ \t]+(?P<who>{_NAME}"
    rf"(?:(?:,? and|,? und|,? &|,)? (?:{_SMALL} )*{_NAME}){{0,9}})"
    r"(?:[ \t]*[|·•,–—-][ \t]*(?P<when>.*\d.*))?\s*\Z"
)
_SAYS_WHEN = re.compile(
    r"(?:(?:first )?(?:published|posted|updated|last updated|veröffentlicht)(?: (?:on|at|am))?[: ]"
    r"|dated? )?\s*(?P<when>.*\d.*?)\.?\s*\Z",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    r"(?:^[^\w\n]{0,8}|(?<=[.!?] ))(?:first |originally )?(?:published|posted|veröffentlicht)"
    r"(?: (?:on|at|am))?:?[ \t]+"
    r"(?P<when>[^\n.]{6,40})\.?$",
    re.IGNORECASE | re.MULTILINE,
)
_DATELINE = re.compile(
    r"(?P<place>[A-ZÀ-Þ][A-ZÀ-Þ.'’ -]{2,30}"
    r"(?:, ?(?:[A-ZÀ-Þ][\w.]*\.?|[A-Z][a-z]+(?: [A-Z][a-z]+)?))?)"
    r"(?:, (?P<when>[A-Z]?[\w.]{2,9} \d{1,2}(?:, \d{4})?|\d{1,2}\.? [A-Z][\w.]{2,9}(?: \d{4})?))?"
    r" ?(?:\((?P<agency>[A-Z][^()\n]{1,30})\))? ?(?:—|–|--|-)[ \t]+(?=\S)"
)
# A date, though day and month may be either.
_NUMBERS = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}\b", re.ASCII)
_MAX_LINES = 40
_MAX_VALUE = 300
_MAX_TITLE_CHARS = 200
_MAX_LINE_CHARS = 100
_EDGE_CHARS = 3000
"""Where a text may say when it was published: within so much of its beginning or its end."""


@dataclass(slots=True)
class _Found:
    """What the lines of a header have said so far, the first of each name."""

    fields: dict[str, str] = field(default_factory=dict)
    sure: bool = False
    """Whether a line could be nothing but a header's."""

    def take(self, line: str) -> bool:
        """Whether it is a header's line; what it says is noted."""
        line = line.strip().strip("*_").strip()
        if match := _FIELD.fullmatch(line):
            name, value = str(match.lastgroup and _named(match)), match["value"].strip(" \t\"'")
            is_date = name in ("date", "updated")
            if len(value) > _MAX_VALUE:
                return False
            if is_date and not (read_date(value) or _NUMBERS.match(value)):
                return False
            self.sure = self.sure or is_date
            self.fields.setdefault(name, value)
            return True
        if len(line) <= _MAX_LINE_CHARS and (match := _BYLINE.fullmatch(line)):
            when = match["when"]
            if find_mentions(f"on {match['who']}", "2000-01-01"):
                return False
            self.fields.setdefault("author", match["who"])
            if when and read_date(when):
                self.fields.setdefault("date", when)
            self.sure = True
            return True
        return self._take_date(line)

    def _take_date(self, line: str) -> bool:
        """A line that is a date and nothing else but "Published on"."""
        if len(line) > _MAX_LINE_CHARS or not (match := _SAYS_WHEN.fullmatch(line)):
            return False
        when = match["when"]
        if when.isdigit() or not (date := read_date(when)):
            return False
        said = re.sub(r"\d{1,2}[:.]\d{2}\b|\b[A-Z]{2,4}\b", "", when)
        n_words = len(re.findall(r"[^\W\d_]+", said))
        if n_words > (1 if "-" in date and re.search(r"\d{4}-", when) else 3):
            return False
        is_update = line.lower().startswith(("updated", "last updated"))
        self.fields.setdefault("updated" if is_update else "date", when)
        self.sure = True
        return True


def read_header(text: str) -> tuple[int, Metadata]:
    """Where the article's own text begins, and what stands above it.

    Title, fields ("Date: …", "Datum: …"), a byline, a line that is a date, front matter; and the
    dateline in front of the first sentence, "LONDON, March 2 (Agency) —".
    """
    if match := _FRONT_MATTER.match(text):
        found = _Found(_front_matter(match.group(1)))
        end, found = _lines(text, match.end(), found)
    else:
        end, found = _lines(text, 0, _Found())
    fields = dict(found.fields)
    after, dateline = _dateline(text, end, fields)
    if not text[after:].strip():
        return 0, Metadata()
    return after, from_fields({**dateline, **fields})


def cut_header(extract: Extract) -> Extract:
    """The same without the header's lines; what they say goes over the file's own properties."""
    end, said = read_header(extract.text)
    if not end:
        return extract
    end += len(extract.text[end:]) - len(extract.text[end:].lstrip())
    own = extract.metadata
    return replace(
        extract,
        text=extract.text[end:],
        pages=tuple(max(0, page - end) for page in extract.pages),
        metadata=replace(
            own,
            title=said.title or own.title,
            date=said.date or own.date,
            author=said.author or own.author,
            language=own.language or said.language,
            url=own.url or said.url,
        ),
    )


def _header_fields(lines: list[str]) -> dict[str, str]:
    """The `name: value` lines that speak of the article, the first of each name."""
    found = _Found()
    for line in lines:
        if _FIELD.fullmatch(line.strip()):
            found.take(line)
    return found.fields


def stated_date(text: str) -> str | None:
    """The date of a line that says when the article was published, near the text's ends."""
    for part in (text[:_EDGE_CHARS], text[_EDGE_CHARS:][-_EDGE_CHARS:]):
        for match in _PUBLISHED.finditer(part):
            if date := read_date(match["when"]):
                return date
    return None


def _named(match: re.Match[str]) -> str:
    return next(name for name in _NAMES if match[name])


def _front_matter(text: str) -> dict[str, str]:
    """YAML; where it is damaged, its `name: value` lines."""
    import yaml

    try:
        loaded = None if _NESTED.search(text) else yaml.safe_load(text[:_MAX_FRONT_MATTER])
    except (yaml.YAMLError, ValueError, RecursionError):
        loaded = None
    if not isinstance(loaded, dict):
        return _header_fields(text.splitlines())
    found: dict[str, str] = {}
    for key, value in loaded.items():
        if (match := _FIELD.fullmatch(f"{key}: -")) and (said := _plain(value)):
            found.setdefault(_named(match), said)
    return found


def _plain(value: object) -> str:
    """A value of front matter as text; several are joined."""
    if isinstance(value, list):
        return ", ".join(part for item in value if (part := _plain(item)))
    if isinstance(value, dict):
        return _plain(value.get("name"))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return "" if value is None or isinstance(value, bool) else str(value)


def _lines(text: str, start: int, found: _Found) -> tuple[int, _Found]:
    """Where the header that begins at `start` ends; `start` when there is none."""
    begun = _Found(dict(found.fields), bool(found.fields))
    end, title, n_blank = start, None, 0
    for number, (line_start, line_end) in enumerate(_spans(text, start)):
        line = text[line_start:line_end]
        if number > _MAX_LINES:
            break
        if match := _INLINE_DATE.match(text, line_start):
            begun.fields.setdefault("date", match.group(1))
            begun.sure, end = True, match.end()
            if text[end : end + 1] == "\n":
                continue
            break
        if not line.strip():
            n_blank += 1
            if begun.fields and (begun.sure or title is None):
                end = line_end + 1
                begun.sure = True
            continue
        if begun.take(line):
            end = line_end + 1 if begun.sure else end
        elif title is None and not begun.fields and _may_be_title(line):
            title = line
        else:
            break
    if end == start:
        return start, found
    if title is not None:
        begun.fields.setdefault("title", shorten(title.strip("# ")))
    return end, begun


def _spans(text: str, start: int) -> Iterator[tuple[int, int]]:
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _may_be_title(line: str) -> bool:
    line = line.strip()
    if re.match(r"#{1,6}\s+\S", line):
        return True
    return len(line) <= _MAX_TITLE_CHARS and line[-1] not in ".:;," and not line.startswith("-")


def _dateline(text: str, start: int, said: dict[str, str]) -> tuple[int, dict[str, str]]:
    """Past "LONDON, March 2 (Agency) —", and the date and the agency that it names."""
    at = start + len(text[start:]) - len(text[start:].lstrip())
    match = _DATELINE.match(text, at)
    # "NATO — the alliance —" is no dateline: it names no day and no agency.
    if match is None or not (match["when"] or match["agency"]):
        return start, {}
    if not re.search(r"[A-ZÀ-Þ]{3}", match["place"]):
        return start, {}
    found = {"author": match["agency"]} if match["agency"] else {}
    if when := match["when"]:
        year = re.search(r"\d{4}", said.get("date", ""))
        dated = when if re.search(r"\d{4}", when) or not year else f"{when} {year.group()}"
        if read_date(dated):
            found["date"] = dated
    return match.end(), found
