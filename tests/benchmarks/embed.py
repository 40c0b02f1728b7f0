"""Embedding: ours against a bare `SentenceTransformer.encode`, in either precision.

    python -m tests.benchmarks.embed [FILE] [--texts N] [--rounds N] [--json]

Texts a second of wall-clock time, the ratio to the bare encode in fp32, and the least cosine to
its vectors. Set OMP_NUM_THREADS to compare machines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from index.config import load_settings
from index.embed.minilm import MiniLM
from index.models.fetch import ensure
from tests.benchmarks.clock import documents_of, embedder, in_turn, parser, show, texts_of

__all__ = ["main"]


def _ways(texts: Sequence[str], vectors: dict[str, Any]) -> dict[str, Callable[[], None]]:
    """Each way to embed the texts; it leaves its `vectors` under its name."""
    import torch
    from sentence_transformers import SentenceTransformer

    settings = load_settings({})
    folder = ensure(settings.embedder, settings.models)
    bare = {
        name: SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}
        )
        for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16))
    }
    ours = {"fp32": embedder("fp32"), "bf16": embedder("bf16")}
    light = MiniLM(folder, name="m")._encoder

    def encode(name: str) -> None:
        vectors[f"bare encode {name}"] = np.asarray(
            bare[name].encode(texts, normalize_embeddings=True, show_progress_bar=False),
            dtype=np.float32,
        )

    def embed(name: str) -> None:
        vectors[f"pressmark {name}"] = ours[name].embed(texts)

    def few() -> None:
        assert light is not None
        vectors["pressmark numpy"] = np.array([light.embed(text) for text in texts])

    return {
        "bare encode fp32": lambda: encode("fp32"),
        "bare encode bf16": lambda: encode("bf16"),
        "pressmark fp32": lambda: embed("fp32"),
        "pressmark bf16": lambda: embed("bf16"),
        "pressmark numpy": few,
    }


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--texts", type=int, default=400)
    options = arguments.parse_args()
    import torch

    texts = texts_of(documents_of(options.file, 4 * options.texts), options.texts)
    vectors: dict[str, Any] = {}
    seconds = in_turn(_ways(texts, vectors), options.rounds)
    right = vectors["bare encode fp32"]
    right = right / np.linalg.norm(right, axis=1, keepdims=True)
    rows = [
        {
            "way": way,
            "texts/s": len(texts) / took,
            "ratio": seconds["bare encode fp32"] / took,
            "least cosine": f"{float((vectors[way] * right).sum(axis=1).min()):.6f}",
        }
        for way, took in seconds.items()
    ]
    show(rows, as_json=options.json, note=f"{len(texts)} texts, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
