"""Ask what the articles say, and the same of another subject, place, time, object or role.

    python -m tests.benchmarks.premises [--model NAME] [--json FILE] [--squad FILE]

Ten short articles of our own (premises.json beside this), 200 questions that are true of them and
200 twins in which one thing is exchanged for another of its sort; half of the time that other is
named elsewhere in the article. Prints by sort how many false twins were answered, how many of the
answers take the false premise over, and how many true ones were declined. Twelve minutes.
--squad asks nothing and writes the questions as SQuAD JSON, for `collect` and `pressmark eval`: the
answer of a true one is its whole article, so that whatever is cited of it is right.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from index.config import load_settings
from index.document import Document
from index.ingest.build import ingest
from index.store.index import Index
from rag.engine import Engine
from ui.wiring import open_embedder, open_engine

__all__ = ["Asked", "as_squad", "main"]

ARTICLES = Path(__file__).with_name("premises.json")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it."""

    sort: str
    question: str
    is_true: bool
    answer: str | None
    reason: str | None
    takes_over: bool
    """Whether the answer repeats the thing that was exchanged."""


def questions() -> Iterator[tuple[str, str, str, bool]]:
    """(sort, question, the thing in it, whether the articles say so of it), twins in turn."""
    for article in json.loads(ARTICLES.read_text(encoding="utf-8")):
        for fact in article["facts"]:
            for wording, other in zip(fact["ask"], fact["false"], strict=True):
                yield fact["sort"], wording.format(fact["true"]), fact["true"], True
                yield fact["sort"], wording.format(other), other, False


def ask_all(engine: Engine) -> list[Asked]:
    asked = []
    for sort, question, thing, is_true in tqdm(list(questions()), unit="question"):
        answer = engine.ask(question)
        takes_over = thing.lower() in (answer.text or "").lower()
        asked.append(Asked(sort, question, is_true, answer.text, answer.reason, takes_over))
    return asked


def as_squad() -> dict[str, object]:
    """The articles and questions in the form of SQuAD 2.0."""
    data = []
    for article in json.loads(ARTICLES.read_text(encoding="utf-8")):
        whole = {"text": article["text"], "answer_start": 0}
        asked: list[dict[str, object]] = []
        for fact in article["facts"]:
            for wording, other in zip(fact["ask"], fact["false"], strict=True):
                asked += [
                    {"question": wording.format(fact["true"]), "answers": [whole]},
                    {"question": wording.format(other), "answers": [], "is_impossible": True},
                ]
        numbered = [{"id": f"{article['title']} {i}", **one} for i, one in enumerate(asked)]
        paragraphs = [{"context": article["text"], "qas": numbered}]
        data.append({"title": article["title"], "paragraphs": paragraphs})
    return {"data": data}


def _index(folder: Path) -> Index:
    settings = load_settings({})
    articles = json.loads(ARTICLES.read_text(encoding="utf-8"))
    index = Index(folder, open_embedder(settings), settings.chunk_tokens)
    documents = [
        Document(f"premise-{i}", f"{i}.txt", a["title"], a["date"], a["text"])
        for i, a in enumerate(articles)
    ]
    ingest(index, documents)
    return index


def _table(asked: list[Asked]) -> str:
    by_sort: dict[str, list[Asked]] = defaultdict(list)
    for row in asked:
        by_sort[row.sort].append(row)
        by_sort["all"].append(row)
    lines = [f"{'sort':<8} {'false answered':>15} {'taken over':>11} {'true declined':>14}"]
    for sort, rows in by_sort.items():
        false, true = [r for r in rows if not r.is_true], [r for r in rows if r.is_true]
        answered = [r for r in false if r.answer is not None]
        lines.append(
            f"{sort:<8} {len(answered) / len(false):>15.2f} "
            f"{sum(r.takes_over for r in answered) / len(false):>11.2f} "
            f"{sum(r.answer is None for r in true) / len(true):>14.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=None)
    parser.add_argument("--json", type=Path, help="also write every answer to this file")
    parser.add_argument("--squad", type=Path, help="only write the questions to this file")
    arguments = parser.parse_args()
    if arguments.squad is not None:
        arguments.squad.write_text(json.dumps(as_squad(), ensure_ascii=False), encoding="utf-8")
        return
    settings = load_settings({"model": arguments.model})
    with tempfile.TemporaryDirectory() as folder, _index(Path(folder)) as index:
        asked = ask_all(open_engine(settings, index))
    print(_table(asked))
    if arguments.json is not None:
        rows = [asdict(row) for row in asked]
        arguments.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
