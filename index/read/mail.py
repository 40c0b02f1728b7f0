"""E-mail: one message (.eml), a page that a browser saved as one (.mhtml), a mailbox (.mbox)."""

from __future__ import annotations

import codecs
import email.policy
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from index.errors import UnreadableDocument
from index.limits import Limits
from index.read import html
from index.read.extract import Extract, tidy
from index.read.metadata import from_fields
from index.read.text import decode

__all__ = ["extract", "split"]

_POSTMARK = re.compile(rb"(?:\A|\n\r?\n)(?=From \S[^\n]*\n)")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_QUOTE = re.compile(r"[ \t]*>")
# The line above a quotation: "On 5 March 2020, Ann wrote:", "Am 5.3.2020 schrieb Ann:".
_ATTRIBUTION = re.compile(
    r"\A.{5,200}\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef)\b.{0,80}:\s*\Z", re.DOTALL
)
_SIGNATURE = "-- "
_MAX_PARTS = 1000


def split(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """A mailbox's messages, with their numbers from 1; each begins with its "From " line."""
    raw = raw.removeprefix(codecs.BOM_UTF8).lstrip()
    starts = [match.end() for match in _POSTMARK.finditer(raw)] or [0]
    for number, (start, end) in enumerate(itertools.pairwise([*starts, len(raw)]), start=1):
        yield number, raw[start:end].strip(b"\r\n")


def extract(raw: bytes, limits: Limits) -> Extract:
    """Read one message: its own words, without attachments, quotations and the signature."""
    if raw.startswith(b"From "):
        raw = _ESCAPED.sub(rb"\1", raw.partition(b"\n")[2])
    message = email.message_from_bytes(raw.lstrip(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    if message.get("Snapshot-Content-Location"):
        return _saved_page(message, limits)
    part = _body(message)
    if part is None:
        raise UnreadableDocument("the message has no text, only attachments")
    if part.get_content_type() == "text/html":
        text = html.extract(_payload(part), limits).text
    else:
        text = _own_words(_decoded(part))
    return Extract(text, from_fields(_fields(message)))


def _saved_page(message: EmailMessage, limits: Limits) -> Extract:
    for part in _parts(message):
        if part.get_content_type() == "text/html":
            page = html.extract(_payload(part), limits)
            address = str(message["Snapshot-Content-Location"])
            found = from_fields({"url": tidy(address)})
            return replace(
                page, metadata=replace(page.metadata, url=page.metadata.url or found.url)
            )
    raise UnreadableDocument("the saved page holds no HTML")


def _body(message: EmailMessage) -> EmailMessage | None:
    """The plain text, or the HTML where there is none; never an attachment or a forwarded mail."""
    found: dict[str, EmailMessage] = {}
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and not part.is_attachment() and _payload(part):
            found.setdefault(kind, part)
    return found.get("text/plain") or found.get("text/html")


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts in order; what is inside an attached message stays there."""
    stack: list[EmailMessage] = [message]
    for _ in range(_MAX_PARTS):
        if not stack:
            return
        part = stack.pop()
        if part.get_content_maintype() == "multipart":
            children = part.get_payload()
            if isinstance(children, list):
                stack += [c for c in reversed(children) if isinstance(c, EmailMessage)]
        elif part.get_content_maintype() != "message":
            yield part


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _decoded(part: EmailMessage) -> str:
    """A text part in the encoding that it declares, or the one that its bytes show."""
    raw = _payload(part)
    charset = part.get_content_charset()
    if charset and charset not in ("us-ascii", "unknown-8bit"):
        try:
            return tidy(raw.decode(charset))
        except (LookupError, UnicodeError, ValueError):
            pass
    return tidy(decode(raw))


def _own_words(text: str) -> str:
    """A message's text without its quotations; all of it, if that leaves nothing."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if line == _SIGNATURE:
            lines = lines[:i]
            break
    kept: list[str] = []
    for line in lines:
        if not _QUOTE.match(line):
            kept.append(line)
            continue
        # The quotation's own announcement, of one line or two, goes with it.
        while kept and not kept[-1].strip():
            kept.pop()
        for n in (1, 2):
            if _ATTRIBUTION.match(" ".join(kept[-n:]).strip()):
                del kept[-n:]
                break
        kept.append("")
    own = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return own or text.strip()


def _fields(message: EmailMessage) -> dict[str, str]:
    def header(name: str) -> str:
        try:
            return tidy(" ".join(str(message.get(name) or "").split()))
        except (ValueError, TypeError, AttributeError, IndexError, KeyError):
            # The standard library's header parser fails on some malformed headers.
            return ""

    name, address = parseaddr(header("From"))
    try:
        date = parsedate_to_datetime(header("Date")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        date = ""
    return {
        "title": header("Subject"),
        "date": date,
        "author": name or address,
        "language": header("Content-Language"),
    }
