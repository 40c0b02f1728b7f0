"""Is the one that a statement gives a role to called something else by the documents?

"Who is the director of the hospital?" is not answered by "the region's chairman, Jens Dall, …",
though the name is there and a director is much like a chairman.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rag.english import ASKS_WHO
from rag.judge.claims import analyse
from rag.judge.premise import Exchange

__all__ = ["other_kin", "other_role"]

_ALIKE = 0.6
"""Cosine similarity of two words from which on one role may be the other in other words: "author"
and "writer" lie above, "director" and "chairman" below."""

_NAME = (
    r"(?P<name>[A-Z][\w’'-]+(?: (?:(?:of|de|van|von|der|den|da|di|al|bin) )?[A-Z][\w’'-]+){1,4})"
)
_GIVEN = (
    re.compile(rf"(?P<role>(?:The |An? |[A-Z])[^,;:]*?) (?:is|was) {_NAME}\W*\Z"),
    re.compile(rf"{_NAME} (?:is|was) (?:the |an? )(?P<role>[^,;:.]*)"),
)
"""A statement that says no more than who is what."""

_KIN = (
    r"(?P<kin>(?:grand)?(?:son|daughter|father|mother)|husband|wife|brother|sister|uncle|aunt|"
    r"nephew|niece)"
)
_HIS = frozenset("son grandson father grandfather husband brother uncle nephew".split())
_ONE = r"(?P<name>[A-Z][\w’-]+(?: [A-Z][\w’-]+){0,3})"
_KIN_GIVEN = (
    re.compile(rf"(?:[’']s|\b(?:his|her|their|the)) (?:\w+ )?{_KIN}\b.{{0,40}}? (?:is|was) {_ONE}"),
    re.compile(rf"{_ONE} (?:is|was) (?:the|his|her|their|[^,.;]*[’']s) (?:\w+ )?{_KIN}\b"),
)
"""A statement that says who is whose husband."""

_ENDS = re.compile(r" (?:of|for|in|at|on|to|from|with|who|which|that) ")


def other_role(
    statement: str, cited: str, question: str, alike: Callable[[str, str], float]
) -> Exchange | None:
    """The role that a statement gives somebody, and what the cited text calls him instead.

    None where they agree, or where the text calls him nothing.

    Only what is set off by commas beside the name counts, and only where "who" was asked.
    `alike` gives two words' cosine similarity.
    """
    if ASKS_WHO.search(question) is None:
        return None
    given = next((m for pattern in _GIVEN if (m := pattern.match(statement))), None)
    if given is None:
        return None
    ours = _head(given["role"])
    called = _called(given["name"], cited)
    if ours is None or not called:
        return None
    said = analyse(given["role"]).content
    for role in called:
        theirs = _head(role)
        if theirs is None or ours.startswith(theirs) or theirs.startswith(ours):
            return None
        shared = analyse(role).content & analyse(ours).content | analyse(theirs).content & said
        if shared or alike(ours, theirs) >= _ALIKE:
            return None
    return Exchange(given["role"], called[0])


def other_kin(statement: str, cited: str) -> Exchange | None:
    """The relative that a statement calls somebody, and what the cited text calls her instead:
    "Her husband was Edith" of "his wife, Edith". A wife may be a mother, and no husband."""
    for pattern in _KIN_GIVEN:
        given = pattern.search(statement)
        if given is None:
            continue
        for name in given["name"].split():
            who = re.escape(name)
            told = re.findall(rf"\b{_KIN},? {who}\b", cited)
            told += re.findall(rf"\b{who}, (?:his|her|their|the) (?:\w+ )?{_KIN}\b", cited)
            if told and all((kin in _HIS) != (given["kin"] in _HIS) for kin in told):
                return Exchange(given["kin"], told[0])
    return None


def _called(name: str, cited: str) -> list[str]:
    """What stands beside a name, between commas: "the region's chairman"."""
    who = re.escape(name)
    before = re.findall(rf"((?:[Tt]he|[Aa]n?|[Ii]ts|[\w’'-]+[’']s) [^,.;:]*), {who},", cited)
    after = re.findall(rf"{who}, ((?:the|an?|its|their|his|her) [^,.;:]*)[,.;]", cited)
    return [*before, *after]


def _head(role: str) -> str | None:
    """The word that names the role: the last before "of" or "who"."""
    words = [w for w in analyse(_ENDS.split(role)[0]).words if w.text[:1].isalpha()]
    return words[-1].lower if words and analyse(words[-1].lower).ordered else None
