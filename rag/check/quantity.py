"""Amounts, dates and years of a sentence, and whether two of them can be the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.tokens import STOPWORDS, stem
from rag.amounts import COUNT_WORDS, fraction_of, worth_of
from rag.english import ABOUT, AT_LEAST, AT_MOST, MONTH_NAMES, NUMBER_WORDS, WEEKDAYS
from rag.english_values import FRACTIONS

__all__ = ["Quantity", "matches", "quantities_of"]

_SCALES = "dozen hundred thousand million billion trillion".split()
_VAGUE = "dozens hundreds thousands millions billions".split()
_ORDINALS = {w: float(v[:-1]) for w, v in NUMBER_WORDS.items() if re.fullmatch(r"\d+\.", v)}
_BOUND = "|".join(
    p.strip() for p in f"{AT_LEAST}|{AT_MOST}|{ABOUT}|over|a total of|only|just".split("|")
)
_LEAST = {p.strip() for p in AT_LEAST.split("|")}
_MOST = {p.strip() for p in AT_MOST.split("|")} - {"nearly", "almost", "close to", "just under"}
_NEARLY = {"nearly", "almost", "close to", "just under"} | {p.strip() for p in ABOUT.split("|")}
_WORDS = "|".join(sorted([*COUNT_WORDS, *_SCALES, *_VAGUE], key=len, reverse=True))
_NUMBER = rf"(?:\d+(?:,\d{{3}})*(?:\.\d+)?|\b(?:{_WORDS})\b)"
_AMOUNT = re.compile(
    rf"(?P<bound>\b(?:{_BOUND})\s+)?(?<![\w.,-])(?P<money>[$€£¥]\s?)?"
    rf"(?P<number>(?:\ban?\s(?=(?:hundred|thousand|million|billion|dozen|quarter|third)\b))?"
    rf"{_NUMBER}(?:[\s-]{_NUMBER})*)(?P<after>\s?%|\s?percent\b|\s?per cent\b|st\b|nd\b|rd\b|th\b|"
    rf"s\b)?(?![\w])",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    rf"\b(?:(?:an?|{'|'.join(COUNT_WORDS)})\s)?(?:{'|'.join(FRACTIONS)})s?(?=\s+of\b(?!\s+an?\s))",
    re.IGNORECASE,
)
_MONTH = "|".join(sorted(MONTH_NAMES, key=len, reverse=True))
_DATE = re.compile(
    rf"\b(?:(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?|"
    rf"(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month2>{_MONTH}))\b(?:,?\s+(?P<year>\d{{4}}))?",
    re.IGNORECASE,
)
_WHEN = re.compile(rf"\b(?P<name>{_MONTH}|{'|'.join(WEEKDAYS)})s?\b", re.IGNORECASE)
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_UNIT_WORD = re.compile(r"[\s-]+([^\W\d_][\w’'-]*)")
_CURRENCY = frozenset(
    stem(w) for w in "euros euro dollars dollar pounds pound crowns crown francs yen cents".split()
)
_ROUGH = 0.1
"""How far "about" may be off."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what is counted, or a point in time; `text[start:end]` of its sentence."""

    kind: str
    """"count", "percent", "year", "day" (of a month), "month", "weekday" or "rank"."""
    value: float
    bound: str
    """"", "least", "most" or "about"."""
    unit: frozenset[str]
    """Stems of the words that follow: what is counted."""
    start: int
    end: int
    text: str


def quantities_of(text: str) -> list[Quantity]:
    """All amounts and times of a sentence, in order."""
    found = list(_dates(text))
    taken = [(q.start, q.end) for q in found]
    for match in _AMOUNT.finditer(text):
        if any(a < match.end("number") and match.start("number") < b for a, b in taken):
            continue
        if (quantity := _amount(text, match)) is not None:
            found.append(quantity)
    found += _fractions(text)
    for match in _WHEN.finditer(text):
        if not any(a <= match.start() < b for a, b in taken):
            name = match["name"].lower()
            if name == "may" and not re.search(
                r"\b(?:in|last|since|of|until|by) \Z", text[: match.start()]
            ):
                continue
            if not match["name"][0].isupper():
                continue
            kind = "weekday" if name in WEEKDAYS else "month"
            order = sorted(WEEKDAYS if kind == "weekday" else MONTH_NAMES)
            found.append(
                Quantity(kind, float(order.index(name)), "", frozenset(), *match.span(), match[0])
            )
    return sorted(found, key=lambda q: q.start)


