"""Forms of English verbs, and the words that join a noun to what comes before."""

from __future__ import annotations

__all__ = [
    "CONTRASTS",
    "FURTHER",
    "INTRANSITIVE_PASTS",
    "IRREGULAR_PASTS",
    "LIGHT_VERBS",
    "ORGANISATIONS",
    "PARTICIPLES",
    "PERSONS",
    "PLACE_PREPOSITIONS",
    "PREPOSITIONS",
    "RECENT",
    "SHELL_NOUNS",
]

IRREGULAR_PASTS = frozenset(
    """beat bought broke brought caught chose fought found gave held hit knew led left lost made
    met paid quit said saw sent shot sold split struck sued taught told took won wrote""".split()
)
"""Past tenses, without "-ed", of what one party does to another."""

CONTRASTS = frozenset("but while whereas".split())
"""What stands between two clauses that speak of two things."""

INTRANSITIVE_PASTS = frozenset(
    """arose became began came fell fled flew froze grew lay ran rose sank sat shone shrank slept
    spoke sprang stood swam went woke""".split()
)
"""The same, of what is done to nobody."""

LIGHT_VERBS = frozenset(
    """came catch caught come did do done gave get give given go gone got had have made make take
    taken took went""".split()
)
"""Verbs that say little without their object: to take the throne is to succeed, to reign, to be
crowned (Jespersen 1942)."""

PARTICIPLES = frozenset(
    """bitten blown born broken built burnt caught chosen cut done drawn driven eaten fallen felt
    flown forgotten found frozen given gone grown heard held hidden hit hurt kept known laid led
    left lost made meant met paid put read run seen sent set shaken shot shown shut sold spent
    spoken spread stolen struck sung sunk sworn taken taught thrown told torn won worn
    written""".split()
)
"""Of verbs that have no "-ed"."""

PLACE_PREPOSITIONS = frozenset("in at near from to".split())

PREPOSITIONS = PLACE_PREPOSITIONS | frozenset(
    """about above against along among around as before behind below between beyond by during
    for into of off on onto over since than through towards under until upon via with
    within without""".split()
)

SHELL_NOUNS = frozenset(
    """aim answer approach aspect cause class concept condition definition effect element example
    fact factor feature form format function goal idea impact instance kind length location
    manner meaning means method name nature origin pair part period phase phenomenon place
    principle problem procedure process property purpose reason result role sense series setting
    sort source stage step structure style synonym system technique term theme thing time title
    type use value way word year""".split()
)
"""Nouns that a question holds its answer's place with: "the name of", "the process that"; no text
need use them (Schmid 2000: shell nouns)."""

FURTHER = frozenset(
    """additional another bigger earlier further larger later longer ones other others rest separate
    shorter smaller wider""".split()
)
"""What is said of one beside another: "a larger trial" is the follow-up."""

ORGANISATIONS = frozenset(
    """academy act airport alliance army association award bank bay beach bridge brothers canal
    castle cathedral cemetery championship church college competition corporation council county
    court cup district empire festival forest foundation games garden hall harbour highway hospital
    hotel house inc industry institute lake league library ltd market ministry mission mountain
    museum navy opera orchestra palace park police port press prize project railway records republic
    river road school society stadium station street studio studios theater theatre tower trust
    union university valley war works""".split()
)
"""With what names end that are nobody's."""

PERSONS = frozenset(
    """assistant author boss boy brother captain chair chairman chairwoman chief child clerk coach
    colleague daughter deputy director doctor driver editor father friend girl governor guard head
    husband judge king lawyer leader man manager mayor minister mother neighbour neighbor nurse
    officer owner partner player president prince princess prosecutor queen rival secretary sister
    son successor predecessor teacher trainer treasurer wife woman writer""".split()
)
"""Nouns that "he" or "she" may stand for."""

RECENT = frozenset("current first last latest new newest next original recent upcoming".split())
"""What of a series one of a number may be: "the new season" is the nineteenth."""
