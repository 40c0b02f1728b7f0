"""`pressmark eval`: how good the answers to a question set are."""

from __future__ import annotations

import argparse

from ui import wiring
from ui.console import ANSWERED, print_json, settings_of

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Ask every question, measure what came of it."""
    from rag.measure.figures import plot, table
    from rag.measure.run import Sources, run_evaluation

    settings = settings_of(arguments)
    sources = Sources(
        settings,
        open_index=lambda: wiring.open_index(settings),
        embedder=lambda: wiring.open_embedder(settings),
        llm=lambda: wiring.open_llm(settings),
        extractor=lambda: wiring.open_extractor(settings),
    )
    figures = run_evaluation(
        arguments.file,
        sources,
        limit=arguments.limit,
        seed=arguments.seed,
        with_peer=arguments.peer,
        n_held_out=arguments.hold_out_articles,
        retrieval_only=arguments.retrieval_only,
    )
    if arguments.plot is not None:
        plot(figures["items"], arguments.plot)
    if arguments.json:
        print_json(figures)
    else:
        print(table(figures))
    return ANSWERED
