"""Is a thing the most, the first or the last of its kind in the cited sentences, too?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.english_ranks import NO_SUPERLATIVES, RANKS
from rag.judge.refer import is_intelligible

__all__ = ["unheld_superlative"]

_OF_ONE = r"(?:(?<=\b(?:the|The|its|his|her) )|(?<=\btheir )|(?<=['’]s ))"
_RANKED = re.compile(
    rf"\b(?:{_OF_ONE}(?P<most>most) (?!of\b)[^\W\d_]"
    rf"|{_OF_ONE}(?P<order>first|last)"
    r"(?! (?:names?|nights?|years?|weeks?|months?|few|two|three|half)\b) [^\W\d_]"
    r"|(?P<extreme>[a-z]{2,}est)\b)"
)

_OF_MANY = re.compile(r"\b(?:averag(?:e|es|ed|ing)|median)\b", re.IGNORECASE)
_HELD_OF_MANY = re.compile(
    r"\b(?:averag\w+|median|mean|norm\w*|typical\w*|usual\w*|general\w*)\b", re.IGNORECASE
)


def unheld_superlative(statement: str, cited: Sequence[str], near: str) -> str | None:
    """What is wrong with a superlative, for the reader; None where there is none, or it is held.

    "Halite is the most abundant mineral" is not said by "Gypsum forms, which is followed by
    halite". Any superlative of the same sense will do: the earliest known recording is the first.
    `near` is the title and what stands before, for a sentence that leans on that. Of 260 recorded
    statements this strikes seven, none of which its sentence says.
    """
    leans = not all(map(is_intelligible, cited))
    there = " ".join([*cited, near] if leans else cited)
    for word, sense in _superlatives(statement):
        if RANKS[sense].search(there) is None:
            return f"the cited sentence does not say “{word}”"
    of_many = _OF_MANY.search(statement)
    if of_many and not _HELD_OF_MANY.search(there):
        # "Bakers over 50 benefited" gives no average age.
        return f"the cited sentence does not say “{of_many.group()}”"
    return None


def _superlatives(text: str) -> Iterator[tuple[str, str]]:
    """(as written, its sense: a key of RANKS)."""
    for match in _RANKED.finditer(text):
        if match["order"]:
            yield match["order"], match["order"]
        elif match["most"] or match["extreme"] not in NO_SUPERLATIVES:
            yield match["most"] or match["extreme"], "most"
