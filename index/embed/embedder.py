"""The embedder's contract: texts -> unit vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Embedder", "Precision"]

Array = npt.NDArray[np.float32]
Precision = Literal["auto", "bf16", "fp32"]


class Embedder(Protocol):
    """What the index and the retriever need of an embedding model."""

    @property
    def name(self) -> str:
        """What the index is stamped with: another name means other vectors."""
        ...

    @property
    def dim(self) -> int: ...

    @property
    def precision(self) -> str:
        """What many texts are embedded in at present: "bf16" or "fp32"."""
        ...

    def embed(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None
    ) -> Array: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...
