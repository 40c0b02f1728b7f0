"""MiniLM's forward pass in numpy: a question is embedded before torch would have been imported."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

__all__ = ["BertEncoder"]

Array = npt.NDArray[np.float32]

_MODULES = ["Transformer", "Pooling", "Normalize"]
_HALF = np.float32(0.5)
_ROOT_HALF = np.float32(np.sqrt(0.5))
_ERF = [np.float32(c) for c in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)]

_AT_ONCE = 1 << 17
"""Numbers that are gone through step by step: what fits into a core's own cache."""


class BertEncoder:
    """A BERT encoder with mean pooling, read from a sentence-transformers folder.

    Every text is computed by itself, so that its vector depends on nothing else: not on its
    neighbours, not on their order. Cosine to the vectors of sentence-transformers in fp32:
    over 0.99999, asserted by a test.
    Source: Devlin et al. 2019; Reimers & Gurevych 2019 (mean pooling).
    """

    def __init__(
        self,
        tensors: Mapping[str, Array],
        tokenizer: Any,
        *,
        n_heads: int,
        epsilon: float,
        max_tokens: int,
    ) -> None:
        self._tensors = tensors
        self._tokenizer = tokenizer
        self._n_heads = n_heads
        self._epsilon = np.float32(epsilon)
        self._max_tokens = max_tokens
        self._blas = ThreadpoolController()
        self._lock = threading.Lock()
        self.n_layers = 1 + max(int(k.split(".")[2]) for k in tensors if k.startswith("encoder."))
        self.dim = int(tensors["embeddings.word_embeddings.weight"].shape[1])

    @classmethod
    def open(cls, folder: Path) -> BertEncoder | None:
        """The folder's model, or None when it is of a kind that is not computed here.

        Raises: OSError, ValueError or KeyError if a file is damaged.
        """
        if not _is_ours(folder):
            return None
        from tokenizers import Tokenizer

        config = _read(folder / "config.json")
        tensors = _map_tensors(folder / "model.safetensors")
        if any(t.dtype != np.float32 for n, t in tensors.items() if n.endswith(("weight", "bias"))):
            return None
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:
            # tokenizers raises nothing narrower.
            raise ValueError(f"tokenizer.json: {error}") from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        longest = _read(folder / "sentence_bert_config.json").get("max_seq_length")
        model = cls(
            tensors,
            tokenizer,
            n_heads=int(config["num_attention_heads"]),
            epsilon=float(config["layer_norm_eps"]),
            max_tokens=int(longest or config["max_position_embeddings"]),
        )
        # A tensor that is missing or of the wrong shape shows now, not at a question.
        model._states([0], weights=tensors)
        return model

    def embed(self, text: str) -> Array:
        """One text's vector: float32, shape (dim,), L2-normalised."""
        ids = self._tokenizer.encode(text).ids
        if len(ids) > self._max_tokens:
            # What is left out comes before the last one, which marks the end.
            ids = [*ids[: self._max_tokens - 1], ids[-1]]
        # The threads of these small products would wait for each other longer than they compute:
        # beside another busy program a text takes 12 ms on one thread and a second on two.
        with self._lock, self._blas.limit(limits=1, user_api="blas"):
            pooled = self._states(ids).mean(axis=0)
        unit: Array = pooled / np.float32(max(float(np.linalg.norm(pooled)), 1e-12))
        return unit

    def adapted(self, deltas: Mapping[str, Array]) -> BertEncoder:
        """The same encoder with these tensors added to its own; shapes as theirs.

        Raises: KeyError or ValueError if one does not belong to this encoder.
        """
        merged = {}
        for name, delta in deltas.items():
            # In the order that the products want, as `_weights` has it.
            merged[name] = np.add(self._tensors[name].T, delta.T, order="C").T
        return BertEncoder(
            {**self._tensors, **merged},
            self._tokenizer,
            n_heads=self._n_heads,
            epsilon=float(self._epsilon),
            max_tokens=self._max_tokens,
        )

    @property
    def n_positions(self) -> int:
        """Tokens that can be read in one go, special ones included."""
        return len(self._tensors["embeddings.position_embeddings.weight"])

    @property
    def marks(self) -> tuple[int, int]:
        """The special tokens that begin a text and that end it."""
        first, last = self._tokenizer.encode("").ids
        return first, last

    def encode(self, text: str) -> Any:
        """The `ids` and `offsets` of a text's tokens, without the special ones."""
        return self._tokenizer.encode(text, add_special_tokens=False)

    def states(self, pairs: Sequence[tuple[Sequence[int], int]]) -> list[Array]:
        """The last layer over each pair of texts read together: float32, shape (len(ids), dim).

        A pair is its token ids and how many of them, special ones included, are the first text's.
        Each is computed by itself, as many at a time as there are cores.
        """
        with (
            self._lock,
            self._blas.limit(limits=1, user_api="blas"),
            ThreadPoolExecutor(max_workers=os.cpu_count()) as pool,
        ):
            weights = self._weights
            return list(pool.map(lambda pair: self._states(*pair, weights=weights), pairs))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special ones."""
        rows = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(row.ids) for row in rows]

    @cached_property
    def _weights(self) -> Mapping[str, Array]:
        """The tensors, each layer's matrices laid out in the order that the products read them.

        So a question takes half the time. The file has them the other way round, and laying them
        out takes as long as five questions: it is done at the first text, not at opening.
        """
        return {
            name: np.ascontiguousarray(tensor.T).T if name.startswith("encoder.") else tensor
            for name, tensor in self._tensors.items()
        }

    def _states(
        self,
        ids: Sequence[int],
        n_first: int | None = None,
        *,
        weights: Mapping[str, Array] | None = None,
    ) -> Array:
        """The last layer: float32, shape (len(ids), dim); from `n_first` on it is a second text."""
        t = self._weights if weights is None else weights
        x = t["embeddings.word_embeddings.weight"][list(ids)]
        x += t["embeddings.position_embeddings.weight"][: len(ids)]
        kinds = t["embeddings.token_type_embeddings.weight"]
        x[:n_first] += kinds[0]
        if n_first is not None:
            x[n_first:] += kinds[1]
        self._norm(x, t, "embeddings.LayerNorm")
        for i in range(self.n_layers):
            layer = f"encoder.layer.{i}."
            x += self._attend(x, t, layer + "attention.")
            self._norm(x, t, layer + "attention.output.LayerNorm")
            wide = _linear(x, t, layer + "intermediate.dense")
            _gelu(wide)
            x += _linear(wide, t, layer + "output.dense")
            self._norm(x, t, layer + "output.LayerNorm")
        return x

    def _attend(self, x: Array, t: Mapping[str, Array], name: str) -> Array:
        n, heads = len(x), self._n_heads

        def split(what: str) -> Array:
            flat = _linear(x, t, f"{name}self.{what}")
            return flat.reshape(n, heads, -1).transpose(1, 0, 2)

        query, key, value = split("query"), split("key"), split("value")
        query *= np.float32(1 / np.sqrt(query.shape[-1]))
        joined = np.empty((n, heads, value.shape[-1]), dtype=np.float32)
        step = max(1, _AT_ONCE // (n * n))
        for first in range(0, heads, step):
            some = slice(first, first + step)
            weights = query[some] @ key[some].transpose(0, 2, 1)
            weights -= weights.max(axis=-1, keepdims=True)
            np.exp(weights, out=weights)
            sums = weights.sum(axis=-1, keepdims=True)
            joined[:, some] = (weights @ value[some] / sums).transpose(1, 0, 2)
        return _linear(joined.reshape(n, -1), t, name + "output.dense")

    def _norm(self, x: Array, t: Mapping[str, Array], name: str) -> None:
        """Layer normalisation, in place."""
        x -= x.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x)[:, None] / np.float32(x.shape[-1])
        x /= np.sqrt(variance + self._epsilon)
        x *= t[name + ".weight"]
        x += t[name + ".bias"]


def _linear(x: Array, t: Mapping[str, Array], name: str) -> Array:
    out: Array = x @ t[name + ".weight"].T
    out += t[name + ".bias"]
    return out


def _is_ours(folder: Path) -> bool:
    """BERT in fp32, mean pooling, nothing asked to be put before a text."""
    names = ("modules.json", "config.json", "model.safetensors", "tokenizer.json")
    if not all((folder / name).is_file() for name in names):
        return False
    modules = [m["type"].rsplit(".", 1)[-1] for m in _read(folder / "modules.json")]
    if modules not in (_MODULES, _MODULES[:2]):
        return False
    config = _read(folder / "config.json")
    pooling = {
        key: value
        for key, value in _read(folder / "1_Pooling" / "config.json").items()
        if key.startswith("pooling_mode_") and value
    }
    own = _read(folder / "sentence_bert_config.json")
    prompts = _read(folder / "config_sentence_transformers.json").get("default_prompt_name")
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and pooling == {"pooling_mode_mean_tokens": True}
        and not own.get("do_lower_case")
        and not prompts
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _map_tensors(path: Path) -> dict[str, Array]:
    """The tensors of a safetensors file, mapped and not read: pages come as they are used."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 0 < size < 1 << 26:
            raise ValueError(f"{path.name} has no header")
        header = json.loads(file.read(size))
    bytes_ = np.memmap(path, dtype=np.uint8, mode="r")
    tensors: dict[str, Array] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, last = (8 + size + at for at in entry["data_offsets"])
        kind = np.float32 if entry["dtype"] == "F32" else np.uint8
        flat = bytes_[first:last].view(kind)
        shaped = flat.reshape(entry["shape"]) if kind is np.float32 else flat
        tensors[name.removeprefix("bert.")] = shaped.view(np.ndarray)
    return tensors


def _gelu(x: Array) -> None:
    """x Φ(x), in place; erf by Abramowitz & Stegun 7.1.26, within 6e-7 in float32."""
    step = max(1, _AT_ONCE // x.shape[-1])
    for first in range(0, len(x), step):
        part = x[first : first + step]
        size = np.abs(part)
        scaled = size * _ROOT_HALF
        t = scaled * np.float32(0.3275911)
        t += 1
        np.reciprocal(t, out=t)
        sum_ = t * _ERF[0]
        for coefficient in _ERF[1:]:
            sum_ += coefficient
            sum_ *= t
        scaled *= -scaled
        sum_ *= np.exp(scaled, out=scaled)
        # Both signs of x at once: its positive part, less what is beyond its size.
        sum_ *= size
        sum_ *= _HALF
        np.maximum(part, 0, out=part)
        part -= sum_
