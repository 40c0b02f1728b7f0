"""Lines on pages -> running text: paragraphs, headings, mended words, no running heads or feet."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

__all__ = ["Line", "compose", "mark_hyphen"]

_SENTENCE_END = re.compile(r"[.!?…:][\"'”’»)\]]*\Z")
_LIST_ITEM = re.compile(r"(?:[•‣▪◦●■–-]|\d{1,2}[.)]|\(?[a-z]\))\s+\S")
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|p\.)?\s*(?:\d{1,5}|[ivxlc]{1,7})(?:\s*(?:of|von|/)\s*\d{1,5})?\W*\Z", re.I
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MARGIN = 0.15
"""Share of the page's height, above and below, where heads and feet run."""
_MAX_MARGIN_LINES = 3
_MAX_RUNNING_CHARS = 90
_MIN_REPEATS = 3
"""Pages that must show the same line before it counts as running."""
_HEADING_SIZE = 1.15
_MAX_HEADING_WORDS = 16


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page; lengths are in points, y grows upwards."""

    text: str
    x0: float
    x1: float
    bottom: float
    top: float
    size: float
    """Of the type."""
    hyphenated: bool = False
    """Its last word goes on in the next line; the hyphen is not in `text`."""


@dataclass(slots=True)
class _Paragraph:
    lines: list[Line]
    pages: list[int]


def compose(pages: Sequence[tuple[float, Sequence[Line]]]) -> tuple[str, tuple[int, ...]]:
    """One text of all pages, given as (height, lines in reading order), and where each begins."""
    kept = _without_running_lines(pages)
    words = Counter(w.lower() for lines in kept for line in lines for w in _WORD.findall(line.text))
    sizes = [line.size for lines in kept for line in lines for _ in range(len(line.text) // 8 + 1)]
    body = statistics.median(sizes) if sizes else 0.0
    text: list[str] = []
    starts: dict[int, int] = {}
    length = 0
    for paragraph in _paragraphs(kept):
        if text:
            text.append("\n\n")
            length += 2
        starts.setdefault(paragraph.pages[0], length)
        if _is_heading(paragraph, body):
            text.append("## ")
            length += 3
        for i, line in enumerate(paragraph.lines):
            before = paragraph.lines[i - 1] if i else None
            glue = "" if before is None else _glue(before, line, words)
            length += len(glue)
            starts.setdefault(paragraph.pages[i], length)
            text += [glue, line.text]
            length += len(line.text)
    return "".join(text), _filled(starts, len(pages), length)


def _filled(starts: dict[int, int], n_pages: int, length: int) -> tuple[int, ...]:
    """An empty page begins where the next one does; the first begins at 0."""
    filled: list[int] = []
    following = length
    for page in reversed(range(n_pages)):
        following = min(following, starts.get(page, following))
        filled.append(following)
    if filled:
        filled[-1] = 0
    return tuple(reversed(filled))


def _without_running_lines(pages: Sequence[tuple[float, Sequence[Line]]]) -> list[list[Line]]:
    """The pages' lines without what stands on page after page, and without page numbers."""
    margins = [_in_margin(height, lines) for height, lines in pages]
    seen: Counter[tuple[bool, str]] = Counter()
    first_numbers: Counter[int] = Counter()
    for page, (margin, (_, lines)) in enumerate(zip(margins, pages, strict=True)):
        seen.update({(high, _pattern(lines[i].text)) for i, high in margin.items()})
        first_numbers.update({n - page for i in margin for n in _end_numbers(lines[i].text)})
    # Numbers that count with the pages, on two of them at least and on half of them all.
    first, n_counted = max(first_numbers.items(), key=lambda item: item[1], default=(0, 0))
    counted = n_counted >= max(2, len(pages) / 2)
    kept = []
    for page, (margin, (_, lines)) in enumerate(zip(margins, pages, strict=True)):
        running = {
            i
            for i, high in margin.items()
            if seen[high, _pattern(lines[i].text)] >= _MIN_REPEATS
            or (counted and first + page in _end_numbers(lines[i].text))
            or (counted and _PAGE_NUMBER.match(lines[i].text))
        }
        kept.append([line for i, line in enumerate(lines) if i not in running])
    return kept


def _end_numbers(text: str) -> set[int]:
    """The numbers with which a short line begins or ends."""
    if len(text) > _MAX_RUNNING_CHARS:
        return set()
    found = re.match(r"\W*(\d{1,5})\b", text), re.search(r"\b(\d{1,5})\W*\Z", text)
    return {int(match.group(1)) for match in found if match}


