"""Who may ask: tokens, hosts, origins, and how often."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from index.errors import ConfigError

__all__ = [
    "TOKEN_VARIABLE",
    "Access",
    "Bucket",
    "Buckets",
    "access_at",
    "is_local_host",
    "read_tokens",
]

TOKEN_VARIABLE = "PRESSMARK_TOKEN"
_MIN_TOKEN_CHARS = 8
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_CLIENTS = 4096
"""Clients remembered at once."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a request must bring; with no token, whoever reaches the address may ask."""

    tokens: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    """Names beside this machine's own under which it may be asked without a token."""
    any_host: bool = False
    origins: frozenset[str] = frozenset()
    """Web pages (scheme://host:port) that may ask; all others are refused."""
    per_minute: int = 600
    """Requests of one client."""
    max_body_bytes: int = 2 << 20
    secret: bytes = b""
    """Signs links to documents, so that a browser may open them without the token."""

    @property
    def is_open(self) -> bool:
        return not self.tokens

    def client_of(self, token: str) -> str | None:
        """Who brings this token; None for a wrong one. It takes as long for a wrong one."""
        given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        found = None
        for number, known in enumerate(self.tokens, start=1):
            if hmac.compare_digest(given, hashlib.sha256(known.encode()).digest()):
                found = f"token {number}"
        return found

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this machine: else a web page may have been led here."""
        if self.any_host or self.tokens:
            return True
        name = urlsplit(f"//{host}").hostname or ""
        return name in _LOCAL or name in self.hosts

    def knows_origin(self, origin: str, own: str) -> bool:
        """Whether a web page from this origin may ask; `own` is the server's."""
        return origin == own or origin in self.origins

    def sign(self, document_id: str) -> str:
        """What a link to a document carries instead of the token."""
        return hmac.new(
            self.secret, document_id.encode("utf-8", "replace"), hashlib.sha256
        ).hexdigest()[:32]

    def is_signed(self, document_id: str, signature: str) -> bool:
        """Whether a link to a document was made here."""
        return hmac.compare_digest(self.sign(document_id).encode(), signature.encode())


def access_at(
    host: str,
    tokens: Sequence[str],
    *,
    insecure: bool = False,
    hosts: Collection[str] = (),
    origins: Collection[str] = (),
    public_url: str | None = None,
) -> Access:
    """Who may ask a server at an address.

    Raises: ConfigError for an address beyond this machine without a token; for an odd `origin`.
    """
    if not (is_local_host(host) or tokens or insecure):
        raise ConfigError(
            f"others could read your articles on {host}: add --token-file FILE or set "
            f"{TOKEN_VARIABLE} (or --insecure, if that is what you want)"
        )
    for url in [*origins, *([public_url] if public_url else [])]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError(f"{url} is no address of a site; give it as https://HOST:PORT")
    names = {name.lower() for name in hosts}
    if public_url:
        names.add(urlsplit(public_url).hostname or "")
    return Access(
        tokens=tuple(tokens),
        hosts=frozenset(names),
        any_host=insecure,
        origins=frozenset(origin.rstrip("/") for origin in origins),
        secret=hashlib.sha256(f"documents {' '.join(tokens)}".encode()).digest(),
    )


def is_local_host(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Bucket:
    """Some at once, then so many a second."""

    def __init__(self, size: float, per_s: float) -> None:
        self._size = self._left = size
        self._per_s = per_s
        self._seen = time.monotonic()

    def wait_s(self) -> float:
        """How long until one more may be taken; 0 if it may be now."""
        now = time.monotonic()
        self._left = min(self._size, self._left + (now - self._seen) * self._per_s)
        self._seen = now
        return 0.0 if self._left >= 1 else (1 - self._left) / self._per_s

    def take(self) -> None:
        """One more."""
        self._left -= 1


class Buckets:
    """A bucket a client; the one that came longest ago is forgotten when there are too many."""

    def __init__(self, size: float, per_s: float) -> None:
        self._size = size
        self._per_s = per_s
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, client: str) -> Bucket:
        bucket = self._buckets.pop(client, None) or Bucket(self._size, self._per_s)
        self._buckets[client] = bucket
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        return bucket


def read_tokens(file: Path | None, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The tokens of a file, one a line, or of the environment; each is a client of its own.

    Raises: ConfigError for a file that cannot be read, holds none or one too short.
    """
    environ = os.environ if environ is None else environ
    if file is None:
        lines: Collection[str] = [environ.get(TOKEN_VARIABLE, "")]
        where = f"${TOKEN_VARIABLE}"
    else:
        where = str(file)
        try:
            lines = file.expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot read --token-file {file}: {error}; give a file with a token a line"
            ) from error
    tokens = tuple(line.strip() for line in lines if line.strip())
    if file is not None and not tokens:
        raise ConfigError(f"{file} holds no token: write one a line")
    if any(len(token) < _MIN_TOKEN_CHARS or not token.isascii() for token in tokens):
        raise ConfigError(
            f"{where} holds a token of fewer than {_MIN_TOKEN_CHARS} plain characters; "
            "make one with `openssl rand -hex 16`"
        )
    return tokens
