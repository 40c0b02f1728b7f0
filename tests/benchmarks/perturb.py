"""Minimal pairs for verification: a sentence made wrong in one place, or only shortened.

    python -m tests.benchmarks.perturb FILE … [--show N]

Prints, by kind, the share of wrong statements flagged and of right ones flagged. A FILE is an
article or a SQuAD set.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.document import Kind
from index.read import read_all
from index.segment import segment
from rag.judge.verify import check
from rag.measure.questions import load_squad

__all__ = ["Pair", "main", "pairs"]

_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])")
_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-z]{3,}(?: [A-Z][a-z]{2,})*)")
_AUXILIARY = re.compile(r"\b(was|were|is|are|has|had|will|would|could|can|did)\b(?! not)")
_NEGATION = re.compile(r"\b(not|never) |n't\b")
_TAIL = re.compile(r", [^,]*\.$")
_CONTEXT = 4


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement, the sentence that it cites, what stands before it, and whether it is right."""

    kind: str
    statement: str
    sentence: str
    context: str
    right: bool


def pairs(texts: Sequence[str], seed: int = 1) -> Iterator[Pair]:
    """Minimal pairs out of documents' texts, the same for the same seed."""
    rng = random.Random(seed)
    everyone = sorted({name for text in texts for name in _NAME.findall(text)})
    for text in texts:
        sentences = [s.text for s in segment(text) if s.kind is Kind.PROSE]
        for i, sentence in enumerate(sentences):
            if len(sentence.split()) < 6:
                continue
            context = " ".join(sentences[max(0, i - _CONTEXT) : i])
            yield Pair("same", sentence, sentence, context, True)
            if (short := _TAIL.sub(".", sentence)) != sentence and len(short.split()) > 5:
                yield Pair("shortened", short, sentence, context, True)
            for kind, wrong in _wrong(sentence, context, everyone, rng):
                yield Pair(kind, wrong, sentence, context, False)


def _wrong(
    sentence: str, context: str, everyone: Sequence[str], rng: random.Random
) -> Iterator[tuple[str, str]]:
    if numbers := list(_NUMBER.finditer(sentence)):
        match = rng.choice(numbers)
        yield "number", _replace(sentence, match, _other_number(match.group(), rng))
    names = [m for m in _NAME.finditer(sentence) if sentence.count(m.group()) == 1]
    strangers = [n for n in everyone if n not in sentence and n not in context]
    if names and strangers:
        match = rng.choice(names)
        yield "stranger", _replace(sentence, match, rng.choice(strangers))
    if len(names) >= 2:
        a, b = rng.sample(names, 2)
        a, b = sorted((a, b), key=lambda m: m.start())
        between = sentence[a.end() : b.start()].split()
        # "France and Spain" changed places says the same; a verb between makes it another claim.
        if len(between) >= 3 and not {"and", "or"} & set(between):
            yield (
                "exchange",
                sentence[: a.start()]
                + b.group()
                + sentence[a.end() : b.start()]
                + a.group()
                + sentence[b.end() :],
            )
    if _NEGATION.search(sentence):
        yield "not dropped", _NEGATION.sub("", sentence, count=1).replace("  ", " ")
    elif auxiliaries := list(_AUXILIARY.finditer(sentence)):
        match = rng.choice(auxiliaries)
        yield "not added", _replace(sentence, match, f"{match.group()} not")


def _replace(sentence: str, match: re.Match[str], new: str) -> str:
    return sentence[: match.start()] + new + sentence[match.end() :]


def _other_number(number: str, rng: random.Random) -> str:
    digits = [i for i, c in enumerate(number) if c.isdigit()]
    at = rng.choice(digits)
    other = rng.choice([d for d in "123456789" if d != number[at]])
    return number[:at] + other + number[at + 1 :]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--show", type=int, default=0, help="print mistakes of each kind")
    arguments = parser.parse_args()
    texts: list[str] = []
    for file in arguments.files:
        if file.suffix == ".json":
            texts += [d.text for d in load_squad(file)[0]]
        else:
            texts.append(read_all(file)[0].text)
    tally: dict[str, list[bool]] = {}
    for pair in pairs(texts):
        outcome = check(pair.statement, [pair.sentence], context=pair.context, similarity=0.9)
        row = tally.setdefault(pair.kind, [])
        row.append(not outcome.supported)
        mistaken = outcome.supported is not pair.right
        if mistaken and sum(f is pair.right for f in row) <= arguments.show:
            print(f"[{pair.kind}] {outcome.problem}\n  {pair.statement}\n  {pair.sentence}")
    right = [f for kind in ("same", "shortened") for f in tally.get(kind, [])]
    wrong = [f for kind, row in tally.items() if kind not in ("same", "shortened") for f in row]
    for kind, row in sorted(tally.items()):
        print(f"{kind:<14}{len(row):>6} flagged {sum(row) / len(row):.3f}")
    print(f"{'all wrong':<14}{len(wrong):>6} flagged {sum(wrong) / len(wrong):.3f}")
    print(f"{'all right':<14}{len(right):>6} flagged {sum(right) / len(right):.3f}")


if __name__ == "__main__":
    main()
