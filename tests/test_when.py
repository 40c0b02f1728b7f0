"""A question's own time, the newer of equals, "on Thursday", and timelines of dated sentences."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from index.store.index import Index
from rag.answer import Answer
from rag.codec import read_json, write_json
from rag.engine import Engine
from rag.errors import QuestionError
from rag.filters import read_filters
from rag.listing import draw_timeline, timeline_csv, timeline_markdown
from rag.retrieve import HybridRetriever
from rag.timeline import make_timeline
from rag.when import asks_for_all, asks_for_newest, own_time
from tests.fakes import QueueLLM
from ui import cli
from ui.terminal import to_terminal

ARTICLES = {
    "bridge.txt": "Title: Bridge opens\nDate: 2020-03-05\n\n"
    "The harbour bridge opened on Thursday after six years of work.\n\n"
    "Its foundations were laid in April 2014.",
    "again.txt": "Title: The bridge is open\nDate: 2020-03-06\n\n"
    "The harbour bridge opened on Thursday after six years of work.\n\n"
    "The mayor of Brill praised the engineers of the bridge.",
    "toll.txt": "Title: Bridge toll\nDate: 2019-05-02\n\n"
    "The toll of the harbour bridge is 5 euros a car.",
    "toll-new.txt": "Title: Bridge toll\nDate: 2021-05-02\n\n"
    "The toll of the harbour bridge is 7 euros a car.",
    "flood.txt": "Title: Flood\n\nThe river rose by two metres at the harbour bridge.",
}
TOLL = "The toll of the harbour bridge is {} euros a car."


@pytest.fixture
def index(make_index: Callable[..., Index]) -> Index:
    return make_index(ARTICLES)


@pytest.fixture
def asked(index: Index, fake: QueueLLM) -> Engine:
    return Engine(HybridRetriever(index), fake)


def _dates(answer: Answer) -> list[str | None]:
    return [c.evidence.date for c in answer.citations]


def test_what_happened_then_lists_what_is_dated_so(asked: Engine) -> None:
    answer = asked.ask("What happened in March 2020?")
    # No model was asked, and the story that two papers tell is told once.
    assert answer.confidence is None
    assert [s.text for s in answer.statements] == [
        "The harbour bridge opened on Thursday after six years of work."
    ]
    assert [c.evidence.document.rpartition("/")[2] for c in answer.citations] == ["bridge.txt"]
    assert answer.own_time is not None
    assert (answer.own_time.since, answer.own_time.until) == ("2020-03-01", "2020-03-31")
    nothing = asked.ask("What happened in March 2018?")
    assert nothing.reason == "No article is dated 2018-03."
    assert read_json(write_json(answer), Answer) == answer


def test_a_questions_own_time_is_shown_and_can_be_taken_off(asked: Engine, fake: QueueLLM) -> None:
    question = "What was the toll of the harbour bridge in 2019?"
    fake.enqueue(TOLL.format(5))
    answer = asked.ask(question)
    assert _dates(answer) == ["2019-05-02"]
    assert "7 euros" not in fake.prompts[-1]
    assert to_terminal(answer).startswith("Only articles of 2019 (“2019”); --any-time takes this")
    assert answer.to_json()["own_time"]["applied"] is True
    fake.enqueue(TOLL.format(5))
    assert asked.ask(question, filters=read_filters(own_time=False)).own_time is None
    assert "7 euros" in fake.prompts[-1]


def test_a_time_whose_articles_say_less_limits_nothing(asked: Engine, fake: QueueLLM) -> None:
    fake.enqueue("The harbour bridge opened on Thursday after six years of work.")
    answer = asked.ask("Which harbour bridge opened after six years of work in 2021?")
    assert answer.own_time is not None
    assert not answer.own_time.applied
    assert answer.own_time.label == "All articles: those of 2021 say less (“2021”)"


def test_of_equals_the_newer_one_wins_for_now_and_the_latest(asked: Engine, fake: QueueLLM) -> None:
    for question in ("What is the toll of the harbour bridge now?", "What is the latest toll?"):
        fake.enqueue(TOLL.format(7))
        assert _dates(asked.ask(question)) == ["2021-05-02"]
        assert "5 euros" not in fake.prompts[-1]
    fake.enqueue(TOLL.format(5))
    past = asked.ask("What is the latest toll?", filters=read_filters(as_of="2020"))
    assert _dates(past) == ["2019-05-02"]


@pytest.mark.parametrize(
    ("question", "is_asked"),
    [
        ("is the bridge open again?", True),
        ("Are they still closed?", True),
        ("What is the price now?", True),
        ("Why did he still refuse?", False),
        ("Is the bridge of steel?", False),
    ],
)
def test_what_is_so_by_now_is_asked_of_the_newest(question: str, is_asked: bool) -> None:
    assert asks_for_newest(question) is is_asked


def test_a_time_without_a_year_is_counted_from_the_newest_article() -> None:
    found = own_time("What did the mayor say last week?", "2021-05-02")
    assert found is not None
    assert (found.since, found.until, found.counted_from) == (
        "2021-04-19",
        "2021-04-25",
        "2021-05-02",
    )
    migrants = own_time("Where will migrants who came after March 1 be sent?", "2020-03-05")
    assert migrants is not None
    assert (migrants.text, migrants.days) == ("after March 1", "2020-03-02 and later")
    before = own_time("What was said before 2020?", "2020-03-05")
    assert before is not None
    assert before.days == "2019-12-31 and earlier"
    assert own_time("What did the 2016 deal say?", "2021-05-02") is None
    assert not asks_for_all("What happened in Idlib in March 2020?")


def test_on_thursday_is_counted_from_its_articles_date_and_marked_as_ours(
    asked: Engine, fake: QueueLLM
) -> None:
    fake.enqueue("The harbour bridge opened on Thursday after six years of work.")
    answer = asked.ask("When did the harbour bridge open?")
    (cited, *_) = answer.to_json()["citations"]
    assert cited["date"] in ("2020-03-05", "2020-03-06")
    (day,) = cited["reckoned"]
    assert (day["text"], day["date"]) == ("Thursday", "2020-03-05")
    assert cited["text"][day["start"] : day["end"]] == "Thursday"
    assert "“Thursday” is 2020-03-05 (counted by Pressmark from the article's" in to_terminal(
        answer
    )


def test_a_timeline_is_in_order_told_once_and_pinned(index: Index) -> None:
    timeline = make_timeline(HybridRetriever(index), "harbour bridge")
    shown = [(e.period.iso, e.evidence.title, e.words) for e in timeline.entries]
    assert shown[0] == ("2014-04", "Bridge opens", "April 2014")
    assert shown[1] == ("2019-05-02", "Bridge toll", None)
    assert [date for date, *_ in shown] == sorted(date for date, *_ in shown)
    (opened,) = [e for e in timeline.entries if "opened on" in e.evidence.text]
    assert (opened.period.iso, opened.counted, len(opened.also)) == ("2020-03-05", True, 1)
    assert timeline.n_undated == 1
    for entry in timeline.entries:
        document = index.document(entry.evidence.document_id)
        assert document is not None
        assert document.text[entry.evidence.start : entry.evidence.end] == entry.evidence.text
    early = make_timeline(
        HybridRetriever(index), "harbour bridge", filters=read_filters(until="2019")
    )
    assert {e.evidence.date for e in early.entries} == {"2019-05-02"}


@pytest.mark.parametrize(
    ("sentence", "date"),
    [
        ("The storm was the strongest in Hallin since 1999.", "2024-10-14"),
        ("It was the first storm since October 2 to cut the power of Hallin.", "2024-10-14"),
        ("Hallin had more storms this autumn than in 2019.", "2024-10-14"),
        ("Hallin has lost a quarter of its trees to storms since 2019.", "2024-10-14"),
        ("The harbour of Hallin has been shut by the storm since October 2.", "2024-10-02"),
        ("In 1999 a storm destroyed the old harbour of Hallin.", "1999"),
    ],
)
def test_what_a_sentence_only_measures_by_is_not_its_time(
    make_index: Callable[..., Index], sentence: str, date: str
) -> None:
    article = f"Title: Storm\nDate: 2024-10-14\n\n{sentence}\n"
    timeline = make_timeline(HybridRetriever(make_index({"storm.txt": article})), "storm in Hallin")
    assert [e.period.iso for e in timeline.entries if e.evidence.text == sentence] == [date]


def test_a_timeline_can_be_taken_elsewhere(index: Index, tmp_path: Path) -> None:
    timeline = make_timeline(HybridRetriever(index), "harbour bridge")
    rows = list(csv.DictReader(io.StringIO(timeline_csv(timeline))))
    assert [row["text"] for row in rows] == [e.evidence.text for e in timeline.entries]
    markdown = timeline_markdown(timeline)
    assert "- **2014-04** Its foundations were laid in April 2014. (Bridge opens" in markdown
    assert "\\[“Thursday”: counted by Pressmark\\]" in markdown
    for name in ("a.svg", "b.svg", "c.png"):
        draw_timeline(timeline, tmp_path / name)
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(QuestionError, match=r"a picture is a \.png, \.svg, \.pdf file, not a\.txt"):
        draw_timeline(timeline, tmp_path / "a.txt")


def test_the_timeline_command(
    index: Index,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ui.wiring.open_embedder", lambda _: index.embedder)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["timeline", "harbour bridge", "--index", "index", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["entries"][0]["date"] == "2014-04"
    assert "1 sentences on this have no date" in err
    assert cli.main(["timeline", "harbour bridge", "--index", "index", "--cite", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2014\\-04\\: ")
    assert lines[0].endswith("[^1]")
    assert sum(line.startswith("[^") for line in lines) == sum("[^" in line[4:] for line in lines)
    for flags, line in (
        (["--limit", "0"], "--limit takes 1 to 500 sentences, not 0"),
        (["--since", "soon"], "since takes a date such as"),
        (["--picture", "a.txt"], "a picture is a .png, .svg, .pdf file, not a.txt: name it so"),
    ):
        assert cli.main(["timeline", "harbour bridge", "--index", "index", *flags]) == 2
        out, err = capsys.readouterr()
        assert (out, len(err.splitlines())) == ("", 1)
        assert line in err
