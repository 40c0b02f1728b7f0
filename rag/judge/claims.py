"""What a sentence asserts, as far as words show it: content, numbers, names, negations.

Attribution and verification compare sentences through this; it knows no question and no model.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.tokens import STOPWORDS, stem
from rag.english import (
    ANSWERS,
    DEMONYM_ENDINGS,
    DEMONYMS,
    DENIALS,
    MONTHS,
    NEGATIONS,
    NUMBER_WORDS,
    RHETORICAL,
    SOFT_NUMBERS,
    VERBS_AFTER_A_NAME,
)
from rag.english_forms import IRREGULAR_PASTS

__all__ = [
    "Claim",
    "Word",
    "analyse",
    "canonical_number",
    "is_misspelled",
    "is_same_name",
    "number_words",
    "spelled_out",
    "subject_words",
]

_NUMBERING = re.compile(r"\s*\(?\d{1,2}[.)]\s+(?=[A-Z*“\"])")
_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S.
    r"|[$€£¥]?\d+(?:[.,:]\d+)*(?:st|nd|rd|th|s)?\b"
    r"|[^\W_]+(?:[’'][^\W_]+)*"
    r"|%",
    re.UNICODE,
)
_LONGEST_SUBJECT = 7
"""Words."""

_LONG_WORD, _SPELLED_ALIKE = 7, 0.88
"""Letters, and the share of them in the same order, from which on two words may be one."""

_SCOPE = 2
"""Content words after a negation that it is taken to negate."""

_PASSED_OVER = frozenset({"yet", "ever", "far"})
"""No firm has yet been chosen: the choice is what is negated."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence: as written, lower-cased and stemmed."""

    text: str
    lower: str
    stem: str
    first: bool
    """Whether it opens the sentence or a quotation, where everything is capitalised."""

    @property
    def capitalised(self) -> bool:
        return self.text[:1].isupper()

    @property
    def is_past(self) -> bool:
        """Whether it looks like a past tense."""
        return self.lower.endswith("ed") or self.lower in IRREGULAR_PASTS

    @property
    def tells(self) -> bool:
        """Whether it is more than a small word or a sign."""
        return self.lower not in STOPWORDS and self.stem != ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence's words and what must agree for another sentence to say the same."""

    words: tuple[Word, ...]
    content: frozenset[str]
    """Stems that are not stop words; numbers in canonical form."""
    numbers: frozenset[str]
    """Canonical: "1,000" and "thousand" are both 1000."""
    spelled_numbers: frozenset[str]
    """Of those, the ones written as words."""
    names: tuple[Word, ...]
    """Capitalised inside the sentence, days and months included; or first and unusual."""
    first_word: Word | None
    """Capitalised and first, so perhaps a name; None if it is a stop word."""
    negated: frozenset[str]
    """Stems within the scope of a "not"."""
    negated_first: frozenset[str]
    """Of those, the ones right after it."""
    plain: frozenset[str]
    """Content that stands at least once outside such a scope."""
    denied: frozenset[str]
    """Stems within the scope of a word such as "deny" or "fail"."""
    ordered: tuple[str, ...]
    """Content stems in the order in which they are written."""


@lru_cache(maxsize=1024)
def analyse(text: str) -> Claim:
    """Take a sentence apart."""
    words = tuple(_words(text))
    numbers: set[str] = set()
    spelled: set[str] = set()
    ordered: list[str] = []
    names: list[Word] = []
    first_word: Word | None = None
    for word in words:
        number = canonical_number(word.lower)
        if number is not None:
            if number not in SOFT_NUMBERS or word.lower[:1].isdigit():
                numbers.add(number)
                if word.lower in NUMBER_WORDS:
                    spelled.add(number)
            ordered.append(number)
        elif word.lower not in STOPWORDS and word.lower not in NEGATIONS:
            ordered.append(word.stem)
        if number is None and word.capitalised and word.lower not in STOPWORDS:
            if not word.first or _is_acronym(word.text):
                names.append(word)
            else:
                first_word = first_word or word
        elif number is None and word.capitalised and not word.first and word.lower in MONTHS:
            names.append(word)
    negated, first, plain, denied = _scopes(words)
    return Claim(
        words=words,
        content=frozenset(ordered),
        numbers=frozenset(numbers),
        spelled_numbers=frozenset(spelled),
        names=tuple(names),
        first_word=first_word,
        negated=frozenset(negated),
        negated_first=frozenset(first),
        plain=frozenset(plain),
        denied=frozenset(denied),
        ordered=tuple(ordered),
    )


def is_same_name(word: Word, others: Iterable[Word]) -> bool:
    """Whether a name is among `others`, as "Turkish" is for "Turkey", "EU" for "European Union"."""
    others = list(others)
    if any(word.stem == o.stem or _is_kin(word.lower, o.lower) for o in others):
        return True
    initials = "".join(o.text[0] for o in others if o.capitalised).upper()
    return _is_acronym(word.text) and word.text.replace(".", "") in initials


