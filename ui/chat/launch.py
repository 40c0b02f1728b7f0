"""From an engine to a page in the browser: address, sign-in, headers, what is kept where."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ConfigError
from rag.cache import CachedEngine
from rag.check.checker import Checker
from rag.engine import Engine
from rag.filters import ANYTHING, Filters
from ui.chat.feedback import FEEDBACK_FILE, Feedback
from ui.chat.library import Library
from ui.server.access import is_local_host
from ui.terminal import say

if TYPE_CHECKING:
    from ui.server.queued import QueuedEngine
    from ui.server.service import Service

__all__ = ["Served", "check_host", "free_port", "import_page", "launch", "parse_auth"]

_PORTS = 50
"""Ports tried after a taken one."""
_HERE = Path(__file__).parent
# Gradio starts with inline scripts and compiles its HTML templates.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; media-src 'none'; object-src 'none'; frame-src 'none'; "
    "worker-src 'self' blob:; base-uri 'self'; form-action 'self'"
)


@dataclass(frozen=True, slots=True)
class Served:
    """A running chat."""

    app: Any
    url: str
    is_over: threading.Event
    reading: threading.Thread
    """Reads ahead what the first questions need."""
    service: Service | None = None

    def wait(self) -> None:
        """Serve until Ctrl-C."""
        with contextlib.suppress(KeyboardInterrupt):
            self.app.block_thread()
        self.close()

    def close(self) -> None:
        """Stop serving, and reading; the index can be closed afterwards."""
        self.is_over.set()
        self.app.close(verbose=False)
        if self.service is not None:
            self.service.threads.close()
        self.reading.join()


def launch(
    engine: Engine | CachedEngine | QueuedEngine,
    library: Library,
    folder: Path,
    *,
    checker: Checker | None = None,
    service: Service | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
    auth: tuple[str, str] | None = None,
    insecure: bool = False,
    browser: bool = True,
    max_file_bytes: int = 64 << 20,
    versions: Mapping[str, str] | None = None,
    given: Filters = ANYTHING,
    block: bool = True,
) -> Served:
    """Serve the chat; with a `service`, the paths of `pressmark serve` are beside the page.

    `given` limits it at first; `folder` keeps feedback and the readers' key.
    Returns: the running chat, to be closed before its index is; with `block`, only at the end.
    Raises: ConfigError for a host that others can reach without a sign-in; for no free port.
    """
    check_host(host, auth, insecure=insecure)
    app = _build(engine, library, folder, versions or {}, given, checker)
    _, url, _ = app.launch(
        server_name=host,
        server_port=_told_port(host, port),
        auth=auth,
        inbrowser=browser,
        max_file_size=max_file_bytes,
        **_looks_and_guards(service, has_sign_in=auth is not None),
    )
    served = Served(app, str(url), *_read_ahead(engine), service)
    say(f"the reading room is open at {url} (Ctrl+C closes it)")
    if block:
        served.wait()
    return served


def import_page() -> None:
    """Import what the page is built with: the longest part of a start."""
    # Before Gradio is imported: it asks the network for nothing, and keeps uploads by itself.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    for name in ("ui.chat.app", "ui.chat.theme", "ui.chat.mounted", "ui.server.app"):
        import_module(name)


def _told_port(host: str, port: int) -> int:
    """A free port, and a word where it is not the wanted one."""
    chosen = free_port(host, port)
    if chosen != port:
        say(f"port {port} is taken; serving on {chosen}")
    return chosen


def _build(
    engine: Engine | CachedEngine | QueuedEngine,
    library: Library,
    folder: Path,
    versions: Mapping[str, str],
    given: Filters,
    checker: Checker | None,
) -> Any:
    """The app, unserved."""
    import_page()
    from ui.chat.app import build_app
    from ui.chat.desk import Desk

    secret = _secret(folder)
    feedback = Feedback(folder / FEEDBACK_FILE, {"model": engine.model, **versions})
    key = f"pressmark-{sha256(secret.encode()).hexdigest()[:12]}"
    desk = Desk(engine, library, feedback, checker, quick=given.quick)
    return build_app(desk, storage_key=key, secret=secret, given=given)


def _read_ahead(
    engine: Engine | CachedEngine | QueuedEngine,
) -> tuple[threading.Event, threading.Thread]:
    """Open the vectors and fill the model's cache now, rather than while a reader waits."""
    is_over = threading.Event()
    reading = threading.Thread(target=engine.prepare, args=(is_over.is_set,), daemon=True)
    reading.start()
    return is_over, reading


