"""A sentence as what must agree: its telling words with their places, parts and polarity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from index.tokens import STOPWORDS
from rag.check.opposites import METONYMS, NOBODY
from rag.english import DENIALS, MONTHS, NUMBER_WORDS, RHETORICAL
from rag.judge.claims import Word, analyse, canonical_number, is_same_name

__all__ = ["Term", "is_known_name", "terms_of"]

_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}|[$€£¥]?\d+(?:[.,:]\d+)*(?:st|nd|rd|th|s)?%?|[^\W_]+(?:[’'-][^\W_]+)*"
)
_PART = re.compile(
    r"[,;:–—]\s|\s(?=(?:and|but|while|because|after|although|though|so that|which|who|whom|since|"
    r"as did|as was|until|where)\s)",
)
_AFTER_A_NAME = re.compile(r"[’']s\b|,? [A-Z]|,? (?:said|says|told|wants|accused|denied|and [A-Z])")
_MIN_PART_WORDS = 2
"""Telling words; a shorter piece belongs to the part before it."""

_SCOPE = 2
"""Telling words after a negation that it is taken to negate."""

_POLES = frozenset("more most few fewer less".split())
"""Stop words that have an opposite: kept, but they tell little."""

_LIGHT = _POLES | frozenset(
    """say said says tell told tells according also still already be get got give gave make made
    take took taken go went gone given come came new much many like put let set keep use
    used well even yet since
    among per every year years day days one""".split()
)
"""Words that tell little; STOPWORDS tell nothing."""


@dataclass(frozen=True, slots=True)
class Term:
    """One telling word; `text[start:end]` of its sentence."""

    text: str
    start: int
    end: int
    word: Word
    number: str | None
    """Canonical, where it is one."""
    is_name: bool
    is_negated: bool
    """Whether it stands in the scope of a "not", or of a word such as "deny"."""
    part: int
    """Which part of the sentence it stands in, from 0."""

    @property
    def is_light(self) -> bool:
        return self.word.lower in _LIGHT

    @property
    def stem(self) -> str:
        return self.word.stem


@lru_cache(maxsize=8192)
def terms_of(text: str) -> tuple[Term, ...]:
    """The telling words of a sentence, in order."""
    names = _names_of(text)
    ends = [m.start() for m in _PART.finditer(text)]
    found: list[Term] = []
    scope = 0
    for match in _WORD.finditer(text):
        raw = re.sub(r"[’']s\Z", "", match.group())
        lower = raw.lower().replace("’", "'")
        if _negates(lower, text[: match.start()]):
            scope = scope if _is_rhetorical(text, match.end()) else _SCOPE
            continue
        analysed = analyse(raw).words
        if (lower in STOPWORDS and lower not in _POLES) or not analysed:
            continue
        number = canonical_number(lower.rstrip("%"))
        is_name = lower in MONTHS or not names.isdisjoint((raw, *raw.split("-")))
        term = Term(
            text=raw,
            start=match.start(),
            end=match.start() + len(raw),
            word=Word(raw, lower, analysed[0].stem, first=not found),
            number=number,
            is_name=is_name and number is None,
            is_negated=scope > 0,
            part=sum(end <= match.start() for end in ends),
        )
        found.append(term)
        if term.stem in DENIALS:
            scope = _SCOPE
        elif not term.is_light:
            scope = max(0, scope - 1)
    return _whole_parts(found)


def _names_of(text: str) -> set[str]:
    claim = analyse(text)
    names = {w.text for w in claim.names}
    if claim.first_word is not None and _opens_with_name(claim.first_word, text):
        names.add(claim.first_word.text)
    return names


def _negates(lower: str, before: str) -> bool:
    """Whether a word turns what follows into its opposite; "one" does so after "no"."""
    if lower == "one":
        return before.lower().endswith("no ")
    return lower in NOBODY or lower.endswith("n't")


def is_known_name(term: Term, others: Sequence[Term]) -> bool:
    """Whether a name is among others, as "Turkish" is for "Turkey" and "Moscow" for "Russia"."""
    named = [o.word for o in others if o.is_name or o.text[:1].isupper()]
    if any(term.stem == o.stem for o in others) or is_same_name(term.word, named):
        return True
    country = METONYMS.get(term.word.lower)
    if country is not None and any(o.lower.startswith(country[:5]) for o in named):
        return True
    return any(
        METONYMS.get(o.lower, " ")[:5] == term.word.lower[:5] for o in named if len(o.lower) > 3
    )


def _opens_with_name(first: Word, text: str) -> bool:
    """Whether the capital at a sentence's beginning is a name's: what follows shows it."""
    after = text[text.find(first.text) + len(first.text) :]
    return bool(_AFTER_A_NAME.match(after)) and first.lower not in NUMBER_WORDS


def _is_rhetorical(text: str, end: int) -> bool:
    """ "Not only", "no more than two", "not enough": what follows is not denied."""
    following = [w.lower() for w in text[end:].split()[:2]]
    if not following:
        return False
    return following[0] in RHETORICAL | {"enough"} or following in (
        ["more", "than"],
        ["fewer", "than"],
        ["less", "than"],
    )


def _whole_parts(found: Sequence[Term]) -> tuple[Term, ...]:
    """Parts of too few words joined to the one before, numbered from 0."""
    sizes: dict[int, int] = {}
    for term in found:
        sizes[term.part] = sizes.get(term.part, 0) + (not term.is_light)
    kept: dict[int, int] = {}
    number = -1
    for part, size in sizes.items():
        if number < 0 or size >= _MIN_PART_WORDS:
            number += 1
        kept[part] = number
    return tuple(replace(t, part=kept[t.part]) for t in found)
