"""What stands where in a sentence: beside a deed, after a preposition, with a number."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.english import BE, DETERMINERS, MONTHS
from rag.english_forms import CONTRASTS, INTRANSITIVE_PASTS, PARTICIPLES, PREPOSITIONS
from rag.judge.claims import Word, analyse, canonical_number, is_same_name

__all__ = [
    "Phrase",
    "Words",
    "after_first",
    "after_heads",
    "after_prepositions",
    "agent_of",
    "are_names",
    "is_deed",
    "is_passive",
    "is_preposition",
    "is_same_deed",
    "lower_at",
    "modified",
    "name_before",
    "numbers_in",
    "object_of",
    "passive_subject",
    "phrase_at",
    "qualified",
    "reach_of",
    "share",
    "spoken",
    "words_of",
]

Words = Sequence[Word | None]
"""Those of a sentence; None where a comma, a bracket or a dash stands."""
Phrase = tuple[Word, ...]
"""The telling words of a noun phrase; none where there is not one."""

_BREAKS = re.compile(r"[,;:](?=\s)|[()\[\]“”\"]|\s[-–—]\s|—")
_FAMILY = 5
"""Letters that words of one family begin with."""

_JOINS = frozenset("and or but nor yet while whereas which who whom that because although".split())
_TIMES = frozenset(
    """morning evening afternoon night day week month year decade century spring summer autumn
    winter time following next""".split()
)
_YEAR = re.compile(r"1\d{3}|20\d\d")


def words_of(text: str) -> Words:
    """Of a sentence; only its first word is capitalised for being the first."""
    found: list[Word | None] = []
    for n, piece in enumerate(_BREAKS.split(text)):
        words = analyse(piece).words
        found += [*(replace(w, first=False) if n else w for w in words), None]
    return found


def after_first(words: Words, preposition: str) -> list[Word]:
    """All words after a preposition first stands there."""
    start = next((i for i in range(len(words)) if lower_at(words, i) == preposition), len(words))
    return [w for w in words[start:] if w is not None]


def phrase_at(words: Words, at: int) -> Phrase:
    """The telling words from here to the end of the noun phrase."""
    found: list[Word] = []
    for i in range(at, len(words)):
        word = words[i]
        if word is None or is_preposition(word) or word.lower in BE | _JOINS:
            break
        if word.lower in DETERMINERS:
            if found:
                break
            continue
        if not word.tells or (found and _is_verb(word)):
            break
        found.append(word)
    return tuple(found)


def object_of(words: Words, at: int) -> Phrase:
    """What is done to: the noun phrase right after a deed, opened by an article or a name."""
    following = words[at + 1] if at + 1 < len(words) else None
    if following is None or canonical_number(following.lower) is not None:
        return ()
    opened = following.lower in DETERMINERS or following.capitalised
    twice = following.lower in DETERMINERS and lower_at(words, at + 2) in DETERMINERS
    if not opened or twice or _is_relative(words, at):
        # "Awarded her the prize", "the play that Ibsen wrote": something else is done to.
        return ()
    found = phrase_at(words, at + 1)
    return () if any(w.lower in _TIMES for w in found) else found


def passive_subject(words: Words, at: int) -> Phrase:
    """What stands before the "was" of a deed, from the beginning of the statement on."""
    end = next((i for i in range(at, 0, -1) if lower_at(words, i) in BE), 0)
    found = phrase_at(words, 0)
    return found if found and words[end - 1] is found[-1] else ()


def _is_relative(words: Words, at: int) -> bool:
    """Whether a "that" or "which" stands before a deed in its clause."""
    before = itertools.takewhile(lambda w: w is not None, reversed(words[:at]))
    return any(w is not None and w.lower in ("that", "which", "whom") for w in before)


def agent_of(words: Words, at: int) -> list[Word]:
    """Who does it: the telling words right before a deed, or after the "by" of a passive."""
    if not is_passive(words, at):
        before = itertools.takewhile(
            lambda w: w is not None and not is_preposition(w) and w.lower not in CONTRASTS,
            reversed(words[:at]),
        )
        return [w for w in before if w is not None and w.tells]
    by = next((i for i in range(at + 1, len(words)) if lower_at(words, i) == "by"), None)
    return [] if by is None else list(phrase_at(words, by + 1))


def reach_of(words: Words, at: int) -> list[Word]:
    """All words after a deed, up to the next one or a contrast."""
    found: list[Word] = []
    for i in range(at + 1, len(words)):
        word = words[i]
        if word is not None and word.lower in CONTRASTS:
            break
        if word is not None and is_deed(words, i) and lower_at(words, i - 1) not in DETERMINERS:
            break
        if word is not None:
            found.append(word)
    return found


def qualified(words: Words) -> list[tuple[Word, Word]]:
    """Neighbouring telling words, neither of them a name: "private schools"."""
    return [
        (which, head)
        for which, head in itertools.pairwise(words)
        if which is not None and head is not None and which.tells and head.tells
        if not (which.capitalised and not which.first) and not head.capitalised
    ]


def name_before(words: Words, at: int) -> Phrase:
    found: list[Word] = []
    for i in range(at - 1, -1, -1):
        word = words[i]
        if word is None or not word.capitalised or not word.tells:
            break
        found.insert(0, word)
    i = at - 1 - len(found)
    while lower_at(words, i) in DETERMINERS:
        i -= 1
    before = words[i] if i >= 0 else None
    if any(w.lower in MONTHS for w in found) or (before is not None and is_preposition(before)):
        # "On Thursday expressed", "the man in Oslo wrote": that is not who did it.
        return ()
    other = words[i - 1] if i > 0 and lower_at(words, i) in ("and", "or", "nor") else None
    # "Page and Brin founded": neither did it alone.
    return () if other is not None and other.capitalised else tuple(found)


def after_heads(words: Words) -> list[tuple[Word, str, Phrase, str]]:
    """(noun, preposition, the phrase after it, stem of the deed before it or "") of each "doubled
    the tax on salt"."""
    return [
        (head, preposition, phrase, _deed_before(words, at - 1))
        for at, preposition, phrase in _prepositions(words)
        if (head := words[at - 1] if at else None) is not None
        and head.tells
        and not is_deed(words, at - 1)
    ]


