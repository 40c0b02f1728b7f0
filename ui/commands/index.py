"""`pressmark index`: articles in, and what became of each file."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ui import wiring
from ui.console import settings_of
from ui.crew import open_bulk_embedder, open_crew
from ui.ingest import await_writer, build_index, read_collection
from ui.outcomes import failed, held, tell_change, tell_estimate, tell_ingest
from ui.terminal import printable, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.config import Settings
    from index.store.index import Index

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Bring the index up to date, and with --watch keep it so."""
    from index.ingest.intake import find_files
    from index.store.index import Index

    settings, paths = settings_of(arguments), arguments.paths
    collection = None if arguments.collection is None else read_collection(arguments.collection)
    _check_paths(arguments, settings)
    # Before anything is thrown away or loaded: do the paths exist, is somebody else writing?
    find_files(paths)
    if arguments.dry_run:
        return _rehearse(arguments, settings)
    await_writer(settings.index, arguments.wait)
    prune = arguments.prune or arguments.watch
    with ExitStack() as opened, ExitStack() as hired:
        crew = arguments.ray and hired.enter_context(open_crew(arguments.ray, settings))
        embedder = wiring.open_writers_embedder(settings)
        if arguments.rebuild:
            Index.destroy(settings.index, arguments.wait)
        index = opened.enter_context(Index(settings.index, embedder, settings.chunk_tokens))
        wait_s = arguments.wait
        report = build_index(
            index, paths, settings, prune=prune, collection=collection, wait_s=wait_s, crew=crew
        )
        hired.close()
        counts = index.counts()
        tell_ingest(report, index, as_json=arguments.json)
        if arguments.watch:
            _follow(index, paths, settings, collection, as_json=arguments.json)
            return 0
    if failed(report.outcomes, paths, strict=arguments.strict):
        return 1
    return 1 if paths and not counts.documents else 0


def _check_paths(arguments: argparse.Namespace, settings: Settings) -> None:
    """Raises: ConfigError where paths are missing that are needed."""
    from index.address import address_of
    from index.errors import ConfigError

    if arguments.paths:
        return
    if arguments.watch or arguments.dry_run or not arguments.prune:
        raise ConfigError("nothing to index; give files or folders: `pressmark index PATH…`")
    if address_of(settings.index) is not None:
        raise ConfigError(
            "other machines' files are not on this disk, and would be taken for gone: name what is "
            "to be looked at, `pressmark index --prune PATH…`; `pressmark remove PATH` takes out "
            "what is named"
        )


def _rehearse(arguments: argparse.Namespace, settings: Settings) -> int:
    """Say what it would take, by a sample."""
    from index.ingest.estimate import Work, estimate, work_here
    from index.store.index import Index, exists

    with ExitStack() as hired:
        if arguments.ray:
            crew = hired.enter_context(open_crew(arguments.ray, settings, stores=False))
            work: Work = crew.try_out
            n_workers = crew.n_cores
        else:
            embedder = open_bulk_embedder(settings)
            work, n_workers = work_here(embedder, settings.chunk_tokens, settings), 1
        index = None
        if exists(settings.index) and not arguments.rebuild:
            index = hired.enter_context(Index.peek(settings.index))
        found = estimate(index, arguments.paths, settings, work, n_workers=n_workers)
    tell_estimate(found, as_json=arguments.json)
    return 0


def _follow(
    index: Index,
    roots: Sequence[Path],
    settings: Settings,
    collection: str | None,
    *,
    as_json: bool,
) -> None:
    """One line a change, until Ctrl-C."""
    from index.ingest.watch import watch

    say(f"watching {', '.join(printable(str(root)) for root in roots)} (Ctrl-C stops)")
    try:
        for outcome in watch(index, roots, collection=collection, limits=settings):
            tell_change(outcome, index, as_json=as_json)
    except KeyboardInterrupt:
        say(f"stopped watching; {held(index.counts())}")
