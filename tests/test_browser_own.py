"""A chat of its own for each test, in a real browser: restarts, sign-ins, documents, markup."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.store.index import Index
from rag.engine import Engine
from rag.judge.extract import Extractor
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from tests.browser import (
    CITED,
    IN_A_BROWSER,
    REGRET,
    REPLY,
    Reader,
    serve,
)
from tests.fakes import QueueLLM
from tests.test_disagree import EARLY, LATE, QUESTION

pytestmark = IN_A_BROWSER


def test_history_survives_a_restart_of_the_server(
    browser: Any, seed_index: Index, engine: Engine, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY, REPLY)
    with serve(engine, seed_index, 7980) as chat:
        reader = Reader.arrive(browser, chat.url)
        reader.ask(REGRET)
        reader.answered()
        reader.page.click("#new")
        reader.page.wait_for_selector(".welcome")
        reader.ask(f"{REGRET} Again.")
        reader.answered()
        reader.page.wait_for_timeout(300)
        context = reader.page.context
        reader.page.close()
    with serve(engine, seed_index, 7980) as chat:
        reader = Reader.open(context, chat.url)
        assert reader.page.locator(".question").all_inner_texts() == [f"{REGRET} Again."]
        reader.page.click("summary")
        reader.page.locator("#shelf").get_by_role("button", name=REGRET).first.click()
        reader.page.wait_for_selector(f".question >> text=/^{REGRET[:-1]}.$/")
        reader.page.locator(".turn .marker").click()
        reader.page.wait_for_selector("mark.cited")
        assert reader.page.inner_text("mark.cited") == CITED
        reader.leave()


def test_a_reader_signs_in_and_asks(
    browser: Any, seed_index: Index, engine: Engine, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY)
    with serve(engine, seed_index, 7980, ("ada", "secret")) as chat:
        page = browser.new_page()
        page.goto(chat.url)
        page.get_by_label("username").fill("ada")
        page.get_by_label("password").fill("secret")
        page.get_by_role("button", name="Login").click()
        page.wait_for_selector(".welcome")
        page.fill("#question textarea", REGRET)
        page.click("#ask")
        page.wait_for_selector(".turn.answered .marker")
        page.context.close()


def test_documents_are_added_asked_about_limited_to_and_removed(
    browser: Any, seed_index: Index, engine: Engine, fake: QueueLLM, tmp_path: Path
) -> None:
    with serve(engine, seed_index, 7980) as chat:
        reader = Reader.arrive(browser, chat.url)
        _add_documents(reader, tmp_path)
        _ask_only_about_the_bridge(reader, fake)
        _remove_the_bridge(reader)
        assert not list((chat.folder / "uploads").rglob("*.txt"))
        assert seed_index.counts().documents == 1
        reader.show("Reading room")
        reader.page.click("#new")
        reader.page.wait_for_selector(".welcome")
        reader.ask("How long is the bridge that the mayor of Brill opened?")
        assert "No answer." in reader.answered().inner_text()
        assert reader.elsewhere() == []
        reader.leave()


def _add_documents(reader: Reader, folder: Path) -> None:
    """A document that can be read, and two files that cannot."""
    bridge, broken, other = folder / "bridge.txt", folder / "photo.txt", folder / "table.xlsx"
    bridge.write_text(
        "Title: A bridge for Brill\nDate: 2021-06-01\n\n"
        "The mayor of Brill opened a bridge of 412 metres on Tuesday.\n",
        encoding="utf-8",
    )
    broken.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0")
    other.write_bytes(b"PK")
    reader.show("Documents")
    reader.page.wait_for_selector("table.documents")
    reader.page.fill("#upload-collection input, #upload-collection textarea", "bridges")
    reader.upload(bridge, broken, other)
    outcomes = reader.page.locator("#outcomes li").all_inner_texts()
    assert outcomes[0] == "bridge.txt: added"
    assert outcomes[1].startswith("photo.txt: skipped, a picture")
    assert outcomes[2].startswith("table.xlsx: skipped, only ")
    row = reader.page.locator("table.documents tr", has_text="A bridge for Brill")
    assert row.locator(".date").inner_text() == "2021-06-01"
    assert row.locator(".place").inner_text() == "uploaded: bridge.txt"
    assert reader.page.inner_text(".masthead .ears").lower().startswith("2 documents")
    assert "bridges" in row.inner_text()
    assert reader.violations() == []
    reader.screenshot("documents-1440")
    reader.page.set_viewport_size({"width": 390, "height": 900})
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert reader.violations() == []
    reader.page.set_viewport_size({"width": 1440, "height": 900})


def _ask_only_about_the_bridge(reader: Reader, fake: QueueLLM) -> None:
    reader.page.fill("#filter-since textarea, #filter-since input", "2021")
    reader.page.wait_for_selector("#listing >> text=1 of 2 documents")
    reader.page.get_by_role("button", name="Ask only this one").click()
    reader.page.wait_for_selector("#limit .scope")
    assert "Asking only 1 document: A bridge for Brill" in reader.page.inner_text("#limit")
    fake.enqueue("The bridge that the mayor of Brill opened is 412 metres long.")
    reader.ask("How long is the bridge that the mayor of Brill opened?")
    assert reader.answered().locator(".marker").count() == 1
    assert "Putin" not in fake.prompts[-1]
    reader.page.get_by_role("button", name="Ask all").click()
    reader.page.wait_for_selector("#limit .scope", state="detached")


def _remove_the_bridge(reader: Reader) -> None:
    reader.show("Documents")
    reader.page.get_by_role("button", name="A bridge for Brill", exact=True).click()
    reader.page.wait_for_selector("#reader >> text=opened a bridge of 412 metres")
    reader.page.get_by_role("button", name="Remove A bridge for Brill").click()
    reader.page.wait_for_selector("#outcomes >> text=Removed: A bridge for Brill")


HOSTILE = (
    "Title: <img src=x onerror=alert(1)> <b>Vault</b> ${alert(2)} {{alert(3)}}\n\n"
    "The vault of Orlen holds 91 paintings <script>alert(4)</script>.\n\n"
    "<img src='http://example.com/a.png' onerror='alert(5)'> ![x](http://example.com/b.png).\n\n"
    "[click](javascript:alert(6)) <form action='http://example.com'><input></form> <source>[1]"
    "</source> ![ref][r] and ${alert(7)} {{alert(8)}} stay\u202e as they\u200b are.\n\n"
    "[r]: http://example.com/c.png\n"
)


HOSTILE_REPLY = (
    "The vault of Orlen holds 91 paintings <script>alert(4)</script>. "
    "It holds 7 <img src=http://example.com/d.png onerror=alert(9)>"
    " ![y](http://example.com/e.png) <form action=http://example.com><button>go</button></form>"
    " ${alert(10)} {{alert(11)}} [1] <source>1</source>."
)


def test_nothing_from_documents_titles_names_or_the_model_is_markup(
    browser: Any,
    seed_index: Index,
    engine: Engine,
    fake: QueueLLM,
    tmp_path: Path,
) -> None:
    hostile = tmp_path / "<img src=x onerror=alert(0)>.txt"
    hostile.write_text(HOSTILE, encoding="utf-8")
    fake.enqueue(HOSTILE_REPLY)
    with serve(engine, seed_index, 7980) as chat:
        reader = Reader.arrive(browser, chat.url)
        alerts: list[str] = []
        reader.page.on("dialog", lambda d: alerts.append(d.message))
        reader.show("Documents")
        reader.page.wait_for_selector("table.documents")
        reader.upload(hostile)
        reader.page.locator("table.documents .title", has_text="Vault").click()
        reader.page.wait_for_selector("#reader >> text=91 paintings")
        reader.show("Reading room")
        reader.ask("How many paintings does the vault of Orlen hold? <img src=x onerror=alert(12)>")
        turn = reader.answered()
        turn.locator("details summary").click()
        assert "${alert(10)} {{alert(11)}}" in turn.inner_text()
        opener = turn.locator("[data-do=open]").first
        opener.click()
        reader.page.wait_for_selector("#panel mark.cited")
        mark = reader.page.inner_text("#panel mark.cited")
        assert "<script>alert(4)</script>" in mark
        for area in ("#conversation", "#panel", "#listing", "#reader", "#outcomes"):
            for tag in ("img", "script", "form", "source", "iframe", "a", "b", "style", "svg"):
                assert reader.page.locator(f"{area} {tag}").count() == 0, (area, tag)
        assert "\u202e" not in reader.page.inner_text("#panel")
        assert alerts == []
        assert reader.errors == []
        assert reader.elsewhere() == []
        reader.leave()


@pytest.mark.model
def test_the_default_model_answers_from_the_seed_article(
    browser: Any, seed_index: Index, language_model: LlamaCpp, extractor: Extractor
) -> None:
    engine = Engine(HybridRetriever(seed_index), language_model, extractor=extractor)
    with serve(engine, seed_index, 7980) as chat:
        reader = Reader.arrive(browser, chat.url)
        reader.ask(REGRET)
        reader.page.wait_for_selector("#live .turn")
        reader.page.wait_for_selector("#panel .clippings li")
        reader.page.wait_for_selector("#live .draft", timeout=60_000)
        reader.page.wait_for_selector(".turn.answered", timeout=60_000)
        with reader.page.expect_download() as download:
            reader.page.get_by_role("button", name="Export JSON").click()
        (record,) = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        assert "34" in record["answer"]
        reader.answered().locator(".marker").first.click()
        reader.page.wait_for_selector("mark.cited")
        assert reader.page.inner_text("mark.cited") == record["citations"][0]["text"]
        assert reader.elsewhere() == []
        reader.leave()


@pytest.mark.parametrize("width", [390, 1440])
def test_articles_that_disagree_are_listed_each_with_its_sentence(
    browser: Any,
    make_index: Callable[..., Index],
    fake: QueueLLM,
    extractor: Extractor,
    tmp_path: Path,
    width: int,
) -> None:
    index = make_index({"early.txt": EARLY, "late.txt": LATE})
    fake.enqueue("34 people died when the ferry Havsula sank.")
    with serve(Engine(HybridRetriever(index), fake, extractor=extractor), index, 7980) as chat:
        reader = Reader.arrive(browser, chat.url, width=width)
        reader.ask(QUESTION)
        turn = reader.answered()
        assert turn.locator(".disagree").inner_text() == "The articles disagree."
        sides = turn.locator(".sides li")
        assert sides.locator("strong").all_inner_texts() == ["43", "34"]
        assert "Grief in Rundvik · 2024-11-14" in sides.first.inner_text()
        assert reader.page.evaluate("document.body.scrollWidth") <= width
        assert reader.violations() == []
        reader.screenshot(f"disagreement-{width}")
        with reader.page.expect_download() as download:
            reader.page.get_by_role("button", name="Export BibTeX").click()
        download.value.save_as(tmp_path / "citations.bib")
        assert (tmp_path / "citations.bib").read_text(encoding="utf-8").count("@misc{") == 2
        sides.last.locator(".marker").click()
        reader.page.wait_for_selector("mark.cited")
        assert "34 people died" in reader.page.inner_text("mark.cited")
        reader.leave()
