"""`pressmark ask` as a client of the server that keeps the models loaded, over its Unix socket.

Plain `http.client`: httpx alone takes a tenth of a second to import, which is half of what an
answer from here costs.
"""

from __future__ import annotations

import getpass
import hashlib
import http.client
import json
import os
import socket
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from index.errors import PressmarkError
from rag.answer import Answer
from rag.codec import read_json
from rag.filters import ANYTHING, Filters

__all__ = ["RECORD", "SIGNATURE", "ForwardedError", "ask_resident", "is_own_socket", "socket_path"]

SIGNATURE = "pressmark-signature"
"""The header by which a client asks for the same index, settings and code."""
RECORD = "application/vnd.pressmark.answer+json"
"""All of an Answer, as it is kept; `ask --json` prints less."""

_MAX_PATH_BYTES = 100
"""A socket's path has room for 104 bytes on macOS and 108 on Linux."""
_READY_S = 2.0
"""How long a client waits to be heard before it answers by itself."""
_TURNED_AWAY = (404, 409, 503)


class ForwardedError(PressmarkError):
    """What went wrong with the question in the resident process."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_READY_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_READY_S)
        self.sock.connect(os.fspath(self._path))

    def wait_for_ever(self) -> None:
        self.sock.settimeout(None)


def socket_path(folder: Path) -> Path:
    """Where the resident process of an index listens: in its folder, when that path is short."""
    path = folder.resolve() / "ask.sock"
    if len(os.fsencode(path)) <= _MAX_PATH_BYTES:
        return path
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    base = Path(runtime) if runtime else Path(tempfile.gettempdir())
    return base / f"pressmark-{getpass.getuser()}" / f"{name}.sock"


def ask_resident(
    path: Path, signature: str, question: str, filters: Filters = ANYTHING, *, kept: bool = True
) -> Answer | None:
    """The resident process's answer; None when there is none for this index and these settings.

    Raises: ForwardedError if the question failed there.
    """
    if not hasattr(socket, "AF_UNIX") or not is_own_socket(path):
        return None
    headers = {SIGNATURE: signature, "accept": RECORD, "content-type": "application/json"}
    try:
        with closing(_Connection(path)) as connection:
            connection.request("GET", "/healthz", headers=headers)
            with connection.getresponse() as heard:
                heard.read()
                if heard.status != 200:
                    return None
            # It is there, and the same; an answer may take its time.
            connection.wait_for_ever()
            body = json.dumps({"question": question, "kept": kept, **_limits(filters)})
            connection.request("POST", "/v1/ask", body, headers)
            with connection.getresponse() as response:
                text, status = response.read(), response.status
            if status == 200:
                return read_json(text, Answer)
            if status in _TURNED_AWAY:
                return None
            error = json.loads(text)["error"]
            raise ForwardedError(str(error["message"]), 2 if status == 400 else 1)
    except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException):
        # Gone, or gone in the middle: this process can answer, too.
        return None


def _limits(filters: Filters) -> dict[str, object]:
    """Filters as the fields of the body of /v1/ask."""
    limits = asdict(filters)
    limits["any_time"] = not limits.pop("own_time")
    return {name: value for name, value in limits.items() if value}


def is_own_socket(path: Path) -> bool:
    """A socket of this user: in a shared folder, anybody could have made one."""
    try:
        return path.is_socket() and path.stat().st_uid == os.getuid()
    except OSError:
        return False
