"""E-books: the chapters in reading order, one document a book."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read.archive import open_archive, read_member
from index.read.extract import Extract, Metadata, check_length, tidy
from index.read.html import decode_markup, parse
from index.read.markup import tree_text
from index.read.metadata import from_fields

__all__ = ["extract"]

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_MARKUP = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def extract(raw: bytes, limits: Limits) -> Extract:
    """Read every chapter of the spine; a chapter without a heading takes its title's place in it.

    Raises: UnreadableDocument for a protected book.
    """
    with open_archive(raw, limits) as archive:
        package_path = _package_path(archive)
        package = _xml(read_member(archive, package_path))
        protected = _protected(archive)
        chapters: list[str] = []
        n_chars = 0
        for path in _spine(package, posixpath.dirname(package_path)):
            if path in protected:
                raise UnreadableDocument(
                    "the book is protected against copying (DRM); only its publisher can unlock it"
                )
            text = _chapter(read_member(archive, path))
            n_chars += len(text)
            check_length(n_chars, limits)
            if text:
                chapters.append(text)
    return Extract("\n\n".join(chapters), _metadata(package))


def _package_path(archive: zipfile.ZipFile) -> str:
    container = _xml(read_member(archive, _CONTAINER))
    for node in _named(container, "rootfile"):
        if path := node.get("full-path"):
            return str(path)
    raise UnreadableDocument("damaged: the book does not say where its contents are")


def _spine(package: Any, folder: str) -> Iterator[str]:
    """Paths of the chapters in reading order, without the table of contents."""
    items = {node.get("id"): node for node in _named(package, "item")}
    seen: set[str] = set()
    for reference in _named(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if item.get("media-type", "application/xhtml+xml") not in _MARKUP:
            continue
        href = unquote(urlsplit(item.get("href") or "").path)
        path = posixpath.normpath(posixpath.join(folder, href))
        if href and path not in seen:
            seen.add(path)
            yield path


def _chapter(raw: bytes) -> str:
    if not raw.strip():
        return ""
    # The HTML parser takes what calls itself XHTML and is not; it resolves no entities.
    root = parse(decode_markup(raw))
    body = root.find("body")
    text = tidy(tree_text(body if body is not None else root)).strip()
    title = root.find(".//head/title")
    if text and title is not None and title.text and not any(True for _ in _headings(root)):
        heading = " ".join(tidy(title.text).split())
        if heading and not text.startswith(heading):
            return f"# {heading}\n\n{text}"
    return text


def _headings(root: Any) -> Iterator[Any]:
    return root.iter("h1", "h2", "h3", "h4", "h5", "h6")  # type: ignore[no-any-return]


def _protected(archive: zipfile.ZipFile) -> set[str]:
    """Members that only a licensed reader can decrypt; disguised fonts are among them, too."""
    if _ENCRYPTION not in archive.namelist():
        return set()
    nodes = _named(_xml(read_member(archive, _ENCRYPTION)), "CipherReference")
    return {posixpath.normpath(unquote(node.get("URI") or "")) for node in nodes}


def _metadata(package: Any) -> Metadata:
    def value(name: str, join: str = "") -> str:
        texts = ["".join(node.itertext()).strip() for node in _named(package, name)]
        texts = [text for text in texts if text]
        return join.join(texts) if join else (texts[0] if texts else "")

    addresses = [value(name) for name in ("source", "identifier") if value(name).startswith("http")]
    date = value("date")
    fields = {
        "title": value("title"),
        # A year alone, which is usual, is no date.
        "date": date,
        "author": value("creator", join=", "),
        "language": value("language"),
        "url": addresses[0] if addresses else "",
    }
    return from_fields({name: tidy(text) for name, text in fields.items()})


def _named(root: Any, name: str) -> Iterator[Any]:
    """Elements of that name in any namespace."""
    return root.iter(f"{{*}}{name}")  # type: ignore[no-any-return]


def _xml(raw: bytes) -> Any:
    """XML whose entities are neither fetched nor expanded."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    root = etree.fromstring(raw, parser=parser)
    if root is None:
        raise UnreadableDocument("damaged: a part of the book is not XML")
    return root
