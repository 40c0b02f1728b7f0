"""Two reports on one thing: do they disagree, say the same, or does one correct the other?

    python -m tests.benchmarks.disagreement [--held | --free | --fresh] [--verbose]

Thirty topics of our own (disagreement.json beside this), each told by three hands. Of each come
two pairs with one fact changed, two with the same fact in other words, one later report that
corrects the earlier one, and one report on another place. Twenty topics were developed on; ten
(`--held`) were not looked at meanwhile. Beside them stand 43 pairs that share few words
(`--free`, disagreement_free.json), and 35 more written when all else was done (`--fresh`,
disagreement_fresh.json). Prints what was found of each sort. Half a minute.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from index.config import load_settings
from index.document import Document
from index.ingest.build import ingest
from index.store.index import Index
from index.store.reading import Reading
from rag.find import find
from rag.judge.disagree import Contrast, contrast
from rag.judge.extract import Extractor
from rag.judge.refer import told_of
from rag.retrieve import HybridRetriever
from ui.wiring import open_embedder, open_extractor

__all__ = ["Pair", "compare", "free_pairs", "libraries", "main", "pairs"]

TOPICS = Path(__file__).with_name("disagreement.json")
FREE = Path(__file__).with_name("disagreement_free.json")
FRESH = Path(__file__).with_name("disagreement_fresh.json")
WANTED = {
    "changed": "disagreement",
    "same": "nothing",
    "update": "update",
    "elsewhere": "nothing",
}
"""The sorts of pairs, and what is to be told of each."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reports, and what is asked of them."""

    topic: str
    sort: str
    """What it is, one of WANTED."""
    question: str
    reports: tuple[Document, Document]
    values: tuple[str, str]
    """What each gives."""


def pairs(*, held: bool) -> list[Pair]:
    """The pairs of the topics that were developed on, or of those held out."""
    topics = json.loads(TOPICS.read_text(encoding="utf-8"))
    chosen = [t for t in topics if (t["split"] == "held") == held]
    return [pair for i, topic in enumerate(chosen) for pair in _pairs(topic, i)]


def free_pairs(file: Path = FREE) -> list[Pair]:
    """Pairs written one by one, in words that differ."""
    found = []
    for number, row in enumerate(json.loads(file.read_text(encoding="utf-8"))):
        one, two = (
            Document(f"{file.stem}-{number}-{i}", f"{i}.txt", r["title"], r["date"], r["text"])
            for i, r in enumerate(row["reports"])
        )
        question = row["question"]
        found.append(Pair(question, row["sort"], question, (one, two), ("", "")))
    return found


