"""The Check tab and the page of `check --html`, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.store.index import Index
from rag.check.align import Aligner
from rag.check.checker import Checker
from rag.engine import Engine
from tests.browser import IN_A_BROWSER, Reader, serve
from ui.checked_page import checked_page

pytestmark = IN_A_BROWSER

DRAFT = (
    "# The talks in Moscow\n\n"
    "Putin expressed his regret to Erdogan about the recent killing of 34 Turkish troops. "
    "Greek forces wounded 614 people, according to Soylu. "
    "Two witnesses reported more Turkish reinforcements deploying into Idlib, "
    "and a shortage of drinking water.\n"
    "\n“Our aim is to return them to their countries,” Soylu told the Athens News Agency. "
    "The Queen of Denmark opened a museum of locomotives <i>in Aarhus</i>. Who is next?\n"
)


@pytest.fixture
def checker(engine: Engine, aligner: Aligner) -> Checker:
    return Checker(engine.retriever, aligner)


def test_a_draft_is_pasted_checked_pressed_and_uploaded(
    browser: Any, seed_index: Index, engine: Engine, checker: Checker, tmp_path: Path
) -> None:
    with serve(engine, seed_index, 7990, checker=checker) as chat:
        reader = Reader.arrive(browser, chat.url)
        reader.show("Check")
        reader.page.fill("#draft textarea", DRAFT)
        reader.page.click("#check")
        reader.page.wait_for_selector("#checked :text('Checked.')")
        assert _outcomes(reader) == ["✓", "✗", "~", "✗", "?"]
        reader.page.locator("#checked a", has_text="614 people").click()
        card = reader.page.locator("#told li:target")
        assert "“164” in the article, “614” in the draft" in card.inner_text()
        assert "Soylu, who said on Wednesday" in card.inner_text()
        assert reader.page.locator("#checked i").count() == 0
        assert reader.violations() == []
        reader.screenshot("check-1440")
        draft = tmp_path / "draft.md"
        draft.write_text("Soylu visited Edirne province on Friday.\n", encoding="utf-8")
        reader.page.set_input_files("#draft-file input[type=file]", str(draft))
        reader.page.wait_for_selector("#checked :text('on Friday')")
        assert _outcomes(reader) == ["✗"]
        reader.page.fill("#draft textarea", "  ")
        reader.page.click("#check")
        reader.page.wait_for_selector("#checked >> text=the draft is empty")
        assert (reader.elsewhere(), reader.errors) == ([], [])
        reader.leave()


def test_the_check_tab_fits_a_telephone(
    browser: Any, seed_index: Index, engine: Engine, checker: Checker
) -> None:
    with serve(engine, seed_index, 7990, checker=checker) as chat:
        reader = Reader.arrive(browser, chat.url, width=390, dark=True)
        reader.show("Check")
        reader.page.fill("#draft textarea", DRAFT)
        reader.page.click("#check")
        reader.page.wait_for_selector("#checked :text('Checked.')")
        width = reader.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        assert reader.violations() == []
        reader.screenshot("check-390")
        reader.leave()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_of_check_html_works_alone(
    browser: Any, checker: Checker, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "page.html"
    file.write_text(checked_page("draft.md", list(checker.check(DRAFT))), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=True
    )
    reader = Reader(context.new_page(), file.as_uri())
    reader.page.on("request", lambda r: reader.requests.append(r.url))
    reader.page.goto(reader.url)
    reader.page.locator("#bench-desk a", has_text="614 people").click()
    assert "164" in reader.page.locator("#bench-side li:target .note").inner_text()
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
    assert reader.violations() == []
    assert reader.elsewhere() == []
    reader.screenshot(f"check-page-{width}")
    reader.leave()


def _outcomes(reader: Reader) -> list[str]:
    """The signs of the draft's sentences, in order."""
    return [s.strip() for s in reader.page.locator("#checked a .sign").all_inner_texts()]
