"""Saved web pages: the article without what stands around it, and what the page says of it."""

from __future__ import annotations

import codecs
import re
from typing import Any

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.extract import Extract, Metadata, tidy
from index.read.markup import tree_text
from index.read.metadata import from_fields
from index.read.text import decode

__all__ = ["decode_markup", "extract", "parse"]

_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 4096
_MIN_ARTICLE_CHARS = 200
"""Below this the article was perhaps not found: the whole page, if that is much more, is read."""


def extract(raw: bytes, limits: Limits) -> Extract:  # noqa: ARG001
    """Read a page: its article where one can be told from the rest, else all its text."""
    import trafilatura
    from lxml import etree

    root = parse(decode_markup(raw))
    body = root.find("body")
    whole = tidy(tree_text(body if body is not None else root, boilerplate=False))
    metadata = _metadata(root)
    article = ""
    try:
        found = trafilatura.bare_extraction(
            root,
            include_comments=False,
            include_tables=True,
            with_metadata=False,
            date_extraction_params={"extensive_search": False, "original_date": True},
        )
        if found is not None and found.body is not None:
            article = tidy(tree_text(found.body))
    except (RecursionError, etree.LxmlError, ValueError, TypeError, AttributeError, KeyError):
        # It fails on odd trees; the page's own text is still there.
        article = ""
    if len(article) < _MIN_ARTICLE_CHARS and len(whole) > len(article):
        article = whole
    return Extract(article, metadata)


def parse(text: str) -> Any:
    """Markup as an lxml tree; nothing outside the file is ever loaded.

    Raises: UnreadableDocument if it holds no element, or nests beyond what the parser takes.
    """
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    data = text.encode("utf-8", errors="replace")
    try:
        root = html.document_fromstring(data, parser=parser)
    except etree.ParserError:
        raise UnreadableDocument("the file holds nothing but blanks") from None
    # The parser drops whatever lies deeper without failing.
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableDocument("its elements are nested more than 2,000 deep; save it as text")
    return root


def decode_markup(raw: bytes) -> str:
    """Markup as text, in the encoding that it declares or that its bytes show."""
    boms = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    declared = _CHARSET.search(raw[:_DECLARED_WITHIN])
    if declared and not raw.startswith(boms) and b"\0" not in raw:
        try:
            name = codecs.lookup(declared.group(1).decode("ascii")).name
            # What calls itself Latin-1 on the web is Windows' superset of it.
            return raw.decode("cp1252" if name == "iso8859-1" else name)
        except (LookupError, UnicodeError):
            pass
    return decode(raw)


def _metadata(root: Any) -> Metadata:
    """What the page's head says, by trafilatura, and the language that it declares."""
    from trafilatura.metadata import extract_metadata

    fields: dict[str, str] = {"language": root.get("lang") or root.get("xml:lang") or ""}
    try:
        # Only what is marked up as the date: a date in the running text is not the article's.
        found = extract_metadata(root, extensive=False)
    except (RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        found = None
    if found is not None:
        author = (found.author or "").replace("; ", ", ")
        fields |= {
            "title": found.title or "",
            "date": found.date or "",
            "author": author,
            "url": found.url or "",
        }
    if not fields.get("title"):
        title = root.find(".//title")
        fields["title"] = (title.text or "") if title is not None else ""
    return from_fields({name: tidy(value) for name, value in fields.items()})
