"""`pressmark bench`: what to expect of this machine, measured in about a minute."""

from __future__ import annotations

import argparse

from ui.arguments import Commands, add_asking, add_command, add_json

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """What can be typed."""
    parser = add_command(commands, "bench", "Measure what to expect of this machine.")
    add_asking(parser)
    add_json(parser)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Measure; a scratch index takes what is written meanwhile."""
    import tempfile
    from pathlib import Path

    from index.store.index import Index
    from rag.measure import machine
    from ui.console import ANSWERED, print_json, settings_of
    from ui.terminal import say
    from ui.wiring import open_engine, open_index

    settings = settings_of(arguments)
    with open_index(settings) as index, tempfile.TemporaryDirectory() as folder:
        say("measuring; this takes about a minute")
        with Index(Path(folder) / "index", index.embedder, settings.chunk_tokens) as scratch:
            figures = machine.run(lambda: open_engine(settings, index), index, scratch)
    if arguments.json:
        print_json(figures)
    else:
        print(machine.report(figures))
    return ANSWERED