def libraries(asked: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs that can stand in one index: of each topic one, and never two of one sort."""
    shelves: dict[int, list[Pair]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for pair in asked:
        shelves[counts[pair.topic]].append(pair)
        counts[pair.topic] += 1
    return list(shelves.values())


def compare(pair: Pair, index: Index, extractor: Extractor) -> Contrast | None:
    """What is told of a pair that an index holds among others; the best sentence is cited."""
    question = pair.question
    found = find(HybridRetriever(index), question, extractor=extractor)
    assert found.extraction is not None
    best = told_of(max(found.candidates, key=found.extraction.at), found.candidates)
    return contrast(question, [best.evidence], found.documents, Reading(index), extractor)


def _pairs(topic: dict[str, Any], number: int) -> Iterator[Pair]:
    value, other = topic["value"], topic["other"]

    def made(sort: str, values: tuple[str, str], *reports: tuple[str, int, str]) -> Pair:
        built = tuple(
            Document(f"{topic['topic']}-{sort}-{i}-{title}-{values}", f"{i}.txt", title,
                     _day(topic["date"], days), text)
            for i, (title, days, text) in enumerate(reports)
        )  # fmt: skip
        assert len(built) == 2
        return Pair(topic["topic"], sort, topic["question"], built, values)

    hands = [_hand(topic, i) for i in range(3)]
    first, second = topic["titles"]
    third = f"In brief: {first}"
    one, two = hands[0].format(v=value[0]), hands[1].format(v=other[0])
    yield made("changed", (value[0], other[0]), (first, 0, one), (second, 1, two))
    if number % 2:
        copy = hands[0].format(v=other[0])
        yield made("changed", (value[0], other[0]), (first, 0, one), (second, 0, copy))
    else:
        short = hands[2].format(v=value[0])
        again = hands[1].format(v=other[1])
        yield made("changed", (value[0], other[1]), (third, 2, short), (second, 1, again))
    again = hands[1].format(v=value[1])
    yield made("same", (value[0], value[1]), (first, 0, one), (second, 1, again))
    short = hands[2].format(v=value[0])
    yield made("same", (value[1], value[0]), (second, 1, again), (third, 0, short))
    yield _update(topic, made)
    moved, title = two, second
    for here, there in topic["elsewhere"].items():
        moved, title = moved.replace(here, there), title.replace(here, there)
    yield made("elsewhere", (value[0], other[0]), (first, 0, one), (title, 1, moved))


def _update(topic: dict[str, Any], made: Any) -> Pair:
    """An earlier report with the wrong value, and one that has the right one."""
    value, other = topic["value"][0], topic["other"][0]
    first, second = topic["titles"]
    before = _hand(topic, 0).format(v=other)
    if topic["update"]["style"] == "version":
        title = first
        after = " ".join([_hand(topic, 0).format(v=value), topic["rest"][3]])
    else:
        title = second
        after = " ".join([topic["update"]["text"].format(v=value, w=other), *topic["rest"][2:]])
    pair: Pair = made("update", (other, value), (first, 0, before), (title, 2, after))
    return pair


def _hand(topic: dict[str, Any], i: int) -> str:
    facts, rest = topic["facts"], topic["rest"]
    told = ([facts[0], *rest[:2]], [rest[2], facts[1], rest[3]], [facts[2], rest[1], rest[2]])[i]
    # A value may open a sentence.
    return " ".join(told)


def _day(date: str, days: int) -> str:
    return (dt.date.fromisoformat(date) + dt.timedelta(days=days)).isoformat()


def _outcome(pair: Pair, found: Contrast | None) -> str:
    if found is None:
        return "nothing"
    if not found.is_update:
        return "disagreement"
    right = found.told[0].evidence[0].document_id == pair.reports[1].id
    return "update" if right else "update the wrong way"


def _table(outcomes: Sequence[tuple[Pair, str]]) -> str:
    by_sort: dict[str, list[str]] = defaultdict(list)
    for pair, outcome in outcomes:
        by_sort[pair.sort].append(outcome)
    lines = [f"{'pairs':<10} {'n':>3} {'disagreement':>13} {'update':>7} {'nothing':>8}"]
    for sort in WANTED:
        rows = by_sort[sort]
        if not rows:
            continue
        shares = [rows.count(o) / len(rows) for o in ("disagreement", "update", "nothing")]
        lines.append(f"{sort:<10} {len(rows):>3} {shares[0]:>13.2f} {shares[1]:>7.2f} "
                     f"{shares[2]:>8.2f}")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", action="store_true", help="the topics that were held out")
    parser.add_argument("--verbose", action="store_true", help="print each that is told wrongly")
    parser.add_argument("--free", action="store_true", help="those that share few words")
    parser.add_argument("--fresh", action="store_true", help="more of these, written last")
    arguments = parser.parse_args()
    if arguments.free or arguments.fresh:
        asked = free_pairs(FREE if arguments.free else FRESH)
    else:
        asked = pairs(held=arguments.held)
    settings = load_settings({})
    extractor = open_extractor(settings)
    assert extractor is not None
    outcomes = []
    for library in tqdm(libraries(asked), unit="library"):
        with (
            tempfile.TemporaryDirectory() as folder,
            Index(Path(folder), open_embedder(settings), settings.chunk_tokens) as index,
        ):
            ingest(index, [d for pair in library for d in pair.reports])
            for pair in library:
                found = compare(pair, index, extractor)
                outcome = _outcome(pair, found)
                outcomes.append((pair, outcome))
                if arguments.verbose and outcome != WANTED[pair.sort]:
                    said = [t.value for t in found.told] if found else []
                    tqdm.write(f"{pair.topic} {pair.sort} {pair.values}: {outcome} {said}")
    print(_table(outcomes))


if __name__ == "__main__":
    main()
