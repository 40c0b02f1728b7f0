"""Arguments that several commands share, each added to a command's parser by a function."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["Commands", "add_asking", "add_command", "add_json", "add_wait"]

Commands = argparse._SubParsersAction
"""What `add_subparsers` gives: the commands so far."""


def add_command(
    commands: Commands[argparse.ArgumentParser], name: str, about: str
) -> argparse.ArgumentParser:
    """A new command with what every command takes."""
    parser = commands.add_parser(name, help=about, description=about)
    parser.add_argument("--index", metavar="DIR", help="the index (default: .pressmark)")
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings (pressmark.toml)")
    parser.add_argument("--embedder", metavar="NAME", help="embedder: a registry name or a folder")
    parser.add_argument("--debug", action="store_true", help="print tracebacks")
    return parser


def add_asking(parser: argparse.ArgumentParser) -> None:
    """What the commands take that ask a model."""
    parser.add_argument("--model", metavar="NAME", help="model: a registry name, GGUF file or URL")
    parser.add_argument(
        "--min-confidence", metavar="P", type=float, help="abstain below this probability"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """For the commands that can print JSON."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_wait(parser: argparse.ArgumentParser) -> None:
    """For the commands that write the index."""
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        nargs="?",
        type=float,
        const=-1.0,
        default=0.0,
        help="wait while another process writes the index (default: as long as it takes)",
    )
