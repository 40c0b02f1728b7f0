"""`pressmark eval`: how good the answers to a question set are."""

from __future__ import annotations

import argparse
from pathlib import Path

from ui.arguments import Commands, add_asking, add_command, add_json

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """What can be typed."""
    parser = add_command(commands, "eval", "Measure answers over a question set.")
    add_asking(parser)
    add_json(parser)
    parser.add_argument("file", metavar="FILE", type=Path, help="SQuAD JSON or golden JSONL")
    parser.add_argument("--limit", metavar="N", type=int, help="ask a sample of N questions")
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="of the sample")
    parser.add_argument(
        "--peer", action="store_true", help="also run llama-index's CitationQueryEngine"
    )
    parser.add_argument(
        "--hold-out-articles",
        metavar="N",
        type=int,
        default=0,
        help="take N articles out of the corpus, so that their questions have no answer",
    )
    parser.add_argument(
        "--retrieval-only", action="store_true", help="measure retrieval over all questions"
    )
    parser.add_argument("--plot", metavar="FILE.png", type=Path, help="draw the figures")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Ask every question, measure what came of it."""
    from rag.measure.figures import plot, table
    from rag.measure.run import Sources, run_evaluation
    from ui.console import ANSWERED, print_json, settings_of
    from ui.wiring import open_embedder, open_extractor, open_index, open_llm

    settings = settings_of(arguments)
    sources = Sources(
        settings,
        open_index=lambda: open_index(settings),
        embedder=lambda: open_embedder(settings),
        llm=lambda: open_llm(settings),
        extractor=lambda: open_extractor(settings),
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
