"""What Pressmark knows of English, in one place: words and turns of phrase, no logic.

Stop words and the stemmer stand in `index.tokens`, opposites in `rag.check.opposites`. A text in
another language is found and quoted, but what these lists are for (negations, numbers as words,
pronouns, the kind of a question) is not seen in it: rag/README.md says what that means.
"""

from __future__ import annotations

import re

from index.tokens import stem

__all__ = [
    "ABOUT",
    "ANSWERS",
    "ASKS",
    "ASKS_AT_LENGTH",
    "ASKS_FOR_SEVERAL",
    "ASKS_HOW_MANY",
    "ASKS_WHEN",
    "ASKS_WHETHER",
    "ASKS_WHO",
    "ASKS_WHY",
    "AT_LEAST",
    "AT_MOST",
    "BE",
    "BECAUSE",
    "CAUSAL",
    "COMPARES",
    "DEMONYMS",
    "DEMONYM_ENDINGS",
    "DENIALS",
    "DETERMINERS",
    "FIRST_PERSON",
    "GENERAL",
    "GREETING",
    "MONTHS",
    "MONTH_NAMES",
    "NAMING",
    "NEGATIONS",
    "NUMBER_WORDS",
    "OPENS_BY_REFERRING",
    "PEOPLE",
    "POINTS_BACK",
    "POSSESSIVES",
    "PREAMBLE",
    "PRONOUN",
    "REFUSAL",
    "RHETORICAL",
    "SAYING",
    "SOFT_NUMBERS",
    "VERBS_AFTER_A_NAME",
    "WEEKDAYS",
    "YES_NO",
]

# Questions

ASKS = re.compile(r"\b(who|whom|whose|what|which|when|where|why|how)\b", re.IGNORECASE)
"""A word that asks for something; without one it is asked whether something is so."""

ASKS_FOR_SEVERAL = re.compile(
    r"\b(why|how (?!many|much|old|long|often|far|big|large|tall|high)|list|compare|describe|"
    r"explain|summari[sz]e|what are|which are|reasons|difference)\b",
    re.IGNORECASE,
)
"""What one sentence seldom answers."""

ASKS_AT_LENGTH = re.compile(
    r"\b(list|compare|describe|explain|summari[sz]e|what are|which are|reasons|difference|"
    r"how do(?:es)?(?! (?:i|you|we)\b))\b",
    re.IGNORECASE,
)
"""What one sentence does not answer, though it may belong there: how something works."""

YES_NO = frozenset(("yes", "no"))
ANSWERS = re.compile(r"\W*(?P<word>yes|no)\s*[,;:.–—-]\s+", re.IGNORECASE)
"""How a sentence begins that answers by yes or no, and goes on."""

ASKS_WHETHER = re.compile(
    r"(?:(?:and|but|so) )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|"
    r"shall|may|might|must)(?:n[’']t)?\b",
    re.IGNORECASE,
)
"""How a question begins that yes or no answers; keywords do not."""

ASKS_WHY = re.compile(r"\W*why\b", re.IGNORECASE)
"""How a question begins that asks for a reason, and for nothing else first."""

ASKS_WHEN = re.compile(
    r"\W*(?:(?:since|until|by) )?when (?:did|was|were|will|ha[sd])\b", re.IGNORECASE
)
ASKS_HOW_MANY = re.compile(r"\bhow (?:many|much)\b", re.IGNORECASE)
ASKS_WHO = re.compile(r"\bwho(m|se)?\b", re.IGNORECASE)

GREETING = re.compile(
    r"\A\W*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks?|thank you|thx|cheers|"
    r"bye|goodbye|ok|okay)(?: (?:there|you|so much|very much|a lot|everyone|all))*\W*)+\Z",
    re.IGNORECASE,
)
"""Said to be polite: nothing is asked."""

# What refers to something said before

PRONOUN = re.compile(
    r"\b(he|she|they|him|her|them|his|hers|their|theirs|its|it|this|that|these|those|there|then|"
    r"the same|the former|the latter|the other|the others|another one|such)\b",
    re.IGNORECASE,
)

