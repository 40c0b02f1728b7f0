"""Questions that people typed, with the paragraph that answers them: QED's training part as SQuAD.

    python -m tests.benchmarks.typed_questions QED.jsonlines … --without FILE … --out TRAIN.json
        [--held-out FILE.json]

QED (Lamm et al. 2020, CC BY-SA 3.0) took its questions from Natural Questions; its text comes as
tokens, of which this makes text again. --without names SQuAD JSON and further files of QED: no
article of theirs is kept, since what is measured on them must not be learnt from. --held-out takes
400 articles out for the confidence, which is to be fitted on what nothing else has learnt from: 250
with their questions, and those of the other 150 as questions that nothing there answers.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["as_text", "held_out", "main", "typed_questions"]

SEED = 5
N_HELD_OUT, N_UNANSWERED = 400, 150
"""Articles for the confidence, and of these the ones whose texts are left out."""
_SHORTEST, _LONGEST = 60, 3500
"""Characters of a paragraph: below is a fragment, above a table."""
_TOKEN = re.compile(r"\S+")
_CLOSING = frozenset(".,;:?!%)]")
_OPENING = frozenset("([$#")


def as_text(tokens: str) -> tuple[str, list[int]]:
    """Text of space-separated tokens; and for each place in these the place in the text."""
    out = ""
    places = [0] * (len(tokens) + 1)
    follows = is_quoting = False
    for found in _TOKEN.finditer(tokens):
        token, at = found.group(), found.start()
        word = '"' if token in ("``", "''") else token
        opens, closes = token in _OPENING, token in _CLOSING
        if word == '"':
            is_quoting = token == "``" or (token == '"' and not is_quoting)
            opens, closes = is_quoting, not is_quoting
        closes = closes or word == "n't" or (word[0] == "'" and len(word) < 4)
        out += word if closes or follows or not out else f" {word}"
        begin = len(out) - len(word)
        for k in range(len(token)):
            places[at + k] = begin + min(k, len(word) - 1)
        places[at + len(token)] = len(out)
        follows = opens
    return out, places


def typed_questions(
    files: Iterable[Path], without: Iterable[Path], rng: random.Random
) -> list[dict[str, Any]]:
    """SQuAD's articles of QED's lines; every other question ends in a mark."""
    taken = {_plain(title) for file in without for title in _titles(file)}
    articles: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in (row for file in files for row in _rows(file)):
        title, context = row["title_text"], row["paragraph_text"]
        if _plain(title) in taken or not _SHORTEST <= len(context) <= _LONGEST:
            continue
        text, places = as_text(context)
        if answers := list(_answers(row, text, places)):
            asked = row["question_text"].strip().rstrip("?") + rng.choice(("", "?"))
            entry = {"id": str(row["example_id"]), "question": asked, "answers": answers}
            articles[title][text].append({**entry, "is_impossible": False})
    return [
        {"title": title, "paragraphs": [{"context": c, "qas": q} for c, q in texts.items()]}
        for title, texts in articles.items()
    ]


def held_out(articles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Articles of which some lose their texts: their questions are asked beside the others'."""
    left_out, kept = articles[:N_UNANSWERED], articles[N_UNANSWERED:]
    asked = [q for article in left_out for p in article["paragraphs"] for q in p["qas"]]
    found = [{**a, "paragraphs": [{**p} for p in a["paragraphs"]]} for a in kept]
    for entry, article in zip(asked, itertools.cycle(found)):
        paragraph = article["paragraphs"][0]
        silent = {**entry, "answers": [], "is_impossible": True}
        paragraph["qas"] = [*paragraph["qas"], silent]
    return found


def _answers(row: Mapping[str, Any], text: str, places: Sequence[int]) -> Iterator[dict[str, Any]]:
    for begin, end in row["answer_spans"]:
        words = text[places[begin] : places[end]].strip(" ,;")
        at = text.find(words, max(0, places[begin] - 2))
        if words and at >= 0:
            yield {"text": words, "answer_start": at}


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _titles(file: Path) -> Iterator[str]:
    if file.suffix == ".json":
        yield from (article["title"] for article in json.loads(file.read_bytes())["data"])
    else:
        yield from (row["title_text"] for row in _rows(file))


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.lower().replace("_", " ")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--without", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--held-out", type=Path)
    arguments = parser.parse_args()
    rng = random.Random(SEED)
    found = typed_questions(arguments.files, arguments.without, rng)
    if arguments.held_out:
        rng.shuffle(found)
        held, found = held_out(found[:N_HELD_OUT]), found[N_HELD_OUT:]
        arguments.held_out.write_text(json.dumps({"data": held}), encoding="utf-8")
    arguments.out.write_text(json.dumps({"data": found}), encoding="utf-8")
    n = sum(len(p["qas"]) for article in found for p in article["paragraphs"])
    print(f"{n} questions of {len(found)} articles")


if __name__ == "__main__":
    main()
