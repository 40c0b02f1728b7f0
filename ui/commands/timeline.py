"""`pressmark timeline`: dated sentences on a topic, in order, each with its article."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ui import wiring
from ui.console import ABSTAINED, ANSWERED, filters_of, print_json, settings_of
from ui.terminal import say

if TYPE_CHECKING:
    from rag.timeline import Timeline

__all__ = ["run"]

_MAX_LIMIT = 500


def run(arguments: argparse.Namespace) -> int:
    """Print the timeline, or what it cites, and draw it; 3 if nothing dated is found."""
    from index.errors import ConfigError
    from rag.listing import check_picture, draw_timeline, timeline_csv, timeline_markdown
    from rag.question import check_question
    from rag.timeline import make_timeline

    settings, filters = settings_of(arguments), filters_of(arguments)
    topic = check_question(arguments.topic)
    if not 0 < arguments.limit <= _MAX_LIMIT:
        raise ConfigError(f"--limit takes 1 to {_MAX_LIMIT} sentences, not {arguments.limit}")
    if arguments.picture is not None:
        check_picture(arguments.picture)
    with wiring.open_index(settings) as index:
        retriever = wiring.open_retriever(settings, index)
        timeline = make_timeline(retriever, topic, filters=filters, limit=arguments.limit)
    if arguments.cite is not None:
        _cite(timeline, arguments.cite)
    elif arguments.json:
        print_json(timeline.to_json())
    elif arguments.csv:
        sys.stdout.write(timeline_csv(timeline))
    else:
        print(timeline_markdown(timeline))
    if arguments.picture is not None:
        draw_timeline(timeline, arguments.picture)
    if timeline.n_undated:
        say(f"{timeline.n_undated} sentences on this have no date, and are not shown")
    if timeline.n_left_out:
        say(f"{timeline.n_left_out} more came less near; --limit shows more")
    return ANSWERED if timeline.entries else ABSTAINED


def _cite(timeline: Timeline, form: str) -> None:
    from ui.cited import cite_timeline

    if timeline.entries:
        print(cite_timeline(timeline, form))
    else:
        say("there is nothing to cite: no dated sentence on this was found")
