"""Where the errors lie: each failure of an evaluation, by kind.

    pressmark eval FILE --json > RUN.json
    python -m tests.benchmarks.errors FILE RUN.json [--show N]

The kinds are told by rule: wrongly cited (right, but a citation does not meet the gold answer),
not retrieved, not selected (for the model to read), worded otherwise (at least half of the gold
answer's words are there; wrongly declined, if Pressmark declined), misread.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from index.store.index import Index
from index.tokens import tokenize
from rag.find import find
from rag.measure.metrics import overlaps
from rag.measure.questions import Question, load_squad
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set

__all__ = ["main"]


def _kind(item: dict[str, Any], question: Question, index: Index) -> str | None:
    if item["contains"]:
        return None if all(c["hit"] for c in item["citations"]) else "wrongly cited"
    found = find(HybridRetriever(index), question.question)
    if not any(overlaps((p.document_id, p.start, p.end), question.spans) for p in found.passages):
        return "not retrieved"
    read = [c.evidence for c in found.candidates]
    if not any(overlaps((e.document_id, e.start, e.end), question.spans) for e in read):
        return "not selected"
    said = set(tokenize(item["raw_text"]))
    for gold in question.gold:
        words = set(tokenize(gold))
        if words and 2 * len(words & said) >= len(words):
            return "wrongly declined" if item["abstained"] else "worded otherwise"
    return "misread, and declined" if item["abstained"] else "misread"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--show", type=int, default=0)
    arguments = parser.parse_args()
    questions = {q.id: q for q in load_squad(arguments.file)[1]}
    items = json.loads(arguments.run.read_text(encoding="utf-8"))["items"]
    index, _ = open_set(arguments.file, arguments.run.parent / "sets", 0, 1)
    kinds: Counter[str] = Counter()
    with index:
        for item in items:
            if not item["answerable"]:
                if not item["abstained"]:
                    kinds["answered what has no answer"] += 1
                continue
            kind = _kind(item, questions[item["id"]], index)
            if kind is None:
                continue
            kinds[kind] += 1
            if kinds[kind] <= arguments.show:
                print(f"[{kind}] {item['question']}\n    {item['raw_text']}\n    {item['gold']}")
    for kind, n in kinds.most_common():
        print(f"{n:>4}  {kind}")
    print(f"{len(items)} questions")


if __name__ == "__main__":
    main()
