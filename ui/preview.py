"""What a terminal shows while the model reads: the marked sentence, dim, until the answer is there.

Events go in and come out as they are; a screen gets the quotation and loses it again.
"""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from index.visible import plain
from rag.answer import Events, EvidenceFound, Finished, Mark
from ui.terminal import place_of

__all__ = ["with_preview"]

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
_UP_AND_CLEAR = "\x1b[{n}F\x1b[J"


def with_preview(events: Events, *, is_shown: bool, screen: TextIO | None = None) -> Events:
    """The same events; where `is_shown`, the marked sentence is on the screen until the last."""
    screen = screen or sys.stdout
    n_lines = 0
    try:
        for event in events:
            if is_shown and isinstance(event, EvidenceFound) and event.asks_model and event.mark:
                lines = _lines(event.mark)
                n_lines = len(lines)
                screen.write(_DIM + "\n".join(lines) + _PLAIN + "\n")
                screen.flush()
            if isinstance(event, Finished):
                n_lines = _clear(screen, n_lines)
            yield event
    finally:
        # Stopped by Ctrl-C or an error: what was not checked does not stay.
        _clear(screen, n_lines)
        events.close()


def _lines(mark: Mark) -> list[str]:
    """The quotation and where it stands, none longer than the screen is wide."""
    width = max(20, shutil.get_terminal_size().columns - 1)
    text = f"Not checked yet: “{plain(mark.evidence.text)}”"
    cut = [text[i : i + width] for i in range(0, len(text), width)]
    return [*cut, place_of(mark.evidence)[:width]]


def _clear(screen: TextIO, n_lines: int) -> int:
    if n_lines:
        screen.write(_UP_AND_CLEAR.format(n=n_lines))
        screen.flush()
    return 0
