"""The chat's behaviour without a browser: conversations, library, runs, votes, address, API."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.document import Kind, Sentence
from index.errors import ConfigError
from index.segment import segment
from index.store.index import Index
from rag.answer import TextDelta
from rag.engine import Engine
from rag.starters import starter_questions
from tests.browser import tidy
from tests.fakes import QueueLLM
from tests.samples import docx_bytes, eml, epub, html_page, mbox, page_lines, pdf
from tests.stored import chroma_rows
from ui.chat.desk import Desk, View
from ui.chat.feedback import Feedback, add_golden
from ui.chat.launch import check_host, free_port, launch, parse_auth
from ui.chat.library import Article, Entry, IndexLibrary, Scope, filter_entries
from ui.chat.memory import Memory, Turn
from ui.chat.runs import Run, Runs
from ui.cli import main

REGRET = "How many Turkish troops were killed in the airstrike that Putin regretted?"
REPLY = "Putin expressed regret about the killing of 34 Turkish troops."


def _serving(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that runs Gradio's server, which leaves loops and sockets unclosed."""
    for kind in (
        "ResourceWarning",
        "pytest.PytestUnraisableExceptionWarning",
        "DeprecationWarning",
    ):
        test = pytest.mark.filterwarnings(f"ignore::{kind}")(test)
    return test


@pytest.fixture
def library(seed_index: Index, tmp_path: Path) -> IndexLibrary:
    return IndexLibrary(seed_index, tmp_path / "uploads", max_file_bytes=1000)


@pytest.fixture
def desk(engine: Engine, library: IndexLibrary, tmp_path: Path) -> Desk:
    feedback = Feedback(tmp_path / "feedback.jsonl", {"pressmark": "0", "model": engine.model})
    return Desk(engine, library, feedback)


def _ask(desk: Desk, question: str, memory: Memory | None = None, **options: Any) -> list[View]:
    return list(desk.ask(question, memory or Memory(), options.pop("scope", None), "s", **options))


def _memory(view: View) -> Memory:
    assert view.memory is not None
    return view.memory