def is_preposition(word: Word) -> bool:
    """Per Holt is a man."""
    return word.lower in PREPOSITIONS and not word.capitalised


def _deed_before(words: Words, at: int) -> str:
    """The stem of the deed whose object, opened by an article, ends here; "" where none does."""
    for i in range(at - 1, max(-1, at - 4), -1):
        word = words[i]
        if word is None or is_preposition(word):
            break
        if is_deed(words, i) and lower_at(words, i + 1) in DETERMINERS:
            return word.stem
    return ""


def after_prepositions(words: Words) -> list[tuple[str, Phrase]]:
    return [(preposition, phrase) for _, preposition, phrase in _prepositions(words)]


def _prepositions(words: Words) -> Iterator[tuple[int, str, Phrase]]:
    for at, word in enumerate(words):
        if word is None or not is_preposition(word):
            continue
        phrase = phrase_at(words, at + 1)
        if phrase and not any(canonical_number(w.lower) or w.lower in MONTHS for w in phrase):
            yield at, word.lower, phrase


def modified(words: Words) -> list[tuple[Word, Word, Phrase]]:
    """(modifier, noun, the phrase after "of" or "for") of each "gold medal of the Union"."""
    return [
        (which, head, phrase)
        for at, preposition, phrase in _prepositions(words)
        if preposition in ("of", "for")
        and at > 1
        and (head := words[at - 1]) is not None
        and (which := words[at - 2]) is not None
        and head.tells
        and which.tells
        and not which.capitalised
    ]


def numbers_in(words: Words) -> set[str]:
    found = {canonical_number(w.lower) for w in words if w is not None and w.lower[0].isdigit()}
    return {n for n in found if n is not None and not _YEAR.fullmatch(n)}


def is_deed(words: Words, at: int) -> bool:
    word = words[at]
    if word is None or word.capitalised or not word.tells:
        return False
    return _is_verb(word) or word.lower in PARTICIPLES


def _is_verb(word: Word) -> bool:
    return not word.capitalised and (word.is_past or word.lower in INTRANSITIVE_PASTS)


def is_same_deed(words: Words, at: int, deed: Word) -> bool:
    word = words[at]
    if word is None or word.stem != deed.stem:
        return False
    return is_deed(words, at) or word.lower.endswith("ing")


def is_passive(words: Words, at: int) -> bool:
    before = [w.lower for w in words[max(0, at - 2) : at] if w is not None]
    return bool(BE & set(before)) or lower_at(words, at + 1) == "by"


def lower_at(words: Words, at: int) -> str:
    word = words[at] if 0 <= at < len(words) else None
    return "" if word is None else word.lower


def share(one: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether a word of the one is among the others, or is of the same family: "judicial" is of
    "judiciary"."""
    begun = {w.lower[:_FAMILY] for w in other if len(w.lower) >= _FAMILY}
    return any(is_same_name(word, other) or word.lower[:_FAMILY] in begun for word in one)


def are_names(phrase: Sequence[Word]) -> bool:
    return phrase[-1].capitalised


def spoken(phrase: Sequence[Word]) -> str:
    return " ".join(w.text for w in phrase)
