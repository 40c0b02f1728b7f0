"""A tree of HTML, or of what is left of it, as text: headings, paragraphs, lists, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from index.read.tables import rows_as_text

__all__ = ["tree_text"]

# Both vocabularies: HTML's, and the TEI that trafilatura reduces a page to.
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "head": 2}
_BLOCKS = frozenset(
    "p div section article main blockquote quote figure figcaption ul ol dl dt dd list table tr "
    "row td th cell caption thead tbody tfoot address header footer aside nav form fieldset "
    "details summary hr body center".split()
)
_ITEMS = frozenset({"li", "item"})
_BREAKS = frozenset({"br", "lb"})
_ROWS = frozenset({"tr", "row"})
_CELLS = frozenset({"td", "th", "cell"})
_DROPPED = frozenset(
    "script style noscript template svg math iframe object title meta link input button "
    "select textarea canvas audio video".split()
)
_BOILERPLATE = frozenset({"nav", "footer", "aside", "form"})
_MAX_CELL_CHARS = 300
_MAX_SPAN = 50
_MAX_CELLS = 200_000


def tree_text(root: Any, *, boilerplate: bool = True) -> str:
    """The text below an lxml element, blocks parted by blank lines, headings marked with #.

    A table becomes one paragraph a row. `boilerplate=False` leaves out navigation and footers.
    Walks without recursion: pages nest thousands of elements deep.
    """
    blocks = _Blocks()
    dropped = _DROPPED if boilerplate else _DROPPED | _BOILERPLATE
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, closing = stack.pop()
        tag = _tag(node)
        if closing:
            blocks.close(tag)
            if node is not root:
                blocks.write(node.tail)
            continue
        if tag in dropped or not tag:
            # Not the text of a comment or an entity, but what follows it.
            if node is not root:
                blocks.write(node.tail)
            continue
        stack.append((node, True))
        if tag == "table" and (rows := _rows(node)) is not None:
            for line in rows_as_text(rows[0], header=rows[1]):
                blocks.close("p")
                blocks.write(line)
            continue
        blocks.open(tag)
        blocks.write(node.text)
        stack.extend((child, False) for child in reversed(node))
    return blocks.text()


class _Blocks:
    """Paragraphs being written; runs of blanks become one."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._parts: list[str] = []
        self._mark = ""
        self._pre = 0

    def write(self, text: str | None) -> None:
        if text:
            self._parts.append(text if self._pre else re.sub(r"\s+", " ", text))

    def open(self, tag: str) -> None:
        if tag in _BREAKS:
            self._parts.append("\n")
        elif tag in _HEADINGS or tag in _ITEMS:
            self._flush()
            self._mark = "- " if tag in _ITEMS else "#" * _HEADINGS[tag] + " "
        elif tag in _BLOCKS or tag == "pre":
            # A paragraph within an item keeps the item's mark.
            self._flush(keep_mark=True)
            self._pre += tag == "pre"

    def close(self, tag: str) -> None:
        if tag in _HEADINGS or tag in _ITEMS or tag in _BLOCKS or tag == "pre":
            self._flush()
            self._pre -= tag == "pre"

    def text(self) -> str:
        self._flush()
        return "\n\n".join(self._done)

    def _flush(self, *, keep_mark: bool = False) -> None:
        text = "".join(self._parts)
        self._parts = []
        lines = [line.strip() for line in text.split("\n")]
        if self._mark.startswith("#"):
            # Generated pages end headings with a sign that links to them.
            lines = [" ".join(filter(None, lines)).rstrip("¶# ")]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        if text:
            self._done.append(self._mark + text)
        if text or not keep_mark:
            self._mark = ""


def _rows(table: Any) -> tuple[list[list[str]], bool | None] | None:
    """A table of facts as rows of cells, and whether its first row names the columns.

    None for one that only lays out the page: other tables, or whole articles, in its cells.
    """
    rows: list[list[str]] = []
    header: bool | None = None
    held: dict[int, tuple[int, str]] = {}
    n_cells = 0
    for node in table.iter("table"):
        if node is not table:
            return None
    for row in (node for node in table.iter() if _tag(node) in _ROWS):
        cells: list[str] = []
        kinds: list[bool] = []
        for cell in (node for node in row if _tag(node) in _CELLS):
            _fill(cells, held)
            text = "".join(_words(cell)).strip()
            if len(text) > _MAX_CELL_CHARS:
                return None
            kinds.append(cell.tag == "th" or cell.get("role") == "head")
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            n_cells += width
            if n_cells > _MAX_CELLS:
                return None
            for i in range(width):
                if height > 1:
                    held[len(cells)] = (height - 1, text)
                # A label holds for all its columns; a value stands once.
                cells.append(text if i == 0 or all(kinds) else "")
        _fill(cells, held)
        if header is None and any(cells):
            header = True if kinds and all(kinds) else False if any(kinds) else None
        rows.append(cells)
    return rows, header


def _fill(cells: list[str], held: dict[int, tuple[int, str]]) -> None:
    """Cells that reach down from the rows above."""
    while len(cells) in held:
        left, text = held.pop(len(cells))
        if left > 1:
            held[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: Any, name: str) -> int:
    value = cell.get(name) or "1"
    if not (value.isascii() and value.isdigit()):
        return 1
    return max(1, min(int(value[:6]), _MAX_SPAN))


def _words(cell: Any) -> Iterator[str]:
    """A cell's text; blocks and line breaks part words, bold and links do not."""
    stack: list[tuple[Any, bool]] = [(cell, False)]
    while stack:
        node, closing = stack.pop()
        tag = _tag(node)
        if closing:
            if tag in _BLOCKS or tag in _ITEMS or tag in _BREAKS or tag in _HEADINGS:
                yield " "
        else:
            if tag and tag not in _DROPPED:
                if tag in _BLOCKS or tag in _ITEMS or tag in _HEADINGS:
                    yield " "
                yield node.text or ""
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node))
                continue
        if node is not cell:
            yield node.tail or ""


def _tag(node: Any) -> str:
    """The element's name without its namespace; empty for comments, entities and the like."""
    tag = node.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
