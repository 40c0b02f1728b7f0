"""Text -> Sentences with exact offsets: blocks, what each block is, its sentences."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from index.document import Kind, Sentence

__all__ = ["MAX_SENTENCE_CHARS", "segment"]

MAX_SENTENCE_CHARS = 1200
"""A longer run is cut at a clause or a blank: nobody can check a citation of ten pages."""

_MAX_HEADING_WORDS = 14
_WRAP_WIDTH = 100
"""Lines no longer than this, in characters, may be one paragraph broken by its writer's editor."""

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_MARKDOWN_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+\S")
_RULE = re.compile(r"\s*[-=*_](?:[ \t]*[-=*_]){2,}\s*\Z")
_LIST_ITEM = re.compile(r"\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S)")
_NUMBERED = re.compile(r"\d{1,3}[.)][ \t]+[A-Z]")
_MAX_NUMBERED_WORDS = 8
_RUNNING_TIME = re.compile(r"(?<=\s)\(?(?:\d{1,2}:)?\d{1,2}:\d{2}\)?\s*\Z")
_AGENCY = (
    r"AP|AFP|EPA|ANI|PTI|CBC|BBC|CNN|NBC|ABC|CBS|Reuters|Getty|Associated Press|Bloomberg|"
    r"Canadian Press|Press Association|Xinhua|Anadolu|Shutterstock|iStock|Handout|File|Archive|"
    r"Photo|Image|Images|Pool|Submitted|Facebook|Twitter|Instagram|YouTube|Supplied|Courtesy"
)
_CREDIT = re.compile(
    rf"(?<=\s)\((?:[A-Z][^()/]{{0,80}}/\s*[A-Z][^()]{{0,80}}|"
    rf"[^()]{{0,80}}\b(?:{_AGENCY})\b[^()]{{0,80}})\)\.?\s*\Z"
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*\Z")
_PLAIN_END = re.compile(r"(?<![\w.’'-])(?P<word>[a-z]{3,})\.(?=\s+[\"'“‘(]?[A-Z][a-z])")
_ABBREVIATIONS = frozenset(
    """approx apt assn assoc asst attn ave bldg blvd capt cit col corp dept dir
    dist div elec eqs esp est etc ext fig figs gen govt hon hrs ibid incl inst intl lit mgmt 
    misc mrs natl nos obs orig pref pres prob prof publ ref refs rev sci sec secs sect
    sen sept seq sgt supp supt tel trans treas univ viz vol vols yrs""".split()
)
"""In lower case, before a name. The tokenizer knows more, but has learned "rest", "century" and
two thousand other words as such."""
# No sentence, and the tokenizer's time grows with the square of its length.
_ENDLESS = re.compile(rf"\S{{{MAX_SENTENCE_CHARS},}}")
_CUT = re.compile(r"[;:,]\s|\s")


def segment(text: str) -> list[Sentence]:
    """Cut a document's text into sentences, in order, without overlap.

    For every sentence, `text[s.start:s.end] == s.text`; blanks between sentences belong to none.
    Headings, captions, video teasers and credits are spans of their own and carry their Kind.
    """
    sentences: list[Sentence] = []
    for number, (start, end) in enumerate(_blocks(text)):
        for first, last, kind in _spans(text, start, end):
            sentences.append(Sentence(first, last, text[first:last], kind, number))
    return sentences


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, split at blank lines, at Markdown headings and before list items."""
    position = 0
    for match in [*_BLANK_LINE.finditer(text), None]:
        end = match.start() if match else len(text)
        yield from _lines(text, position, end)
        position = match.end() if match else end


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cuts = {start, end}
    for match in _LIST_ITEM.finditer(text, start, end):
        cuts.add(match.end())
    lines = list(_line_spans(text, start, end))
    wrapped = max(stop - line for line, stop in lines) <= _WRAP_WIDTH
    for line, stop in lines:
        content = text[line:stop]
        # In hard-wrapped text a short capitalised line is the middle of a sentence.
        if (
            _MARKDOWN_HEADING.match(content)
            or _RULE.match(content)
            or (not wrapped and stop - line < _WRAP_WIDTH and _is_heading(content))
            or _is_numbered_heading(text, line, stop, end)
        ):
            cuts.update((line, min(stop + 1, end)))
    ordered = sorted(cuts)
    for first, last in itertools.pairwise(ordered):
        trimmed = _trim(text, first, last)
        if trimmed and not _RULE.match(text[trimmed[0] : trimmed[1]]):
            yield trimmed


def _line_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start <= end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int, Kind]]:
    """One block's sentences, with what each of them is."""
    block = text[start:end]
    is_heading = _MARKDOWN_HEADING.match(block) or _is_heading(block)
    if is_heading or _is_numbered_heading(text, start, end, len(text)):
        yield start, end, Kind.HEADING
        return
    tail, kind = None, Kind.PROSE
    if match := _RUNNING_TIME.search(block):
        tail, kind = match.start(), Kind.VIDEO
    elif match := _CREDIT.search(block):
        tail, kind = match.start(), Kind.CAPTION
    body = _trim(text, start, end if tail is None else start + tail)
    if body:
        for first, last in _sentences(text, *body):
            yield first, last, kind
    if tail is not None and (rest := _trim(text, start + tail, end)):
        yield *rest, Kind.CREDIT


def _is_heading(block: str) -> bool:
    """A short single line that does not end as a sentence does."""
    stripped = block.strip()
    if "\n" in stripped or not stripped or len(stripped.split()) > _MAX_HEADING_WORDS:
        return False
    if _SENTENCE_END.search(stripped) or stripped[-1] in ",;:-–—":
        return False
    if re.match(r"(?:[-*+•>|]|\d{1,3}[.)])\s", stripped):
        return False
    if _RUNNING_TIME.search(stripped) or _CREDIT.search(stripped):
        return False
    return stripped[0].isupper() or stripped[0].isdigit()


def _is_numbered_heading(text: str, start: int, stop: int, end: int) -> bool:
    """Whether a line is "6. Open day", with a whole paragraph in the line below it.

    An item of a list is followed by another, or by what a short line has no room for.
    """
    line = text[start:stop].strip()
    if not _NUMBERED.match(line) or len(line.split()) > _MAX_NUMBERED_WORDS:
        return False
    if "\n" in line or _SENTENCE_END.search(line) or line[-1] in ",;:-–—":
        return False
    below = text[stop + 1 : end].split("\n", 1)[0] if text[stop : stop + 1] == "\n" else ""
    return len(below.strip()) > _WRAP_WIDTH and not _LIST_ITEM.match(f"\n{below}")


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for run in [*_ENDLESS.finditer(text, start, end), None]:
        stop = run.start() if run else end
        for first, last in _tokenizer().span_tokenize(text[position:stop]):
            for piece in _missed(text, position + first, position + last):
                if trimmed := _trim(text, *piece):
                    yield from _cut(text, *trimmed)
        if run:
            yield from _cut(text, run.start(), run.end())
            position = run.end()


def _missed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A span cut where the tokenizer takes a plain word for an abbreviation: "the rest. Anna"."""
    for match in _PLAIN_END.finditer(text, start, end):
        if match["word"] not in _ABBREVIATIONS:
            yield start, match.end()
            start = match.end()
    yield start, end


@cache
def _tokenizer() -> Any:
    from nupunkt import load_default_model

    return load_default_model()


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE_CHARS:
        stop = start + MAX_SENTENCE_CHARS
        cuts = [m.end() for m in _CUT.finditer(text, start + MAX_SENTENCE_CHARS // 2, stop)]
        clauses = [c for c in cuts if text[c - 2] in ";:,"]
        cut = (clauses or cuts or [stop])[-1]
        if trimmed := _trim(text, start, cut):
            yield trimmed
        start = cut
    if trimmed := _trim(text, start, end):
        yield trimmed


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without blanks at its ends, or None if nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
