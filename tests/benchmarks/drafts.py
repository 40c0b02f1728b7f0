"""Draft sentences with the outcome that checking them must have, and the articles they speak of.

The seed article and ten short ones of our own (drafts.json beside this: two give different numbers,
one is corrected later, ministers are quoted). Close wording: minimal pairs by
`tests.benchmarks.perturb`, true sentences with a clause of another added, sentences of an article
that is left out, and sentences by hand. Far wording: by hand, in words of our own.
A third of the articles ("held") was not looked at while anything was chosen or fitted.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.document import Kind
from index.segment import segment
from tests.benchmarks.perturb import pairs

__all__ = ["OUTCOMES", "DraftItem", "far_items", "near_items", "write_articles"]

_FILE = Path(__file__).with_name("drafts.json")
_SEED = Path(__file__).parents[2] / "seeds" / "000_c8414aeea56d847d.txt"
OUTCOMES = ("supported", "contradicted", "partly", "not found")
_RIGHT = ("same", "shortened")


@dataclass(frozen=True, slots=True)
class DraftItem:
    """A draft's sentence, what must come of it, and which group of articles it is about."""

    text: str
    outcome: str
    group: str
    is_held: bool
    without: str | None = None
    """The group of articles that is left out of the index for it."""


def write_articles(folder: Path) -> dict[str, str]:
    """Put the articles into a folder; returns each file's group by its name."""
    groups = {"seed.txt": "seed"}
    (folder / "seed.txt").write_bytes(_SEED.read_bytes())
    for article in _read()["articles"]:
        name = f"{article['name']}.txt"
        text = f"Title: {article['title']}\nDate: {article['date']}\n\n{article['text']}\n"
        (folder / name).write_text(text, encoding="utf-8")
        groups[name] = article["group"]
    return groups


def far_items() -> list[DraftItem]:
    """Sentences that share few words with the articles."""
    return _by_hand("far")


def near_items(per_outcome: int | None = 50, seed: int = 1) -> list[DraftItem]:
    """Sentences close to the articles: all by hand, filled up with generated ones.

    `per_outcome` are drawn of each outcome, a third of them held; None gives all there are.
    """
    rng = random.Random(seed)
    generated = list(_generated(rng))
    rng.shuffle(generated)
    items = [*_by_hand("near"), *generated]
    if per_outcome is None:
        return items
    chosen: list[DraftItem] = []
    for outcome in OUTCOMES:
        n_held = round(per_outcome / 3)
        for is_held, n in ((True, n_held), (False, per_outcome - n_held)):
            chosen += [i for i in items if i.outcome == outcome and i.is_held is is_held][:n]
    return chosen


def _read() -> Any:
    return json.loads(_FILE.read_text(encoding="utf-8"))


def _by_hand(wording: str) -> list[DraftItem]:
    stored = _read()
    held = set(stored["held"])
    return [
        DraftItem(row["text"], row["outcome"], row["group"], row["group"] in held)
        for row in stored[wording]
    ]


def _generated(rng: random.Random) -> Iterator[DraftItem]:
    stored = _read()
    held = set(stored["held"])
    texts = {"seed": [_SEED.read_text(encoding="utf-8").split("2020-03-05 ", 1)[1]]}
    for article in stored["articles"]:
        texts.setdefault(article["group"], []).append(article["text"])
    strange: dict[str, list[str]] = {}
    for row in (*stored["near"], *stored["far"]):
        if row["outcome"] == "not found":
            strange.setdefault(row["group"], []).append(row["text"])
    for group, own in texts.items():
        is_held = group in held
        for pair in pairs(own, seed=rng.randrange(1 << 16)):
            outcome = "supported" if pair.kind in _RIGHT else "contradicted"
            yield DraftItem(pair.statement, outcome, group, is_held)
        for text in own:
            sentences = [s.text for s in segment(text) if s.kind is Kind.PROSE]
            plain = [s for s in sentences if s.endswith(".") and 6 <= len(s.split()) <= 24]
            for sentence in plain:
                added = rng.choice(strange[group])
                yield DraftItem(_joined(sentence, added), "partly", group, is_held)
                yield DraftItem(sentence, "not found", group, is_held, without=group)


def _joined(sentence: str, added: str) -> str:
    """Both in one sentence; an article at the beginning of the second becomes small."""
    first, _, rest = added.partition(" ")
    small = first.lower() if first in ("The", "A", "Two", "Scientists", "Tourists") else first
    return f"{sentence[:-1]}, and {small} {rest}"
