"""The commands that ask: once, from a resident process, to measure."""

from __future__ import annotations

import argparse
import sys
import threading

from ui.console import ABSTAINED, ANSWERED, print_json, settings_of
from ui.wiring import (
    ask_quickly,
    cached_engine,
    open_engine,
    open_index,
    resident_signature,
    say,
)

__all__ = ["ask", "bench", "serve"]


def ask(arguments: argparse.Namespace) -> int:
    """Answer one question: from what was kept, by the resident process, or here."""
    from ui.chat.html import to_terminal

    settings = settings_of(arguments)
    question = arguments.question
    if question == "-":
        question = sys.stdin.buffer.read(1 << 21).decode("utf-8", errors="replace")
    kept = not arguments.no_cache
    answer = ask_quickly(settings, question, kept=kept)
    if answer is None:
        from rag.engine import check_question

        question = check_question(question)
        with open_index(settings) as index:
            engine = open_engine(settings, index)
            answer = (cached_engine(settings, index, engine) if kept else engine).ask(question)
    if arguments.json:
        print_json(answer.to_json())
    else:
        print(to_terminal(answer))
    return ABSTAINED if answer.abstained else ANSWERED


def serve(arguments: argparse.Namespace) -> int:
    """Keep the engine for `ask`, until nobody has asked for a while."""
    import signal

    from index.errors import ConfigError
    from ui.server.resident import Resident, socket_path

    settings = settings_of(arguments)
    if not arguments.idle > 0:
        raise ConfigError(f"--idle must be more than 0 minutes, not {arguments.idle}")
    with open_index(settings) as index:
        engine = open_engine(settings, index)
        cached = cached_engine(settings, index, engine)
        resident = Resident(
            lambda question, kept: (cached if kept else engine).stream(question),
            socket_path(settings.index),
            resident_signature(settings, index),
            idle_s=arguments.idle * 60,
        )
        reading = threading.Thread(target=engine.prepare, args=(lambda: resident.is_stopped,))
        ends = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, lambda *_: resident.stop()) for number in ends]
        try:

            def on_ready() -> None:
                say(
                    "ready: `pressmark ask` is answered from here until nobody has asked for "
                    f"{arguments.idle:g} minutes (Ctrl+C ends it)"
                )
                reading.start()

            resident.serve(on_ready)
        finally:
            if reading.ident is not None:
                reading.join()
            for number, handler in zip(ends, before, strict=True):
                signal.signal(number, handler)
    return ANSWERED


def bench(arguments: argparse.Namespace) -> int:
    """Measure this machine."""
    import tempfile
    from pathlib import Path

    from index.store.index import Index
    from rag.measure.machine import report, run

    settings = settings_of(arguments)
    with open_index(settings) as index, tempfile.TemporaryDirectory() as folder:
        say("measuring; this takes about a minute")
        with Index(Path(folder) / "index", index.embedder, settings.chunk_tokens) as scratch:
            figures = run(lambda: open_engine(settings, index), index, scratch)
    if arguments.json:
        print_json(figures)
    else:
        print(report(figures))
    return ANSWERED
