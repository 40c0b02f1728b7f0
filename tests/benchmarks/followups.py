"""Follow-ups: is their evidence read and marked as they were typed, as they are found, spelled out?

    python -m tests.benchmarks.followups [--model NAME] [--answers]

Conversations by two hands on nineteen articles of our own (conversations.json), each with every
question spelled out by hand, and two- and three-turn cases on the seed article (followups.jsonl),
the last two of which stand alone and must come back byte for byte. What came before each is given
as its author would have had it answered. With --answers each conversation is had with the engine,
which remembers its own answers, and every answer is printed beside the right one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llama_index.core.llms import LLM

from index.config import load_settings
from index.embed.embedder import Embedder
from index.embed.minilm import MiniLM
from index.ingest.build import build
from index.models.fetch import ensure
from index.store.index import Index
from rag.condense import background, condense, leans_on_history
from rag.engine import Engine
from rag.evidence import Candidate
from rag.find import gather, read_closely
from rag.judge.extract import Extractor
from rag.measure.metrics import contains
from rag.measure.questions import load_golden
from rag.model.llms import LlamaCpp
from rag.model.rewriting import Exchange
from rag.retrieve import HybridRetriever
from ui.wiring import open_extractor

__all__ = ["main"]

HERE = Path(__file__).parent
SEEDS = HERE.parent.parent / "seeds"

_WAYS = ("typed", "as found", "by hand")


@dataclass(frozen=True, slots=True)
class _Turn:
    question: str
    alone: str
    """The same, spelled out by hand; empty where nobody did."""
    sentences: tuple[str, ...]
    """What answers; none where nothing does."""
    gold: tuple[str, ...]
    history: tuple[Exchange, ...]

    def is_answered_by(self, candidate: Candidate) -> bool:
        said = candidate.evidence.text
        return any(text in said or said in text for text in self.sentences)


def _conversations(file: Path) -> list[list[_Turn]]:
    found: list[list[_Turn]] = []
    for turns in json.loads(file.read_text(encoding="utf-8"))["conversations"]:
        history: list[Exchange] = []
        found.append([])
        for turn in turns:
            sentences = (turn["sentence"],) if turn["sentence"] else ()
            gold = tuple(turn["gold"])
            told = _Turn(turn["question"], turn["alone"], sentences, gold, tuple(history))
            found[-1].append(told)
            history.append((turn["alone"], turn["answer"] or ""))
    return found


def _seed_cases(file: Path) -> list[_Turn]:
    return [
        _Turn(q.question, "", tuple(cite.text for cite in q.cites), (), q.history)
        for q in load_golden(file)
    ]


def _report(
    title: str, index: Index, extractor: Extractor, model: LLM, turns: Sequence[_Turn]
) -> None:
    retriever = HybridRetriever(index)
    read, marked = Counter[str](), Counter[str]()
    n, n_changed = Counter[str](), 0
    for turn in turns:
        condensed = condense(model, turn.question, turn.history)
        leans = leans_on_history(turn.question)
        n_changed += not leans and condensed != turn.question
        about = background(turn.question, turn.history)
        print(f"{turn.question}  =>  {condensed}")
        ways = {"typed": (turn.question, None, ""), "as found": (turn.question, condensed, about)}
        if turn.alone:
            ways["by hand"] = (turn.alone, None, "")
        for way, (question, spelled_out, before) in ways.items():
            if not turn.sentences:
                continue
            looked = gather(retriever, question, condensed=spelled_out, about=before)
            found = read_closely(looked, extractor)
            assert found.extraction is not None
            best = max(found.candidates, key=found.extraction.at)
            n[way] += 1
            read[way] += any(map(turn.is_answered_by, found.candidates))
            marked[way] += turn.is_answered_by(best)
    print(f"\n{title}: {len(turns)} follow-ups; {n_changed} without a pronoun were rewritten")
    for way in _WAYS:
        if n[way]:
            print(f"{way:10} read {read[way] / n[way]:.2f}, marked {marked[way] / n[way]:.2f}")
    print()


def _answer(engine: Engine, conversations: Sequence[Sequence[_Turn]]) -> None:
    """Have every conversation, each answer remembered as the engine gave it."""
    outcomes: Counter[str] = Counter()
    for turns in conversations:
        history: list[Exchange] = []
        for turn in turns:
            answer = engine.ask(turn.question, history)
            history.append((answer.condensed_question, answer.text or ""))
            if answer.text is None:
                outcome = "declined" if turn.gold else "rightly declined"
            elif not turn.gold:
                outcome = "answered, and nothing does"
            else:
                outcome = "right" if contains(answer.text, turn.gold) else "other words"
            if turn.history:
                outcomes[outcome] += 1
            print(f"{outcome}: {turn.question}  =>  {answer.condensed_question}")
            print(f"    {answer.text or answer.reason}  ({', '.join(turn.gold) or 'nothing'})")
    print("\nfollow-ups:", dict(outcomes.most_common()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", metavar="NAME")
    parser.add_argument("--answers", action="store_true", help="have the conversations")
    arguments = parser.parse_args()
    settings = load_settings({"model": arguments.model})
    model = LlamaCpp(ensure(settings.model, settings.models), model_name=settings.model)
    embedder: Embedder = MiniLM(ensure(settings.embedder, settings.models), name=settings.embedder)
    extractor = open_extractor(settings)
    assert extractor is not None
    talks = _conversations(HERE / "conversations.json")
    with tempfile.TemporaryDirectory() as folder:
        articles = Path(folder) / "articles"
        articles.mkdir()
        for article in json.loads((HERE / "conversations.json").read_bytes())["articles"]:
            (articles / article["name"]).write_text(article["text"], encoding="utf-8")
        with Index(Path(folder) / "own", embedder, settings.chunk_tokens) as index:
            build(index, [articles])
            if arguments.answers:
                _answer(Engine(HybridRetriever(index), model, extractor=extractor), talks)
                return
            turns = [turn for talk in talks for turn in talk if turn.history]
            _report("conversations of our own", index, extractor, model, turns)
        with Index(Path(folder) / "seeds", embedder, settings.chunk_tokens) as index:
            build(index, [SEEDS])
            cases = _seed_cases(HERE / "followups.jsonl")
            _report("the seed article", index, extractor, model, cases)


if __name__ == "__main__":
    main()
