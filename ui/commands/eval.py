"""`pressmark eval`: how good the answers to a question set are."""

from __future__ import annotations

import argparse

from ui import wiring
from ui.console import ANSWERED, print_json, settings_of

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Ask every question, measure what came of it."""
    from rag.measure.figures import plot, table, table_of_sets
    from rag.measure.run import Openers, Options, run_evaluation

    settings = settings_of(arguments)
    openers = Openers(
        settings.index / "eval",
        wiring.answer_settings(settings),
        open_index=lambda: wiring.open_index(settings),
        open_set_index=lambda folder: wiring.open_set_index(settings, folder),
        open_retriever=lambda index: wiring.open_retriever(settings, index),
        open_engine=wiring.engine_opener(settings),
    )
    options = Options(
        limit=arguments.limit,
        seed=arguments.seed,
        with_peer=arguments.peer,
        n_held_out=arguments.hold_out_articles,
        retrieval_only=arguments.retrieval_only,
    )
    sets = run_evaluation(arguments.files, openers, options)
    if arguments.plot is not None:
        plot({name: figures["items"] for name, figures in sets.items()}, arguments.plot)
    if len(arguments.files) > 1:
        shown, figures = table_of_sets(sets), {"sets": sets}
    else:
        (figures,) = sets.values()
        shown = table(figures)
    if arguments.json:
        print_json(figures)
    else:
        print(shown)
    return ANSWERED
