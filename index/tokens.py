"""Words as search compares them: "U.S.", "S-400" and "3.6" kept whole, stop words left out."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

__all__ = ["STOPWORDS", "stem", "tokenize"]

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S., e.g.
    r"|\d+(?:[.,:]\d+)*"  # 3.6, 1,000, 12:30
    r"|[^\W_]+(?:[-’'][^\W_]+)*",  # S-400, al-Assad, Turkey's
    re.UNICODE,
)
STOPWORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being
    between both but by can could did do does doing during each few for from further had has
    have having he her here hers him his how i if in into is it its itself just many me more most
    much my no nor not of off on once only or other our out over own same she should so some such
    than that the their theirs them then there these they this those through to too under
    until up very was we were what when where which while who whom whose why will with would
    you your""".split()
)


def tokenize(text: str) -> list[str]:
    """Lower-cased, stemmed tokens of a text, stop words left out, in order."""
    return [stem(token) for token in _words(text) if token not in STOPWORDS]


def _words(text: str) -> list[str]:
    words = []
    for token in _TOKEN.findall(text.lower().replace("’", "'")):
        token = token.removesuffix("'s")
        if token[:1].isdigit():
            words.append(token.replace(",", ""))
        elif "-" in token:
            # Found as a whole and by its parts: "al-Assad" answers to "Assad".
            words.extend([token, *(part for part in token.split("-") if len(part) > 1)])
        else:
            words.append(token.replace(".", ""))
    return words


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def stem(word: str) -> str:
    """Snowball's English stem of a lower-cased word; other languages' words mostly stay."""
    stemmed: str = _stemmer().stemWord(word)
    return stemmed
