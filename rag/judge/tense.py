"""Is it told as done, or as to come, where its sentence tells it otherwise?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.english import SAYING
from rag.english_forms import PARTICIPLES
from rag.judge.claims import Word, analyse, canonical_number

__all__ = ["told_as_done", "told_as_now", "told_as_to_come"]

_TO_COME = re.compile(
    r"\b(?:is|are) (?P<what>scheduled|due|planned|expected|set)(?= (?:for|to|on|in|at)\b)",
    re.IGNORECASE,
)
_KNOWS_OF_MORE = re.compile(
    r"\b(?:will|shall|would|scheduled|due|plan\w*|expect\w*|set|next|coming|to be|"
    r"to \w+ (?:on|in|by)|is|are|has|have|upcoming|future|intend\w*|begins?|starts?|opens?|"
    r"ends?|closes?)\b",
    re.IGNORECASE,
)

_NOW = re.compile(
    r"\b(?:today|now|nowadays|currently|at present|at the moment|these days)\b", re.IGNORECASE
)
_STILL = re.compile(
    r"\b(?:today|now|nowadays|current\w*|present\w*|moment|still|is|are|has|have|does|do|can|may|"
    r"will)\b",
    re.IGNORECASE,
)
"""Some of this a sentence has that may tell what is so today."""

_AHEAD = frozenset("will would shall could may might should".split())
_WANTED = frozenset(
    """agreed decided expected hoped intended meant offered planned pledged promised proposed
    refused threatened vowed wanted""".split()
)
"""Pasts after which "to" leads to what was not done yet: "had offered to pay"."""
_ASKED_FOR = re.compile(
    r"\b(?:ask(?:s|ed)?|appl(?:y|ies|ied)|call(?:s|ed)?|hop(?:e|es|ed)|press(?:es|ed)?) for\b|"
    r"\b(?:request|seek|want|demand)(?:s|ed)?\b|\bsought\b",
    re.IGNORECASE,
)
"""What is asked for is not got by that."""
_ASKS = re.compile(rf"{_ASKED_FOR.pattern}|\bask\w* to\b", re.IGNORECASE)
_GOT = re.compile(
    r"\b(?:given|granted|got|gained|received|obtained|allowed|awarded|won|permitted)\b",
    re.IGNORECASE,
)
_GIVES = re.compile(
    r"\b(?:g[ai]ve(?:n|s)?|grant\w*|got|gets?|gain\w*|receiv\w*|obtain\w*|allow\w*|award\w*|wins?|"
    r"won|permit\w*|agreed?|accept\w*|approv\w*|carried)\b",
    re.IGNORECASE,
)
_FAR_AHEAD = 4
"""Words from "will" to what will be done."""


def told_as_to_come(statement: str, cited: str) -> str | None:
    """What a statement puts into the future, where its sentence knows only what has happened.

    "The final is scheduled for Saturday" is not said by "They reached the final on Saturday".
    """
    ahead = _TO_COME.search(statement)
    if ahead is None or _KNOWS_OF_MORE.search(cited):
        return None
    return ahead["what"] if any(w.is_past for w in analyse(cited).words) else None


def told_as_now(statement: str, cited: str) -> str | None:
    """What word of a statement says that it is so today, where its sentence tells of what was.

    "The director today is Garth" is not said by "The second director, Garth, bought it in 1980".
    """
    now = _NOW.search(statement)
    if now is None or _STILL.search(cited):
        return None
    return now.group() if any(w.is_past for w in analyse(cited).words) else None


def told_as_done(statement: str, cited: str) -> str | None:
    """What a statement tells as done, where its sentence has it only as what will or would be.

    "The town paid 40,000" is not said by "the repair would cost another 40,000", nor "Oster led
    the inquiry" by "it will be led by Oster", nor "she was given leave" by "she asked for leave".
    """
    got = _GOT.search(statement)
    asked = _ASKED_FOR.search(cited) and not _ASKS.search(statement)
    if got is not None and asked and not _GIVES.search(cited):
        return got.group()
    said, here = analyse(statement).words, analyse(cited).words
    ahead = [i for i, w in enumerate(here) if w.lower in _AHEAD or _is_wanted(here[: i + 1])]
    deed = next((i for i, w in enumerate(said) if w.is_past or w.lower in PARTICIPLES), None)
    if deed is None or not ahead or any(w.lower in _AHEAD | {"not", "to"} for w in said[:deed]):
        return None
    done = said[deed]
    at = [i for i, w in enumerate(here) if w.stem == done.stem]
    if at:
        is_told = any(not any(0 < i - a <= _FAR_AHEAD for a in ahead) for i in at)
        return None if is_told else done.text
    counted = {canonical_number(w.lower) for w in said} - {None}
    numbers = [i for i, w in enumerate(here) if canonical_number(w.lower) in counted]
    return done.text if any(_is_ahead(here[:i]) for i in numbers) else None


def _is_ahead(before: Sequence[Word]) -> bool:
    """Whether the last verb before a number, "he said" aside, is one of what would be."""
    for at in range(len(before) - 1, -1, -1):
        word = before[at]
        if word.lower in _AHEAD or _is_wanted(before[: at + 1]):
            return True
        if word.is_past and word.lower not in SAYING:
            return False
    return False


def _is_wanted(words: Sequence[Word]) -> bool:
    """Whether they end in the "to" of "offered to"."""
    return len(words) > 1 and words[-1].lower == "to" and words[-2].lower in _WANTED
