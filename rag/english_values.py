"""What Pressmark knows of English about values: what they are of, opposites, how one is taken back.

Beside `rag.english`: words and turns of phrase, no logic.
"""

from __future__ import annotations

import re

__all__ = [
    "ASKS_FOR_A_LIST",
    "CORRECTS",
    "COUNTERPARTS",
    "COUNTRIES",
    "CREATURES",
    "FRACTIONS",
    "MAGNITUDES",
    "MEASURES",
    "MOVED_TO",
    "OPPOSITES",
    "OPPOSITE_TRAITS",
    "RETRACTED_AFTER",
    "RETRACTED_BEFORE",
    "RETRACTS_NEXT",
    "TAKES_BACK",
    "TITLES",
    "UNITS",
    "WORKS",
]

ASKS_FOR_A_LIST = re.compile(
    r"\b(who|whom|(?:what|which)(?: \w+)?|names of) (are|were|have|do|did the \w+s)\b|"
    r"\b(what|which) (?!was|is|has|does|this)\w+[^s\W]s\b",
    re.IGNORECASE,
)
"""Where several names may each be right."""

MAGNITUDES = {
    "dozen": 12.0,
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
}
"""What a number before one of these is multiplied by."""

UNITS = {
    "%": "%",
    "percentage points": "points",
    "percent": "%",
    "per cent": "%",
    "euros": "€",
    "euro": "€",
    "dollars": "$",
    "pounds": "£",
    "yen": "¥",
    **{
        name: names.split("|")[0]
        for names in (
            "crowns|kroner|kronor|krone|krona",
            "francs|franc",
            "rupees|rupee",
            "roubles|rubles|rouble|ruble",
            "pesos|peso",
            "kilometres|kilometers|kilometre|kilometer|km",
            "metres|meters|metre|meter",
            "centimetres|centimeters|centimetre|centimeter|cm",
            "millimetres|millimeters|millimetre|millimeter|mm",
            "inches|inch",
            "yards|yard",
            "pounds of weight|lbs|lb",
            "grams|grammes|gram",
            "litres|liters|litre|liter",
            "miles|mile",
            "feet|foot",
            "kilograms|kilogrammes|kilogram|kilogramme|kilos|kilo|kg",
            "tonnes|tons|tonne|ton",
            "seconds|second",
            "minutes|minute",
            "hours|hour",
            "days|day",
            "weeks|week",
            "months|month",
            "years|year",
            "degrees|degree",
        )
        for name in names.split("|")
    },
}
"""What a number is of, as it is written, and one name for all that mean the same."""

MEASURES = {
    "kilometres": ("metres", 1000.0),
    "miles": ("metres", 1609.344),
    "centimetres": ("metres", 0.01),
    "millimetres": ("metres", 0.001),
    "inches": ("metres", 0.0254),
    "feet": ("metres", 0.3048),
    "yards": ("metres", 0.9144),
    "kilograms": ("grams", 1000.0),
    "tonnes": ("grams", 1e6),
    "minutes": ("seconds", 60.0),
    "hours": ("seconds", 3600.0),
    "days": ("seconds", 86400.0),
    "weeks": ("seconds", 604800.0),
    "years": ("months", 12.0),
}
"""Units, by their names in UNITS, that can be told in another: that one, and how many of it."""

FRACTIONS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
"""Parts of a whole, in the singular."""

COUNTRIES = frozenset(
    """afghanistan albania algeria angola argentina armenia australia austria azerbaijan bahrain
    bangladesh belarus belgium bolivia botswana brazil britain bulgaria cambodia cameroon canada
    chile china colombia congo croatia cuba cyprus denmark ecuador egypt england eritrea estonia
    ethiopia finland france gabon gambia germany ghana greece greenland guatemala guinea guyana
    haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan
    jordan kazakhstan kenya kosovo kuwait kyrgyzstan laos latvia lebanon liberia libya lithuania
    luxembourg macedonia madagascar malawi malaysia mali malta mauritania mexico moldova mongolia
    montenegro morocco mozambique myanmar namibia nepal netherlands nicaragua niger nigeria norway
    oman pakistan palestine panama paraguay peru philippines poland portugal qatar romania russia
    rwanda scotland senegal serbia slovakia slovenia somalia spain sudan suriname sweden switzerland
    syria taiwan tajikistan tanzania thailand togo tunisia turkey turkmenistan uganda ukraine
    uruguay uzbekistan venezuela vietnam wales yemen zambia zimbabwe
    africa america asia europe""".split()
)
"""Countries of one word, and continents: a town may lie in one."""

# Articles that take back what another said

CORRECTS = re.compile(
    r"\bcorrect(?:s|ed|ing|ion|ions)\b|\bclarification\b|\berratum\b|\bmisstated\b|"
    r"\bmistaken(?:ly)?\b|"
    r"\b(?:wrongly|incorrectly|erroneously)\b|\bretract(?:s|ed|ion)\b|"
    r"\b(?:earlier|previous|original|first) "
    r"(?:version|report|article|story|figure|estimate|count)s?\b|"
    r"\b(?:earlier|previously|initially|originally|first) "
    r"(?:reported|stated|said|announced|given)\b|"
    r"\bas (?:was |had been |we |first |earlier |previously )*(?:reported|stated|announced)\b|"
    r"\b(?:was|were) (?:wrong|incorrect|a mistake|an error)\b|\brevis(?:es|ed|ing|ion)\b|"
    r"\b(?:up|down|risen|rose|grown|fallen|fell|raised|lowered|changed?) (?:\w+ )?from\b|"
    r"\bnow (?:stands?|puts?|is|says?|given)\b|\b(?:risen|grown|rose|fallen|lowered|raised) to\b",
    re.IGNORECASE,
)
"""How an article says that another value was given before."""

