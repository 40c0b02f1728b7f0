"""What every command shares: exit codes, settings of the command line, JSON on standard output."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from index.config import Settings, load_settings

if TYPE_CHECKING:
    from rag.filters import Filters

__all__ = [
    "ABSTAINED",
    "ANSWERED",
    "ERROR",
    "INTERRUPTED",
    "USAGE",
    "filters_of",
    "print_json",
    "settings_of",
]

ANSWERED = 0
ERROR = 1
USAGE = 2
ABSTAINED = 3
INTERRUPTED = 130


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings with the command line's flags over them."""
    return load_settings(vars(arguments), arguments.config)


def filters_of(arguments: argparse.Namespace) -> Filters:
    """What the command line limits the search to. Raises: QuestionError."""
    from rag.filters import read_filters

    return read_filters(
        since=arguments.since,
        until=arguments.until,
        as_of=arguments.as_of,
        author=arguments.author,
        collection=arguments.collection,
        own_time=not arguments.any_time,
        quick=getattr(arguments, "quick", False),
    )


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