OPENS_BY_REFERRING = re.compile(
    r"\A[\"“'‘(]*(?:(?:and|but|also|however|then|in addition|moreover|there|here|meanwhile|"
    r"instead|afterwards|later)(?: then| later)?[,\s]+)?"
    r"(?:(?:when|after|before|while|as|since|once|until|because|although) "
    r"(?=(?P<who>he|she|they)\b(?-i:[^A-Z,;:]*),? (?P=who)\b))?"
    r"(?P<word>(?:he|she|they|it|his|her|their|its)\b|(?:this|these|those|that)(?= (?:is|was|are|"
    r"were|has|have|had|can|could|will|would|may|might|does|did|led|made|meant|means|includes?)\b))"
    r"(?! (?:is|was) (?:likely|possible|true|unclear|not clear|expected|said|believed|thought|"
    r"known|estimated|reported)\b)",
    re.IGNORECASE,
)
"""How a sentence begins that cannot be understood without the one before it."""

POINTS_BACK = re.compile(
    r"\b(?:sa(?:id|ys)|th(?:inks|ought)|f(?:elt|eels|eared)|believed|argued|admitted|kn(?:ew|ows)|"
    r"added) (?:that|this) (?:would|will|could|is|was|has|had)\b"
)
"""What is said of what stood before: "She said that would be fraud"."""

BE = frozenset("am is are was were be been being".split())

GENERAL = frozenset(
    """actor agency animal anybody anyone area artist athlete author authority bird bloke boat body
    boss building business celebrity chap character child city club committee company country
    criminal department employee event everybody everyone expert fellow figure film firm fish folk
    girl government group guy head insect institution island kid lady lawmaker leader machine maker
    man manager member men minister musician name nation news newspaper office officer official
    organisation organization party people performer person place plane plant player politician
    product region researcher ruler scientist service ship show somebody someone specialist staff
    star state system team thing town tree tribe type vehicle vessel village woman women work
    worker writer""".split()
)
"""Words that cover many others: which official, ship or animal it was, the text may say."""

PEOPLE = frozenset("he she his her him".split())
"""Pronouns that stand for one person."""

FIRST_PERSON = re.compile(r"\b(?:I|me|my|mine|myself|we|us|our|ours)\b(?!\.)")
"""Whoever speaks; capitals matter: the US is no "us"."""

POSSESSIVES = frozenset("his her its their".split())

# Replies of a model

REFUSAL = re.compile(
    r"\b(no (information|mention|specific)|(not|n't|never) (explicitly |specifically |directly )?"
    r"(mention|mentioned|specif\w+|provide\w*|state[ds]?|say|given|contain|contained|include|"
    r"discuss\w*|available|known from|answer)|cannot (be )?(determine\w*|answer\w*|find|found)|"
    r"unclear from|passages? do(es)? not|article does not)\b",
    re.IGNORECASE,
)

PREAMBLE = re.compile(
    r"\A\s*(?:answer\s*:|(?:according to|based on) (?:the|these) (?:passages?|articles?|text)\s*,?)"
    r"\s*",
    re.IGNORECASE,
)

# Statements

_UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen""".split()
_TENS = """twenty thirty forty fifty sixty seventy eighty ninety""".split()
_ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split()

NUMBER_WORDS = {
    **{word: str(value) for value, word in enumerate(_UNITS)},
    **{word: str(10 * value) for value, word in enumerate(_TENS, start=2)},
    **{word: f"{value}." for value, word in enumerate(_ORDINALS, start=1)},
    "dozen": "12",
    "dozens": "12s",
    "hundred": "100",
    "hundreds": "100s",
    "thousand": "1000",
    "thousands": "1000s",
    "million": "million",
    "millions": "millions",
    "billion": "billion",
    "billions": "billions",
    "trillion": "trillion",
    "percent": "%",
    "half": "1/2",
    "twice": "2x",
    "double": "2x",
    "once": "1x",
}
"""Words that are read as numbers, and how they are written to be compared."""

SOFT_NUMBERS = frozenset({"1", "1x", "1.", "2.", "1/2"})
"""Written as words these are mostly pronouns, adverbs and units of time."""

BECAUSE = re.compile(
    r"\b(?:because(?: of)?|due to|owing to|thanks to|as a result of|caused by)\b", re.IGNORECASE
)
"""What a cause follows."""

CAUSAL = re.compile(
    r"\b(?:because|due|owing|thanks to|since|as|so|therefore|thus|hence|reasons?|why|results?|"
    r"resulted|resulting|cause[sd]?|causing|leads?|leading|led|for(?:ce|ces|ced|cing)|blam\w+|"
    r"after|when|whereby|thereby|means?|meaning|made|makes?|making|allow\w*|prevent\w*|helps?|"
    r"enabl\w+|in order|so that|to \w+|driven|triggered|prompt\w+|stem\w*|attribut\w+|evok\w+|"
    r"based|by|through|from|following)\b",
    re.IGNORECASE,
)
"""What a sentence that gives a cause may put it with, in whatever form."""

COMPARES = re.compile(
    r"\b(?:than|compared (?:with|to))\b(?!\s+(?:\d|one\b|two\b|three\b|"
    r"half\b(?! of (?:what|that|those|its|the))|"
    r"an? (?:dozen|hundred|thousand|million|third|quarter)))",
    re.IGNORECASE,
)
"""What stands after it is another thing than what stands before; not so in "more than 40"."""

AT_LEAST = """at least|more than|no fewer than|not fewer than|no less than|not less than|
    upwards of|in excess of|over|above"""
AT_MOST = """at most|no more than|not more than|fewer than|less than|up to|just under|nearly|
    almost|close to|under|below"""
ABOUT = """an estimated|approximately|roughly|around|about|circa|some"""

NEGATIONS = frozenset({"not", "no", "never", "none", "neither", "nor", "cannot", "without"})

DENIALS = frozenset(
    stem(word)
    for word in """deny refuse fail lack unable avoid prevent reject halt stop decline dispute
    forbid ban impossible unlikely hardly barely rarely""".split()
)
"""Stems of words that negate what follows without saying "not"."""

RHETORICAL = frozenset(["only", "just", "merely", "simply", "least"])
"""After "not": what follows is affirmed."""

MONTH_NAMES = frozenset(
    """january february march april may june july august september october november
    december""".split()
)
WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
MONTHS = MONTH_NAMES | WEEKDAYS
"""Months and days of the week."""

DETERMINERS = frozenset("the a an its his her their our this that these those each every".split())
"""What opens a noun phrase."""


DEMONYMS = {
    "french": "france",
    "english": "england",
    "scottish": "scotland",
    "scots": "scotland",
    "irish": "ireland",
    "welsh": "wales",
    "dutch": "netherlands",
    "spanish": "spain",
    "polish": "poland",
    "danish": "denmark",
    "swiss": "switzerland",
    "finnish": "finland",
    "british": "britain",
}
"""Those that share too few letters with their country to be told by their endings."""

DEMONYM_ENDINGS = frozenset(["", *"n an ian ish ese i s ic ean ey e ce k a ia y".split()])


NAMING = frozenset("called entitled known named nicknamed titled".split())
"""Past tenses that say what something is called."""

VERBS_AFTER_A_NAME = frozenset(
    "said says was is has had did will told and would".split(),
)

# Speakers

SAYING = frozenset(
    """said says say told tells added adds announced announces warned warns claimed claims argued
    argues replied replies wrote writes asked asks insisted insists explained explains stated
    states noted notes denied denies accused accuses called calls promised promises rejected
    rejects admitted admits conceded concedes confirmed confirms declared suggested complained
    demanded predicted expressed stressed reported""".split()
)
"""Verbs whose subject speaks."""
