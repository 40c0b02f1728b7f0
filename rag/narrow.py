"""What of the passages that were chosen the model reads: as far as the extractor marks in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate

from rag.evidence import Candidate
from rag.excerpt import Excerpt
from rag.judge.extract import Extraction

__all__ = ["narrow"]

MIN_SHARE = 0.1
"""Of what is marked in all that was chosen a passage must hold so much to be read."""

UNREAD = 0.01
"""At most this share lies after what is read of a passage. Of 160 questions of bench/natural and
160 of bench/xquad the gold answer stands in what was chosen in 159 and 157, and in what both leave
of it in 153 and 156, at .44 and .43 of the characters; a passage alone where .7 of the probability
is in it, up to .02, and both whole elsewhere: 154 and 155 at .58 and .43."""


def narrow(
    excerpts: Sequence[Excerpt], candidates: Sequence[Candidate], extraction: Extraction
) -> Sequence[Excerpt]:
    """What is left to read of what was chosen (`rag.excerpt.choose`), in its order."""
    marks: dict[int, dict[int, float]] = defaultdict(dict)
    for candidate in candidates:
        marks[candidate.passage][candidate.evidence.ordinal] = extraction.at(candidate)
    total = sum(sum(mine.values()) for mine in marks.values())
    if not total:
        return excerpts
    return [
        excerpt.up_to(_last_marked(marks[excerpt.rank], UNREAD * total))
        for excerpt in excerpts
        if sum(marks[excerpt.rank].values()) >= MIN_SHARE * total
    ]


def _last_marked(marks: Mapping[int, float], unread: float) -> int:
    """Of a passage's sentences the ordinal of the one after which no more than this is marked."""
    ordinals = sorted(marks)
    marked = list(accumulate(marks[i] for i in ordinals))
    return next(i for i, m in zip(ordinals, marked, strict=True) if marked[-1] - m <= unread)
