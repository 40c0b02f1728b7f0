"""`pressmark ask`: one question, answered from what was kept, by the resident process, or here.

Or many of them: `--batch`.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ui import wiring
from ui.console import ABSTAINED, ANSWERED, ERROR, USAGE, filters_of, print_json, settings_of
from ui.terminal import say, to_terminal

if TYPE_CHECKING:
    from index.config import Settings
    from index.store.index import Index
    from rag.answer import Answer
    from rag.cache import CachedEngine
    from rag.engine import Engine
    from rag.filters import Filters
    from ui.batch import BatchLine

__all__ = ["run"]

_MAX_BYTES = 1 << 21
"""Read from standard input."""
_MAX_BATCH_BYTES = 1 << 26


def run(arguments: argparse.Namespace) -> int:
    """Answer the question; 3 if Pressmark abstains."""
    from index.errors import ConfigError

    settings = settings_of(arguments)
    if (arguments.question is None) == (arguments.batch is None):
        raise ConfigError("give one question, or many with --batch FILE")
    if arguments.batch is not None:
        return _batch(arguments, settings)
    question = arguments.question
    if question == "-":
        question = sys.stdin.buffer.read(_MAX_BYTES).decode("utf-8", errors="replace")
    kept, filters = not arguments.no_cache, filters_of(arguments)
    answer = wiring.ask_quickly(settings, question, filters, kept=kept)
    if answer is None:
        from rag.answer import answer_of
        from rag.filters import admitted
        from rag.question import check_question
        from ui.preview import with_preview

        question = check_question(question)
        with wiring.open_index(settings) as index:
            # Before the model is loaded: is there such a collection?
            admitted(index, filters)
            opened = wiring.open_quick_engine if filters.quick else wiring.open_engine
            engine = opened(settings, index)
            asked = wiring.cached_engine(settings, index, engine) if kept else engine
            is_shown = not (arguments.json or arguments.cite) and sys.stdout.isatty()
            events = asked.stream(question, filters=filters)
            answer = answer_of(with_preview(events, is_shown=is_shown))
    if arguments.cite is not None:
        _cite([answer], arguments.cite)
    elif arguments.json:
        print_json(answer.to_json())
    else:
        print(to_terminal(answer))
    return ABSTAINED if answer.abstained else ANSWERED


def _cite(answers: list[Answer], form: str) -> None:
    """What the answers cite; in Markdown with the answers."""
    from ui.cited import cite_answers

    if cited := cite_answers(answers, form):
        print(cited)
    else:
        say(f"there is nothing to cite: {answers[0].reason if len(answers) == 1 else 'no answer'}")


def _batch(arguments: argparse.Namespace, settings: Settings) -> int:
    """Answer them all; 2 if a line was no question, 1 if one failed."""
    from tqdm import tqdm

    from rag.filters import admitted
    from ui.batch import answer_batch
    from ui.batch_output import BatchOutput

    lines, filters = _lines(arguments), filters_of(arguments)
    as_csv = arguments.csv or (arguments.to is not None and arguments.to.suffix.lower() == ".csv")
    answers: list[Answer] = []
    stream = sys.stdout if arguments.cite is None else io.StringIO()
    with (
        BatchOutput(arguments.to, stream, as_csv=as_csv) as output,
        wiring.open_index(settings) as index,
        tqdm(total=len(lines), unit="question", disable=None) as bar,
    ):

        def on_line(line: BatchLine, problem: str | None) -> None:
            if problem is not None:
                with tqdm.external_write_mode(sys.stderr):
                    say(f"line {line.number}: {problem}")
            bar.update()

        admitted(index, filters)
        asked = _engine(arguments, settings, index, filters)

        def ask(question: str) -> Answer:
            answers.append(asked.ask(question, filters=filters))
            return answers[-1]

        totals = answer_batch(lines, ask, output, on_line=on_line)
    say(
        f"{len(lines)} lines: {totals.answered} answered, {totals.abstained} without an answer, "
        f"{totals.failed} failed, {totals.refused} no question"
    )
    if arguments.cite is not None:
        _cite(answers, arguments.cite)
    return USAGE if totals.refused else ERROR if totals.failed else ANSWERED


def _engine(
    arguments: argparse.Namespace, settings: Settings, index: Index, filters: Filters
) -> Engine | CachedEngine:
    opened = wiring.open_quick_engine if filters.quick else wiring.open_engine
    engine = opened(settings, index)
    return engine if arguments.no_cache else wiring.cached_engine(settings, index, engine)


def _lines(arguments: argparse.Namespace) -> list[BatchLine]:
    from index.errors import ConfigError
    from ui.batch import read_batch

    if arguments.cite is not None and (arguments.to is not None or arguments.csv):
        raise ConfigError("--cite prints citations in place of lines: leave out --to and --csv")
    name = arguments.batch
    return read_batch(_read(name), "standard input" if name == "-" else name, arguments.column)


def _read(name: str) -> bytes:
    from index.errors import ConfigError

    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
            raw = file.read(_MAX_BATCH_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {name}: {error.strerror}; give another --batch") from error
    if len(raw) > _MAX_BATCH_BYTES:
        raise ConfigError(f"{name} is over {_MAX_BATCH_BYTES >> 20} MiB; split it")
    return raw
