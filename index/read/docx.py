"""Word documents: headings, paragraphs, lists and tables in order; pages are Word's secret."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from index.limits import Limits
from index.read.archive import open_archive
from index.read.extract import Extract, Metadata, check_length, tidy
from index.read.metadata import from_fields
from index.read.tables import rows_as_text

__all__ = ["extract"]

_HEADING = re.compile(r"heading\s*(\d)", re.IGNORECASE)
_MAX_DEPTH = 100
# Deleted text, what a text box repeats for old versions of Word, and a box's own paragraphs.
_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "txbxContent", "instrText", "rPr", "pPr"})


def extract(raw: bytes, limits: Limits) -> Extract:
    """Read the body: headings marked with #, list items with -, one paragraph a table row.

    Inserted and linked text counts, deleted text does not. Headers, footers, notes and comments
    stay out.
    """
    import docx

    # Measured first: the library unpacks every part at once.
    open_archive(raw, limits).close()
    document = docx.Document(io.BytesIO(raw))
    styles = {style.style_id: style.name or "" for style in document.styles}
    blocks: list[str] = []
    n_chars = 0
    for block in _blocks(document.element.body, styles):
        if text := tidy(block).strip():
            n_chars += len(text)
            check_length(n_chars, limits)
            blocks.append(text)
    return Extract("\n\n".join(blocks), _metadata(document.core_properties))


def _blocks(container: Any, styles: dict[str, str], depth: int = 0) -> Iterator[str]:
    """Paragraphs and tables, those in content controls and text boxes included."""
    if depth > _MAX_DEPTH:
        raise RecursionError
    for node in container:
        tag = _tag(node)
        if tag == "p":
            yield from _paragraph(node, styles, depth)
        elif tag == "tbl":
            yield from _table(node)
        elif tag in ("sdt", "sdtContent", "customXml", "ins", "smartTag", "moveTo"):
            yield from _blocks(node, styles, depth + 1)


def _paragraph(node: Any, styles: dict[str, str], depth: int) -> Iterator[str]:
    text = "".join(_words(node)).strip()
    if text:
        yield _mark(node, styles, text) + text
    for box in node.iter(f"{{{_namespace(node)}}}txbxContent"):
        if not any(_tag(above) == "Fallback" for above in box.iterancestors()):
            yield from _blocks(box, styles, depth + 1)


def _mark(node: Any, styles: dict[str, str], text: str) -> str:
    """What Markdown sets before such a paragraph."""
    if "\n" in text:
        return ""
    style = node.find("./{*}pPr/{*}pStyle")
    name = styles.get(_value(style), _value(style)) if style is not None else ""
    if name.lower() == "title":
        return "# "
    if match := _HEADING.match(name):
        return "#" * min(6, max(1, int(match.group(1)))) + " "
    if name.lower().startswith("list") or node.find("./{*}pPr/{*}numPr") is not None:
        return "- "
    return ""


def _table(table: Any) -> Iterator[str]:
    """One line a row; a cell that spans rows is repeated in each of them."""
    rows: list[list[str]] = []
    for row in table.iterchildren("{*}tr", "{*}sdt"):
        cells: list[str] = []
        for cell in row.iter("{*}tc"):
            if next((a for a in cell.iterancestors() if _tag(a) == "tbl"), None) is not table:
                continue
            merge = cell.find("./{*}tcPr/{*}vMerge")
            goes_on = merge is not None and _value(merge) != "restart"
            if goes_on and rows and len(cells) < len(rows[-1]):
                cells.append(rows[-1][len(cells)])
            else:
                cells.append(" ".join("".join(_words(p)) for p in cell.iter("{*}p")))
            span = cell.find("./{*}tcPr/{*}gridSpan")
            if span is not None and _value(span).isdigit():
                cells += [""] * (min(int(_value(span)[:4]), 60) - 1)
        rows.append(cells)
    yield from rows_as_text(rows)


def _words(node: Any, depth: int = 0) -> Iterator[str]:
    """The text of a paragraph's runs, wherever they hang: links, insertions, content controls."""
    if depth > _MAX_DEPTH:
        raise RecursionError
    for child in node:
        tag = _tag(child)
        if tag == "t":
            yield child.text or ""
        elif tag in ("tab", "ptab"):
            yield " "
        elif tag == "noBreakHyphen":
            yield "-"
        elif tag in ("br", "cr"):
            yield "\n"
        elif tag and tag not in _SKIPPED:
            yield from _words(child, depth + 1)


def _metadata(properties: Any) -> Metadata:
    # What the library writes into every new document is not its author's.
    untouched = properties.author == "python-docx"
    fields = {
        "title": properties.title or "",
        "author": "" if untouched else properties.author or "",
        "language": properties.language or "",
    }
    found = from_fields({name: tidy(value) for name, value in fields.items()})
    created = None if "generated by python-docx" in properties.comments else properties.created
    return replace(found, made=created.date().isoformat() if created else None)


def _value(node: Any) -> str:
    return str(node.get(f"{{{_namespace(node)}}}val") or "")


def _namespace(node: Any) -> str:
    return str(node.tag).rpartition("}")[0].lstrip("{")


def _tag(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
