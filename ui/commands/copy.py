"""`pressmark copy`: an index to another place, and proof that nothing was lost on the way."""

from __future__ import annotations

import argparse
import sys

from ui.console import ANSWERED, ERROR, print_json
from ui.terminal import say

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Copy what is missing; 1 if the digests over all rows differ afterwards."""
    from tqdm import tqdm

    from index.address import read_place, shown
    from index.copy import copy_index, digest_of
    from index.store.index import Index

    places = read_place(arguments.origin), read_place(arguments.goal)
    with (
        Index.unembedded(places[0]) as origin,
        Index(places[1], origin.embedder, origin.chunk_tokens) as goal,
        tqdm(desc="copying", unit="document", file=sys.stderr, leave=False) as bar,
    ):
        n_copied = copy_index(
            origin,
            goal,
            on_total=lambda n: bar.reset(total=n),
            on_document=bar.update,
            wait_s=arguments.wait,
        )
        digests = digest_of(origin), digest_of(goal)
        n_documents = goal.counts().documents
    told = {"copied": n_copied, "documents": n_documents, "digest": digests[1]}
    if digests[0] != digests[1]:
        say(
            f"{shown(places[0])} and {shown(places[1])} differ ({digests[0][:12]}, "
            f"{digests[1][:12]}): an index was written meanwhile; copy to an empty place again"
        )
        return ERROR
    if arguments.json:
        print_json(told)
    else:
        print(f"{n_copied} documents copied, {n_documents} there; digest {digests[1][:12]}")
        say("kept answers and the list of changes were left behind")
    return ANSWERED
