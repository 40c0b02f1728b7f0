"""The embedder: numpy's few texts and sentence-transformers' many lie in one space."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from index.embed.bert import BertEncoder
from index.embed.embedder import Embedder
from index.embed.minilm import MiniLM
from index.errors import ModelCorrupt, ModelNotFound
from index.models.fetch import ensure

TEXTS = [
    "Who built the harbour bridge?",
    "The harbour bridge, which opened on Monday, cost 12 million euros.",
    "",
    "Città d’Été 中文 ﬁn \u200b 3.6 %",
    "a " * 400,
]


@pytest.fixture(scope="module")
def folder(settings: Any) -> Path:
    return ensure("all-minilm-l6-v2", settings.models)


@pytest.fixture
def altered(folder: Path, tmp_path: Path) -> Path:
    """The embedder's folder, a copy to be altered."""
    copy = tmp_path / "embedder"
    shutil.copytree(folder, copy)
    return copy


def _many(embedder: MiniLM, texts: list[str]) -> Any:
    """Vectors as a long list gets them."""
    embedder._load()
    repeated = texts * 3
    return embedder.embed(repeated)[: len(texts)]


def test_few_texts_get_the_vectors_of_sentence_transformers(folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(
        TEXTS, normalize_embeddings=True, show_progress_bar=False
    )
    ours = MiniLM(folder).embed(TEXTS)
    assert ours.dtype == np.float32
    assert (ours * theirs).sum(axis=1).min() > 0.99999
    assert np.abs(ours - theirs).max() < 1e-5


def test_a_text_has_one_vector_whatever_stands_beside_it(folder: Path) -> None:
    embedder = MiniLM(folder)
    alone = embedder.embed([TEXTS[1]])
    assert np.array_equal(alone[0], embedder.embed(TEXTS)[1])
    embedder._load()
    assert np.array_equal(alone, embedder.embed([TEXTS[1]]))
    assert np.array_equal(alone, MiniLM(folder).embed([TEXTS[1]]))


@pytest.mark.parametrize(("precision", "least"), [("fp32", 0.99999), ("bf16", 0.9995)])
def test_many_texts_come_in_the_callers_order(folder: Path, precision: Any, least: float) -> None:
    embedder = MiniLM(folder, precision=precision)
    few = embedder.embed(TEXTS)
    many = _many(embedder, TEXTS)
    assert embedder.precision == precision
    assert (few * many).sum(axis=1).min() > least
    assert np.linalg.norm(many, axis=1) == pytest.approx(1.0, abs=1e-6)


def test_progress_counts_every_text(folder: Path) -> None:
    embedder = MiniLM(folder)
    done: list[int] = []
    embedder.embed(TEXTS, done.append)
    embedder._load()
    embedder.embed(TEXTS * 3, done.append)
    assert sum(done) == 4 * len(TEXTS)


def test_tokens_are_counted_alike_by_both(folder: Path) -> None:
    embedder = MiniLM(folder)
    assert embedder.count_tokens(TEXTS) == embedder._load().count_tokens(TEXTS)
    assert embedder.count_tokens([]) == []


def test_a_text_is_computed_on_one_thread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = BertEncoder.open(folder)
    assert encoder is not None
    blas = ThreadpoolController().select(user_api="blas")
    states, seen = encoder._states, []

    def noting(ids: list[int]) -> Any:
        seen.append([library["num_threads"] for library in blas.info()])
        return states(ids)

    monkeypatch.setattr(encoder, "_states", noting)
    with blas.limit(limits=2):
        encoder.embed(TEXTS[0])
        after = [library["num_threads"] for library in blas.info()]
    # numpy's own is one of them; torch may have brought another after it was opened.
    assert 1 in seen[0]
    assert set(after) == {2}


def test_a_question_needs_no_torch(embedder: Embedder) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from index.embed.minilm import MiniLM\n"
        f"MiniLM(Path({str(embedder._folder)!r})).embed(['Who?'])\n"  # type: ignore[attr-defined]
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_folder_of_another_kind_is_left_to_sentence_transformers(altered: Path) -> None:
    pooling = altered / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text())
    config |= {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    pooling.write_text(json.dumps(config))
    assert BertEncoder.open(altered) is None
    embedder = MiniLM(altered, precision="fp32")
    assert np.linalg.norm(embedder.embed(TEXTS), axis=1) == pytest.approx(1.0, abs=1e-6)
    assert np.array_equal(embedder.embed([TEXTS[0]]), embedder.embed([TEXTS[0]]))


def test_no_folder_and_damaged_folders_are_one_clear_line(altered: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="set `embedder`"):
        MiniLM(tmp_path / "nowhere")
    weights = altered / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5_000_000])
    with pytest.raises(ModelCorrupt, match="cannot be loaded as an embedder"):
        MiniLM(altered)
    weights.write_bytes(b"")
    with pytest.raises(ModelCorrupt, match="cannot be loaded as an embedder"):
        MiniLM(altered)


def test_a_missing_tensor_is_a_damaged_folder(altered: Path) -> None:
    weights = altered / "model.safetensors"
    damaged = weights.read_bytes().replace(
        b"layer.5.output.dense.bias", b"layer.5.output.dense.gone"
    )
    weights.write_bytes(damaged)
    with pytest.raises(ModelCorrupt, match="cannot be loaded as an embedder"):
        MiniLM(altered)
