"""Golden: the seed article and ten short ones, each thing made for articles once, real model.

Two of the ten give different numbers, one is corrected later, ministers are quoted
(tests/benchmarks/drafts.json). Dates have articles of their own in `test_golden_dates`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import rispy

from index.embed.embedder import Embedder
from index.ingest.build import build
from index.store.index import Index
from rag.check.align import Aligner
from rag.check.checker import Checker
from rag.check.outcome import Checked
from rag.engine import Engine
from rag.errors import QuestionError
from rag.filters import read_filters
from rag.judge.extract import Extractor
from rag.model.llms import LlamaCpp
from rag.retrieve import HybridRetriever
from rag.timeline import make_timeline
from tests.benchmarks.drafts import write_articles
from ui.batch import answer_batch, read_batch
from ui.batch_output import BatchOutput
from ui.changes import changes_to_json
from ui.cite import cite
from ui.cited import cite_draft, cite_timeline

pytestmark = pytest.mark.model

PASSENGERS = "How many passengers was the Solveig carrying?"
DEFICIT = "What was the deficit of Marlow's maternity ward last year?"
DRAFT = (
    "# The week\n\nThe museum of Skarby will stay shut until Wednesday. "
    "Parliament is to vote on the budget of Varland on December 2. "
    "Kessel will hire 60 apprentices in the autumn and open a second factory in Dornau. "
    "The queen of Denmark opened a museum of locomotives.\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("golden") / "articles"
    made.mkdir()
    write_articles(made)
    return made


@pytest.fixture(scope="module")
def engine(
    embedder: Embedder, language_model: LlamaCpp, extractor: Extractor, folder: Path
) -> Iterator[Engine]:
    """Over all eleven; what is on the ferry is in a collection."""
    with Index(folder.parent / "index", embedder, 200) as index:
        build(index, [folder])
        build(index, sorted(folder.glob("ferry*.txt")), collection="sea")
        yield Engine(HybridRetriever(index), language_model, extractor=extractor)


@pytest.fixture(scope="module")
def draft(engine: Engine, aligner: Aligner) -> list[Checked]:
    return list(Checker(engine.retriever, aligner).check(DRAFT))


def test_two_articles_that_disagree_are_both_told_the_newest_first(engine: Engine) -> None:
    answer = engine.ask(PASSENGERS)
    assert answer.disagreement is not None, answer.text
    assert [side.value for side in answer.disagreement] == ["198", "214"]
    named = {c.marker: Path(c.evidence.document).name for c in answer.citations}
    cited = [[named[marker] for marker in side.citations] for side in answer.disagreement]
    assert cited == [["ferry-agency.txt"], ["ferry.txt"]]


def test_an_article_that_corrects_another_wins(engine: Engine) -> None:
    answer = engine.ask(DEFICIT)
    assert answer.disagreement == ()
    assert answer.correction is not None, answer.text
    assert answer.correction.in_words() == (
        "Corrected on 2025-01-18: 2.4 million pounds, not 4.2 million pounds."
    )
    assert "2.4 million" in (answer.text or "")


def test_a_cited_quotation_names_its_speaker(engine: Engine) -> None:
    answer = engine.ask("What did Tomas Reyl say about trains?")
    quoted = '"People in my district have no train to take," he said.'
    assert [c.speaker for c in answer.citations if c.evidence.text == quoted] == ["Tomas Reyl"]


def test_what_a_minister_said_is_answered_by_the_ministers_words_alone(engine: Engine) -> None:
    answer = engine.ask("What did Clara Osei say about taxes and trains?")
    assert answer.citations, answer.reason
    assert all("Osei" in c.evidence.text for c in answer.citations)
    assert not any("Reyl" in e.text or "hauliers" in e.text for e in answer.nearest)


def test_a_collection_limits_what_is_asked_and_its_citation_is_taken_along(engine: Engine) -> None:
    answer = engine.ask(
        "Who said that the radar of the ship had been switched off?",
        filters=read_filters(collection="sea"),
    )
    assert "Per Dahl" in (answer.text or ""), answer.reason
    (entry,) = rispy.loads(cite(answer.citations, "ris"))
    assert entry["title"] == "Inquiry opens into grounding of the Solveig"
    assert entry["date"] == "2024/10/15/"
    assert engine.ask(DEFICIT, filters=read_filters(collection="sea")).abstained
    with pytest.raises(QuestionError, match="there is no collection “land”; there are: sea"):
        engine.ask(DEFICIT, filters=read_filters(collection="land"))


def test_a_batch_is_answered_line_by_line(engine: Engine) -> None:
    asked = ["How many gold coins were stolen?", "", "Which enzyme unwinds the double helix?"]
    lines = read_batch("\n".join(map(json.dumps, asked)).encode(), "q.jsonl")
    out = io.StringIO()
    with BatchOutput(None, out, as_csv=False) as output:
        totals = answer_batch(lines, engine.ask, output, on_line=lambda *_: None)
    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert "37" in first["answer"]
    assert first["citations"][0]["document"].endswith("museum.txt")
    assert second["error"] == "the question is empty; type one"
    assert third["abstained"]
    assert (totals.answered, totals.refused, totals.abstained) == (1, 1, 1)


def test_each_sentence_of_a_draft_has_its_outcome(draft: list[Checked]) -> None:
    assert [c.outcome for c in draft] == [
        None, "supported", "contradicted", "partly", "not found",
    ]  # fmt: skip
    _, shut, vote, apprentices, _ = draft
    assert shut.evidence[0].text == "The museum will stay shut until Wednesday."
    assert [(d.said, d.told) for d in vote.differences] == [("December 2", "December 12")]
    assert "second" in apprentices.missing[0]
    assert [i["title"] for i in json.loads(cite_draft(draft, "csl"))] == [
        "Thieves take Viking gold from Skarby museum",
        "Workers at Kessel plant end eleven-day strike",
    ]


def test_a_topics_dated_sentences_are_in_order(engine: Engine) -> None:
    timeline = make_timeline(engine.retriever, "the Solveig", limit=12)
    told = [(e.period.iso, e.evidence.text) for e in timeline.entries]
    assert told == sorted(told, key=lambda pair: pair[0])
    days = {text.split(",")[0][:45]: day for day, text in told}
    assert days["The Solveig was built in 1998 and had passed "] == "2024-05"
    assert days["The passenger ferry Solveig ran aground on a s"[:45]] == "2024-10-14"
    assert days["A tug pulled the Solveig free at high tide on"] == "2024-10-14"
    assert days["Investigators on Tuesday opened an inquiry in"] == "2024-10-15"
    assert cite_timeline(timeline, "markdown").count("\n[^") == len(told)


def test_what_rested_on_a_changed_article_is_told(engine: Engine, folder: Path) -> None:
    """The last: it changes an article."""
    file, index = folder / "strike.txt", engine.retriever.index
    wrong = "Kessel will hire 60 apprentices in the autumn."
    golden = folder.parent / "golden.jsonl"
    cites = [{"document": str(file), "text": wrong}]
    golden.write_text(json.dumps({"question": "How many apprentices?", "cites": cites}), "utf-8")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("60 apprentices", "16 apprentices"), encoding="utf-8")
    build(index, [file])
    (change,) = changes_to_json(index.backend.changes(), [golden], folder / "none.jsonl")
    assert change["sentences"] == [{"was": wrong, "is": wrong.replace("60", "16")}]
    assert [r["question"] for r in change["rested"]] == ["How many apprentices?"]
