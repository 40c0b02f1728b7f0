"""`pressmark eval`: question sets asked, and what their answers are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.document import Document
from index.ingest.build import ingest
from index.store.index import Index
from rag.engine import Engine
from rag.measure.items import engine_item, peer_item, retrieval_item
from rag.measure.questions import Question, hold_out, load_golden, load_squad, sample
from rag.measure.run_file import RunFile, digest, evaluate, peer_key, run_key
from rag.measure.summary import figures_of, retrieval_figures
from rag.retrieve import HybridRetriever

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

__all__ = ["Openers", "Options", "run_evaluation"]


@dataclass(frozen=True, slots=True)
class Openers:
    """How to come by what an evaluation needs, so that nothing is loaded that is not used."""

    folder: Path
    """Where runs and the indexes of SQuAD files are kept."""
    answer_settings: str
    """Every setting that an answer depends on, and the models' files."""
    open_index: Callable[[], Index]
    """The main index."""
    open_set_index: Callable[[Path], Index]
    """An index in a folder of its own, for the documents that a question set brings."""
    open_retriever: Callable[[Index], HybridRetriever]
    open_engine: Callable[[Index], Engine]


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for beside the question set."""

    limit: int | None = None
    """A sample of so many questions."""
    seed: int = 1
    """Of the sample and of the articles held out."""
    with_peer: bool = False
    n_held_out: int = 0
    """Articles that are taken out of the corpus."""
    retrieval_only: bool = False


@dataclass(frozen=True, slots=True)
class _Set:
    file: Path
    documents: list[Document]
    """What the set brings; none for a golden file, which asks the main index."""
    questions: list[Question]


def run_evaluation(
    files: Sequence[Path], openers: Openers, options: Options
) -> dict[str, dict[str, Any]]:
    """All of `pressmark eval`: of each question set the object that `eval --json` prints.

    A set is named by its file's stem, or by the path where two stems are the same. A SQuAD file
    brings its own documents, indexed beside the main index; golden JSONL asks the main index.
    Items are kept: the same run again asks only what is missing.
    Raises: EvaluationError, before anything is asked, if a file is not a question set.
    """
    files = list(dict.fromkeys(files))
    loaded = [_load(file, options) for file in files]
    stems = [file.stem for file in files]
    return {
        asked.file.stem if stems.count(asked.file.stem) == 1 else str(asked.file): _run_set(
            asked, openers, options
        )
        for asked in loaded
    }


def _run_set(asked: _Set, openers: Openers, options: Options) -> dict[str, Any]:
    chosen = sample(asked.questions, options.limit, options.seed)
    with _open_index(asked, openers) as index:
        if options.retrieval_only:
            retriever = openers.open_retriever(index)
            return retrieval_figures([retrieval_item(retriever, q) for q in chosen])
        engine = openers.open_engine(index)
        key = run_key(openers.answer_settings, index, asked.file, asked.documents)
        run = RunFile(openers.folder / f"run-{key}.jsonl")
        label = asked.file.stem
        figures = figures_of(evaluate(chosen, lambda q: engine_item(engine, q), run, label=label))
        if options.with_peer and asked.documents:
            figures["peer"] = _peer_figures(asked, chosen, index, engine.llm, openers)
        return figures


def _load(file: Path, options: Options) -> _Set:
    if file.suffix == ".jsonl":
        return _Set(file, [], load_golden(file))
    documents, questions = load_squad(file)
    if options.n_held_out:
        documents, questions = hold_out(documents, questions, options.n_held_out, options.seed)
    return _Set(file, documents, questions)


def _open_index(asked: _Set, openers: Openers) -> Index:
    if not asked.documents:
        return openers.open_index()
    index = openers.open_set_index(openers.folder / digest(d.id for d in asked.documents))
    ingest(index, asked.documents)
    return index


def _peer_figures(
    asked: _Set, chosen: Sequence[Question], index: Index, llm: LLM, openers: Openers
) -> dict[str, Any]:
    from rag.measure.peer import Peer

    peer = Peer(asked.documents, index.embedder, llm)
    key = peer_key(openers.answer_settings, asked.file, asked.documents)
    run = RunFile(openers.folder / f"peer-{key}.jsonl")
    label = f"{asked.file.stem} (peer)"
    return figures_of(evaluate(chosen, lambda q: peer_item(peer, q), run, label=label))
