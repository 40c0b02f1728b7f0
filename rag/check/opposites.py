"""Words that say the opposite of each other, and capitals that stand for their countries."""

from __future__ import annotations

import re

from index.tokens import stem

__all__ = ["METONYMS", "NOBODY", "are_opposite", "taken_sides"]

NOBODY = frozenset("nobody nothing none nowhere neither nor no not never cannot without".split())
"""Words that turn what stands beside them into its opposite; "no one" is two of them."""

METONYMS = {
    "moscow": "russia",
    "kremlin": "russia",
    "washington": "united",
    "ankara": "turkey",
    "athens": "greece",
    "berlin": "germany",
    "paris": "france",
    "london": "britain",
    "beijing": "china",
    "brussels": "european",
    "kyiv": "ukraine",
    "tehran": "iran",
    "tokyo": "japan",
    "rome": "italy",
    "madrid": "spain",
    "damascus": "syria",
}
"""Capitals that stand for their governments, with a word of the country's name."""

_OPPOSITES = """
rise rose risen raise increase climb grow grew gain jump soar up surge / fall fell fallen drop
    decline decrease slide slid sink sank cut reduce down slump plunge shrink
more most additional higher highest biggest largest greatest / few fewer less lower lowest least
    smallest fewest
admit concede confirm acknowledge / deny reject dispute
accept approve agree welcome praise endorse glad back / reject refuse oppose protest condemn
    criticise criticize decline
begin start open launch resume return reopen / end close stop shut halt cease cancel quit abolish
keep stick retain continue maintain / drop abandon scrap withdraw
win won victory re-elected reelected keep / lose lost defeat
send deploy / withdraw recall pull
hire recruit employ / fire dismiss sack
allow permit / ban forbid prohibit
arrive enter / leave left depart
succeed pass worked / fail
friend ally / enemy foe
buy bought purchase / sell sold
profit surplus / loss deficit
majority / minority
insured / uninsured
northern north / southern south
eastern east / western west
high / low
early / late
first / last
alive survive / die dead killed
guilty / innocent
legal / illegal
import / export
inside / outside
above / below
before / after
build built / demolish destroy tear
public / private
always / never
true / false
strong / weak
right / wrong
safe / dangerous
old / new
young / old
day / night
unanimous / split
"""
_PAIRS = tuple(
    tuple(frozenset(stem(w) for w in side.split()) for side in line.split("/"))
    for line in _OPPOSITES.replace("\n    ", " ").strip().splitlines()
)


def are_opposite(one: str, other: str) -> bool:
    """Whether two stems say the opposite of each other: "rise" and "fall"."""
    if one == other:
        return False
    if one in (f"un{other}", f"in{other}") or other in (f"un{one}", f"in{one}"):
        return True
    return any((one in a and other in b) or (one in b and other in a) for a, b in _PAIRS)


_SIDES = re.compile(
    r"\b(?P<deed>vot(?:e|es|ed|ing)|speaks?|spoke|argues?|argued|decides?|decided|rules?|ruled|"
    r"campaigns?|campaigned|stands?|stood|came out|comes? out)\s+(?:\w+\s+){0,2}?"
    r"(?P<side>for|against|in favou?r of)\b",
    re.IGNORECASE,
)


def taken_sides(text: str) -> dict[str, str]:
    """What a sentence says was done for or against: the deed's stem -> "for" or "against"."""
    return {
        stem(m["deed"].split()[0].lower()): "against" if m["side"].lower() == "against" else "for"
        for m in _SIDES.finditer(text)
    }
