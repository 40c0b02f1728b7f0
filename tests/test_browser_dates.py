"""Dates in the chat, in a real browser: limits, a question's own time, collections, a timeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.embed.embedder import Embedder
from index.ingest.build import build
from index.store.index import Index
from rag.engine import Engine
from rag.retrieve import HybridRetriever
from tests.browser import IN_A_BROWSER, Chat, Reader, serve
from tests.fakes import QueueLLM
from tests.test_when import ARTICLES, TOLL

pytestmark = IN_A_BROWSER

QUESTION = "What was the toll of the harbour bridge in 2019?"


@pytest.fixture(scope="module")
def room(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, llm: QueueLLM
) -> Iterator[Chat]:
    """One chat over dated articles, two of them in a collection."""
    folder = tmp_path_factory.mktemp("dated")
    for name, text in ARTICLES.items():
        place = folder / ("tolls" if name.startswith("toll") else "news") / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
    with Index(folder / "index", embedder, 200) as index:
        build(index, [folder / "tolls"], collection="tolls")
        build(index, [folder / "news"])
        with serve(Engine(HybridRetriever(index), llm), index, 7990) as chat:
            yield chat


def test_a_questions_own_time_is_shown_and_taken_off(
    browser: Any, room: Chat, llm: QueueLLM
) -> None:
    reader = Reader.arrive(browser, room.url)
    llm.enqueue(TOLL.format(5))
    reader.ask(QUESTION)
    turn = reader.answered()
    assert "Only articles of 2019 (“2019”)" in turn.inner_text()
    llm.enqueue(TOLL.format(5))
    turn.get_by_role("button", name="Ask of all times").click()
    reader.page.wait_for_selector(".own-time", state="detached")
    assert "5 euros" in reader.answered().inner_text()
    reader.ask("What happened in March 2020?")
    assert "opened on Thursday" in reader.answered(2).inner_text()
    panel = reader.page.inner_text("#panel")
    assert "“Thursday” is 2020-03-05 (counted by Pressmark from the article's date)" in panel
    assert reader.errors == []
    reader.leave()


def test_limits_are_typed_shown_and_kept_to(browser: Any, room: Chat, llm: QueueLLM) -> None:
    reader = Reader.arrive(browser, room.url)
    reader.page.click("#limits button")
    reader.page.fill("#limit-as-if-it-were input, #limit-as-if-it-were textarea", "December 2019")
    reader.page.wait_for_selector("#limited >> text=Asking only articles as of 2019-12-31")
    llm.enqueue(TOLL.format(5))
    reader.ask("What is the toll of the harbour bridge?")
    assert "5 euros" in reader.answered().inner_text()
    reader.page.fill("#limit-as-if-it-were input, #limit-as-if-it-were textarea", "soon")
    reader.page.wait_for_selector("#limited >> text=as of takes a date such as 2020-03-05")
    reader.ask("What is the toll now?")
    reader.page.wait_for_selector("#notice >> text=as of takes a date such as 2020-03-05")
    assert reader.page.locator("#conversation .turn").count() == 1
    reader.page.fill("#limit-as-if-it-were input, #limit-as-if-it-were textarea", "")
    reader.page.get_by_label("tolls").check()
    reader.page.wait_for_selector("#limited >> text=of the collection “tolls”")
    reader.ask("What did the mayor of Brill praise?")
    assert "engineers" not in reader.answered(2).inner_text()
    reader.leave()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_timeline_is_drawn_read_and_taken_along(
    browser: Any, room: Chat, width: int, tmp_path: Path
) -> None:
    reader = Reader.arrive(browser, room.url, width=width)
    reader.page.click("#limits button")
    reader.page.wait_for_selector("#limit-boxes")
    found = {"limits": reader.violations()}
    reader.screenshot(f"limits-{width}")
    reader.show("Timeline")
    reader.page.fill("#topic textarea, #topic input", "harbour bridge")
    reader.page.click("#draw")
    reader.page.wait_for_selector(".timeline li")
    days = reader.page.locator(".timeline time").all_inner_texts()
    assert days[:2] == ["2014-04", "2019-05-02"]
    assert days == sorted(days)
    reader.page.locator(".timeline").get_by_role("button", name="foundations").click()
    reader.page.wait_for_selector("#annals-reader mark.cited")
    cited = reader.page.inner_text("#annals-reader mark.cited")
    assert cited == "Its foundations were laid in April 2014."
    with reader.page.expect_download() as download:
        reader.page.get_by_role("button", name="Export CSV").click()
    download.value.save_as(tmp_path / "timeline.csv")
    assert (tmp_path / "timeline.csv").read_text("utf-8").startswith("date,since,until")
    found["timeline"] = reader.violations()
    reader.screenshot(f"timeline-{width}")
    assert reader.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert {place: v for place, v in found.items() if v} == {}
    assert reader.errors == []
    assert reader.elsewhere() == []
    reader.leave()
