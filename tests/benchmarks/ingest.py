"""The ingest: its rate against the bare embedding of the same texts, and where the rest goes.

    python -m tests.benchmarks.ingest [FILE] [--documents N] [--precision P] [--rounds N] [--json]

Each round embeds the texts alone, then ingests the documents into an empty index. Steps are
timed inside the ingest; "other" is what no step accounts for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import index.ingest.prepare as prepare_module
import index.ingest.writer as writer_module
from index.chunk import chunk
from index.document import Document
from index.embed.minilm import MiniLM
from index.ingest.build import ingest
from index.ingest.prepare import titled
from index.segment import segment
from index.store.index import Index
from tests.benchmarks.clock import documents_of, embedder, in_turn, parser, show

__all__ = ["main"]


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--documents", type=int, default=240)
    arguments.add_argument("--precision", choices=["auto", "bf16", "fp32"], default="auto")
    options = arguments.parse_args()
    model = embedder(options.precision)
    documents = documents_of(options.file, options.documents)
    texts = _texts(documents, model)
    steps: dict[str, float] = {}
    embedded = 0

    def alone() -> None:
        # In the ingest's own batches: what is compared is all the rest.
        for start in range(0, len(texts), writer_module._BATCH_TEXTS):
            model.embed(texts[start : start + writer_module._BATCH_TEXTS])

    def whole() -> None:
        nonlocal embedded
        with (
            tempfile.TemporaryDirectory() as folder,
            Index(Path(folder) / "index", model, 200) as index,
            _timed(index, model, steps),
        ):
            embedded = ingest(index, documents)

    seconds = in_turn({"alone": alone, "whole": whole}, options.rounds)
    assert embedded == len(texts)
    rows = _rows(seconds, {name: took / options.rounds for name, took in steps.items()})
    show(
        rows,
        as_json=options.json,
        note=f"{len(texts) / seconds['whole']:.0f} texts/s in {model.precision}, "
        f"{seconds['alone'] / seconds['whole']:.3f} of the bare rate",
    )


def _texts(documents: Sequence[Document], model: MiniLM) -> list[str]:
    """What the ingest embeds of them, in its order."""
    texts = []
    for document in documents:
        sentences = segment(document.text)
        counts = model.count_tokens([s.text for s in sentences])
        texts += [titled(document.title, s.text) for s in sentences]
        chunks = chunk(document, sentences, counts, 200)
        texts += [titled(document.title, c.text) for c in chunks]
    return texts


def _rows(seconds: Mapping[str, float], steps: Mapping[str, float]) -> list[dict[str, Any]]:
    took = {
        "embedding alone": seconds["alone"],
        "ingest": seconds["whole"],
        **{f"  {name}": s for name, s in steps.items()},
        "  other": seconds["whole"] - sum(steps.values()),
    }
    return [{"step": name, "s": s, "share": s / seconds["whole"]} for name, s in took.items()]


def _timed(index: Index, model: MiniLM, steps: dict[str, float]) -> ExitStack:
    """Add up the time of each step while this is entered."""

    def clocked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                steps[name] = steps.get(name, 0.0) + time.perf_counter() - started

        return call

    stack = ExitStack()
    for target, attribute, name in (
        (model, "embed", "embedding"),
        (model, "count_tokens", "counting tokens"),
        (prepare_module, "segment", "segmenting"),
        (index, "store", "writing rows"),
        (index, "flush", "lexical index"),
    ):
        stack.enter_context(
            mock.patch.object(target, attribute, clocked(name, getattr(target, attribute)))
        )
    return stack


if __name__ == "__main__":
    main()
