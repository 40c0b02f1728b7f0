"""What stands before a number: "at least 34", "some 60", "nearly 300" is part of the fact."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.english import ABOUT, AT_LEAST, AT_MOST
from rag.judge.claims import canonical_number, number_words

__all__ = ["qualify"]

_CLASSES = {
    phrase.strip(): name
    for name, phrases in (("least", AT_LEAST), ("most", AT_MOST), ("about", ABOUT))
    for phrase in phrases.split("|")
}
_NUMBER = rf"[$€£¥]?\d[\d.,]*(?:\b|(?<=\d))|(?:{'|'.join(number_words())})\b"
_QUANTITY = re.compile(
    rf"(?P<qualifier>\b(?:{'|'.join(sorted(_CLASSES, key=len, reverse=True))})\s+)?"
    rf"(?<![\w.,])(?P<number>(?:{_NUMBER})(?:[\s-]+(?:{_NUMBER}))*)",
    re.IGNORECASE,
)
_WHOLE = r"(?:the|its|their|his|her|these|those)"
_PART = re.compile(
    rf"\b(?P<part>(?:{_NUMBER}|some|most|many|much|few|several|half|parts?|(?:a|one|the) (?:few|"
    rf"half|third|quarter|part|majority|number|handful)|two thirds|three quarters) of {_WHOLE}"
    rf"(?: (?:{_NUMBER}))?) (?P<noun>[^\W\d_]+)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"1\d{3}|20\d{2}")


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number with the phrase before it, lower-case, or none; `start` is the phrase's or its own,
    `number_start` its own, in characters."""

    start: int
    number_start: int
    phrase: str
    number: tuple[str, ...]
    written: str


def qualify(statement: str, cited: Sequence[str]) -> str:
    """The statement with each number qualified as its cited sentences qualify it.

    "At least 34" becomes "34" where they say 34, and "34" becomes "at least 34" where they say
    that alone. Numbers that they do not hold are left for `rag.judge.verify`. What they say of a
    part is not said of the whole.
    """
    known: dict[tuple[str, ...], list[str]] = {}
    for text in cited:
        for quantity in _quantities(text):
            known.setdefault(quantity.number, []).append(quantity.phrase)
    for quantity in reversed(list(_quantities(statement))):
        phrases = known.get(quantity.number)
        if not phrases or _class(quantity.phrase) in {_class(p) for p in phrases}:
            continue
        if "" in phrases:
            phrase = ""
        elif len({_class(p) for p in phrases}) == 1:
            phrase = phrases[0]
        else:
            continue
        if not quantity.phrase and _YEAR.fullmatch(quantity.written):
            # "In 1200" is how one speaks of "around 1200"; "in over 1200" is not.
            continue
        statement = _replace(statement, quantity, phrase)
    return _parted(statement, cited)


def _parted(statement: str, cited: Sequence[str]) -> str:
    """The statement with "seven of the nine watches" where it says "the watches" of them all."""
    for text in cited:
        for match in _PART.finditer(text):
            whole = re.compile(rf"\b{_WHOLE}(?: (?:{_NUMBER}))? {match['noun']}\b", re.IGNORECASE)
            if len(whole.findall(text)) > 1 or re.search(rf"\bof {whole.pattern}", statement, re.I):
                continue
            found = whole.search(statement)
            if found is not None:
                part = f"{match['part']} {match['noun']}"
                opens = not statement[: found.start()].strip()
                part = part[0].upper() + part[1:] if opens else part[0].lower() + part[1:]
                statement = statement[: found.start()] + part + statement[found.end() :]
    return statement


def _quantities(text: str) -> Iterator[_Quantity]:
    for match in _QUANTITY.finditer(text):
        phrase = " ".join((match["qualifier"] or "").lower().split())
        parts = re.split(r"[\s-]+", match["number"].strip(".,").lower())
        number = tuple(n for n in map(canonical_number, parts) if n is not None)
        if number:
            yield _Quantity(
                match.start(), match.start("number"), phrase, number, match["number"].strip(".,")
            )


def _class(phrase: str) -> str:
    return _CLASSES.get(phrase, "")


def _replace(statement: str, quantity: _Quantity, phrase: str) -> str:
    before, after = statement[: quantity.start], statement[quantity.number_start :]
    middle = f"{phrase} " if phrase else ""
    if not before.strip():
        text = middle + after
        return before + text[:1].upper() + text[1:]
    return before + middle + after
