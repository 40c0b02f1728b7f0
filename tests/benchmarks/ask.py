"""Asking: our engine, llama-index's CitationQueryEngine and bare llama.cpp on the same questions.

    python -m tests.benchmarks.ask FILE… [--questions N] [--declined N] [--seed S] [--plot PNG]
        [--kept JSONL [--minutes M]]

FILE is SQuAD JSON; N questions of each. Both engines have the same documents, embedder and model,
and take turns at every question, each going first every other time; then ours answers it again,
when the state of the passage that its prompt begins with is kept, as it is for every passage of a
small library or one that was read before. Bare llama.cpp is fed the two best passages whole and
the question as our prompt puts them, all of it afresh, in a context of its own. Tokens are the
model's own, the template's included. Of the questions without an answer those count that ours
declines without the model. Where a quotation is the answer, its first token and its whole are one.
`--plot` draws when each step ended. With `--kept` what a question took is written there at once,
and the same command goes on after it; `--minutes` ends it before.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import PrivateAttr

from index.config import Settings, load_settings
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.models.fetch import ensure
from index.store.index import Index
from rag.answer import EvidenceFound, Finished, Marked, TextDelta
from rag.engine import Engine
from rag.find import find, gather
from rag.measure.peer import Peer
from rag.measure.questions import Question, load_squad, sample
from rag.model.llms import LlamaCpp
from rag.model.prompt import build_messages
from rag.opening import engine_over
from tests.benchmarks.bare import BareLlama
from tests.benchmarks.clock import embedder, parser, show
from tests.benchmarks.waterfall import draw_waterfall
from ui.wiring import open_extractor

__all__ = ["main"]

Row = dict[str, float | None]
"""What one way took for one question: milliseconds by step, and tokens."""

_WAYS = ("first seen", "bare", "peer", "kept", "declined")
_NAMES = {
    "first seen": "Pressmark, passages first seen",
    "kept": "Pressmark, passages read before",
    "declined": "Pressmark, declining",
    "bare": "bare llama.cpp, two whole passages",
    "peer": "CitationQueryEngine",
}


class _Noting(LlamaCpp):
    """The model, which notes what it was last fed."""

    _fed: list[int] = PrivateAttr(default_factory=list)

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)

    def _stream(self, parts: Sequence[str], kwargs: dict[str, Any]) -> Iterator[str]:
        self._fed = [token for part in parts for token in self._llama.tokenize(part, special=True)]
        return super()._stream(parts, kwargs)

    def take_fed(self) -> int:
        """How many tokens it was fed since the last call; none when it was not asked."""
        fed, self._fed = self._fed, []
        return len(fed)

    def tokens_of(self, engine: Engine, question: str) -> list[int]:
        """The prompt of the two best passages, whole."""
        excerpts = gather(engine.retriever, question).excerpts
        prompt = "".join(self._parts(build_messages(question, excerpts), ()))
        return [*self._llama.tokenize(prompt, special=True)]


@dataclass
class _Kept:
    """What each question took, every way; those that were asked before are not asked again."""

    path: Path | None
    ends_s: float
    """When no further question is begun, by `time.monotonic`."""
    asked: dict[str, dict[str, Row]] = field(default_factory=dict)
    is_over: bool = False

    def __post_init__(self) -> None:
        if self.path is not None and self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                self.asked |= json.loads(line)

    def left(self, questions: Sequence[Question], file: Path) -> Iterator[tuple[str, Question]]:
        """Those that are still to be asked, with the key that they are added under."""
        for question in questions:
            key = f"{file.name}: {question.question}"
            if key in self.asked:
                continue
            if time.monotonic() > self.ends_s:
                self.is_over = True
                return
            yield key, question

    def add(self, key: str, rows: dict[str, Row]) -> None:
        self.asked[key] = rows
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({key: rows}) + "\n")

    def rows(self) -> dict[str, list[Row]]:
        """By way, in the order of `_WAYS`."""
        return {way: [r[way] for r in self.asked.values() if way in r] for way in _WAYS}


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("more", type=Path, nargs="*", help="further files")
    arguments.add_argument("--questions", type=int, default=30, help="with an answer, of each file")
    arguments.add_argument("--declined", type=int, default=10, help="without one, of each file")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--plot", type=Path, help="draw the steps there")
    arguments.add_argument("--kept", type=Path, help="keep there what was asked, and go on")
    arguments.add_argument("--minutes", type=float, default=1e6, help="begin no question after")
    options = arguments.parse_args()
    kept = _Kept(options.kept, time.monotonic() + 60 * options.minutes)
    settings = load_settings({})
    model = embedder()
    ours, bare = _model(settings), BareLlama(ensure(settings.model, settings.models), settings)
    for file in (options.file, *options.more):
        _ask_all(file, settings, model, ours, bare, kept, options)
    rows = kept.rows()
    medians = {
        way: {key: _median([row[key] for row in found]) for key in found[0]}
        for way, found in rows.items()
        if found
    }
    table = [{"way": way, **found} for way, found in medians.items()]
    ratios = _ratios(medians)
    if options.json:
        print(json.dumps({"medians_ms": table, "ratios": ratios}, indent=2))
    else:
        counts = ", ".join(f"{len(found)} {way}" for way, found in rows.items())
        show(table, as_json=False, note=f"medians in milliseconds; questions: {counts}\n")
        show(ratios, as_json=False)
    if kept.is_over:
        raise SystemExit("stopped by --minutes; the same command goes on")
    if options.plot is not None:
        shown = [(_NAMES[way], medians[way]) for way in _NAMES if way in medians]
        title = f"{len(rows['kept'])} questions of {len(options.more) + 1} sets, in turn"
        draw_waterfall(shown, options.plot, title=title)


def _ask_all(
    file: Path,
    settings: Settings,
    model: MiniLM,
    ours: _Noting,
    bare: BareLlama,
    kept: _Kept,
    options: Any,
) -> None:
    """Ask a file's questions every way; add to what is kept."""
    documents, questions = load_squad(file)
    peer = Peer(documents, model, ours)
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), model, 200) as index:
        ingest(index, documents)
        extractor = open_extractor(settings)
        engine = engine_over(settings, index, ours, extractor)
        # What every first question waits for is not what is measured.
        find(engine.retriever, "warm up", extractor=extractor)
        answerable = sample([q for q in questions if q.answerable], options.questions, options.seed)
        for number, (key, question) in enumerate(kept.left(answerable, file)):
            asked, rows = question.question, {}
            turns = ["first seen", "peer"] if number % 2 else ["peer", "first seen"]
            for turn in [*turns, "kept"]:
                way = _peer(peer, asked, ours) if turn == "peer" else _ours(engine, asked, ours)
                rows[turn] = way
            rows["bare"] = bare.ask(ours.tokens_of(engine, asked))
            kept.add(key, rows)
        others = [q for q in questions if not q.answerable]
        others = sample(others, options.declined, options.seed) if others else []
        for key, question in kept.left(others, file):
            row = _ours(engine, question.question, ours, is_asked=False)
            kept.add(key, {} if row["tokens out"] is not None else {"declined": row})


