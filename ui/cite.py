"""Citations to take along: BibTeX, RIS and CSL-JSON for reference managers, Markdown footnotes.

The first three have one entry a document, with the cited sentences as its note; all are UTF-8.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.visible import plain

if TYPE_CHECKING:
    from rag.answer import Citation, Evidence

__all__ = ["CITATION_FORMATS", "cite", "footnote", "in_markdown"]

CITATION_FORMATS = ("bibtex", "ris", "csl", "markdown")
"""In which citations can be had; `csl` is CSL-JSON, as Zotero and pandoc read it."""

_BIBTEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        # BibTeX counts braces, escaped ones too.
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        **{c: rf"\{c}" for c in "$&#%_"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)
_DATE = re.compile(r"\d{4}(-\d\d){0,2}", re.ASCII)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&:$@])")


@dataclass(frozen=True, slots=True)
class _Work:
    """A cited document."""

    key: str
    title: str
    authors: tuple[str, ...]
    date: tuple[str, ...]
    """Year, month and day, as far as they are known."""
    url: str | None
    place: str
    """Its path as indexed."""
    quoted: tuple[str, ...]
    """The cited sentences, each with its page."""

    @property
    def note(self) -> str:
        return " ".join([*self.quoted, f"({self.place})"])


def cite(citations: Sequence[Citation], form: str) -> str:
    """The citations in one of CITATION_FORMATS; empty for none."""
    if form == "markdown":
        return "\n".join(footnote(citation) for citation in citations)
    return _WRITERS[form](_works([c.evidence for c in citations])) if citations else ""


def footnote(citation: Citation) -> str:
    """`[^1]: “The sentence.” Title · date · file`."""
    cited = citation.evidence
    page = f"page {cited.page}" if cited.page else ""
    parts = [plain(cited.title), cited.date or "", page, cited.document]
    origin = " · ".join(in_markdown(part) for part in parts if part)
    return f"[^{citation.marker}]: “{in_markdown(cited.text)}” {origin}"


def in_markdown(text: str) -> str:
    """Text that Markdown takes as text."""
    return _MARKDOWN.sub(r"\\\1", plain(text))


def _works(cited: Iterable[Evidence]) -> list[_Work]:
    """The documents in the order of their citations, under keys that are different."""
    by_document: dict[str, list[Evidence]] = {}
    for evidence in cited:
        by_document.setdefault(evidence.document_id, []).append(evidence)
    works: list[_Work] = []
    taken: set[str] = set()
    for sentences in by_document.values():
        first = sentences[0]
        authors = _authors(first.author)
        key = _key(first, authors, taken)
        taken.add(key)
        quoted = tuple(
            f"“{plain(e.text)}”" + (f" (page {e.page})" if e.page else "") for e in sentences
        )
        # What a browser kept may hold anything.
        dated = first.date or ""
        date = tuple(dated.split("-")) if _DATE.fullmatch(dated) else ()
        place = plain(first.document)
        works.append(_Work(key, plain(first.title), authors, date, first.url, place, quoted))
    return works


def _authors(line: str | None) -> tuple[str, ...]:
    """Several are one line: "Ann Bee, Cy Dee"; "Bee, Ann" is one."""
    names = [plain(name) for name in re.split(r"\s*;\s*|\s+and\s+", line or "") if name.strip()]
    split: list[str] = []
    for name in names:
        parts = name.split(", ")
        split += parts if all(" " in part for part in parts) else [name]
    return tuple(split)


def _key(evidence: Evidence, authors: Sequence[str], taken: set[str]) -> str:
    """ "bee2021", then "bee2021b": ASCII letters and figures."""
    surname = re.split(r"[\s,]+", authors[0])[0 if "," in authors[0] else -1] if authors else ""
    words = re.findall(r"\w{4,}", evidence.title)
    named = unicodedata.normalize("NFKD", surname or (words[0] if words else "")).lower()
    stem = re.sub(r"[^a-z0-9]", "", named) or "article"
    stem += re.sub(r"\D", "", (evidence.date or "")[:4])
    key, n = stem, 1
    while key in taken:
        n += 1
        key = stem + (chr(ord("a") + n - 1) if n <= 26 else f"-{n}")
    return key


def _bibtex(works: Sequence[_Work]) -> str:
    entries = []
    for work in works:
        fields = {
            # Doubled braces: capitals stay, and a name is not taken apart.
            "title": f"{{{work.title.translate(_BIBTEX)}}}",
            "author": " and ".join(f"{{{name.translate(_BIBTEX)}}}" for name in work.authors),
            "date": "-".join(work.date),
            "year": "".join(work.date[:1]),
            "month": str(int(work.date[1])) if len(work.date) > 1 else "",
            "url": _url(work.url),
            "note": work.note.translate(_BIBTEX),
        }
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
        entries.append(f"@misc{{{work.key},\n{lines}}}\n")
    return "\n".join(entries).rstrip("\n")


def _ris(works: Sequence[_Work]) -> str:
    lines: list[str] = []
    for work in works:
        date = "/".join([*work.date, "", "", ""][:3]) + "/" if work.date else ""
        fields = [
            ("TY", "NEWS"),
            ("ID", work.key),
            ("TI", work.title),
            *(("AU", name) for name in work.authors),
            ("PY", "".join(work.date[:1])),
            ("DA", date),
            ("UR", _url(work.url)),
            *(("N1", quoted) for quoted in work.quoted),
            ("L1", work.place),
        ]
        lines += [f"{tag}  - {value}" for tag, value in fields if value]
        lines += ["ER  - ", ""]
    return "\n".join(lines).rstrip("\n")


def _csl(works: Sequence[_Work]) -> str:
    items = []
    for work in works:
        item: dict[str, Any] = {
            "id": work.key,
            "type": "article-newspaper",
            "title": work.title,
            "author": [{"literal": name} for name in work.authors],
            "issued": {"date-parts": [[int(part) for part in work.date]]} if work.date else None,
            "URL": _url(work.url),
            "note": work.note,
        }
        items.append({name: value for name, value in item.items() if value})
    return json.dumps(items, ensure_ascii=False, indent=2)


def _url(url: str | None) -> str:
    """An address as a field may hold it: without blanks and braces."""
    escaped = {c: f"%{ord(c):02X}" for c in ' {}\\"<>'}
    return "".join(escaped.get(c, c) for c in plain(url or ""))


_WRITERS: dict[str, Callable[[Sequence[_Work]], str]] = {
    "bibtex": _bibtex,
    "ris": _ris,
    "csl": _csl,
}