RETRACTS_NEXT = re.compile(r",?\s(?:and )?(?:not|instead of|rather than)\s", re.IGNORECASE)
"""What stands between a value and the one that it replaces."""

TAKES_BACK = re.compile(
    r"\bcorrect(?:s|ed|ion|ions)\b|\bmisstated\b|\bgave (?:a|the) wrong\b|\bwrongly (?:said|gave|"
    r"stated|reported|named)\b|\b(?:earlier|previous) (?:version|article|report) (?:of|said|gave|"
    r"stated|named)\b|\bregrets? the error\b",
    re.IGNORECASE,
)
"""How an article says that it is there to put another right."""

MOVED_TO = re.compile(
    r"\b(?:rose|risen|rises|grown|grew|climbed|increased|raised|fallen|fell|dropped|lowered|revised|"
    r"updated|corrected) (?:\w+ )?to\b|\bnow (?:stands?|is|puts?)\b",
    re.IGNORECASE,
)
"""How a sentence says that its value is a newer one."""

RETRACTED_BEFORE = re.compile(
    r"(?:\bnot(?: \w+){0,2}|\b(?:instead of|rather than)(?: \w+){0,2}|"
    r"\b(?:up|down|risen|rose|grown|fallen|fell|raised|lowered|changed?) "
    r"(?:\w+ )?from(?: \w+){0,2}|"
    r"\b(?:correcting|revising|lowering|raising|replacing)(?: (?!to\b)[\w’']+){0,6}|"
    r"\b(?:earlier|previous|original|first) "
    r"(?:version|report|article|story|figure|estimate|count)s?\b"
    r"[^.;:]{0,50}|"
    r"\b(?:earlier|previously|initially|originally|first|wrongly|incorrectly|had) "
    r"(?:reported|stated|said|announced|named|given|gave)(?: \w+){0,4}|"
    r"\b(?:we|it) (?:wrote|reported|gave|put|had (?:written|given))(?: \w+){0,4}|"
    r"\bon \w+day it was|\breports that(?: \w+){1,2})\s*[$€£¥“\"]?\Z",
    re.IGNORECASE,
)
RETRACTED_AFTER = re.compile(
    r"\A[^.;:,]{0,20}?,?\s(?:as (?:was |had been |we |first |earlier |previously |wrongly )*"
    r"(?:reported|stated|announced)|given earlier|reported (?:earlier|before|on \w+day)|"
    r"(?:which|that|who) (?:was|were|had been) (?:\w+ ){0,2}(?:before|earlier|at first)|"
    r"(?:was|were) (?:wrong|incorrect|a mistake|an error))\b",
    re.IGNORECASE,
)
"""What stands right before or after a value that is taken back."""

TITLES = frozenset(
    """president premier minister judge justice professor prof doctor dr mr mrs ms miss sir lord
    lady mayor general colonel captain sergeant senator governor chancellor king queen prince
    princess pope bishop chief director the a an""".split()
)
"""What stands before a name, in lower case, and is none."""

OPPOSITES = (
    "rise rose risen raise increase climb grow grew gain jump soar up surge|"
    "fall fell fallen drop decline decrease slide slid sink sank cut reduce down slump plunge "
    "shrink",
    "admit concede confirm acknowledge|deny reject dispute",
    "accept approve agree pass adopt back support welcome praise endorse glad|"
    "reject refuse oppose protest condemn criticise criticize decline dismiss block veto",
    "begin start open launch resume return reopen restart|"
    "end close stop shut halt cease cancel quit abolish",
    "keep stick retain continue maintain|drop abandon scrap withdraw",
    "win won victory re-elected reelected keep|lose lost defeat",
    "send deploy|withdraw recall pull",
    "hire recruit employ|fire dismiss sack",
    "allow permit|ban forbid prohibit",
    "arrive enter|leave left depart",
    "succeed pass worked|fail",
    "buy bought purchase|sell sold",
    "alive survive|die dead killed",
    "guilty convict|innocent acquit clear",
    "legal lawful|illegal unlawful",
    "build built|demolish destroy tear",
    "safe harmless|dangerous unsafe harmful",
)
"""What is done or so, and the contrary: in whole sentences, too, one of them denies the other."""

COUNTERPARTS = (
    "adult grown-up grownup|child children kid",
    "man men|woman women",
    "boy|girl",
    "son|daughter",
    "father dad|mother mum mom",
    "uncle|aunt",
    "nephew|niece",
    "grandfather|grandmother",
    "king|queen",
    "north northern|south southern",
    "east eastern|west western",
    "summer|winter",
    "morning|evening",
)
"""Of one sort, and never the same; nor is one of somebody what he is of the other, as brothers and
sisters are, husbands and wives."""

OPPOSITE_TRAITS = (
    "more most additional higher highest biggest largest greatest|"
    "few fewer less lower lowest least smallest fewest",
    "friend ally|enemy foe",
    "profit surplus|loss deficit",
    "majority|minority",
    "insured|uninsured",
    "northern north|southern south",
    "eastern east|western west",
    "high|low",
    "early|late",
    "first|last",
    "import|export",
    "inside|outside",
    "above|below",
    "before|after",
    "public|private",
    "always|never",
    "true|false",
    "strong|weak",
    "right|wrong",
    "old|new",
    "young|old",
    "day|night",
    "unanimous|split",
)
"""What may be said of two things in one sentence: contrary only where both stand in one place."""

WORKS = frozenset(
    """album book comedy documentary drama film movie novel play programme program record release
    series show single sitcom song story track""".split()
)
"""What a work is called, now so and now so: the show of the question is the series of the text."""

CREATURES = frozenset("animal bird creature fish insect plant species tree".split())
"""What a text calls a plover, a carp or an oak when it goes on about it."""
