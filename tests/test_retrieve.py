"""Retrieval and evidence: what is found, fused, scored and shown. Real embedder, both backends."""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest
from llama_index.core.schema import QueryBundle

from index.document import Chunk
from index.embed.embedder import Embedder
from index.ingest.build import build
from index.ingest.prepare import titled
from index.store.index import Index
from index.store.lexical import LexicalIndex
from index.store.reading import Reading
from index.store.rows import StoredDocument
from index.tokens import tokenize
from rag.answer import Passage
from rag.evidence import Candidate, score_sentences
from rag.excerpt import choose
from rag.find import find
from rag.retrieve import HybridRetriever, fuse, passage_of
from tests.conftest import SEEDS
from tests.database import Databases
from tests.hashing import HashEmbedder


@pytest.fixture(scope="module")
def seed_database(databases: Databases, embedder: Embedder) -> Path:
    place = databases.make()
    with Index(place, embedder, 200) as index:
        build(index, [SEEDS])
    return place


@pytest.fixture(params=["folder", "postgresql"])
def seed_index(
    request: pytest.FixtureRequest, tmp_path: Path, embedder: Embedder
) -> Iterator[Index]:
    """The seed article's index, a copy of one's own."""
    if request.param == "folder":
        place = tmp_path / "seed-index"
        shutil.copytree(request.getfixturevalue("seed_folder"), place)
    else:
        place = request.getfixturevalue("databases").make(request.getfixturevalue("seed_database"))
    with Index.open(place, embedder, 200) as index:
        yield index


@pytest.fixture
def make_index(tmp_path: Path, home: Path, embedder: Embedder) -> Iterator[Callable[..., Index]]:
    """Make an index of files: make_index({"a.txt": "…"}) writes and indexes them."""
    with contextlib.ExitStack() as opened:

        def make(files: dict[str, str]) -> Index:
            folder = tmp_path / "articles"
            folder.mkdir()
            for path, text in files.items():
                (folder / path).write_text(text, encoding="utf-8")
            index = opened.enter_context(Index(home, embedder, 200))
            build(index, [folder])
            return index

        yield make


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("U.S. S-400 3.6 million", ["us", "s-400", "400", "3.6", "million"]),
        ("The killings of 1,000", ["kill", "1000"]),
        ("Turkey’s troops", ["turkey", "troop"]),
        ("al-Assad", ["al-assad", "al", "assad"]),
        ("the of and", []),
        ("", []),
    ],
)
def test_tokens_keep_what_identifies(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def _lexical(*texts: str) -> LexicalIndex:
    """An index of these texts, whose serials are 1, 2, …"""
    added = list(enumerate(texts, start=1))
    return LexicalIndex.empty().updated([serial for serial, _ in added], added, 1)


def test_bm25_finds_the_rare_word() -> None:
    lexical = _lexical("S-400 sale", "troops sale", "a sale")
    ((serial, score),) = lexical.search("Who bought the S-400?", 3)
    assert serial == 1
    # Lucene's formula by hand: two terms ("s-400", "400") in 1 of 3 chunks, of 3, 2 and 1 words.
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    assert score == pytest.approx(2 * idf / (1 + 1.2 * (1 - 0.75 + 0.75 * 3 / 2)), rel=1e-6)
    assert lexical.search("unheard of", 3) == []
    assert [serial for serial, _ in lexical.search("sale", 2)] == [3, 2]


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    lexical = _lexical("S-400 sale", "troops sale", "a sale")
    assert lexical.idf("unheard") > lexical.idf("s-400") > lexical.idf("sale") > 0


def test_a_lexical_index_of_nothing_finds_nothing() -> None:
    assert _lexical().search("anything", 5) == []
    assert _lexical("the of").search("anything", 5) == []


def test_a_lexical_index_brought_up_to_date_scores_as_if_made_at_once(tmp_path: Path) -> None:
    texts = [f"the ship {n % 7} sailed to port {n % 5} with {n % 3} tons" for n in range(60)]
    added = list(enumerate(texts))
    grown = LexicalIndex.empty()
    for stop in (1, 20, 45, 60):
        alive = [n for n in range(stop) if n % 4]
        new = [row for row in added[:stop] if row[0] % 4 and row[0] not in grown.serials]
        grown = grown.updated(alive, new, stop)
    grown = grown.updated([n for n in range(60) if n % 4 == 1], [], 61)
    grown.save(tmp_path / "lexical.npz")
    loaded = LexicalIndex.load(tmp_path / "lexical.npz")
    assert loaded is not None
    assert loaded.revision == 61
    at_once = LexicalIndex.empty().updated(
        [n for n in range(60) if n % 4 == 1], [row for row in added if row[0] % 4 == 1], 61
    )
    for query in ("ship 3", "port 4 tons", "sailed 1 2", "nothing"):
        assert loaded.search(query, 15) == at_once.search(query, 15)


def test_a_removed_chunks_words_are_gone_from_the_disk(tmp_path: Path) -> None:
    lexical = _lexical("the swordfish password", "a harbour bridge").updated([2], [], 2)
    lexical.save(tmp_path / "lexical.npz")
    assert b"swordfish" not in (tmp_path / "lexical.npz").read_bytes()
    assert b"harbour" in (tmp_path / "lexical.npz").read_bytes()


def test_a_damaged_lexical_index_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lexical.npz"
    _lexical("S-400 sale", "troops sale").save(path)
    whole = path.read_bytes()
    for stop in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:stop])
        assert LexicalIndex.load(path) is None
    path.unlink()
    assert LexicalIndex.load(path) is None


