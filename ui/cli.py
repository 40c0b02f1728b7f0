"""The command line: arguments in, exit codes out (`ui.console` has them)."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from ui.parser import make_parser

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the process's exit code."""
    arguments = make_parser().parse_args(argv)
    # Not before: `pressmark --help` answers at once.
    from index.errors import PressmarkError
    from ui.console import ERROR, INTERRUPTED

    try:
        return int(import_module(f"ui.commands.{arguments.command}").run(arguments))
    except PressmarkError as error:
        if arguments.debug:
            traceback.print_exc()
        print(f"pressmark: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as error:
        said = str(error) or "interrupted; what was finished is kept"
        print(f"pressmark: {said}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has gone (`pressmark ask … | head -1`).
        sys.stderr.close()
        return ERROR
    except OSError as error:
        if arguments.debug:
            traceback.print_exc()
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"pressmark: {where}{error.strerror or error}; what was stored before is kept: "
            "mend this and run the command again",
            file=sys.stderr,
        )
        return ERROR
    except Exception as error:
        # The outermost edge: one line for people; the traceback for whoever mends it.
        if arguments.debug:
            traceback.print_exc()
        what = " ".join(f"{type(error).__name__}: {error}".split())
        print(
            f"pressmark: unexpected {what[:300]}; run it again with --debug to see where",
            file=sys.stderr,
        )
        return ERROR
