"""Kept answers: the same question at once, and never one that something has overtaken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from index.document import Document
from index.ingest.build import build, ingest
from index.ingest.remove import remove
from index.store.index import Index
from index.store.kept_answers import ANSWERS_FILE
from rag.answer import Answer, EvidenceFound, Finished, TextDelta
from rag.cache import AnswerCache, CachedEngine, code_digest
from rag.codec import from_plain, read_json, to_plain, write_json
from rag.engine import Engine
from rag.retrieve import HybridRetriever
from tests.fakes import QueueLLM
from ui.chat.desk import Desk
from ui.chat.feedback import Feedback
from ui.chat.library import IndexLibrary
from ui.chat.memory import Memory

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."


@pytest.fixture
def path(seed_index: Index) -> Path:
    return seed_index.folder / ANSWERS_FILE


@pytest.fixture
def cached(engine: Engine, seed_index: Index, path: Path) -> CachedEngine:
    return CachedEngine(engine, AnswerCache(path, seed_index, "settings"))


def test_an_answer_survives_json(engine: Engine, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    answer = engine.ask(REGRET)
    assert answer.citations and answer.nearest and answer.signals
    assert read_json(write_json(answer), Answer) == answer
    assert from_plain(json.loads(json.dumps(to_plain(answer))), Answer) == answer


@pytest.mark.parametrize(
    "damage",
    [
        {"text": 3},
        {"timings": {"retrieve": "1", "first_token": None, "total": 2.0}},
        {"statements": [{"text": "a"}]},
        {"passages": [{}]},
    ],
)
def test_a_damaged_record_is_no_answer(
    engine: Engine, fake: QueueLLM, damage: dict[str, object]
) -> None:
    fake.enqueue(REPLY)
    damaged = {**to_plain(engine.ask(REGRET)), **damage}
    with pytest.raises(ValueError, match="this is no Answer"):
        from_plain(damaged, Answer)
    with pytest.raises(ValueError, match="this is no Answer"):
        read_json(json.dumps(damaged), Answer)


def test_the_same_question_is_answered_once(cached: CachedEngine, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    first = cached.ask(REGRET)
    second = cached.ask(f"  {REGRET} ")
    assert len(fake.prompts) == 1
    assert (first.cached, second.cached) == (False, True)
    assert second.to_json()["cached"] is True
    assert (second.text, second.citations) == (first.text, first.citations)
    assert second.timings.first_token is None
    assert second.timings.total < 1000


def test_an_abstention_is_kept_too(cached: CachedEngine) -> None:
    question = "Which enzyme unwinds the double helix?"
    assert cached.ask(question).abstained
    again = cached.ask(question)
    assert again.abstained and again.cached


def test_a_kept_answer_streams_its_evidence_and_itself(
    cached: CachedEngine, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY)
    cached.ask(REGRET)
    evidence, finished = list(cached.stream(REGRET))
    assert isinstance(evidence, EvidenceFound) and evidence.evidence
    assert isinstance(finished, Finished) and finished.answer.cached


def test_a_follow_up_is_another_question_after_another_history(
    cached: CachedEngine, fake: QueueLLM, seed_index: Index
) -> None:
    fake.enqueue(REPLY, REPLY, REPLY)
    (document,) = seed_index.documents()
    cached.ask(REGRET)
    assert not cached.ask(REGRET, [("Who is Putin?", "The president.")]).cached
    assert not cached.ask(REGRET, documents=[document.id]).cached
    assert cached.ask(REGRET, [("Who is Putin?", "The president.")]).cached
    assert cached.ask(REGRET, documents=[document.id]).cached


def test_a_change_of_the_index_empties_it(
    cached: CachedEngine, fake: QueueLLM, seed_index: Index, path: Path
) -> None:
    fake.enqueue(REPLY, REPLY)
    cached.ask(REGRET)
    cached.ask("Which enzyme unwinds the double helix?")
    ingest(seed_index, [Document("d", "d.txt", "D", None, "The harbour bridge opened on Monday.")])
    assert not cached.ask(REGRET).cached
    assert cached.ask(REGRET).cached
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM answers").fetchone() == (1,)


def test_other_settings_and_another_index_of_the_same_revision_find_nothing(
    cached: CachedEngine, fake: QueueLLM, seed_index: Index, path: Path
) -> None:
    fake.enqueue(REPLY)
    cached.ask(REGRET)
    assert AnswerCache(path, seed_index, "settings").find(REGRET) is not None
    assert AnswerCache(path, seed_index, "others").find(REGRET) is None
    seed_index.backend.set_meta("born", "another day")
    assert AnswerCache(path, seed_index, "settings").find(REGRET) is None


def test_an_answer_that_the_index_has_overtaken_is_not_kept(
    engine: Engine, seed_index: Index, path: Path, fake: QueueLLM
) -> None:
    cache = AnswerCache(path, seed_index, "settings")
    fake.enqueue(REPLY)
    answer = engine.ask(REGRET)
    before = cache.state()
    ingest(seed_index, [Document("d", "d.txt", "D", None, "The harbour bridge opened on Monday.")])
    cache.keep(answer, state=before)
    assert cache.find(REGRET) is None


def test_a_document_found_elsewhere_is_cited_from_there(
    make_index: Callable[..., Index], fake: QueueLLM
) -> None:
    text = "The harbour bridge opened on Monday."
    index = make_index({"a.txt": text, "b.txt": text})
    cache = AnswerCache(index.folder / ANSWERS_FILE, index, "settings")
    cached = CachedEngine(Engine(HybridRetriever(index), fake), cache)
    fake.enqueue(text, text)
    question = "When did the harbour bridge open?"
    assert cached.ask(question).citations[0].evidence.document.endswith("a.txt")
    folder = index.folder.parent / "articles"
    (folder / "a.txt").unlink()
    build(index, [folder], prune=True)
    assert cached.ask(question).citations[0].evidence.document.endswith("b.txt")


def test_what_is_removed_is_quoted_by_no_kept_answer(
    cached: CachedEngine, fake: QueueLLM, seed_index: Index, path: Path
) -> None:
    fake.enqueue(REPLY)
    cached.ask(REGRET)
    (document,) = seed_index.documents()
    assert b"34 Turkish" in path.read_bytes()
    remove(seed_index, [document.id])
    assert not path.exists()


def test_the_digest_covers_readers_and_fitted_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = code_digest()
    (tmp_path / "read").mkdir()
    monkeypatch.setattr("rag.cache.__file__", str(tmp_path / "cache.py"))
    digests = [before, code_digest()]
    for name in ("read/text.py", "weights.npz"):
        (tmp_path / name).write_bytes(b"1")
        digests.append(code_digest())
    assert len(set(digests)) == 4


def test_a_stopped_stream_is_not_kept(cached: CachedEngine, fake: QueueLLM) -> None:
    fake.enqueue(REPLY, REPLY)
    events = cached.stream(REGRET)
    assert any(isinstance(event, TextDelta) for event in events)
    events.close()
    assert fake.closed == 1
    assert not cached.ask(REGRET).cached


def test_the_least_used_go(
    cached: CachedEngine, fake: QueueLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.cache._MAX_ANSWERS", 2)
    questions = [f"Which enzyme unwinds helix {n}?" for n in range(3)]
    cached.ask(questions[0])
    cached.ask(questions[1])
    assert cached.ask(questions[0]).cached
    cached.ask(questions[2])
    assert cached.ask(questions[0]).cached
    assert not cached.ask(questions[1]).cached
    assert fake.prompts == []


@pytest.mark.parametrize("damage", [b"", b"not a database at all" * 100])
def test_a_corrupted_cache_is_thrown_away(
    cached: CachedEngine, fake: QueueLLM, path: Path, damage: bytes
) -> None:
    fake.enqueue(REPLY, REPLY)
    cached.ask(REGRET)
    path.write_bytes(damage)
    assert not cached.ask(REGRET).cached
    assert cached.ask(REGRET).cached


def test_a_corrupted_answer_is_thrown_away(
    cached: CachedEngine, fake: QueueLLM, path: Path
) -> None:
    fake.enqueue(REPLY, REPLY)
    cached.ask(REGRET)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE answers SET record = '{\"text\": 1}'")
    db.close()
    assert not cached.ask(REGRET).cached
    assert cached.ask(REGRET).cached


def test_a_folder_that_cannot_be_written_keeps_nothing(
    engine: Engine, fake: QueueLLM, seed_index: Index, tmp_path: Path
) -> None:
    cache = AnswerCache(tmp_path / "nowhere" / ANSWERS_FILE, seed_index, "settings")
    cached = CachedEngine(engine, cache)
    fake.enqueue(REPLY, REPLY)
    cached.ask(REGRET)
    assert not cached.ask(REGRET).cached


def test_a_rebuilt_index_has_no_kept_answers(
    cached: CachedEngine, fake: QueueLLM, seed_index: Index, path: Path
) -> None:
    fake.enqueue(REPLY)
    cached.ask(REGRET)
    born = seed_index.born
    seed_index.close()
    Index.destroy(seed_index.folder)
    assert not path.exists()
    with Index(seed_index.folder, seed_index.embedder, 200) as again:
        assert again.born not in (None, born)


def test_the_chat_says_that_an_answer_was_kept(
    cached: CachedEngine, fake: QueueLLM, seed_index: Index, tmp_path: Path
) -> None:
    library = IndexLibrary(seed_index, tmp_path / "uploads", max_file_bytes=1000)
    desk = Desk(cached, library, Feedback(tmp_path / "feedback.jsonl", {}))
    fake.enqueue(REPLY)
    pages = [list(desk.ask(REGRET, Memory(), None, "s"))[-1].conversation or "" for _ in range(2)]
    assert ["kept answer" in page for page in pages] == [False, True]
    assert all("34 Turkish troops" in page for page in pages)
