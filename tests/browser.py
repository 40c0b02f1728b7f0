"""A reader in a real browser: Debian's chromium on a running chat, every request recorded."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from index.store.index import Index
from rag.check.checker import Checker
from rag.engine import Engine
from ui.chat.launch import Served, launch
from ui.chat.library import IndexLibrary

__all__ = [
    "AXE_VERSION",
    "CITED",
    "ENZYME",
    "IN_A_BROWSER",
    "REGRET",
    "REPLY",
    "SCREENSHOTS",
    "Chat",
    "Reader",
    "axe_script",
    "give_up",
    "open_browser",
    "serve",
    "tidy",
]

AXE_VERSION = "4.10.3"
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
_ROOT = Path(__file__).parent.parent
SCREENSHOTS = _ROOT / ".screenshots"
_QUESTION = "#question textarea"

IN_A_BROWSER = [
    pytest.mark.browser,
    # The server and the browser's driver leave their sockets to the interpreter's end.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
"""The marks of a module that drives a browser."""

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."
CITED = (
    "Putin on Thursday expressed his regret to Erdogan about the recent killing of 34 Turkish "
    "troops in an airsrike, saying the Syrian army had not known of their location."
)
ENZYME = "Which enzyme unwinds the double helix during replication?"


def give_up(reason: str) -> None:
    """Skip, or fail where a browser is required (PRESSMARK_REQUIRE_BROWSER=1)."""
    if os.environ.get("PRESSMARK_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def open_browser() -> Iterator[Any]:
    """Chromium without a window; skips the test where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        give_up("playwright is not installed: pip install -e .[test]")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        give_up("there is no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def axe_script() -> str:
    """axe-core's script, fetched once with npm into a folder that git ignores; else a skip."""
    folder = _ROOT / "node_modules" / f".axe-{AXE_VERSION}"
    script = folder / "package" / "axe.min.js"
    if not script.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("there is no npm to fetch axe-core with: apt-get install npm")
        folder.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            [str(npm), "pack", "--silent", f"axe-core@{AXE_VERSION}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if packed.returncode:
            pytest.skip(f"npm could not fetch axe-core: {packed.stderr.strip()[-200:]}")
        shutil.unpack_archive(folder / packed.stdout.split()[-1], folder)
    return script.read_text(encoding="utf-8")


@dataclass
class Chat:
    """A running chat."""

    served: Served
    folder: Path

    @property
    def url(self) -> str:
        return self.served.url

    def close(self) -> None:
        self.served.close()


@contextmanager
def serve(
    engine: Engine,
    index: Index,
    port: int = 7960,
    auth: tuple[str, str] | None = None,
    checker: Checker | None = None,
) -> Iterator[Chat]:
    """The chat over an engine, as `pressmark chat` serves it."""
    library = IndexLibrary(index, index.folder / "uploads", max_file_bytes=1 << 20)
    served = launch(
        engine,
        library,
        index.folder,
        checker=checker,
        port=port,
        auth=auth,
        browser=False,
        max_file_bytes=1 << 20,
        block=False,
    )
    chat = Chat(served, index.folder)
    try:
        yield chat
    finally:
        chat.close()
        tidy()


def tidy() -> None:
    """Let go of the event loops that Gradio makes for its locks and never closes."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.set_event_loop(None)
    gc.collect()


@dataclass
class Reader:
    """One reader's page, with what it asked of the network and complained about."""

    page: Any
    url: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def arrive(cls, browser: Any, url: str, *, width: int = 1440, dark: bool = False) -> Reader:
        """A reader with a browser profile of its own opens the page."""
        height = 900 if width > 900 else 780
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        return cls.open(context, url)

    @classmethod
    def open(cls, context: Any, url: str) -> Reader:
        reader = cls(context.new_page(), url)
        reader.page.set_default_timeout(20_000)
        reader.page.on("request", lambda r: reader.requests.append(r.url))
        reader.page.on("pageerror", lambda e: reader.errors.append(str(e)))
        reader.page.on("dialog", lambda d: d.accept())
        reader.page.goto(url)
        reader.page.wait_for_selector(".welcome, .turn")
        return reader

    def leave(self) -> None:
        self.page.context.close()

    def ask(self, question: str) -> None:
        self.page.fill(_QUESTION, question)
        self.page.press(_QUESTION, "Enter")

    def answered(self, number: int = 1) -> Any:
        """The given turn (from 1), once it is finished."""
        self.page.wait_for_selector(f"#conversation .turn >> nth={number - 1}")
        self.page.wait_for_selector("#live .turn", state="detached")
        return self.page.locator("#conversation .turn").nth(number - 1)

    def show(self, tab: str) -> None:
        self.page.get_by_role("tab", name=tab).click()

    def upload(self, *files: Path) -> None:
        self.page.set_input_files("#upload input[type=file]", [str(f) for f in files])
        self.page.wait_for_selector("#outcomes :text('Done.')")

    def elsewhere(self) -> list[str]:
        """Requests that left this machine."""
        local = (self.url, "data:", "blob:", "about:")
        return [url for url in self.requests if not url.startswith(local)]

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def violations(self) -> list[str]:
        """axe-core's serious and critical findings on the page as it stands."""
        # Through the protocol: the page's own policy would not let it in as a script element.
        self.page.evaluate(axe_script())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{item['id']} ({item['impact']}): {node['html'][:160]}"
            for item in found["violations"]
            if item["impact"] in ("serious", "critical")
            for node in item["nodes"]
        ]
