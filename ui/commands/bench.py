"""`pressmark bench`: what to expect of this machine, measured in about a minute."""

from __future__ import annotations

import argparse

from ui import wiring
from ui.console import ANSWERED, print_json, settings_of
from ui.terminal import say

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Measure; a scratch index takes what is written meanwhile."""
    import tempfile
    from dataclasses import replace
    from pathlib import Path

    from index.store.index import Index
    from rag.measure import machine

    # The model is what is measured.
    settings = replace(settings_of(arguments), quote="never")
    with wiring.open_index(settings) as index, tempfile.TemporaryDirectory() as folder:
        say("measuring; this takes about a minute")
        with Index(Path(folder) / "index", index.embedder, settings.chunk_tokens) as scratch:
            figures = machine.run(lambda: wiring.open_engine(settings, index), index, scratch)
    if arguments.json:
        print_json(figures)
    else:
        print(machine.report(figures))
    return ANSWERED
