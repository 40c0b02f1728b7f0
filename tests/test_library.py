"""The chat's library without a browser: uploads, filters, and starter questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.document import Kind, Sentence
from index.segment import segment
from index.store.index import Index
from rag.starters import starter_questions
from tests.samples import docx_bytes, eml, epub, html_page, mbox, page_lines, pdf
from tests.stored import chroma_rows
from ui.chat.library import Article, Entry, IndexLibrary, filter_entries
from ui.chat.uploads import clear_leftovers, taking_upload

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."


@pytest.fixture
def library(seed_index: Index, tmp_path: Path) -> IndexLibrary:
    return IndexLibrary(seed_index, tmp_path / "uploads", max_file_bytes=1000)


def test_uploads_are_kept_apart_by_their_content(
    library: IndexLibrary, tmp_path: Path, seed_index: Index
) -> None:
    for folder, text in (("a", "One ship sank."), ("b", "Two ships sank.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ships.txt").write_text(text, encoding="utf-8")
    files = [tmp_path / "a" / "ships.txt", tmp_path / "b" / "ships.txt"]
    assert [o.status for o in library.add(files)] == ["added", "added"]
    assert [e.place for e in library.entries()].count("uploaded: ships.txt") == 2
    assert [o.status for o in library.add(files[:1])] == ["unchanged"]
    assert library.counts() == (3, seed_index.counts().sentences)


def test_an_upload_goes_into_the_collection_that_is_named(
    library: IndexLibrary, tmp_path: Path
) -> None:
    file = tmp_path / "ships.txt"
    file.write_text("One ship sank.", encoding="utf-8")
    list(library.add([file], "harbour"))
    assert library.collections() == ["harbour"]
    assert [e.collections for e in library.entries() if "ships" in e.place] == [("harbour",)]
    # Added again without a name it stays where it is.
    list(library.add([file]))
    assert library.collections() == ["harbour"]


def test_each_upload_that_cannot_be_read_says_why_and_leaves_nothing(
    library: IndexLibrary, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "large.txt").write_bytes(b"word " * 300)
    (tmp_path / "sheet.xlsx").write_bytes(b"PK")
    names = ("empty.txt", "large.txt", "sheet.xlsx", "gone.txt")
    outcomes = list(library.add([tmp_path / name for name in names]))
    assert {o.status for o in outcomes} == {"skipped"}
    reasons = [o.reason or "" for o in outcomes]
    assert reasons[0] == "the file is empty"
    assert "larger than" in reasons[1]
    assert "only .docx, .eml, .epub, .htm, .html, .jsonl, .markdown" in reasons[2]
    assert "No such file" in reasons[3]
    assert not [p for p in (tmp_path / "uploads").rglob("*") if p.is_file()]


def test_what_a_killed_upload_left_is_cleared(
    library: IndexLibrary, tmp_path: Path, seed_index: Index
) -> None:
    uploads = tmp_path / "uploads"
    (tmp_path / "ships.txt").write_text("One ship sank.", encoding="utf-8")
    list(library.add([tmp_path / "ships.txt"]))
    (uploads / "0123456789abcdef").mkdir()
    (uploads / "0123456789abcdef" / "half.txt").write_text("Killed before", encoding="utf-8")
    with taking_upload(uploads, 0):
        assert clear_leftovers(seed_index, uploads) == 0
    assert clear_leftovers(seed_index, uploads) == 1
    assert [p.name for p in uploads.rglob("*.txt")] == ["ships.txt"]
    assert clear_leftovers(seed_index, tmp_path / "none") == 0


def test_an_uploaded_mailbox_is_one_outcome_and_goes_with_its_last_message(
    seed_index: Index, tmp_path: Path
) -> None:
    library = IndexLibrary(seed_index, tmp_path / "uploads", max_file_bytes=10_000)
    good, empty = eml("The mayor of Brill opened a bridge."), b"Subject: x\n\n"
    (tmp_path / "all.mbox").write_bytes(mbox(good, empty, eml("The ferry to Brill ended.")))
    (outcome,) = library.add([tmp_path / "all.mbox"])
    assert (outcome.path, outcome.status) == ("all.mbox", "added")
    assert outcome.reason == (
        "2 of 3 documents could be read; 2: the message has no text, only attachments"
    )
    places = {e.place: e.id for e in library.entries() if "mbox" in e.place}
    assert set(places) == {"uploaded: all.mbox#1", "uploaded: all.mbox#3"}
    for document_id, n_left in zip(places.values(), (1, 0), strict=True):
        assert library.remove(document_id)
        assert len([p for p in (tmp_path / "uploads").rglob("*") if p.is_file()]) == n_left


def test_uploads_of_every_format_are_taken(seed_index: Index, tmp_path: Path) -> None:
    library = IndexLibrary(seed_index, tmp_path / "uploads", max_file_bytes=100_000)
    files = {
        "a.pdf": pdf([page_lines("The bridge opened.")]),
        "a.docx": docx_bytes(),
        "a.epub": epub(["<p>The ferry ended.</p>"]),
        "a.html": html_page(),
        "a.eml": eml(),
    }
    for name, raw in files.items():
        (tmp_path / name).write_bytes(raw)
    outcomes = list(library.add([tmp_path / name for name in files]))
    assert [(o.status, o.reason) for o in outcomes] == [("added", None)] * len(files)


def test_a_removed_document_leaves_neither_rows_nor_file(
    library: IndexLibrary, tmp_path: Path, seed_index: Index
) -> None:
    (tmp_path / "b.txt").write_text("The mayor of Brill opened a bridge.", encoding="utf-8")
    list(library.add([tmp_path / "b.txt"]))
    (added,) = [e for e in library.entries() if "Brill" in e.title]
    assert library.remove(added.id)
    assert library.read(added.id) is None
    assert chroma_rows(seed_index, added.id) == 0
    assert not [p for p in (tmp_path / "uploads").rglob("*") if p.is_file()]
    assert not library.remove(added.id)
    assert (tmp_path / "b.txt").exists()


ENTRIES = [
    Entry("1", "A bridge", "2020-03-05", "a/bridge.txt"),
    Entry("2", "The vault", "2020-12-31", "a/vault.txt"),
    Entry("3", "No date", None, "b/none.txt"),
]


@pytest.mark.parametrize(
    ("text", "since", "until", "ids"),
    [
        ("", "", "", "123"),
        ("VAULT a/", "", "", "2"),
        ("", "2020-03-06", "", "2"),
        ("", "", "2020", "12"),
        ("", "2020-03", "2020-03", "1"),
        ("nothing", "", "", ""),
    ],
)
def test_documents_are_filtered_by_words_and_dates(
    text: str, since: str, until: str, ids: str
) -> None:
    assert "".join(e.id for e in filter_entries(ENTRIES, text, since, until)) == ids


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="“March” is no date; type 2020"):
        filter_entries(ENTRIES, "", "March", "")


def _article(text: str) -> Article:
    return Article("d", "A day in Orlen", None, "a.txt", tuple(segment(text)))


def test_starter_questions_are_made_from_the_documents_sentences() -> None:
    article = _article(
        "At least 16 divers were rescued near Port Orlen on Monday. Harbour Master Ada Lind said "
        "the storm had come early. The crew thanked Ada Lind for her help, and "
        "the town thanked Ada Lind too."
    )
    assert starter_questions([article]) == [
        "How many divers were rescued near Port Orlen?",
        "What did Harbour Master Ada Lind say?",
        "What is said about Ada Lind?",
    ]


def test_documents_without_names_give_their_titles() -> None:
    article = Article("d", "Tea", None, "a", (Sentence(0, 9, "It is hot.", Kind.PROSE, 0),))
    assert starter_questions([article]) == ["What happens in “Tea”?"]
    assert starter_questions([]) == []
