"""A question goes in; an answer pinned to sentences, or an abstention, comes out.

from rag import open_engine
engine = open_engine(".pressmark")
print(engine.ask("How many soldiers were killed?").text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.opening import open_engine

__all__ = ["open_engine"]


def __getattr__(name: str) -> Any:
    # Late: `pressmark ask` imports parts of this package, and none of the models.
    if name == "open_engine":
        from rag.opening import open_engine

        return open_engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
