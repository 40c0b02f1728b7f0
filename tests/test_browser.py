"""One reader and several in the chat, in a real browser, with a queue for a language model."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.embed.embedder import Embedder
from index.store.index import Index
from rag.engine import Engine
from rag.retrieve import HybridRetriever
from tests.browser import (
    CITED,
    ENZYME,
    IN_A_BROWSER,
    REGRET,
    REPLY,
    Chat,
    Reader,
    serve,
)
from tests.fakes import QueueLLM

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def room(
    seed_folder: Path, tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, llm: QueueLLM
) -> Iterator[Chat]:
    """One chat for all the tests that change no documents."""
    folder = tmp_path_factory.mktemp("room") / "index"
    shutil.copytree(seed_folder, folder)
    with (
        Index.open(folder, embedder, 200) as index,
        serve(Engine(HybridRetriever(index), llm), index) as chat,
    ):
        yield chat


@pytest.fixture
def reader(browser: Any, room: Chat) -> Iterator[Reader]:
    reader = Reader.arrive(browser, room.url)
    yield reader
    assert reader.elsewhere() == []
    assert reader.errors == []
    reader.leave()


def test_an_answer_is_pinned_to_its_sentence_in_the_article(reader: Reader, llm: QueueLLM) -> None:
    llm.enqueue(REPLY)
    reader.ask(REGRET)
    turn = reader.answered()
    assert turn.locator(".supported").inner_text().startswith(REPLY)
    turn.locator(".marker").click()
    reader.page.wait_for_selector("mark.cited")
    assert reader.page.inner_text("mark.cited") == CITED
    assert (
        "Dozens of Turkish troops killed in past month"
        in reader.page.locator(".article h3").all_inner_texts()
    )
    box = reader.page.locator("mark.cited").bounding_box()
    assert 0 < box["y"] < 900
    reader.screenshot("article-1440")


def test_the_evidence_is_there_before_the_first_word(reader: Reader, llm: QueueLLM) -> None:
    llm.enqueue(REPLY)
    gate = llm.hold()
    try:
        reader.ask(REGRET)
        reader.page.wait_for_selector("#panel .clippings li")
        assert CITED in reader.page.inner_text("#panel")
        reader.page.wait_for_selector("#live .draft:has-text('Putin')")
        assert "34 Turkish" not in reader.page.inner_text("#live .draft")
        assert reader.page.locator(".marker").count() == 0
    finally:
        gate.set()
    assert reader.answered().locator(".marker").count() == 1


def test_stop_ends_the_answer_and_the_model(reader: Reader, llm: QueueLLM) -> None:
    llm.enqueue(REPLY)
    gate, closed = llm.hold(), llm.closed
    try:
        reader.ask(REGRET)
        reader.page.wait_for_selector("#live .draft")
        reader.page.click("#stop")
        assert "You stopped this answer." in reader.answered().inner_text()
    finally:
        gate.set()
    assert _soon(lambda: llm.closed == closed + 1)
    assert reader.page.is_visible("#ask")


def test_a_reader_who_leaves_stops_the_model(browser: Any, room: Chat, llm: QueueLLM) -> None:
    llm.enqueue(REPLY)
    gate, closed = llm.hold(), llm.closed
    try:
        reader = Reader.arrive(browser, room.url)
        reader.ask(REGRET)
        reader.page.wait_for_selector("#live .draft")
        reader.leave()
        time.sleep(1.5)
    finally:
        gate.set()
    assert _soon(lambda: llm.closed == closed + 1)


def test_an_abstention_is_calm_and_shows_the_nearest_sentences(reader: Reader) -> None:
    reader.ask(ENZYME)
    turn = reader.answered()
    assert "No answer. The documents seem to hold nothing on this topic." in turn.inner_text()
    assert turn.locator(".nearest li").count() == 3
    assert reader.page.locator(".toast-wrap .error, .failed-note").count() == 0
    reader.screenshot("abstention-1440")
    turn.locator(".nearest button").first.click()
    reader.page.wait_for_selector("mark.cited")


def test_an_unsupported_statement_is_folded_away_with_its_reason(
    reader: Reader, llm: QueueLLM
) -> None:
    llm.enqueue(f"{REPLY} Angela Merkel visited 77 hospitals in Berlin.")
    reader.ask(REGRET)
    turn = reader.answered()
    assert not turn.locator(".unsupported").is_visible()
    turn.locator("details summary").click()
    struck = turn.locator(".unsupported s").inner_text()
    assert struck == "Angela Merkel visited 77 hospitals in Berlin."
    assert "Left out:" in turn.locator(".unsupported").inner_text()
    assert turn.locator(".unsupported .marker").count() == 0


def test_a_follow_up_shows_how_it_was_understood(reader: Reader, llm: QueueLLM) -> None:
    llm.enqueue(REPLY)
    reader.ask(REGRET)
    reader.answered(1)
    understood = "Who expressed regret about the killing of 34 Turkish troops?"
    llm.enqueue(understood, REPLY)
    reader.ask("Who expressed regret about it?")
    turn = reader.answered(2)
    assert turn.locator(".condensed").inner_text() == f"Understood as: {understood}"
    assert REPLY in llm.prompts[-2]


def test_citations_of_the_fifth_answer_open_as_those_of_the_first(
    reader: Reader, llm: QueueLLM
) -> None:
    for number in range(1, 6):
        llm.enqueue(REPLY)
        reader.ask(REGRET)
        reader.answered(number)
    for turn in (4, 0, 2):
        reader.page.locator(".turn").nth(turn).locator(".marker").click()
        reader.page.wait_for_selector("mark.cited")
        assert reader.page.inner_text("mark.cited") == CITED
        reader.page.keyboard.press("Escape")
        reader.page.wait_for_selector("#panel .clippings")


def test_the_keyboard_alone_opens_a_citation_and_comes_back(reader: Reader, llm: QueueLLM) -> None:
    llm.enqueue(REPLY)
    reader.ask(REGRET)
    reader.answered()
    for _ in range(40):
        reader.page.keyboard.press("Shift+Tab")
        if reader.page.evaluate("document.activeElement.classList.contains('marker')"):
            break
    assert reader.page.inner_text("#tip q") == CITED
    assert reader.page.inner_text("#tip p").endswith("2020-03-05")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_selector("mark.cited")
    assert reader.page.evaluate("document.activeElement.textContent") == CITED
    reader.page.keyboard.press("Escape")
    reader.page.wait_for_selector("#panel .clippings")
    assert reader.page.evaluate("document.activeElement.textContent") == "[1]"


def test_a_starter_question_comes_from_the_documents_and_can_be_asked(
    reader: Reader, llm: QueueLLM
) -> None:
    starters = reader.page.locator(".starter").all_inner_texts()
    assert len(starters) == 3
    llm.enqueue("At least 16 civilians were killed when Russian airstrikes hit a gathering.")
    reader.page.locator(".starter").first.click()
    assert reader.answered().locator(".question").inner_text() == starters[0]


def test_a_bad_question_gets_one_clear_line_and_stays_to_be_mended(reader: Reader) -> None:
    reader.ask("why " * 600)
    reader.page.wait_for_selector("#notice .notice")
    assert "ask it in at most 2,000" in reader.page.inner_text("#notice")
    assert reader.page.input_value("#question textarea").startswith("why why")


def test_a_question_can_be_edited_and_retried(reader: Reader, llm: QueueLLM) -> None:
    llm.enqueue(REPLY, REPLY)
    reader.ask(REGRET)
    reader.answered(1)
    reader.ask(REGRET)
    reader.answered(2)
    other = "Putin regretted the killing of 34 Turkish troops."
    llm.enqueue(other, REPLY)
    reader.page.locator(".turn").nth(1).get_by_role("button", name="Retry").click()
    reader.page.wait_for_selector(f"#conversation .turn >> nth=1 >> text={other}")
    assert reader.page.locator("#conversation .turn").count() == 2
    reader.page.locator(".turn").first.get_by_role("button", name="Edit").click()
    reader.page.wait_for_selector("#notice >> text=Asking again replaces this answer and the 1")
    assert reader.page.input_value("#question textarea") == REGRET
    reader.ask(f"{REGRET} Say it.")
    reader.page.wait_for_selector("#conversation .turn >> text=Say it.")
    assert reader.page.locator("#conversation .turn").count() == 1


def test_an_answer_is_copied_and_a_conversation_exported(
    reader: Reader, llm: QueueLLM, tmp_path: Path
) -> None:
    llm.enqueue(REPLY)
    reader.ask(REGRET)
    reader.answered()
    reader.page.get_by_role("button", name="Copy as Markdown").click()
    reader.page.wait_for_selector("text=Copied")
    copied = reader.page.evaluate("navigator.clipboard.readText()")
    assert f"**{REGRET}**" in copied
    assert "34 Turkish troops.[^1]" in copied
    assert f"[^1]: “{CITED}”" in copied
    with reader.page.expect_download() as download:
        reader.page.get_by_role("button", name="Export JSON").click()
    download.value.save_as(tmp_path / "out.json")
    (record,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert record["question"] == REGRET
    assert record["citations"][0]["text"] == CITED
    with reader.page.expect_download() as download:
        reader.page.get_by_role("button", name="Export Markdown").click()
    assert download.value.suggested_filename == "conversation.md"


def test_two_readers_do_not_see_each_others_chat(
    browser: Any, reader: Reader, room: Chat, llm: QueueLLM
) -> None:
    llm.enqueue(REPLY)
    reader.ask(REGRET)
    reader.answered()
    other = Reader.arrive(browser, room.url)
    assert REGRET not in other.page.content()
    assert other.page.locator(".turn").count() == 0
    other.leave()


def test_a_second_reader_sees_evidence_while_the_first_is_being_answered(
    browser: Any, reader: Reader, room: Chat, llm: QueueLLM
) -> None:
    llm.enqueue(REPLY, REPLY)
    gate = llm.hold()
    other = Reader.arrive(browser, room.url)
    try:
        reader.ask(REGRET)
        reader.page.wait_for_selector("#live .draft")
        other.ask(REGRET)
        other.page.wait_for_selector("#panel .clippings li")
    finally:
        gate.set()
    reader.answered()
    other.answered()
    other.leave()


def test_two_tabs_of_one_browser_do_not_overwrite_each_other(
    reader: Reader, room: Chat, llm: QueueLLM
) -> None:
    other = Reader.open(reader.page.context, room.url)
    llm.enqueue(REPLY, REPLY)
    other.ask(REGRET)
    other.answered()
    other.page.wait_for_timeout(300)
    # What coming back to a tab does; a browser without a window has nothing to come back to.
    with reader.page.expect_navigation():
        reader.page.evaluate("window.dispatchEvent(new Event('focus'))")
    reader.answered(1)
    reader.ask(REGRET)
    reader.answered(2)


def test_uploads_that_are_too_large_or_too_many_are_refused_clearly(
    reader: Reader, tmp_path: Path
) -> None:
    many = [tmp_path / f"{number}.txt" for number in range(51)]
    for path in many:
        path.write_text("One ship sank.", encoding="utf-8")
    large = tmp_path / "large.txt"
    large.write_text("word " * (1 << 18), encoding="utf-8")
    reader.show("Documents")
    reader.page.wait_for_selector("table.documents")
    reader.page.set_input_files("#upload input[type=file]", [str(path) for path in many])
    reader.page.wait_for_selector("#outcomes >> text=51 files are too many at once; add at most 50")
    reader.page.set_input_files("#upload input[type=file]", [str(large)])
    reader.page.wait_for_selector("text=/exceed the maximum allowed size of 1.0 Mb.*large.txt/")
    assert reader.page.locator("table.documents tbody tr").count() == 1


def test_a_vote_is_written_with_question_answer_citations_and_versions(
    reader: Reader, room: Chat, llm: QueueLLM
) -> None:
    llm.enqueue(REPLY)
    reader.ask(REGRET)
    turn = reader.answered()
    turn.locator("input.note").fill("clear")
    turn.get_by_role("button", name="Helpful").click()
    reader.page.wait_for_selector("text=Marked as helpful.")
    line = json.loads((room.folder / "feedback.jsonl").read_text("utf-8").splitlines()[-1])
    assert (line["vote"], line["note"], line["question"]) == ("up", "clear", REGRET)
    assert line["answer"] == REPLY
    assert line["citations"][0]["text"] == CITED
    assert line["versions"]["model"] == "queue"


def test_evidence_is_in_the_panel_within_300_ms(reader: Reader, llm: QueueLLM) -> None:
    times = []
    for number in range(1, 21):
        llm.enqueue(REPLY)
        gate = llm.hold()
        reader.page.evaluate(
            """() => { window.shown = null; new MutationObserver((_, o) => {
                if (document.querySelector('#live .turn') &&
                    document.querySelector('#panel .clippings')) {
                  window.shown = performance.now(); o.disconnect(); }
              }).observe(document.body, {childList: true, subtree: true}); }"""
        )
        reader.page.fill("#question textarea", f"{REGRET} {'Please. ' * (number % 5)}")
        started = reader.page.evaluate(
            """() => { document.querySelector('#panel .sheet').innerHTML = '';
                document.querySelector('#ask').click(); return performance.now(); }"""
        )
        reader.page.wait_for_function("window.shown !== null")
        gate.set()
        reader.answered(number)
        times.append(reader.page.evaluate("window.shown") - started)
    print(f"evidence in the panel: median {statistics.median(times):.0f} ms of {len(times)}")
    assert statistics.median(times) < 300


@pytest.mark.parametrize("width", [1440, 375])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Any, room: Chat, llm: QueueLLM, width: int, dark: bool
) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    reader = Reader.arrive(browser, room.url, width=width, dark=dark)
    found = {"welcome": reader.violations()}
    reader.screenshot(f"welcome-{name}")
    llm.enqueue(f"{REPLY} Angela Merkel visited 77 hospitals in Berlin.")
    reader.ask(REGRET)
    reader.answered()
    reader.ask(ENZYME)
    reader.answered(2)
    found["chat"] = reader.violations()
    reader.screenshot(f"chat-{name}")
    assert reader.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    reader.page.locator(".marker").first.click()
    reader.page.wait_for_selector("mark.cited")
    found["article"] = reader.violations()
    reader.screenshot(f"article-{name}")
    reader.page.keyboard.press("Escape")
    reader.page.wait_for_selector("#panel .clippings")
    reader.show("Documents")
    reader.page.wait_for_selector("table.documents")
    found["documents"] = reader.violations()
    reader.screenshot(f"documents-{name}")
    assert reader.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert {place: v for place, v in found.items() if v} == {}
    reader.leave()


def _soon(holds: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()
