"""`pressmark bench`: what to expect of this machine, in about a minute."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from index.document import Document, Kind, Sentence
from index.ingest.build import ingest
from index.store.index import Index
from rag.answer import Finished
from rag.engine import Engine
from rag.model.llms import LlamaCpp
from rag.starters import starter_questions

__all__ = ["machine", "measure_answers", "measure_ingest", "questions_of", "report", "run"]

_TELLING = ("amx_bf16", "avx512_bf16", "avx512_vnni", "avx512_f", "avx2", "asimd")
"""Instruction sets that matter to speed, the best first."""
_SENTENCES = 300
"""Sentences that the ingest is measured on; more than numpy takes before torch is loaded."""
_DOCUMENT_SENTENCES = 10
_ARTICLE_WORDS = 500
_QUESTIONS = 3
_BUDGET_S = 60.0
"""No further question is begun after this."""


@dataclass(frozen=True, slots=True)
class _Article:
    title: str
    sentences: Sequence[Sentence]


def machine() -> dict[str, Any]:
    """Cores, memory and instruction sets."""
    import torch

    able = torch.cpu.get_capabilities()
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "processor": able.get("cpu_name") or platform.processor() or platform.machine(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "memory_bytes": memory,
        "instructions": [name for name in _TELLING if able.get(name)],
    }


def measure_ingest(index: Index, scratch: Index) -> dict[str, Any]:
    """Index copies of this index's sentences anew, in `scratch`; rates once torch is loaded."""
    texts = _prose(index)
    words = sum(len(text.split()) for text in texts)
    started = time.perf_counter()
    # More texts than numpy takes: this loads torch and sentence-transformers.
    scratch.embedder.embed([f"{n} {texts[n % len(texts)]}" for n in range(257)])
    load_s = time.perf_counter() - started
    started = time.perf_counter()
    embedded = ingest(scratch, _documents(texts, time.time_ns()))
    took = time.perf_counter() - started
    return {
        "precision": scratch.embedder.precision,
        "load_s": load_s,
        "texts_per_s": embedded / took,
        "words_per_s": words / took,
    }


def measure_answers(engine: Engine, questions: Sequence[str]) -> dict[str, Any]:
    """Ask what the articles suggest; medians, without the cache.

    The first question, which pays for what is only loaded once, is not counted when there are
    others.
    """
    begun = time.perf_counter()
    rows: list[dict[str, Any]] = []
    for question in questions:
        if rows and time.perf_counter() - begun > _BUDGET_S:
            break
        for event in engine.stream(question):
            if isinstance(event, Finished):
                timings = event.answer.to_json()["timings_ms"]
                rows.append({"question": question, "abstained": event.answer.abstained, **timings})
    counted = rows[1:] or rows
    return {
        "model": engine.model,
        "retrieve_ms": median(row["retrieve"] for row in counted),
        "first_token_ms": _median([row["first_token"] for row in counted]),
        "total_ms": median(row["total"] for row in counted),
        "tokens_per_call": engine.llm.tokens_per_call if isinstance(engine.llm, LlamaCpp) else None,
        "questions": rows,
    }


def questions_of(index: Index) -> list[str]:
    """Questions made of the articles themselves."""
    articles = [_Article(d.title, index.sentences(d.id)) for d in index.documents()[:20]]
    return starter_questions(articles, _QUESTIONS + 1)


def report(figures: Mapping[str, Any]) -> str:
    """The figures in words."""
    box, ingested, answered = figures["machine"], figures["ingest"], figures["answers"]
    articles = ingested["words_per_s"] * 60 / _ARTICLE_WORDS
    first, written = answered["first_token_ms"], answered["tokens_per_call"]
    memory = f", {box['memory_bytes'] / 1e9:.0f} GB" if box["memory_bytes"] else ""
    sets = ", ".join(box["instructions"]) or "none that matters here"
    return "\n".join(
        [
            f"machine    {box['cores']} cores{memory}; {box['processor']}; {sets}",
            f"ingest     {ingested['texts_per_s']:.0f} texts a second in {ingested['precision']}: "
            f"about {articles:,.0f} articles of {_ARTICLE_WORDS} words a minute",
            f"model      {answered['model']}, loaded in {figures['load_s']:.1f} s; "
            "`pressmark serve` keeps it loaded",
            f"retrieval  {answered['retrieve_ms']:.0f} ms a question",
            "answer     "
            + (f"first word after {first / 1000:.1f} s, " if first is not None else "")
            + f"whole after {answered['total_ms'] / 1000:.1f} s "
            f"(medians; {len(answered['questions'])} questions)"
            + (f"; {written:.1f} tokens a call" if written else ""),
        ]
    )


def run(open_engine: Callable[[], Engine], index: Index, scratch: Index) -> dict[str, Any]:
    """Everything; the object that `bench --json` prints."""
    started = time.perf_counter()
    engine = open_engine()
    load_s = time.perf_counter() - started
    answers = measure_answers(engine, questions_of(index))
    ingested = measure_ingest(index, scratch)
    return {"machine": machine(), "load_s": load_s, "ingest": ingested, "answers": answers}


def _prose(index: Index) -> list[str]:
    """Sentences of the index, repeated when they are too few."""
    found: list[str] = []
    for document in index.documents():
        sentences = index.sentences(document.id)
        found += [s.text for s in sentences if s.kind is Kind.PROSE]
        if len(found) >= _SENTENCES:
            break
    found = found or ["There is not one sentence in this index yet."]
    return [found[n % len(found)] for n in range(_SENTENCES)]


def _documents(texts: Sequence[str], salt: int) -> list[Document]:
    """Articles of ten sentences each, new to any index."""
    documents = []
    for start in range(0, len(texts), _DOCUMENT_SENTENCES):
        text = " ".join(texts[start : start + _DOCUMENT_SENTENCES])
        name = f"bench-{salt}-{start}"
        documents.append(Document(name, str(Path(name)), "Measured", None, text))
    return documents


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
