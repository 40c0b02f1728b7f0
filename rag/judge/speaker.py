"""Who says it? The speaker of a sentence, from its own words or from those before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.tokens import STOPWORDS
from rag.english import DETERMINERS, FIRST_PERSON, MONTHS, SAYING
from rag.evidence import Candidate
from rag.judge.claims import analyse, is_same_name
from rag.judge.refer import is_intelligible

__all__ = [
    "QUOTED",
    "Quotation",
    "Speaker",
    "asked_speaker",
    "heard",
    "is_by",
    "is_heard",
    "quotations",
    "quoted_speaker",
    "speaker_of",
    "speaker_of_candidate",
    "told_of_another",
]

QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"|„([^„“”]+)[“”]|«([^«»]+)»")
"""Words between quotation marks."""

_MIN_QUOTED_WORDS = 3
"""Fewer are a term or a title, not what somebody said."""

_SAYS = "|".join(sorted(SAYING, key=len, reverse=True))
_PERSON = (
    r"[A-Z][\w’'.-]*(?:[ ](?:(?:of|de|van|von|der|den|da|di|du|la|le|al|bin|ibn)[ ])?"
    r"[A-Z][\w’'.-]*){0,5}"
)
_NOUN = (
    r"(?:[A-Z][\w.-]*[’']s|[Tt]he|[Aa]n?|[Oo]ne|[Hh]is|[Hh]er|[Ii]ts|[Oo]ur|[Tt]heir)"
    r"(?:[ ][\w’'-]+){1,5}?"
)
_SUBJECT = rf"(?:{_PERSON}|{_NOUN}|[Hh]e|[Ss]he|[Tt]hey)"
_BESIDE = r"(?:,[ ](?P<role>[^,.;:“”\"]{2,160}),)?"
_OF = r"(?:[ ](?:of|from|at|for|with)[ ][^,.;:“”\"]{2,60}(?=,))?"
"""Where somebody works, before what is told of them between commas."""

_BEFORE_VERB = re.compile(
    rf"(?<![\w-])(?P<who>{_SUBJECT}){_OF}{_BESIDE}[ ]"
    rf"(?:(?:has|had|have|also|then|later|earlier|once|on[ ]\w+|"
    rf"late[ ]on[ ]\w+)[ ]){{0,2}}(?P<verb>{_SAYS})\b(?![ ]to[ ]be\b)"
)
_AFTER_VERB = re.compile(
    rf"(?P<verb>said|says|asked|added|replied|wrote|warned|explained)[ ]"
    rf"(?P<who>{_PERSON}|{_NOUN}(?=[,.;]|\Z))"
)
_ACCORDING = re.compile(
    rf"\b[Aa]ccording[ ]to[ ](?P<who>{_PERSON}|{_NOUN}(?=[,.;]|\Z))"
    rf"(?:,[ ](?P<role>{_PERSON})(?=[,.;]|\Z))?"
)
_ASKED = re.compile(
    r"\bwhat[ ](?:else[ ])?(?:did|does|do|has|have|had)[ ]"
    r"(?P<who>(?:the[ ])?[\w’'.-]+(?:[ ][\w’'.-]+){0,5}?)[ ]"
    r"(?:say|said|tell|told|claim|claimed|warn|warned|think|argue|call|called|deny|denied|reply|"
    r"admit|explain|state|add)\b",
    re.IGNORECASE,
)
_ASKED_BY = re.compile(
    rf"\b(?:according[ ]to|in[ ]the[ ]words[ ]of)[ ](?P<who>{_PERSON}|the[ ]\w+(?:[ ]\w+)?)"
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whoever a text gives words to."""

    name: str
    """As the text has it, a surname filled up with what goes before it: "Finance Minister Clara
    Osei"; or "the official"."""
    is_named: bool
    """Whether that is a name."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between quotation marks, `text[start:end]` without the marks."""

    text: str
    start: int
    end: int


_MINE = re.compile(r"\b(?:[Mm]y|[Oo]ur) (?:[a-z]+ ){1,3}(?:[A-Z][\w’'-]+ ?)+")
"""Somebody whom the speaker names as another."""


def quotations(text: str) -> list[Quotation]:
    """What is quoted in a text; single terms in quotation marks are left out."""
    found = []
    for match in QUOTED.finditer(text):
        group = next(i for i, g in enumerate(match.groups(), start=1) if g is not None)
        if len(match[group].split()) >= _MIN_QUOTED_WORDS:
            found.append(Quotation(match[group], match.start(group), match.end(group)))
    return found


def speaker_of(text: str, preceding: Sequence[str] = ()) -> Speaker | None:
    """Who says what a sentence reports; None where it reports nobody's words.

    `preceding` are the sentences before it, in reading order: they say who "he" is, and give the
    surname its first name.
    """
    outside = QUOTED.sub(lambda m: " " * len(m[0]), text)
    before, after = _BEFORE_VERB.search(outside), _AFTER_VERB.search(outside)
    if before is not None and after is not None and before.start("verb") == after.start("verb"):
        # "The judge said Berg had lied": Berg said nothing.
        after = None
    match = _ACCORDING.search(outside) or after or before
    if match is None:
        return None
    role = match.groupdict().get("role")
    if role and re.fullmatch(_NOUN, match["who"]):
        name = re.fullmatch(_PERSON, role)
        if name is not None:
            # "Their coach, Rita Almgren, said …": she may be asked for by either.
            return Speaker(f"{match['who']}, {name.group()}", is_named=True)
    # "Bo Berg voted against it because, he said, …": he is in the same sentence.
    return _resolved(match["who"], [*preceding, outside[: match.start()]])