def _in_margin(height: float, lines: Sequence[Line]) -> dict[int, bool]:
    """Which lines stand at the very top (True) or bottom (False) of the page."""
    by_height = sorted(range(len(lines)), key=lambda i: -lines[i].bottom)
    found = {i: False for i in by_height[-_MAX_MARGIN_LINES:] if lines[i].bottom < _MARGIN * height}
    found |= {
        i: True for i in by_height[:_MAX_MARGIN_LINES] if lines[i].top > (1 - _MARGIN) * height
    }
    return found


def _pattern(text: str) -> str:
    """A line without what changes from page to page."""
    return re.sub(r"\d+", "#", " ".join(text.lower().split()))


def _paragraphs(pages: Sequence[Sequence[Line]]) -> Iterator[_Paragraph]:
    current: _Paragraph | None = None
    for number, lines in enumerate(pages):
        spacing = _spacing(lines)
        for line in lines:
            if current is not None and _goes_on(
                current, line, spacing, same_page=current.pages[-1] == number
            ):
                current.lines.append(line)
                current.pages.append(number)
                continue
            if current is not None:
                yield current
            current = _Paragraph([line], [number])
    if current is not None:
        yield current


def _spacing(lines: Sequence[Line]) -> float:
    """The usual distance from line to line, in points."""
    steps = [
        a.bottom - b.bottom
        for a, b in itertools.pairwise(lines)
        if 0.5 * b.size < a.bottom - b.bottom < 2.5 * b.size
    ]
    return statistics.median_low(steps) if steps else 0.0


def _goes_on(paragraph: _Paragraph, line: Line, spacing: float, *, same_page: bool) -> bool:
    """Whether a line belongs to the paragraph above it."""
    last = paragraph.lines[-1]
    if abs(last.size - line.size) > 0.1 * max(last.size, line.size):
        return False
    if last.hyphenated:
        return True
    if _LIST_ITEM.match(line.text):
        return False
    ended = bool(_SENTENCE_END.search(last.text))
    step = last.bottom - line.bottom
    if not same_page or step < -0.5 * line.size:
        # The top of a column or page: the paragraph goes on if its sentence does.
        return not ended and line.text[:1].islower()
    if step < 0.5 * line.size:
        return True
    if step > 1.3 * (spacing or 1.2 * line.size):
        return False
    if line.x0 > last.x1 or line.x1 < last.x0:
        return False
    left = min(other.x0 for other in paragraph.lines)
    if line.x0 < left - 0.8 * line.size and (
        len(paragraph.lines) > 1 or last.x1 < line.x1 - 8 * line.size
    ):
        # Further out than all before it, which is no indented first line of a paragraph: a
        # quotation or a list ends here.
        return False
    indented = line.x0 > left + 0.8 * line.size
    widest = max(other.x1 for other in paragraph.lines)
    short = len(paragraph.lines) > 1 and last.x1 < widest - 2.5 * line.size
    hanging = bool(_LIST_ITEM.match(paragraph.lines[0].text))
    if hanging:
        return indented or not ended
    return not (ended and (indented or short))


def _is_heading(paragraph: _Paragraph, body: float) -> bool:
    """Set in larger type than the body, and not a sentence."""
    words = sum(len(line.text.split()) for line in paragraph.lines)
    return (
        paragraph.lines[0].size > _HEADING_SIZE * body
        and words <= _MAX_HEADING_WORDS
        and not re.search(r"[.;,]\Z", paragraph.lines[-1].text)
    )


def _glue(before: Line, line: Line, words: Counter[str]) -> str:
    """What joins two lines: a blank, nothing in a word cut in two, or the hyphen it had anyway."""
    if not before.hyphenated:
        return " "
    tail, head = re.search(r"[\w-]+\Z", before.text), re.match(r"[\w-]+", line.text)
    if tail is None or head is None:
        return "-"
    left, right = tail.group().lower(), head.group().lower()
    if words[f"{left}-{right}"] > words[f"{left}{right}"] or not right[0].isalpha():
        return "-"
    return "-" if line.text[0].isupper() and not before.text.isupper() else ""


def mark_hyphen(line: Line) -> Line:
    """A line whose last sign is a hyphen after a letter or digit, as one that goes on."""
    if re.search(r"[^\W_][-‐]\Z", line.text):
        return replace(line, text=line.text[:-1], hyphenated=True)
    return line
