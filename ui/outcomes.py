"""What became of each file or name: said in lines, counted, or printed as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.ingest.outcome import Outcome, Status
from ui.console import print_json
from ui.terminal import printable, say

if TYPE_CHECKING:
    from index.ingest.build import BuildReport
    from index.ingest.estimate import Estimate
    from index.store.index import Index
    from index.store.rows import Counts

__all__ = [
    "failed",
    "held",
    "reason_of",
    "tell_change",
    "tell_estimate",
    "tell_ingest",
    "tell_removal",
]

_UNKNOWN = "is not indexed"
_SHOWS_IDS = "`pressmark ask --json` shows"
_MOST_ALIKE = 5
"""Lines about near duplicates; of more, an archive of one agency's reports has hundreds."""
_COUNTED = (Status.ADDED, Status.UPDATED, Status.UNCHANGED, Status.REMOVED, Status.SKIPPED)


def tell_ingest(report: BuildReport, index: Index, *, as_json: bool) -> None:
    """The totals on standard output; on standard error what is alike and what was skipped."""
    counts = index.counts()
    totals = {status.value: report.count(status) for status in _COUNTED}
    if as_json:
        embedded = {"embedded": report.n_embedded}
        files = _files(report.outcomes, index)
        print_json({**totals, **embedded, **_counts(counts), "files": files})
    else:
        done = ", ".join(f"{n:,} {status}" for status, n in totals.items() if n) or "no files"
        print(f"{done}; {held(counts)}")
    _tell_alike([o for o in report.outcomes if o.near is not None])
    skipped = [o for o in report.outcomes if o.status == Status.SKIPPED]
    for outcome in skipped:
        say(f"skipped {printable(outcome.path)}: {outcome.reason}")
    if skipped:
        say(f"{len(skipped)} of {len(report.outcomes)} files were skipped")


def tell_estimate(found: Estimate, *, as_json: bool) -> None:
    """What an ingest would take, and by what that is known."""
    if as_json:
        print_json(
            {
                "files": found.n_files,
                "unchanged": found.n_unchanged,
                "bytes": found.n_bytes,
                "hours": found.hours,
                "workers": found.n_workers,
                "sample": {
                    "files": found.n_sampled,
                    "bytes": found.sampled_bytes,
                    "seconds": found.sampled_s,
                },
            }
        )
        return
    on = "in this process" if found.n_workers == 1 else f"on {found.n_workers} workers"
    print(
        f"{found.n_files:,} files, {found.n_unchanged:,} of them unchanged; the others have "
        f"{found.n_bytes:,} bytes and take about {found.hours:.2g} hours {on}"
    )
    say(
        f"by reading and embedding {found.sampled_bytes:,} bytes of {found.n_sampled} of them in "
        f"{found.sampled_s:.1f} s; storing comes on top; nothing was written"
    )


def tell_change(outcome: Outcome, index: Index, *, as_json: bool) -> None:
    """One line for a file that changed while it was followed."""
    if as_json:
        print(json.dumps(_files([outcome], index)[0], ensure_ascii=False), flush=True)
    else:
        reason = reason_of(outcome)
        note = f": {reason}" if reason else ""
        print(printable(f"{outcome.status} {outcome.path}{note}"), flush=True)


def tell_removal(outcomes: Sequence[Outcome], counts: Counts, *, as_json: bool) -> None:
    """What was removed; on standard error what was not, and what will come back."""
    removed = [o for o in outcomes if o.status == Status.REMOVED]
    skipped = [o for o in outcomes if o.status != Status.REMOVED]
    if as_json:
        totals = {"removed": len(removed), "skipped": len(skipped)}
        print_json({**totals, **_counts(counts), "files": _files(outcomes)})
    else:
        for outcome in removed:
            note = f" ({outcome.reason})" if outcome.reason else ""
            print(f"removed {printable(outcome.path)}{note}")
        print(f"{len(removed)} removed; {held(counts)}")
    for outcome in skipped:
        reason = outcome.reason
        if outcome.status == Status.UNKNOWN:
            reason = f"{_UNKNOWN}; give a path that was indexed, or the id that {_SHOWS_IDS}"
        say(f"{printable(outcome.path)} {reason}")
    left = [o.path for o in removed if Path(o.path).exists()]
    if left:
        which = printable(left[0]) if len(left) == 1 else f"{len(left)} of these files"
        say(f"still on disk: {which}; the next `pressmark index` of the folder adds it again")


def reason_of(outcome: Outcome) -> str | None:
    """Why an outcome is what it is, and what the document is nearly the same as."""
    near = f"nearly the same as {outcome.near}" if outcome.near is not None else None
    return "; ".join(part for part in (outcome.reason, near) if part) or None


def failed(outcomes: Iterable[Outcome], paths: Iterable[Path], *, strict: bool) -> bool:
    """Whether a file was skipped that was named, or any with `strict`."""
    named = {os.path.normpath(path) for path in paths if not path.is_dir()}
    skipped = [o.path for o in outcomes if o.status == Status.SKIPPED]
    return any(strict or path in named for path in skipped)


def held(counts: Counts) -> str:
    """What the index holds, in words."""
    return f"the index holds {counts.documents} documents, {counts.sentences} sentences"


def _counts(counts: Counts) -> dict[str, int]:
    return {"documents": counts.documents, "sentences": counts.sentences}


def _files(outcomes: Iterable[Outcome], index: Index | None = None) -> list[dict[str, Any]]:
    """The JSON of each; a name that is not indexed is one that was skipped.

    With an index, what it knows of each document, too.
    """
    about: dict[str, dict[str, Any]] = {}
    if index is not None:
        known = {s.id: s for s in index.summaries()}
        for place in index.places():
            if (found := known.get(place.document_id)) is None:
                continue
            about[place.path] = {
                "title": found.title,
                "date": found.date,
                "author": found.author,
                "collection": place.collection,
            }
    return [
        {"path": o.path, "status": Status.SKIPPED, "reason": _UNKNOWN}
        if o.status == Status.UNKNOWN
        else {
            "path": o.path,
            "status": o.status,
            "reason": reason_of(o),
            **about.get(o.path, {}),
        }
        for o in outcomes
    ]


def _tell_alike(alike: Sequence[Outcome]) -> None:
    if len(alike) > _MOST_ALIKE:
        n = f"{len(alike):,}"
        say(f"{n} files are nearly the same as another: `pressmark chat` marks them in its list")
        return
    for outcome in alike:
        say(printable(f"{outcome.path} is nearly the same as {outcome.near}"))