def is_by(speaker: Speaker | None, wanted: str) -> bool:
    """Whether a speaker is the one that is meant by `wanted`, a name or a role."""
    if speaker is None:
        return False
    ours, theirs = _telling(speaker.name), _telling(wanted)
    if not ours or not theirs:
        return False
    return ours[-1] == theirs[-1] or set(theirs) <= set(ours) or set(ours) <= set(theirs)


def asked_speaker(question: str) -> str | None:
    """Whose words a question asks for ("What did X say about Y?"); None if nobody's."""
    match = _ASKED.search(question) or _ASKED_BY.search(question)
    if match is None:
        return None
    who = match["who"].strip()
    return None if who.lower() in _PRONOUNS or not _telling(who) else who


def heard(question: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Of the sentences found for "What did X say …?" those that give X's words, and what they lean
    on; of another question all of them.

    Where none gives X's words, what somebody else says is left out all the same.
    """
    wanted = asked_speaker(question)
    if wanted is None:
        return list(candidates)
    speakers = [speaker_of_candidate(c) for c in candidates]
    theirs = {c.key for c, s in zip(candidates, speakers, strict=True) if is_by(s, wanted)}
    nobodys = {c.key for c, s in zip(candidates, speakers, strict=True) if s is None}
    # What stands just before "He earns more there, he says" tells who he is, and where.
    leaning = [c.key for c in candidates if not is_intelligible(c.evidence.text)]
    before = {(document, ordinal - 1) for document, ordinal in theirs.intersection(leaning)}
    before &= nobodys
    kept = theirs | before if theirs else nobodys
    return [c for c in candidates if c.key in kept]


def is_heard(question: str, candidates: Sequence[Candidate]) -> bool:
    """Whether it is asked what somebody said, and one of these sentences gives his words."""
    wanted = asked_speaker(question)
    return wanted is not None and any(is_by(speaker_of_candidate(c), wanted) for c in candidates)


def quoted_speaker(candidate: Candidate) -> str | None:
    """Whose words an evidence sentence quotes; None where it quotes nobody."""
    if not quotations(candidate.evidence.text):
        return None
    found = speaker_of_candidate(candidate)
    return None if found is None else found.name


def speaker_of_candidate(candidate: Candidate) -> Speaker | None:
    """Who says what an evidence sentence reports; None where it reports nobody's words."""
    return speaker_of(candidate.evidence.text, [e.text for e in candidate.preceding])


_PRONOUNS = frozenset("he she they it you we i who what anyone people".split())


def _resolved(who: str, preceding: Sequence[str]) -> Speaker | None:
    """The speaker behind a name, a role or a pronoun."""
    if who.lower() in _PRONOUNS:
        return _before(preceding)
    is_named = who.split()[0].lower() not in DETERMINERS and who[:1].isupper()
    name = _bare(who)
    if is_named:
        if name.split()[0].lower() in STOPWORDS | MONTHS:
            name = " ".join(name.split()[1:])
        if not name:
            return None
        name = _filled_up(name, preceding)
    return Speaker(name, is_named)


def _before(preceding: Sequence[str]) -> Speaker | None:
    """Who "he" is: whoever spoke last, else the last person named."""
    for i in range(len(preceding) - 1, -1, -1):
        found = speaker_of(preceding[i], preceding[:i])
        if found is not None:
            return found
        names = [_bare(m.group()) for m in re.finditer(_PERSON, preceding[i])]
        people = [n for n in names if len(n.split()) > 1 and n.split()[0].lower() not in STOPWORDS]
        if len(people) == 1:
            return Speaker(people[0], is_named=True)
    return None


def _filled_up(name: str, preceding: Sequence[str]) -> str:
    """The longest form in which the sentences before have this name."""
    last = name.split()[-1]
    longest = name
    for sentence in preceding:
        for match in re.finditer(_PERSON, sentence):
            form = _bare(match.group())
            words = form.split()
            if words[0].lower() in STOPWORDS:
                words = words[1:]
            if words and words[-1] == last and len(words) > len(longest.split()):
                longest = " ".join(words)
    return longest


def _bare(name: str) -> str:
    return re.sub(r"[’']s\Z", "", name.strip().rstrip(".,;:’'"))


def _telling(name: str) -> list[str]:
    words = [_bare(w).lower() for w in name.split()]
    return [w for w in words if w and w not in STOPWORDS]


def told_of_another(statement: str, cited: Sequence[str], before: str, origin: str) -> str | None:
    """The name to which a statement gives what whoever speaks says of himself.

    "It took Rufus eleven years" is not said by "It took me eleven years", unless Rufus may be he:
    by `origin`, title and author, or by what stands `before` in the passage, but for "my cousin
    Rufus".
    """
    spoken = [text for text in cited if FIRST_PERSON.search(QUOTED.sub(" ", text))]
    if not spoken or FIRST_PERSON.search(statement):
        return None
    said, here = analyse(statement), [w for text in cited for w in analyse(text).words]
    may_be = [w for w in analyse(f"{origin} {_MINE.sub(' ', before)}").words if w.capitalised]
    unknown = (w for w in said.names if not is_same_name(w, [*here, *may_be]))
    return next((w.text for w in unknown), None)
