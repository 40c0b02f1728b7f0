"""How a question of a conversation leans on what was said before it."""

from __future__ import annotations

import re

from index.tokens import stem

__all__ = [
    "ADDS_NOTHING",
    "BEFORE_THAT",
    "DESCRIBED",
    "EMPTY_SUBJECT",
    "LEANING",
    "ONE",
    "REQUEST",
    "TURNS",
]

LEANING = re.compile(
    r"\A\s*(and|but|or|so|also|then|no|i mean|what about|how about|what else|who else|where else|"
    r"why not|which one|which ones|anyone else|anything else|for example|like what)\b",
    re.IGNORECASE,
)
"""How a question begins that goes on from the one before."""

# "It" as an empty subject, and "that" as a conjunction or before its own noun, refer to nothing.
EMPTY_SUBJECT = re.compile(
    r"\bis it (true|possible|likely)\b|\b(said|says|say|claimed|announced|reported|think|believe|"
    r"mean|know|show|shows|suggest|so)\s+that\b|\bis there\b|\bare there\b|\bwas there\b|"
    r"\bwere there\b|\bthose (who|that)\b|\bthat (is|was|were|are|has|had|have|can|could|would)\b",
    re.IGNORECASE,
)

ONE = re.compile(r"\b(?:the|that|this|\w+[’']s)(?: \w+)? ones?\b", re.IGNORECASE)
"""A thing that was named before: "the second one", "her previous one"."""

REQUEST = re.compile(
    r"\A\s*(?:please )?(?:tell|list|describe|explain|summari[sz]e|give|show|compare)\b",
    re.IGNORECASE,
)
"""How something is asked for without a question."""

DESCRIBED = re.compile(r"\b(?:the|that|this|these|those|his|her|its|their) (\w+)", re.IGNORECASE)
"""What a name may stand for: "the film"."""

BEFORE_THAT = frozenset(
    """did does do didn't doesn't don't say is are was were isn't isnt wasn't wasnt aren't arent
    will would can could should must may might has have had about after before for of to by with
    in on at from under since and but like than""".split()
)
"""After one of these "that" points at something; after a noun it begins a clause."""

ADDS_NOTHING = frozenset(
    map(
        stem,
        "actually anyway end exactly first just mean now ok okay really still then today".split(),
    )
)
"""Stems of words that a question may lose and ask the same."""

TURNS = frozenset(
    "after against before besides else except instead no not since until without".split()
)
"""Words that turn a question into another."""