def is_misspelled(one: str, other: str) -> bool:
    """Whether two long words differ by a letter or two in the same place: "signitures"."""
    if (
        min(len(one), len(other)) < _LONG_WORD
        or one[0] != other[0]
        or abs(len(one) - len(other)) > 1
    ):
        return False
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SPELLED_ALIKE


def spelled_out(words: Sequence[Word], acronyms: Iterable[Word]) -> frozenset[str]:
    """Stems of the names in `words` that one of `acronyms` stands for: "Union" for "EU"."""
    named = [w for w in words if w.capitalised]
    initials = "".join(w.text[0] for w in named).upper()
    found: set[str] = set()
    for acronym in acronyms:
        letters = acronym.text.replace(".", "")
        at = initials.find(letters) if _is_acronym(acronym.text) else -1
        if at >= 0:
            found |= {w.stem for w in named[at : at + len(letters)]}
    return frozenset(found)


def _words(text: str) -> Iterable[Word]:
    # The "no" of an answer denies the question, not the word that follows it; the "2." of a list
    # is no number of anything.
    before = ANSWERS.match(text) or _NUMBERING.match(text)
    opening = before is None or before.re is _NUMBERING
    at = 0 if before is None else before.end()
    for match in _WORD.finditer(text, at):
        raw = match.group().replace("’", "'")
        bare = unicodedata.normalize("NFKD", raw)
        raw = "".join(c for c in bare if not unicodedata.combining(c)) or raw
        gap = text[at : match.start()]
        if any(mark in gap for mark in '"“‘([') or (at and re.search(r"[.!?:]\s", gap)):
            opening = True
        at = match.end()
        plain = re.sub(r"'s$", "", raw)
        lower = plain.lower()
        if lower.endswith("n't"):
            yield Word("not", "not", "not", False)
            lower = lower[:-3]
            if lower in ("ai", "ca", "wo", "") or lower in STOPWORDS:
                continue
            plain = plain[:-3]
        lower = lower.replace(".", "") if not lower[:1].isdigit() else lower
        yield Word(plain, lower, stem(lower), opening)
        opening = False


def number_words() -> tuple[str, ...]:
    """The words that are read as numbers, longest first."""
    return tuple(sorted(NUMBER_WORDS, key=len, reverse=True))


def canonical_number(lower: str) -> str | None:
    """A lower-case word as a number ("1,000" and "thousand": "1000"), or None if it is none."""
    digits = lower.lstrip("$€£¥")
    if digits[:1].isdigit():
        body = re.sub(r"(?<=\d)(st|nd|rd|th|s)$", "", digits).replace(",", "")
        if re.fullmatch(r"\d+\.\d+", body):
            body = body.rstrip("0").rstrip(".")
        return (body.lstrip("0") or "0") + ("." if re.search(r"\d(st|nd|rd|th)$", digits) else "")
    if lower == "%":
        return "%"
    return NUMBER_WORDS.get(lower)


def _scopes(words: tuple[Word, ...]) -> tuple[set[str], ...]:
    negated: set[str] = set()
    first: set[str] = set()
    denied: set[str] = set()
    covered: set[int] = set()
    for i, word in enumerate(words):
        target = None
        if word.lower in NEGATIONS and not _is_rhetorical(words, i):
            target = negated
        elif word.stem in DENIALS:
            target = denied
        if target is None:
            continue
        near = range(i + 1, min(i + 7, len(words)))
        telling = STOPWORDS | _PASSED_OVER
        following = [j for j in near if words[j].lower not in telling][:_SCOPE]
        scope = [canonical_number(words[j].lower) or words[j].stem for j in following]
        target.update(scope)
        if target is negated:
            first.update(scope[:1])
            covered.update(following)
    plain = {
        canonical_number(w.lower) or w.stem
        for j, w in enumerate(words)
        if j not in covered and w.lower not in STOPWORDS
    }
    return negated, first, plain, denied


def _is_rhetorical(words: tuple[Word, ...], i: int) -> bool:
    """ "Not only", "not just": what follows is affirmed."""
    return i + 1 < len(words) and words[i + 1].lower in RHETORICAL


def _is_acronym(text: str) -> bool:
    letters = text.replace(".", "")
    return 2 <= len(letters) <= 6 and letters.isupper()


def _is_kin(a: str, b: str) -> bool:
    """Country and inhabitant, name and adjective: a shared stem of four letters or more."""
    if DEMONYMS.get(a, a) == DEMONYMS.get(b, b):
        return True
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n >= 4 and a[n:] in DEMONYM_ENDINGS and b[n:] in DEMONYM_ENDINGS


def subject_words(claim: Claim) -> list[Word]:
    """The telling words that a sentence begins with, up to what is done or so."""
    subject: list[Word] = []
    for word in claim.words[:_LONGEST_SUBJECT]:
        if (word.is_past and not word.capitalised) or word.lower in VERBS_AFTER_A_NAME:
            break
        if word.tells:
            subject.append(word)
    return subject