def _looks_and_guards(service: Service | None, *, has_sign_in: bool) -> dict[str, Any]:
    """What Gradio is told whoever is served: our looks, and nothing of it that calls home."""
    from fastapi.middleware import Middleware

    from ui.chat.theme import make_theme

    outer, inner = [Middleware(_Headers)], []
    app_kwargs: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    if service is not None:
        from ui.chat.mounted import Mounted
        from ui.server.app import build_asgi

        built = build_asgi(service)
        outer.append(Middleware(Mounted, server=built.asgi))
        app_kwargs["lifespan"] = built.lifespan
    if has_sign_in:
        from ui.chat.sign_in import SignIn

        inner.append(Middleware(SignIn))
    return {
        "share": False,
        "quiet": True,
        "prevent_thread_lock": True,
        "enable_monitoring": False,
        "run_history": False,
        "footer_links": [],
        "ssr_mode": False,
        "mcp_server": False,
        "strict_cors": True,
        "app_kwargs": {**app_kwargs, "middleware": [*outer, *inner]},
        "theme": make_theme(),
        "css": "\n".join(
            (_HERE / name).read_text(encoding="utf-8") for name in ("chat.css", "checked.css")
        ),
        "head": _head(),
    }


def check_host(host: str, auth: tuple[str, str] | None, *, insecure: bool) -> None:
    """Raises: ConfigError for a host beyond this machine without a sign-in."""
    if not (is_local_host(host) or auth or insecure):
        raise ConfigError(
            f"others could read your articles on {host}: add --auth USER:PASSWORD "
            "(or --insecure, if that is what you want)"
        )


def parse_auth(value: str) -> tuple[str, str]:
    """`user:password`, or a file that holds it.

    Raises: ConfigError for anything else.
    """
    text = value
    if ":" not in value:
        try:
            text = Path(value).expanduser().read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(
                f"--auth takes USER:PASSWORD or a file that holds it; {value}: {error.strerror}"
            ) from error
    user, _, password = text.partition(":")
    if not user or not password:
        raise ConfigError("--auth takes USER:PASSWORD or a file that holds it; neither is empty")
    return user, password


def free_port(host: str, port: int) -> int:
    """`port`, or the next one that is free.

    Raises: ConfigError if none is, or the host is not one of this machine.
    """
    if not 0 < port < 65536:
        raise ConfigError(f"port {port} does not exist; give --port 1024 to 65535")
    for candidate in range(port, min(port + _PORTS, 65536)):
        try:
            family, kind, *_, address = socket.getaddrinfo(
                host, candidate, type=socket.SOCK_STREAM
            )[0]
            with socket.socket(family, kind) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
            return candidate
        except PermissionError:
            raise ConfigError(f"port {candidate} is not allowed; give --port above 1023") from None
        except socket.gaierror as error:
            raise ConfigError(f"no such host: {host}; give --host 127.0.0.1") from error
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise ConfigError(
                    f"{host} is not an address of this machine; give --host 127.0.0.1"
                ) from error
    raise ConfigError(f"no free port from {port} on; give another --port")


class _Headers:
    """Adds the security headers to every answer of the server."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", f"{_POLICY}; frame-ancestors 'none'".encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _head() -> str:
    script = (_HERE / "chat.js").read_text(encoding="utf-8")
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="referrer" content="no-referrer"><script>{script}</script>'
    )


def _secret(folder: Path) -> str:
    """The key that readers' browsers keep their conversations under; made once."""
    path = folder / "chat.key"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    folder.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place: two first starts agree on one key.
    handle, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(16))
    with contextlib.suppress(FileExistsError):
        os.link(name, path)
    Path(name).unlink()
    return path.read_text(encoding="ascii").strip()
