"""What every command shares: exit codes, settings of the command line, JSON on standard output."""

from __future__ import annotations

import argparse
import json
from typing import Any

from index.config import Settings, load_settings

__all__ = ["ABSTAINED", "ANSWERED", "ERROR", "INTERRUPTED", "USAGE", "print_json", "settings_of"]

ANSWERED = 0
ERROR = 1
USAGE = 2
ABSTAINED = 3
INTERRUPTED = 130


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings with the command line's flags over them."""
    return load_settings(vars(arguments), arguments.config)


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
