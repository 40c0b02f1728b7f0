"""One probability that the documents answer the question and that the answer says it right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from rag.judge.fitted import read_fit

__all__ = ["Bar", "confidence"]


class Bar(StrEnum):
    """How sure an answer must be to be given."""

    STRICT = "strict"
    """Rather decline than err."""
    DEFAULT = "default"
    EAGER = "eager"
    """Rather err than decline."""

    @property
    def min_confidence(self) -> float:
        """The least probability, [0, 1]; chosen by tests/benchmarks/fit_confidence.py."""
        return float(read_fit("confidence")["bars"][self.value])


def confidence(signals: Mapping[str, float], *, quoted: bool) -> float:
    """The calibrated probability, [0, 1], of a draft with these signals (`rag.judge.signals`).

    There is a fit for whichever can be had: with an extractor or without, for the model's own words
    and for a quotation. No signal has a negative weight.
    Source: Platt 1999 (a logistic regression of "right" over the signals).
    """
    case = _case(signals, quoted=quoted)
    z = case["bias"] + sum(weight * signals[name] for name, weight in case["weights"].items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def _case(signals: Mapping[str, float], *, quoted: bool) -> dict[str, Any]:
    name = "+".join(["quoted" if quoted else "written", *sorted(signals)])
    case: dict[str, Any] = read_fit("confidence")["cases"][name]
    return case
