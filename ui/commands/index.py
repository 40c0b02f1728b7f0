"""`pressmark index`: articles in, and what became of each file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ui.arguments import Commands, add_command, add_json, add_wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.config import Settings
    from index.store.index import Index

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """What can be typed."""
    parser = add_command(
        commands, "index", "Index articles: text, HTML, PDF, DOCX, EPUB, mail, JSONL."
    )
    add_json(parser)
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files and folders")
    parser.add_argument("--prune", action="store_true", help="remove documents whose file is gone")
    parser.add_argument("--rebuild", action="store_true", help="throw the index away first")
    parser.add_argument(
        "--watch", action="store_true", help="then follow the files and folders until Ctrl-C"
    )
    add_wait(parser)
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a file was skipped")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Bring the index up to date, and with --watch keep it so."""
    from index.errors import ConfigError
    from index.ingest.intake import find_files
    from index.store.index import Index
    from ui.console import settings_of
    from ui.ingest import await_writer, build_index
    from ui.outcomes import failed, tell_ingest
    from ui.wiring import open_embedder

    settings, paths = settings_of(arguments), arguments.paths
    if not paths and (arguments.watch or not arguments.prune):
        raise ConfigError("nothing to index; give files or folders: `pressmark index PATH…`")
    # Before anything is thrown away or loaded: do the paths exist, is somebody else writing?
    find_files(paths)
    await_writer(settings.index, arguments.wait)
    embedder = open_embedder(settings)
    if arguments.rebuild:
        Index.destroy(settings.index, arguments.wait)
    prune = arguments.prune or arguments.watch
    with Index(settings.index, embedder, settings.chunk_tokens) as index:
        report = build_index(index, paths, settings, prune=prune, wait_s=arguments.wait)
        counts = index.catalogue.counts()
        tell_ingest(report, counts, as_json=arguments.json)
        if arguments.watch:
            _follow(index, paths, settings, as_json=arguments.json)
            return 0
    if failed(report.outcomes, paths, strict=arguments.strict):
        return 1
    return 1 if paths and not counts.documents else 0


def _follow(index: Index, roots: Sequence[Path], settings: Settings, *, as_json: bool) -> None:
    """One line a change, until Ctrl-C."""
    from index.ingest.watch import watch
    from ui.outcomes import held, tell_change
    from ui.terminal import printable, say

    say(f"watching {', '.join(printable(str(root)) for root in roots)} (Ctrl-C stops)")
    try:
        for outcome in watch(index, roots, limits=settings):
            tell_change(outcome, as_json=as_json)
    except KeyboardInterrupt:
        say(f"stopped watching; {held(index.catalogue.counts())}")