def matches(said: Quantity, told: Quantity) -> bool:
    """Whether what is said is true when what is told is: "over 200" of "214"."""
    if said.kind != told.kind:
        return False
    if said.value == told.value:
        return {said.bound, told.bound} != {"least", "most"}
    low, high = sorted((abs(said.value), abs(told.value)))
    near = high > 0 and (high - low) / high <= _ROUGH
    if said.kind in ("year", "day", "month", "weekday", "rank"):
        return False
    if said.bound == "least":
        return told.value > said.value and told.bound != "most"
    if said.bound == "most":
        return told.value < said.value and told.bound != "least"
    if said.bound == "vague":
        return told.value >= 2 * said.value
    # "About 5,000" is said of 5,200, but not "about 5,207".
    return near and said.bound == "about" and _digits(said.value) < _digits(told.value)


def _digits(value: float) -> int:
    """How many digits a number has without the noughts at its end."""
    return len(f"{value:.6g}".replace(".", "").strip("0"))


def _dates(text: str) -> Sequence[Quantity]:
    found = []
    for match in _DATE.finditer(text):
        month = (match["month"] or match["month2"]).lower()
        day = int(match["day"] or match["day2"])
        value = sorted(MONTH_NAMES).index(month) * 100 + day
        found.append(Quantity("day", float(value), "", frozenset(), *match.span(), match[0]))
    return found


def _fractions(text: str) -> Iterator[Quantity]:
    """ "Half of the harvest", as 50 percent; a third is no whole percentage."""
    for match in _FRACTION.finditer(text):
        part = fraction_of(match[0])
        if part is not None and part[0] == int(part[0]):
            unit = _unit(text, match.end())
            yield Quantity("percent", part[0], "", unit, *match.span(), match[0])


def _amount(text: str, match: re.Match[str]) -> Quantity | None:
    parts = re.split(r"[\s-]+", match["number"].lower())
    worth = worth_of(" ".join(p.removesuffix("s") if p in _VAGUE else p for p in parts))
    if worth is None:
        return None
    value = worth[0]
    after = (match["after"] or "").strip().lower()
    bound = _bound(" ".join((match["bound"] or "").lower().split()))
    if any(p in _VAGUE for p in parts):
        bound = "vague"
    unit = _unit(text, match.end())
    kind = "count"
    if after in ("%", "percent", "per cent"):
        kind = "percent"
    elif after in ("st", "nd", "rd", "th"):
        kind = "rank"
    elif len(parts) == 1 and _YEAR.fullmatch(parts[0]) and not match["money"] and not bound:
        kind = "year"
    if match["money"]:
        unit = frozenset({"money"})
    if parts == ["one"] and not unit & _CURRENCY:
        return None
    return Quantity(
        kind,
        value,
        bound,
        unit,
        match.start("number"),
        match.end(),
        text[match.start("number") : match.end()],
    )


def _bound(phrase: str) -> str:
    if phrase in _LEAST:
        return "least"
    if phrase in _MOST:
        return "most"
    return "about" if phrase in _NEARLY else ""


def _unit(text: str, end: int) -> frozenset[str]:
    """Stems of the next two telling words, unless the phrase ends before."""
    unit: list[str] = []
    position = end
    while len(unit) < 2 and (match := _UNIT_WORD.match(text, position)):
        lower = match[1].lower()
        position = match.end()
        if lower in ("of", "per", "a", "the", "extra", "more", "other"):
            if unit and lower != "of":
                break
            continue
        if lower in STOPWORDS:
            break
        unit.append(stem(lower))
    return frozenset(unit)
