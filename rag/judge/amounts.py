"""Is an amount told of what its sentence tells it of: so many, of such a measure, the whole sum?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from index.tokens import STOPWORDS
from rag.english_forms import PARTICIPLES
from rag.judge.claims import Claim, analyse, canonical_number

__all__ = ["misread_amount"]

_FAR = 8
"""Words from a number to what those so many did."""
_BEFORE = 4
"""The same in the sentence, backwards, with nothing but small words between."""

_SAME = 0.4
"""Cosine similarity of two words from which on one may be the measure that the other names."""

_AMOUNT = r"[$€£]?\d[\d.,]*(?: (?:hundred|thousand|million|billion))?"
_LISTED = re.compile(
    rf"(?P<one>{_AMOUNT})(?: [^\W\d]+)? (?P<by>in|on|for|to|as|from) (?P<first>[^,;.]*?)"
    rf"(?:,? and|,) (?P<other>{_AMOUNT})(?: [^\W\d]+)? (?P=by) (?P<second>[^,;.]+)"
)
_MEASURED = re.compile(
    r"(?P<measure>[^\W\d]{3,}) of (?:about |around |some |nearly |almost |roughly |up to |only |"
    rf"just |over |more than )?(?P<amount>{_AMOUNT})[ -]"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|met(?:re|er)s?|kilomet(?:re|er)s?|"
    r"miles?|feet|kilos?|kilograms?|tons?|tonnes?|lit(?:re|er)s?|degrees|crowns|euros|dollars|"
    r"pounds|per ?cent)\b"
)
_GENERAL = frozenset(
    """age amount area average cost damages depth distance duration fee fine height length loss
    majority maximum minimum number period price prize profit record reward salary sentence size
    speed sum temperature term time total value wage weight width""".split()
)
"""What so many of anything may be called, or what its unit says already."""

_YEAR = re.compile(r"(?:1[0-9]|20)\d\d")


def misread_amount(
    statement: str, cited: Sequence[str], question: str, alike: Callable[[str, str], float]
) -> str | None:
    """What is wrong with a number of a statement, for the reader, by these sentences; or None.

    `alike` gives two words' cosine similarity.
    """
    said, asked = analyse(statement), analyse(question)
    sources = [analyse(text) for text in cited]
    return (
        _of_others(said, sources)
        or _of_the_whole(said, asked, cited)
        or _of_a_measure(said, asked, cited, alike)
    )


def _of_others(said: Claim, sources: Sequence[Claim]) -> str | None:
    """ "All 26 were closed" of "22 stayed open, but four were closed"."""
    # "First" is written as a number, too, but counts nothing.
    held = {canonical_number(w.lower) for s in sources for w in s.words}
    for i, word in enumerate(said.words):
        number = canonical_number(word.lower)
        if number is None or number in held or _YEAR.fullmatch(word.lower):
            continue
        # "On 18 March four were closed": it counts nothing.
        following = list(
            itertools.takewhile(
                lambda w: canonical_number(w.lower) is None, said.words[i + 1 : i + _FAR]
            )
        )
        deeds = [w.stem for w in following if w.is_past or w.lower in PARTICIPLES][:1]
        places = ((s, k) for s in sources for k, w in enumerate(s.words) if w.stem in deeds)
        other = next((n for n in (_counted(s, k) for s, k in places) if n is not None), None)
        # "Four of the 26 were closed" has both.
        if other is not None and canonical_number(other.lower()) not in said.numbers:
            return f"the cited sentence says this of “{other}”, not of “{word.text}”"
    return None


def _counted(source: Claim, at: int) -> str | None:
    """The number of those of whom a deed is told, where nothing but small words is between."""
    for word in reversed(source.words[max(0, at - _BEFORE) : at]):
        if canonical_number(word.lower) is not None:
            return word.text
        if word.lower not in STOPWORDS:
            return None
    return None


def _of_the_whole(said: Claim, asked: Claim, cited: Sequence[str]) -> str | None:
    """ "It pays 240 million" of "240 million in cash and 100 million in shares"."""
    for match in (m for text in cited for m in _LISTED.finditer(text)):
        amounts = [analyse(match[name]).numbers for name in ("one", "other")]
        parts = [analyse(match[name]).content for name in ("first", "second")]
        for ours, others, part, name in zip(
            amounts, reversed(amounts), parts, ("first", "second"), strict=True
        ):
            is_told = ours <= said.numbers and not others - ours <= said.numbers
            is_told = is_told and not _YEAR.fullmatch(match["one"])
            if is_told and ours != others and not part & (said.content | asked.content):
                told = f"{match['by']} {match[name].strip()}"
                return f"the cited sentence says this of what is “{told}” alone"
    return None


def _of_a_measure(
    said: Claim, asked: Claim, cited: Sequence[str], alike: Callable[[str, str], float]
) -> str | None:
    """ "It is 27 hours long" of "keeps a rhythm of 27 hours"."""
    ours = [w for w in (*said.words, *asked.words) if w.tells]
    stems = {w.stem for w in ours}
    for match in (m for text in cited for m in _MEASURED.finditer(text)):
        measure = analyse(match["measure"]).words[0]
        if not analyse(match["amount"]).numbers <= said.numbers or not measure.tells:
            continue
        if measure.lower in _GENERAL or measure.stem in stems:
            continue
        if max((alike(measure.lower, w.lower) for w in ours), default=0.0) < _SAME:
            return f"the cited sentence says this of a “{measure.text}”"
    return None
