"""What Pressmark knows of English about the most, the first and the last of a kind.

Beside `rag.english`: words and turns of phrase, no logic.
"""

from __future__ import annotations

import re

__all__ = ["NO_SUPERLATIVES", "RANKS"]

NO_SUPERLATIVES = frozenset(
    """arrest behest bequest chest conquest contest crest digest forest guest harvest honest
    interest invest jest latest manifest midwest modest nest northwest pest priest protest quest
    rainforest request rest southwest suggest tempest test unrest vest west zest""".split()
)
"""What ends as a superlative does; "latest" is of time."""

RANKS = {
    "most": re.compile(
        rf"(?!\b(?:{'|'.join(sorted(NO_SUPERLATIVES))})\b)\b[a-z]{{2,}}est\b|\b(?:most|mostly|least|"
        r"record|top|leading|main(?:ly)?|chief(?:ly)?|major|principal|primar(?:y|ily)|foremost|"
        r"supreme|majority|only|sole|unique|(?:more|less|\w+er) than any|any other|unrivall?ed|"
        r"unmatched|maximum|minimum|peak|premier|largely|number one|no\. ?1|worst|best)\b",
        re.IGNORECASE,
    ),
    "first": re.compile(
        r"\b(?:first|1st|earliest|oldest|initial(?:ly)?|original(?:ly)?|inaugural|debut\w*|"
        r"premi[eè]re\w*|pioneer\w*|invent\w*|introduc\w*|began|begin\w*|start\w*|found(?:ed|er)|"
        r"creat\w*|open\w*|never before)\b",
        re.IGNORECASE,
    ),
    "last": re.compile(
        r"\b(?:last|latest|final\w*|newest|most recent|recent\w*|ultimate|current\w*|end\w*|"
        r"extinct|until|till|since|closing|surviv\w*|previous\w*|only)\b",
        re.IGNORECASE,
    ),
}
"""What a sentence has that says of something that it is the most, the first or the last."""