def _chunk(name: str) -> Chunk:
    return Chunk(name, "d", 0, 0, 1, name)


def test_fusion_prefers_what_both_searches_found() -> None:
    a, b, c = _chunk("a"), _chunk("b"), _chunk("c")
    rows = fuse([(a, 0.6), (b, 0.5)], [(b, 9.0), (c, 8.0)])
    assert [row[0].id for row in rows] == ["b", "c", "a"]
    assert rows[0][2:] == (0.5, 9.0)
    assert fuse([], []) == []


def test_the_retriever_is_llama_indexs(seed_index: Index) -> None:
    nodes = HybridRetriever(seed_index, top_k=2).retrieve(QueryBundle("Kastanies tear gas"))
    assert len(nodes) == 2
    passage = passage_of(nodes[0])
    assert "tear gas" in passage.text
    document = seed_index.document(passage.document_id)
    assert document is not None
    assert document.text[passage.start : passage.end] == passage.text


def test_a_search_can_be_limited_to_documents(make_index: Callable[..., Index]) -> None:
    index = make_index(
        {"a.txt": "The bridge opened in May.", "b.txt": "The bridge closed in June."}
    )
    ids = {d.path.rsplit("/", 1)[-1]: d.id for d in index.documents()}
    retriever = HybridRetriever(index)
    found = retriever.passages("When did the bridge close?", documents={ids["a.txt"]})
    assert [p.document_id for p in found] == [ids["a.txt"]]
    assert retriever.passages("When did the bridge close?", documents=set()) == []


def test_the_limit_holds_within_the_searches_and_not_after_them(tmp_path: Path, home: Path) -> None:
    """In a library larger than a search's pool, the document asked about may rank below it."""
    articles = tmp_path / "articles"
    articles.mkdir()
    for n in range(40):
        (articles / f"{n:02}.txt").write_text(f"The bridge number {n} opened, said the bridge.")
    (articles / "last.txt").write_text("After years of delay a bridge of another town was closed.")
    with Index(home, HashEmbedder(), 60) as index:
        build(index, [articles])
        (last,) = [d.id for d in index.documents() if d.path.endswith("last.txt")]
        # As far from it as can be: every other chunk is nearer.
        vector = -HashEmbedder().embed([titled("last", (articles / "last.txt").read_text())])[0]
        assert last not in {chunk.document_id for chunk, _ in index.search_dense(vector, 40)}
        assert last not in {chunk.document_id for chunk, _ in index.search_lexical("bridge", 40)}
        for found in (
            index.search_dense(vector, 5, {last}),
            index.search_lexical("bridge", 5, {last}),
        ):
            assert [chunk.document_id for chunk, _ in found] == [last]
        passages = HybridRetriever(index).passages("bridge", vector=vector, documents={last})
        assert [p.document_id for p in passages] == [last]
        assert passages[0].bm25 > 0


def test_limited_to_no_documents_a_search_finds_nothing(seed_index: Index) -> None:
    vector = seed_index.embedder.embed(["Turkey"])[0]
    assert seed_index.search_dense(vector, 5, set()) == []
    assert seed_index.search_lexical("Turkey", 5, set()) == []
    assert seed_index.search_dense(vector, 5, {"no such document"}) == []
    assert seed_index.search_lexical("Turkey", 5, {"no such document"}) == []


def test_a_removed_document_is_not_found(make_index: Callable[..., Index]) -> None:
    index = make_index({"a.txt": "The bridge opened in May."})
    (document,) = index.documents()
    index.remove(document.id)
    assert HybridRetriever(index).passages("When did the bridge open?") == []


def _scored(
    index: Index, question: str, *, top_k: int = 6
) -> tuple[Reading, list[Passage], list[Candidate]]:
    """What is read, the passages found, and their sentences, best first."""
    reading = Reading(index)
    vector = index.embedder.embed([question])[0]
    passages = HybridRetriever(index, top_k=top_k).passages(question, vector=vector)
    return reading, passages, score_sentences(reading, question, vector, passages)


