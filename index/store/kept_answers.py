"""Where answers are kept: `rag.cache` fills the file, the index deletes it with what it quotes."""

from __future__ import annotations

import contextlib
from pathlib import Path

__all__ = ["ANSWERS_FILE", "forget_answers"]

ANSWERS_FILE = "answers.sqlite3"


def forget_answers(folder: Path) -> None:
    """Delete every answer that is kept beside the index in `folder`."""
    for name in (ANSWERS_FILE, f"{ANSWERS_FILE}-journal"):
        # One that cannot be deleted now is not used either: it was made for another revision.
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)
