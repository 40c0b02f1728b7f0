"""`pressmark index` and `pressmark remove`: what becomes of each file, said and counted."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.ingest.outcome import Outcome, Status
from ui.wiring import build_index, open_embedder, open_stored_index, say

if TYPE_CHECKING:
    from index.config import Settings
    from index.ingest.build import BuildReport
    from index.store.index import Index
    from index.store.rows import Counts

__all__ = ["printable", "run_index", "run_remove"]

_STATUSES = ("added", "updated", "unchanged", "removed", "skipped")


def run_index(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring the index up to date, and with --watch keep it so; return the exit code."""
    from index.errors import ConfigError
    from index.ingest.intake import find_files
    from index.store.index import Index

    if not arguments.paths and (arguments.watch or not arguments.prune):
        raise ConfigError("nothing to index; give files or folders: `pressmark index PATH…`")
    # Before anything is thrown away or loaded: do the paths exist, is somebody else writing?
    find_files(arguments.paths)
    _await_writer(settings.index, arguments.wait)
    embedder = open_embedder(settings)
    if arguments.rebuild:
        Index.destroy(settings.index, arguments.wait)
    prune = arguments.prune or arguments.watch
    with Index(settings.index, embedder, settings.chunk_tokens) as index:
        report = build_index(index, arguments.paths, settings, prune=prune, wait_s=arguments.wait)
        counts = index.counts()
        _report(report, counts, as_json=arguments.json)
        if arguments.watch:
            return _watch(index, arguments.paths, settings, as_json=arguments.json)
    skipped = [o for o in report.outcomes if o.status == Status.SKIPPED]
    named = {os.path.normpath(path) for path in arguments.paths if not path.is_dir()}
    failed = bool(skipped) and (arguments.strict or any(o.path in named for o in skipped))
    return 1 if failed or (arguments.paths and not counts.documents) else 0


def run_remove(arguments: argparse.Namespace, settings: Settings) -> int:
    """Remove what is named; 1 if something of it was not indexed."""
    from index.ingest.remove import remove
    from ui.chat.uploads import UPLOADS_FOLDER, forget_uploads

    _await_writer(settings.index, arguments.wait)
    with open_stored_index(settings) as index:
        outcomes = remove(index, arguments.names, wait_s=arguments.wait)
        removed = [o for o in outcomes if o.status == Status.REMOVED]
        forget_uploads(index, settings.index / UPLOADS_FOLDER, [o.path for o in removed])
        counts = index.counts()
    skipped = [o for o in outcomes if o.status in (Status.SKIPPED, Status.UNKNOWN)]
    if arguments.json:
        totals = {"removed": len(removed), "skipped": len(skipped), **_held(counts)}
        _print_json({**totals, "files": _files(outcomes)})
    else:
        for outcome in removed:
            note = f" ({outcome.reason})" if outcome.reason else ""
            print(f"removed {printable(outcome.path)}{note}")
        print(f"{len(removed)} removed; {_sum(counts)}")
    for outcome in skipped:
        more = (
            ""
            if outcome.status != Status.UNKNOWN
            else ("; give a path that was indexed, or the id that `pressmark ask --json` shows")
        )
        say(f"{printable(outcome.path)} {outcome.reason}{more}")
    left = [o.path for o in removed if Path(o.path).exists()]
    if left:
        which = printable(left[0]) if len(left) == 1 else f"{len(left)} of these files"
        say(f"still on disk: {which}; the next `pressmark index` of the folder adds it again")
    return 1 if skipped else 0


def _report(report: BuildReport, counts: Counts, *, as_json: bool) -> None:
    totals = {status: report.count(status) for status in _STATUSES}  # type: ignore[arg-type]
    if as_json:
        _print_json(
            {
                **totals,
                "embedded": report.n_embedded,
                **_held(counts),
                "files": _files(report.outcomes),
            }
        )
    else:
        done = ", ".join(f"{n:,} {status}" for status, n in totals.items() if n) or "no files"
        print(f"{done}; {_sum(counts)}")
    for outcome in report.outcomes:
        if outcome.near:
            say(f"{printable(outcome.path)} is nearly the same as {printable(outcome.near)}")
    skipped = [o for o in report.outcomes if o.status == Status.SKIPPED]
    for outcome in skipped:
        say(f"skipped {printable(outcome.path)}: {outcome.reason}")
    if skipped:
        say(f"{len(skipped)} of {len(report.outcomes)} files were skipped")


def _watch(index: Index, roots: Sequence[Path], settings: Settings, *, as_json: bool) -> int:
    """One line a change, until Ctrl-C."""
    from index.ingest.watch import watch

    say(f"watching {', '.join(printable(str(root)) for root in roots)} (Ctrl-C stops)")
    try:
        for outcome in watch(index, roots, limits=settings):
            if as_json:
                print(json.dumps(_files([outcome])[0], ensure_ascii=False), flush=True)
            else:
                reason = _reason(outcome)
                note = f": {reason}" if reason else ""
                print(printable(f"{outcome.status} {outcome.path}{note}"), flush=True)
    except KeyboardInterrupt:
        say(f"stopped watching; {_sum(index.counts())}")
    return 0


def _await_writer(folder: Path, wait_s: float) -> None:
    """Say for whom this command waits. Raises: IndexLocked at once when it is not to wait."""
    from index.errors import IndexLocked
    from index.store.lock import writer_lock

    if not folder.is_dir():
        return
    try:
        with writer_lock(folder):
            pass
    except IndexLocked as error:
        if not wait_s:
            raise
        say(f"{error.holder} is writing the index in {folder}: waiting (Ctrl-C stops)")


def _files(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    return [{"path": o.path, "status": o.status, "reason": _reason(o)} for o in outcomes]


def _reason(outcome: Outcome) -> str | None:
    near = f"nearly the same as {outcome.near}" if outcome.near else None
    return "; ".join(part for part in (outcome.reason, near) if part) or None


def _held(counts: Counts) -> dict[str, int]:
    return {"documents": counts.documents, "sentences": counts.sentences}


def _sum(counts: Counts) -> str:
    return f"the index holds {counts.documents} documents, {counts.sentences} sentences"


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def printable(path: str) -> str:
    """A file name that cannot rewrite the terminal: newlines and overrides are spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in path)
