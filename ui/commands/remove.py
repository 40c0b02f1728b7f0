"""`pressmark remove`: documents out of the index, with the answers and uploads that quote them."""

from __future__ import annotations

import argparse

from ui import wiring
from ui.console import settings_of
from ui.ingest import await_writer
from ui.outcomes import tell_removal

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Remove what is named; 1 if something of it was not indexed."""
    from index.ingest.outcome import Status
    from index.ingest.remove import remove
    from ui.chat.uploads import UPLOADS_FOLDER, forget_uploads

    settings = settings_of(arguments)
    await_writer(settings.index, arguments.wait)
    with wiring.open_stored_index(settings) as index:
        outcomes = remove(index, arguments.names, wait_s=arguments.wait)
        removed = [o.path for o in outcomes if o.status == Status.REMOVED]
        forget_uploads(index, settings.index / UPLOADS_FOLDER, removed)
        counts = index.counts()
    tell_removal(outcomes, counts, as_json=arguments.json)
    return 0 if len(removed) == len(outcomes) else 1
