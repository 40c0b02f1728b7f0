"""What a terminal shows, dim, until the answer is there: where the evidence stands, the quotation.

Events go in and come out as they are; a screen gets both in turn and loses them again.
"""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from index.visible import plain
from rag.answer import Events, Evidence, EvidenceFound, Finished, Mark, Marked
from ui.terminal import place_of

__all__ = ["with_preview"]

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
_UP_AND_CLEAR = "\x1b[{n}F\x1b[J"


def with_preview(events: Events, *, is_shown: bool, screen: TextIO | None = None) -> Events:
    """The same events; where `is_shown`, what is found is on the screen until the last."""
    screen = screen or sys.stdout
    n_lines = 0
    try:
        for event in events:
            lines: list[str] = []
            if isinstance(event, EvidenceFound) and event.evidence:
                lines = [_reading(event.evidence[0])]
            elif isinstance(event, Marked) and event.mark is not None:
                lines = _lines(event.mark)
            if lines and is_shown:
                _clear(screen, n_lines)
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


def _reading(best: Evidence) -> str:
    """Where the best evidence stands, no longer than the screen is wide."""
    width = max(20, shutil.get_terminal_size().columns - 1)
    return f"Reading: {place_of(best)}"[:width]


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
