"""The command line: arguments in, exit codes out (`ui.console` has them)."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from ui.lean import defer_inits
from ui.parser import make_parser

__all__ = ["main"]

_COLLECT_AFTER = 100_000
"""Objects made before cycles among them are looked for. What imports make stays: at Python's 700
the looking alone took a fifth of a start (llama-index and Chroma 1.95 -> 1.55 s of processor time,
gradio 3.1 -> 2.4)."""

_DEFERRED: dict[str, dict[str, object]] = {
    # Whatever is made looks for a handler; there is none until somebody sets one.
    "llama_index.core": {"global_handler": None},
    "llama_index.core.indices": {},
}
"""They import all of llama-index: 1.2 s of processor time, .5 without them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the process's exit code."""
    gc.set_threshold(_COLLECT_AFTER)
    defer_inits(_DEFERRED)
    arguments = make_parser().parse_args(argv)
    # Not before: `pressmark --help` answers at once.
    from ui.console import ERROR, INTERRUPTED

    try:
        return int(import_module(f"ui.commands.{arguments.command}").run(arguments))
    except KeyboardInterrupt as error:
        _say(str(error) or "interrupted; what was finished is kept")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has gone (`pressmark ask … | head -1`).
        sys.stderr.close()
        return ERROR
    except Exception as error:
        # The outermost edge: one line for people; the traceback for whoever mends it.
        if arguments.debug:
            traceback.print_exc()
        return _tell(error)


def _tell(error: Exception) -> int:
    """Say in one line what went wrong; return the exit code."""
    from index.errors import PressmarkError
    from ui.console import ERROR

    if isinstance(error, PressmarkError):
        _say(" ".join(str(error).split()))
        return error.exit_code
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        _say(
            f"{where}{error.strerror or error}; what was stored before is kept: "
            "mend this and run the command again"
        )
        return ERROR
    what = " ".join(f"{type(error).__name__}: {error}".split())
    _say(f"unexpected {what[:300]}; run it again with --debug to see where")
    return ERROR


def _say(text: str) -> None:
    print(f"pressmark: {text}", file=sys.stderr)
