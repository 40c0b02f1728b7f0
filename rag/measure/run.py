"""`pressmark eval`: run a question set and keep each answer as it comes."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.config import Settings
from index.document import Document
from index.embed.embedder import Embedder
from index.errors import IndexMismatch
from index.ingest.build import ingest
from index.store.index import Index
from rag.cache import code_digest
from rag.engine import Engine
from rag.measure.metrics import overlaps, recall_at, summarise, token_f1
from rag.measure.questions import Question, hold_out, is_right, load_golden, load_squad, sample
from rag.retrieve import HybridRetriever

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from rag.judge.extract import Extractor
    from rag.measure.peer import Peer

__all__ = ["RunFile", "Sources", "engine_item", "evaluate", "peer_item", "run_evaluation"]

_RANKS = 10


@dataclass(frozen=True, slots=True)
class Sources:
    """How to come by what an evaluation needs, so that nothing is loaded that is not used."""

    settings: Settings
    open_index: Callable[[], Index]
    embedder: Callable[[], Embedder]
    llm: Callable[[], LLM]
    extractor: Callable[[], Extractor | None]


@dataclass(frozen=True, slots=True)
class RunFile:
    """Items written so far, one JSON object a line; an interrupted run goes on from them."""

    path: Path

    def read(self) -> dict[str, dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    item = json.loads(line)
                except ValueError:
                    # The last line of a run that was killed while writing.
                    continue
                items[item["id"]] = item
        return items

    def append(self, item: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(item, ensure_ascii=False) + "\n")

    @staticmethod
    def key(parts: Iterable[object]) -> str:
        """A name for a run: any other set, setting, model or index gives another."""
        return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]


def run_evaluation(
    file: Path,
    sources: Sources,
    *,
    limit: int | None = None,
    seed: int = 1,
    with_peer: bool = False,
    n_held_out: int = 0,
    retrieval_only: bool = False,
) -> dict[str, Any]:
    """All of `pressmark eval`: the object that `eval --json` prints.

    A SQuAD file brings its own documents, indexed beside the main index; golden JSONL asks the
    main index. Items are kept in `eval/`: the same run again asks only what is missing.
    Raises: EvaluationError if the file is not a question set.
    """
    settings = sources.settings
    folder = settings.index / "eval"
    if file.suffix == ".jsonl":
        documents: list[Document] = []
        questions = load_golden(file)
        store = sources.open_index()
    else:
        documents, questions = load_squad(file)
        if n_held_out:
            documents, questions = hold_out(documents, questions, n_held_out, seed)
        key = RunFile.key([d.id for d in documents])
        store = _index_of(documents, folder / key, sources.embedder(), settings.chunk_tokens)
    with store:
        chosen = sample(questions, limit, seed)
        retriever = HybridRetriever(store, top_k=settings.passages)
        if retrieval_only:
            items = [_retrieval_item(retriever, q) for q in chosen]
            return {**_retrieval_figures(items), "items": items}
        llm = sources.llm()
        parts = [
            code_digest(),
            settings.model,
            settings.passages,
            settings.chunk_tokens,
            settings.min_confidence,
            settings.max_answer_tokens,
            store.embedder.name,
            store.revision,
            [d.id for d in documents] or str(file.resolve()),
        ]
        engine = Engine(
            retriever,
            llm,
            max_answer_tokens=settings.max_answer_tokens,
            min_confidence=settings.min_confidence,
            extractor=sources.extractor(),
        )
        run = RunFile(folder / f"run-{RunFile.key(parts)}.jsonl")
        items = evaluate(chosen, lambda q: engine_item(engine, q), run, label="pressmark")
        figures = {**summarise(items), "items": items}
        if with_peer and documents:
            figures["peer"] = _peer_figures(documents, chosen, store.embedder, llm, folder, parts)
        return figures


def _peer_figures(
    documents: Sequence[Document],
    questions: Sequence[Question],
    embedder: Embedder,
    llm: LLM,
    folder: Path,
    parts: Sequence[object],
) -> dict[str, Any]:
    from rag.measure.peer import Peer

    peer = Peer(documents, embedder, llm)
    # Our code is no part of the peer; the rest of the key is.
    run = RunFile(folder / f"peer-{RunFile.key([parts[1], parts[-1]])}.jsonl")
    items = evaluate(questions, lambda q: peer_item(peer, q), run, label="peer")
    return {**summarise(items), "items": items}


def _index_of(
    documents: Sequence[Document], folder: Path, embedder: Embedder, chunk_tokens: int
) -> Index:
    try:
        store = Index(folder, embedder, chunk_tokens)
    except IndexMismatch:
        Index.destroy(folder)
        store = Index(folder, embedder, chunk_tokens)
    ingest(store, documents)
    return store


def _retrieval_item(retriever: HybridRetriever, question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "question": question.question,
        "answerable": question.answerable,
        "rank": _rank(retriever, question.question, question),
    }


def _retrieval_figures(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ranks = [item["rank"] for item in items if item["answerable"]]
    return {
        "n_answerable": len(ranks),
        "n_unanswerable": len(items) - len(ranks),
        "retrieval": {f"recall@{k}": recall_at(ranks, k) for k in (1, 3, 10)},
    }


def _rank(retriever: HybridRetriever, text: str, question: Question) -> int | None:
    """The rank, from 0, of the first passage that holds a gold answer; None below the tenth."""
    passages = retriever.passages(text, top_k=_RANKS)
    spans = [(p.document_id, p.start, p.end) for p in passages]
    return next((i for i, span in enumerate(spans) if overlaps(span, question.spans)), None)


def evaluate(
    questions: Sequence[Question],
    ask: Callable[[Question], dict[str, Any]],
    run: RunFile,
    *,
    label: str,
) -> list[dict[str, Any]]:
    """Ask every question that `run` does not hold yet; return the items in order."""
    from tqdm import tqdm

    done = run.read()
    items = []
    for question in tqdm(questions, desc=label, unit="question", file=sys.stderr, leave=False):
        item = done.get(question.id)
        if item is None:
            item = ask(question)
            run.append(item)
        items.append(item)
    return items


def engine_item(engine: Engine, question: Question) -> dict[str, Any]:
    """Ask our engine; record the answer, what it cited, and the rank of the right passage."""
    store = engine.retriever.index
    answer = engine.ask(question.question, question.history)
    item = _item(question, answer.text or "", answer.abstained)
    item["raw_text"] = answer.raw_text
    item["reason"] = answer.reason
    item["confidence"] = answer.confidence
    item["signals"] = answer.signals
    item["condensed_question"] = answer.condensed_question
    item["citations"] = [
        {
            "document_id": c.evidence.document_id,
            "start": c.evidence.start,
            "end": c.evidence.end,
            "text": c.evidence.text,
            "hit": _meets(question, c.evidence.document, c.evidence.text)
            or overlaps((c.evidence.document_id, c.evidence.start, c.evidence.end), question.spans),
            "valid": _is_valid(store, c.evidence.document_id, c.evidence),
        }
        for c in answer.citations
    ]
    if question.spans:
        item["rank"] = _rank(engine.retriever, answer.condensed_question, question)
    item["timings_ms"] = answer.to_json()["timings_ms"]
    return item


def peer_item(peer: Peer, question: Question) -> dict[str, Any]:
    """Ask the peer; its citations are passages, so a hit is the right document."""
    reply = peer.ask(question.question)
    right = {document_id for document_id, _, _ in question.spans}
    item = _item(question, reply.text, abstained=not reply.text)
    item["citations"] = [
        {"document_id": cited, "hit": cited in right, "valid": True} for cited in reply.cited
    ]
    item["rank"] = next((i for i, d in enumerate(reply.retrieved) if d in right), None)
    item["timings_ms"] = {"first_token": reply.first_token_ms, "total": reply.total_ms}
    return item


def _item(question: Question, text: str, abstained: bool) -> dict[str, Any]:
    return {
        "id": question.id,
        "question": question.question,
        "answerable": question.answerable,
        "gold": list(question.gold),
        "answer": None if abstained else text,
        "abstained": abstained,
        "contains": bool(text) and question.answerable and is_right(question, text),
        "f1": token_f1(text, question.gold) if text else 0.0,
        "words": len(text.split()),
    }


def _meets(question: Question, document: str, text: str) -> bool:
    return any(
        Path(document).name == Path(cite.document).name and (cite.text in text or text in cite.text)
        for cite in question.cites
    )


def _is_valid(store: Index, document_id: str, evidence: Any) -> bool:
    document = store.document(document_id)
    return document is not None and document.text[evidence.start : evidence.end] == evidence.text