def test_the_sentence_that_answers_comes_first(seed_index: Index) -> None:
    _, _, scored = _scored(seed_index, "How many special police did Soylu announce?")
    assert "1,000 special police" in scored[0].evidence.text


def test_headings_and_credits_are_no_evidence(seed_index: Index) -> None:
    question = "Dozens of Turkish troops killed in past month, Reuters TV 1:05"
    _, _, scored = _scored(seed_index, question, top_k=10)
    texts = {c.evidence.text for c in scored}
    assert not texts & {"Dozens of Turkish troops killed in past month", "(Reuters TV)", "1:05"}
    assert len(texts) == 34


def test_the_sentences_before_one_go_with_it(seed_index: Index) -> None:
    _, _, scored = _scored(seed_index, "What did Soylu say?")
    for c in scored:
        ordinals = [e.ordinal for e in c.preceding]
        assert ordinals == list(range(max(0, c.evidence.ordinal - 4), c.evidence.ordinal))
        assert c.context.startswith(f"{c.evidence.title}.")
        assert all(e.text in c.context for e in c.preceding)


def test_the_passage_of_the_best_sentence_is_read_last(seed_index: Index) -> None:
    reading, passages, scored = _scored(seed_index, "What did Soylu say?")
    excerpts, shown = choose(reading, passages, scored)
    assert [e.whole for e in excerpts] == [True, True]
    assert scored[0].evidence.text in excerpts[-1].text
    assert shown[0] == scored[0]
    for c in shown:
        assert any(c.evidence.text in e.text for e in excerpts)


def test_of_a_long_passage_the_best_sentences_are_read_in_order(seed_index: Index) -> None:
    reading, passages, scored = _scored(seed_index, "What did Soylu say?")
    (excerpt,), shown = choose(reading, passages, scored, n_passages=1, max_tokens=90)
    assert not excerpt.whole
    assert 0 < sum(seed_index.embedder.count_tokens([c.evidence.text for c in shown])) <= 90
    starts = [excerpt.text.index(c.evidence.text) for c in shown]
    ordinals = [c.evidence.ordinal for c in shown]
    assert sorted(starts) == [s for _, s in sorted(zip(ordinals, starts, strict=True))]


def test_one_sentence_is_shown_however_long_it_is(seed_index: Index) -> None:
    reading, passages, scored = _scored(seed_index, "What did Soylu say?")
    excerpts, shown = choose(reading, passages, scored, n_passages=1, max_tokens=1)
    assert (len(excerpts), len(shown)) == (1, 1)


def test_what_is_found_is_what_each_step_gives(seed_index: Index) -> None:
    question = "Where did Soylu go?"
    reading, passages, scored = _scored(seed_index, question)
    excerpts, shown = choose(reading, passages, scored)
    found = find(HybridRetriever(seed_index), question)
    assert (found.question, found.condensed) == (question, question)
    assert list(found.passages) == passages
    assert list(found.excerpts) == excerpts
    assert [c.evidence for c in found.candidates] == [c.evidence for c in shown]
    assert found.nearest == tuple(c.evidence for c in shown[:3])
    assert found.extraction is None


def test_a_question_reads_each_document_once(
    seed_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = seed_index.backend.read

    def noted(document_ids: Collection[str]) -> dict[str, StoredDocument]:
        reads.extend(document_ids)
        return read(document_ids)

    monkeypatch.setattr(seed_index.backend, "read", noted)
    found = find(HybridRetriever(seed_index), "What did Soylu say?")
    assert len(found.passages) > 1
    assert sorted(reads) == sorted({p.document_id for p in found.passages})


def test_what_the_documents_do_not_touch_on_is_hopeless(
    seed_index: Index, make_index: Callable[..., Index]
) -> None:
    retriever = HybridRetriever(seed_index)
    assert find(retriever, "How many special police did Soylu announce?").hopeless is None
    off = find(retriever, "Which enzyme unwinds a bacterial chromosome?").hopeless
    assert off == "The documents seem to hold nothing on this topic."
    nothing = find(HybridRetriever(make_index({})), "What did Soylu say?")
    assert nothing.hopeless == "The documents hold nothing on this."


def test_what_a_follow_up_asks_counts_beside_what_it_was_rewritten_to(
    make_index: Callable[..., Index],
) -> None:
    index = make_index(
        {"a.txt": "Ida Holm opened the bridge in Lund. The ceremony at noon was led by its mayor."}
    )
    typed = "Who led the ceremony?"
    rewritten = f"Who opened the bridge in Lund? {typed}"
    retriever = HybridRetriever(index)
    alone = find(retriever, rewritten)
    assert alone.candidates[0].evidence.text.startswith("Ida Holm")
    both = find(retriever, typed, condensed=rewritten)
    assert both.candidates[0].evidence.text.startswith("The ceremony")
    scores = [{c.evidence.score for c in found.candidates} for found in (alone, both)]
    assert scores[0] == scores[1]
