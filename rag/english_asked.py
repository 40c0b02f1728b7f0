"""What a sentence has of the sort that is asked for: a time, an amount, a sum of money."""

from __future__ import annotations

import re

from rag.english import MONTHS, NUMBER_WORDS

__all__ = ["AMOUNTS", "ASKS_HOW_MUCH_MONEY", "MONEY", "TIMES"]

TIMES = re.compile(
    rf"\d|\b(?:{'|'.join(sorted(MONTHS))}|{'|'.join(sorted(NUMBER_WORDS))}|(?:to|yester)day|"
    r"to(?:morrow|night)|now|then|ago|later|earl(?:y|ier)|late|soon|once|before|after\w*|during|"
    r"while|until|till|since|when\w*|as|upon|following|former|first|last|next|previous|current\w*|"
    r"recent\w*|annual\w*|always|never|still|already|at|by|(?:mid)?(?:day|night|morning|evening|"
    r"noon|afternoon|week|weekend|month|year|decade|centur(?:y|ie)|season|spring|summer|autumn|fall|"
    r"winter|quarter|hour|minute|era|age|period|dynasty|time|date|birthday|anniversary|eve|"
    r"christmas|easter|holiday)s?|daily|weekly|monthly|yearly|medieval|ancient|modern)\b",
    re.IGNORECASE,
)
"""Some of this a sentence has that tells when."""

AMOUNTS = re.compile(
    rf"\d|\b(?:{'|'.join(sorted(NUMBER_WORDS))}|half|halves|thirds?|quarters?|pair|couple|both|all|"
    r"every|each|none|no|nobody|nothing|neither|some|several|many|much|most|more|few|fewer|less|"
    r"little|once|twice|single|sole|only|double|triple|an?|free|numerous|multiple|duo|trio|trilogy|"
    r"quartet|majority|minority)\b",
    re.IGNORECASE,
)
"""Some of this a sentence has that tells how many, or how much."""

ASKS_HOW_MUCH_MONEY = re.compile(
    r"\bhow much (?:money\b|(?:did|do|does|is|was|were|has|have|had|will|would)\b[^?]*\b(?:costs?|"
    r"paid|pay|spend|spent|charged?|earn|earned|owe|owed|worth)\b)",
    re.IGNORECASE,
)
MONEY = re.compile(
    r"\bhow much (?:money|[^?]*\b(?:costs?|paid|pays?|spends?|spent|charges?|earns?|earned|owes?|"
    r"owed|worth|price)\b)",
    re.IGNORECASE,
)

MONEY = re.compile(
    r"[$€£¥%]|\d\s?[A-Z]{3}\b|\d[\d.,]*(?=\s+(?:an?|per|each|in|for|to|on|at|and|or|from|by)\b|[;:!?)]|"
    r"[.,]?(?:\s|\Z)(?![\w-]))|\b(?:(?:m|b|tr)illions?|thousands?|hundreds?|(?:euro|dollar|pound|cent|penn(?:y|ie)|pence|yen|"
    r"crown|kron[eo]r?|krona|franc|rupee|rou?ble|peso|mark|florin|guilder|yuan|rand|baht|zloty|forint|rial|riyal|dirham|shekel|shilling|ducat|lira|dinar|"
    r"coin|cost|price|pay|fee|fare|fine|spend|worth|budget|grant|salar(?:y|ie)|wage|tax|toll|fund|"
    r"loan|debt|revenue|profit|income|value|charge|earn|owe|invest|rent|bid|sum|reward|ticket|"
    r"bu(?:y|ys)|purchase|auction|award|donat\w+|compensat\w+|subsid\w+|financ\w+)s?|"
    r"(?:cost|pric|fin|tax|charg|earn|ow|invest|rent|fund|award|pay|valu|purchas)(?:ed|ing)|paid|"
    r"spent|sold|bought|free|cheap\w*|expensive|money|per cent|percent)\b",
    re.IGNORECASE,
)
"""Some of this a sentence has that tells how much money it is."""
