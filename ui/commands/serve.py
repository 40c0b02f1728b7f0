"""`pressmark serve`: the models stay loaded for `ask`, until nobody has asked for a while."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator

from ui import wiring
from ui.console import ANSWERED, settings_of
from ui.terminal import say

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Keep the engine ready; it reads ahead while it waits for the first question."""
    import threading

    from index.errors import ConfigError
    from ui.server.resident import Resident, socket_path

    settings = settings_of(arguments)
    if not arguments.idle > 0:
        raise ConfigError(f"--idle must be more than 0 minutes, not {arguments.idle}")
    with wiring.open_index(settings) as index:
        engine = wiring.open_engine(settings, index)
        cached = wiring.cached_engine(settings, index, engine)
        resident = Resident(
            lambda question, kept, filters: (cached if kept else engine).stream(
                question, filters=filters
            ),
            socket_path(settings.index),
            wiring.resident_signature(settings, index),
            idle_s=arguments.idle * 60,
        )
        reading = threading.Thread(target=engine.prepare, args=(lambda: resident.is_stopped,))

        def on_ready() -> None:
            say(
                "ready: `pressmark ask` is answered from here until nobody has asked for "
                f"{arguments.idle:g} minutes (Ctrl+C ends it)"
            )
            reading.start()

        with _ended_by_signals(resident.stop):
            try:
                resident.listen(on_ready)
            finally:
                if reading.ident is not None:
                    reading.join()
    return ANSWERED


@contextlib.contextmanager
def _ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` where Ctrl-C or a termination would have ended the process."""
    import signal

    ends = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop()) for number in ends]
    try:
        yield
    finally:
        for number, handler in zip(ends, before, strict=True):
            signal.signal(number, handler)
