"""A draft against the articles: what is said, what is said otherwise, in part, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.embed.embedder import Embedder
from index.ingest.build import build
from index.store.index import Index
from rag.check.align import Aligner
from rag.check.checker import Checker
from rag.check.difference import Mismatch
from rag.check.draft import read_draft
from rag.check.load import load_draft, text_of_draft
from rag.check.outcome import Ruling
from rag.check.quantity import matches, quantities_of
from rag.errors import DraftError
from rag.retrieve import HybridRetriever
from tests.benchmarks.check_draft import check_items, scores
from tests.benchmarks.drafts import near_items, write_articles
from tests.samples import docx_bytes

DRAFT = """# Fog off Hallin

The Solveig ran aground outside Hallin early on Monday with 214 passengers on board.
Who is to blame?

“We saw the sand when it was already under us,” said Captain Jorun Vik. Divers found a crack of
seven metres in the hull. Nordline cancelled its crossings until Thursday, and hired a lawyer from
Gdansk. The queen of Denmark will open a museum of locomotives in Aarhus.

Kind regards from the desk
"""


@pytest.fixture(scope="module")
def checker(
    aligner: Aligner, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Checker]:
    """Over the seed article and the ten short ones."""
    folder = tmp_path_factory.mktemp("checked")
    articles = folder / "articles"
    articles.mkdir()
    write_articles(articles)
    with Index(folder / "index", embedder, 200) as index:
        build(index, [articles])
        yield Checker(HybridRetriever(index), aligner)


def test_every_sentence_of_a_draft_comes_out_one_way(checker: Checker) -> None:
    checked = list(checker.check(DRAFT))
    outcomes = {c.sentence.text.split()[1]: c.outcome for c in checked}
    assert outcomes == {
        "Fog": None,
        "Solveig": Ruling.SUPPORTED,
        "is": None,
        "saw": Ruling.SUPPORTED,
        "found": Ruling.CONTRADICTED,
        "cancelled": Ruling.PARTLY,
        "queen": Ruling.NOT_FOUND,
        "regards": None,
    }
    assert all(DRAFT[c.sentence.start : c.sentence.end] == c.sentence.text for c in checked)


def test_what_differs_is_shown_with_both_values_and_its_sentence(checker: Checker) -> None:
    found = checker.verify("Divers found a crack of seven metres in the hull of the Solveig.")
    assert found.outcome is Ruling.CONTRADICTED
    (difference,) = found.differences
    assert (difference.sort, difference.said, difference.told) == (Mismatch.NUMBER, "seven", "four")
    assert found.evidence[0].text == "Divers found a crack of four metres in the hull."


def test_what_another_article_corrects_is_contradicted_by_the_correction(
    checker: Checker,
) -> None:
    found = checker.verify("The maternity ward of Marlow had a deficit of 4.2 million pounds.")
    assert found.outcome is Ruling.CONTRADICTED
    assert found.differences[0].told == "2.4 million"
    assert found.evidence[0].title == "Correction: deficit of Marlow maternity ward"
    right = checker.verify("The maternity ward of Marlow had a deficit of 2.4 million pounds.")
    assert right.outcome is Ruling.SUPPORTED


def test_what_either_of_two_articles_says_is_supported(checker: Checker) -> None:
    for number in ("214", "198"):
        found = checker.verify(f"The Solveig was carrying {number} passengers.")
        assert found.outcome is Ruling.SUPPORTED, found.note


def test_what_is_missing_is_named(checker: Checker) -> None:
    found = checker.verify("Kessel will hire 60 apprentices in the autumn and build a canteen.")
    assert found.outcome is Ruling.PARTLY
    assert "canteen" in found.note


@pytest.mark.parametrize(
    ("statement", "sort", "told"),
    [
        (
            "“Nobody likes a tax, but everybody likes a bus that comes,” Clara Osei said.",
            Mismatch.QUOTATION,
            "Nobody likes a tax, but everybody likes a train that comes,",
        ),
        (
            "“A ship in fog without radar is a blind ship,” said Jorun Vik.",
            Mismatch.SPEAKER,
            "Dahl",
        ),
        ("Shares in the company fell 3 percent after the news.", Mismatch.OPPOSITE, "rose"),
        ("The regional government declared a state of emergency.", Mismatch.OPPOSITE, "declare"),
        ("Planes from Spain and Greece joined 400 firefighters.", Mismatch.NAME, "France"),
        ("Parliament is to vote on the budget on December 2.", Mismatch.TIME, "December 12"),
    ],
)
def test_each_sort_of_difference_is_told(
    checker: Checker, statement: str, sort: Mismatch, told: str
) -> None:
    found = checker.verify(statement)
    assert found.outcome is Ruling.CONTRADICTED
    assert [d.sort for d in found.differences] == [sort]
    assert told in found.differences[0].told


def test_a_speaker_may_stand_in_the_sentence_before(checker: Checker) -> None:
    quotation = "“Nobody here can pay the rent with applause,” she said."
    right = checker.verify(quotation.replace("she", "he"), ["Karim Haddad spoke at the gate."])
    assert (right.outcome, right.speaker) == (Ruling.SUPPORTED, "Karim Haddad")
    wrong = checker.verify(quotation, ["Ruth Amsel spoke at the gate."])
    assert wrong.outcome is Ruling.CONTRADICTED


def test_each_outcome_is_told_in_four_of_five_of_200_sentences(checker: Checker) -> None:
    items = near_items()
    groups = {s.id: Path(s.path).stem.split("-")[0] for s in checker.retriever.index.summaries()}
    found = [str(c.outcome) for c in check_items(checker, groups, items)]
    assert len(items) == 200
    for outcome, (precision, recall) in scores(items, found).items():
        assert precision >= 0.8, outcome
        assert recall >= 0.8, outcome


def test_a_draft_can_be_held_to_some_documents_alone(checker: Checker) -> None:
    index = checker.retriever.index
    others = [s.id for s in index.summaries() if "strike" not in s.path]
    statement = "Kessel will hire 60 apprentices in the autumn."
    assert checker.verify(statement).outcome is Ruling.SUPPORTED
    assert checker.verify(statement, documents=others).outcome is Ruling.NOT_FOUND


@pytest.mark.parametrize(
    ("said", "told", "true"),
    [
        ("over two hundred people", "214 people", True),
        ("about 5,000 people", "5,200 people", True),
        ("about 5,207 people", "5,200 people", False),
        ("a thousand police", "1,000 police", True),
        ("4.2 million pounds", "2.4 million pounds", False),
        ("on 12 December", "on December 12", True),
        ("in 1998,", "in 1998", True),
        ("7 percent", "7 seats", False),
        ("two dozen eggs", "24 eggs", True),
        ("half of the harvest", "50 percent of the harvest", True),
        ("a quarter of the harvest", "50 percent of the harvest", False),
    ],
)
def test_amounts_agree_or_not(said: str, told: str, true: bool) -> None:
    (one,), (other,) = quantities_of(said), quantities_of(told)
    assert matches(one, other) is true


@pytest.mark.parametrize(
    ("text", "words"),
    [(" \n", "is empty"), ("# Only\n\nWhy not?\n", "claims nothing"), ("ab " * 700_000, "2.1 MB")],
)
def test_a_draft_that_cannot_be_checked_says_why(text: str, words: str) -> None:
    with pytest.raises(DraftError, match=words):
        read_draft(text)


def test_a_draft_comes_from_word_markdown_or_standard_input(tmp_path: Path) -> None:
    word, markdown = tmp_path / "draft.docx", tmp_path / "draft.md"
    word.write_bytes(docx_bytes("The bridge opened on Monday."))
    markdown.write_text("# Bridge\n\nThe bridge opened on Monday.\n", encoding="utf-8")
    for path in (word, markdown):
        assert "The bridge opened on Monday." in load_draft(path)
    assert text_of_draft("Brücke.\r\nNeu.".encode()) == "Brücke.\nNeu."
    for raw in (b"\x00\x01\x02\xff", b"a " * 1_100_000):
        with pytest.raises(DraftError):
            text_of_draft(raw)
    with pytest.raises(DraftError, match="no such file"):
        load_draft(tmp_path / "none.txt")


def test_a_vote_against_is_not_a_vote_for(
    make_index: Callable[..., Index], aligner: Aligner
) -> None:
    article = (
        "The library moves\n\nThe council voted for the move on Monday by 14 votes to 7.\n"
        "Councillor Bo Teglgaard voted against the plan.\n"
    )
    checker = Checker(HybridRetriever(make_index({"library.txt": article})), aligner)
    against = checker.verify("The council voted against the move.")
    assert against.outcome is Ruling.CONTRADICTED
    assert [(d.said, d.told) for d in against.differences] == [("against", "for")]
    assert checker.verify("The council voted for the move.").outcome is Ruling.SUPPORTED
