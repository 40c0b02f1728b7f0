"""Is it said to whom it was done, where it was asked by whom?"""

from __future__ import annotations

import re

from index.tokens import stem
from rag.judge.claims import analyse
from rag.judge.phrases import agent_of, is_passive, is_same_deed, object_of, share, words_of

__all__ = ["is_turned"]

_WHO_DID = re.compile(r"\W*who (?P<deed>[^\W\d_]+) (?P<what>.+)", re.IGNORECASE)
_MUTUAL = frozenset(map(stem, "marry divorce meet met join face fight fought date".split()))
"""Deeds that are done by both."""


def is_turned(statement: str, question: str) -> bool:
    """Whether it is asked who beat Moe, and said whom Moe beat."""
    asked = _WHO_DID.match(question)
    if asked is None:
        return False
    deed, said = analyse(asked["deed"]).words[0], words_of(statement)
    what = [w for w in analyse(asked["what"]).words if w.tells]
    for at in range(len(said)):
        if not deed.tells or deed.stem in _MUTUAL:
            return False
        if not is_same_deed(said, at, deed) or is_passive(said, at):
            continue
        to, by = object_of(said, at), agent_of(said, at)
        if to and share(by, what) and not share(to, what):
            return True
    return False