def _model(settings: Settings) -> _Noting:
    return _Noting(
        ensure(settings.model, settings.models),
        n_threads=settings.threads,
        max_tokens=settings.max_answer_tokens,
    )


def _ours(engine: Engine, question: str, llm: _Noting, *, is_asked: bool = True) -> Row:
    """When each event came; where the model is not to be asked, ours stops before it."""
    # Each way meets the question for the first time.
    engine.retriever.index.embedder._one.cache_clear()  # type: ignore[attr-defined]
    names = {EvidenceFound: "evidence", Marked: "quoted", TextDelta: "first token"}
    row: Row = dict.fromkeys(("evidence", "quoted", "first token", "total"))
    row |= {"tokens in": None, "tokens out": None}
    started = time.perf_counter()
    events = engine.stream(question)
    for event in events:
        now = (time.perf_counter() - started) * 1000
        step = names.get(type(event))
        if isinstance(event, Finished):
            row["total"] = now
            if row["first token"] is not None:
                row["tokens out"] = float(llm.count_tokens(event.answer.raw_text))
            elif not event.answer.abstained:
                # A quotation is all of it.
                row |= {"quoted": now, "first token": now, "tokens out": 0.0}
        elif isinstance(event, Marked) and not is_asked:
            row["tokens out"] = 0.0
            break
        elif step is not None and not (isinstance(event, Marked) and event.mark is None):
            row[step] = row[step] or now
    events.close()
    row["tokens in"] = float(llm.take_fed()) or None
    return row


def _peer(peer: Peer, question: str, llm: _Noting) -> Row:
    reply = peer.ask(question)
    return {
        "evidence": None,
        "quoted": None,
        "first token": reply.first_token_ms,
        "total": reply.total_ms,
        "tokens in": float(llm.take_fed()),
        "tokens out": float(llm.count_tokens(reply.text)),
    }


def _ratios(medians: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Ours over theirs, of medians."""
    pairs = [
        ("quoted", "first seen", "total", "bare"),
        *(
            (step, way, step, "bare")
            for step in ("first token", "total")
            for way in ("first seen", "kept")
        ),
        ("total", "first seen", "total", "peer"),
        ("total", "kept", "total", "peer"),
        ("total", "declined", "total", "peer"),
    ]
    return [
        {"ours": f"{way}: {step}", "over": f"{other}: {theirs}", "ratio": a / b}
        for step, way, theirs, other in pairs
        if (a := medians.get(way, {}).get(step)) and (b := medians.get(other, {}).get(theirs))
    ]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


if __name__ == "__main__":
    main()