def test_the_panel_is_filled_before_any_draft(desk: Desk, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    views = _ask(desk, REGRET)
    first = next(i for i, view in enumerate(views) if view.panel is not None)
    assert "34 Turkish troops" in (views[first].panel or "")
    assert all('class="draft"' not in (view.live or "") for view in views[:first])
    assert not views[-1].asking
    (turn,) = _memory(views[-1]).current.turns
    assert (turn.outcome, turn.answer) == ("answered", REPLY)


def test_a_refused_question_changes_nothing_but_the_notice(desk: Desk) -> None:
    (view,) = _ask(desk, "   ")
    assert "the question is empty" in (view.notice or "")
    assert (view.conversation, view.memory, view.asking) == (None, None, False)


def test_an_engine_that_fails_says_so_in_the_turn(desk: Desk) -> None:
    # No reply is queued: the fake model raises.
    (turn,) = _memory(_ask(desk, REGRET)[-1]).current.turns
    assert turn.outcome == "failed"
    assert turn.reason


def test_history_goes_to_the_engine_and_a_replaced_turn_does_not(
    desk: Desk, fake: QueueLLM
) -> None:
    fake.enqueue(REPLY)
    memory = _memory(_ask(desk, REGRET)[-1])
    fake.enqueue("Who expressed regret about the killing of 34 Turkish troops?", REPLY)
    memory = _memory(_ask(desk, "Who expressed regret about it?", memory)[-1])
    assert REPLY in fake.prompts[1]
    fake.enqueue(REPLY)
    memory = _memory(_ask(desk, REGRET, memory, replacing=0)[-1])
    assert [turn.question for turn in memory.current.turns] == [REGRET]


def test_a_question_stays_within_its_scope(
    desk: Desk, library: IndexLibrary, fake: QueueLLM, tmp_path: Path
) -> None:
    (tmp_path / "b.txt").write_text("The mayor of Brill opened a bridge.", encoding="utf-8")
    list(library.add([tmp_path / "b.txt"]))
    (added,) = [e for e in library.entries() if "Brill" in e.title]
    scope = desk.scope([added.id, "unknown"])
    assert scope == Scope(frozenset({added.id}), "The mayor of Brill opened a bridge.")
    fake.enqueue("The mayor of Brill opened a bridge.")
    view = _ask(desk, "What did the mayor of Brill open?", scope=scope)[-1]
    (turn,) = _memory(view).current.turns
    assert {q.document_id for q in (*turn.citations, *turn.nearest)} == {added.id}
    library.remove(added.id)
    (view,) = _ask(desk, "What did the mayor of Brill open?", scope=scope)
    assert "have been removed" in (view.notice or "")


def test_a_run_that_is_stopped_ends_at_once_and_closes_the_stream() -> None:
    closed: list[bool] = []

    def stream() -> Iterator[TextDelta]:
        try:
            while True:
                yield TextDelta("word ")
        finally:
            closed.append(True)

    runs = Runs()
    run = runs.start("reader", stream)
    events = run.events()
    assert next(batch for batch in events if batch)[0] == TextDelta("word ")
    runs.stop("reader")
    assert list(events) in ([], [[]]) or run.stopped
    run.join(5)
    assert closed == [True]


def test_a_new_run_of_the_same_page_stops_the_one_before() -> None:
    runs = Runs()
    first: Run = runs.start("reader", lambda: iter(()))
    second = runs.start("reader", lambda: iter(()))
    other = runs.start("another", lambda: iter(()))
    assert (first.stopped, second.stopped, other.stopped) == (True, False, False)


def test_conversations_survive_the_way_through_the_browser(desk: Desk, fake: QueueLLM) -> None:
    fake.enqueue(REPLY)
    memory = _memory(_ask(desk, REGRET)[-1])
    again = Memory.load(json.loads(json.dumps(memory.dump())))
    assert again == memory
    assert again.current.history == [(REGRET, REPLY)]


@pytest.mark.parametrize(
    "payload",
    [None, 5, "x", [], {"conversations": 5}, {"conversations": None}],
)
def test_a_browser_that_kept_nothing_readable_starts_empty(payload: object) -> None:
    assert Memory.load(payload) == Memory()


@pytest.mark.parametrize(
    "damaged",
    [5, {}, {"id": 1, "turns": []}, {"id": "a", "turns": [{}]}, {"id": "a", "turns": 5}],
)
def test_a_damaged_conversation_is_counted_and_the_others_kept(damaged: object) -> None:
    good = {"id": "b", "turns": [Turn.unfinished("Q?", "Q?", "stopped", "r").record]}
    memory = Memory.load({"conversations": [damaged, good]})
    assert memory.unreadable == 1
    assert [c.id for c in memory.conversations] == ["b"]


def test_what_the_browser_keeps_is_bounded_and_drops_the_oldest() -> None:
    long = Turn.unfinished("Q?" * 100_000, "Q?", "stopped", "r")
    memory = Memory()
    for _ in range(12):
        memory = memory.begun().with_turns((long,))
    kept = memory.dump()["conversations"]
    assert len(json.dumps(kept)) < 1_500_000
    assert kept[-1]["id"] == memory.current.id


def test_a_new_conversation_leaves_the_earlier_ones_to_be_opened_again() -> None:
    turn = Turn.unfinished("Q?", "Q?", "stopped", "r")
    memory = Memory().with_turns((turn,))
    first = memory.current.id
    memory = Memory.load(memory.begun().dump())
    assert memory.current.turns == ()
    assert memory.opened(first).current.turns == (turn,)
    assert memory.forgotten(first).opened(first).current.turns == ()


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


def test_a_vote_becomes_a_golden_line(desk: Desk, fake: QueueLLM, tmp_path: Path) -> None:
    fake.enqueue(REPLY)
    conversation = _memory(_ask(desk, REGRET)[-1]).current
    desk.feedback.append(conversation, 0, "up", "right")
    line = add_golden(tmp_path / "feedback.jsonl", tmp_path / "golden.jsonl")
    assert json.loads((tmp_path / "golden.jsonl").read_text(encoding="utf-8")) == line
    assert list(line) == "question answerable cites mentions forbids history".split()
    assert (line["question"], line["answerable"]) == (REGRET, True)
    assert line["cites"][0]["text"].startswith("Putin on Thursday expressed his regret")
    assert line["mentions"] == [r"\b34\b"]


def test_a_wrong_answer_needs_to_be_told_whether_there_is_a_right_one(
    desk: Desk, fake: QueueLLM, tmp_path: Path
) -> None:
    fake.enqueue(REPLY)
    conversation = _memory(_ask(desk, REGRET)[-1]).current
    desk.feedback.append(conversation, 0, "down", "")
    feedback, golden = tmp_path / "feedback.jsonl", tmp_path / "golden.jsonl"
    with pytest.raises(ConfigError, match="add --answerable or --unanswerable"):
        add_golden(feedback, golden)
    line = add_golden(feedback, golden, answerable=False)
    assert line["answerable"] is False
    assert line["forbids"] == [
        r"Putin\ expressed\ regret\ about\ the\ killing\ of\ 34\ Turkish\ troops\."
    ]


def test_golden_lines_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rate an answer in `pressmark chat` first"):
        add_golden(tmp_path / "none.jsonl", tmp_path / "golden.jsonl")
    (tmp_path / "f.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="has 1 lines; give --line 1 to 1"):
        add_golden(tmp_path / "f.jsonl", tmp_path / "golden.jsonl", 3)
    with pytest.raises(ConfigError, match="is no feedback"):
        add_golden(tmp_path / "f.jsonl", tmp_path / "golden.jsonl")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_a_host_that_others_reach_needs_a_sign_in(host: str) -> None:
    with pytest.raises(ConfigError, match="add --auth USER:PASSWORD"):
        check_host(host, None, insecure=False)
    check_host(host, ("ada", "secret"), insecure=False)
    check_host(host, None, insecure=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_sign_in(host: str) -> None:
    check_host(host, None, insecure=False)


def test_a_sign_in_comes_from_the_command_line_or_a_file(tmp_path: Path) -> None:
    assert parse_auth("ada:a:b") == ("ada", "a:b")
    (tmp_path / "auth").write_text("ada:secret\n", encoding="utf-8")
    assert parse_auth(str(tmp_path / "auth")) == ("ada", "secret")
    for wrong in (":x", "x:", str(tmp_path / "none")):
        with pytest.raises(ConfigError, match="--auth takes USER:PASSWORD"):
            parse_auth(wrong)


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) <= port + 50


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="not an address of this machine"):
        free_port("192.0.2.1", 7860)


@_serving
def test_the_api_answers_and_everything_else_is_private(
    engine: Engine, library: IndexLibrary, fake: QueueLLM, tmp_path: Path, capsys: Any
) -> None:
    from gradio_client import Client  # type: ignore[import-untyped]
    from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

    served = launch(engine, library, tmp_path / "kept", port=7940, browser=False, block=False)
    url = served.url
    try:
        client = Client(url, verbose=False, analytics_enabled=False)
        fake.enqueue(REPLY)
        answer = client.predict(question=REGRET, api_name="/ask")
        assert answer["answer"] == REPLY
        assert set(answer) >= {"condensed_question", "statements", "citations", "passages"}
        with pytest.raises(AppError, match="the question is empty; type one"):
            client.predict(question=" ", api_name="/ask")
        with pytest.raises(AppError, match="history takes"):
            client.predict(question=REGRET, history=[["alone"]], api_name="/ask")
        assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/ask"]
        assert client.view_api(return_format="dict")["unnamed_endpoints"] == {}
        assert "the reading room is open at http://127.0.0.1:7940" in capsys.readouterr().err
    finally:
        served.close()
        tidy()


@_serving
def test_every_page_carries_the_policy_and_a_sign_in_is_asked_for(
    engine: Engine, library: IndexLibrary, tmp_path: Path
) -> None:
    import httpx

    served = launch(
        engine,
        library,
        tmp_path / "kept",
        port=7940,
        auth=("ada", "secret"),
        browser=False,
        block=False,
    )
    url = served.url
    try:
        page = httpx.get(url)
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "form-action 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "Putin" not in page.text
        join = httpx.post(
            f"{url}gradio_api/queue/join",
            json={"data": [REGRET], "fn_index": 0, "session_hash": "x"},
        )
        assert join.status_code == 401
        signed_in = httpx.Client()
        signed_in.post(f"{url}login", data={"username": "ada", "password": "secret"})
        assert signed_in.get(url).status_code == 200
        for place in (tmp_path / "kept" / "chat.key", Path(__file__)):
            assert signed_in.get(f"{url}gradio_api/file={place}").status_code == 403
        assert signed_in.get(f"{url}monitoring").status_code == 403
        signed_in.close()
    finally:
        served.close()
        tidy()


def test_the_secret_of_the_conversations_is_made_once(tmp_path: Path) -> None:
    from ui.chat.launch import _secret

    first = _secret(tmp_path / "kept")
    assert len(first) == 32
    assert _secret(tmp_path / "kept") == first
    assert [p.name for p in (tmp_path / "kept").iterdir()] == ["chat.key"]


def test_the_chat_knows_nothing_of_chroma_or_llama_cpp() -> None:
    folder = Path(__file__).parent.parent / "ui"
    for module in folder.glob("*.py"):
        if module.name != "cli.py":
            text = module.read_text(encoding="utf-8")
            assert "chromadb" not in text
            assert "llama_cpp" not in text


_Make = Callable[..., Index]


def test_an_empty_library_says_so_and_asks_for_documents(
    make_index: _Make, fake: QueueLLM, tmp_path: Path
) -> None:
    from rag.retrieve import HybridRetriever

    index = make_index({})
    library = IndexLibrary(index, tmp_path / "uploads", max_file_bytes=1000)
    desk = Desk(Engine(HybridRetriever(index), fake), library, Feedback(tmp_path / "f", {}))
    assert "There are no documents yet" in (desk.show(Memory()).conversation or "")
    (turn,) = _memory(_ask(desk, REGRET)[-1]).current.turns
    assert turn.outcome == "abstained"


def test_the_command_refuses_an_open_address_before_it_loads_anything(capsys: Any) -> None:
    assert main(["chat", "--host", "0.0.0.0", "--index", "nowhere"]) == 2
    assert "add --auth USER:PASSWORD" in capsys.readouterr().err


def test_the_command_adds_a_golden_line(
    desk: Desk, fake: QueueLLM, tmp_path: Path, capsys: Any
) -> None:
    fake.enqueue(REPLY)
    desk.feedback.append(_memory(_ask(desk, REGRET)[-1]).current, 0, "up", "")
    golden = tmp_path / "golden.jsonl"
    arguments = ["golden", "add", "--feedback", str(tmp_path / "feedback.jsonl")]
    assert main([*arguments, "--to", str(golden)]) == 0
    assert capsys.readouterr().out == f"added to {golden}: {REGRET}\n"
    assert json.loads(golden.read_text(encoding="utf-8"))["question"] == REGRET
