"""Fit the probe that tells questions which the passages answer from those they only touch on.

    python -m tests.benchmarks.fit_probe FILE … --states DIR [--model NAME] [--layer N] [--skip RUN]

Records first, paragraph by paragraph, the model's hidden states at the end of the prompts for
questions of SQuAD files: those that the evidence before the model states an answer to; and those
that it does not: the file's own unanswerable ones, questions on other paragraphs of the article,
questions whose paragraph was taken out, and questions with a name, a number or an antonym changed.
Interrupted, it goes on. Then fits a logistic regression, every file weighing the same, prints its
figures in folds by article (by paragraph, in a file of one article), writes
rag/model/probes/NAME.npz, and DIR/stated.json with every question's probability from the fold
that left it out. `--skip` names question sets' results whose questions are left out.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from index.config import Settings, load_settings
from index.embed.embedder import Array
from index.models.fetch import ensure
from index.store.index import Index
from rag.evidence import Candidate
from rag.excerpt import Excerpt
from rag.find import Found, find
from rag.measure.questions import Question
from rag.model.llama import LlamaModel
from rag.model.probe import Probe
from rag.model.prompt import build_messages, evidence_parts
from rag.retrieve import HybridRetriever
from tests.benchmarks.collect import open_set

__all__ = ["NAME", "main", "perturb"]

SEED = 5
FOLDS = 6
STRENGTH = 0.003
"""Inverse regularisation; of .0003, .003 and .03 the best in folds."""
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}")
_WORD = re.compile(r"[A-Za-z][\w'-]*|\d[\d,.]*\d|\d")
_PAIRS = """first last, largest smallest, most least, before after, won lost, increase decrease,
    increased decreased, north south, northern southern, east west, eastern western,
    highest lowest, more fewer, older younger, early late, earliest latest, began ended, begin end,
    best worst, major minor, high low, higher lower, large small, larger smaller, long short,
    longest shortest, old new, inside outside, win lose, can cannot, male female,
    positive negative, maximum minimum, oldest youngest"""
_OPPOSITES = {
    a: b
    for pair in _PAIRS.split(",")
    for a, b in (tuple(pair.split()), tuple(reversed(pair.split())))
}


@dataclass(frozen=True, slots=True)
class _Case:
    """A question before the model, and whether the evidence there states an answer."""

    question: str
    stated: bool
    kind: str


def perturb(question: str, names: Sequence[str], rng: random.Random) -> tuple[str, str] | None:
    """(kind, question) with one name, year or antonym changed; None if it has none."""
    ways = []
    for word in list(_WORD.finditer(question))[1:]:
        text = word.group()
        if text.lower() in _OPPOSITES:
            ways.append(("antonym", word, _OPPOSITES[text.lower()]))
        elif re.fullmatch(r"1\d{3}|20\d\d", text):
            year = int(text) + rng.choice([-40, -17, -8, -3, 4, 9, 21])
            ways.append(("year", word, str(year)))
        elif text[0].isupper() and len(text) > 2 and (others := set(names) - {text}):
            other = rng.choice(sorted(others))
            if other not in question:
                ways.append(("name", word, other))
    if not ways:
        return None
    kind, word, new = rng.choice(ways)
    return kind, question[: word.start()] + new + question[word.end() :]


class _Recorder:
    """Evidence as the engine chooses it, and the model's state at the end of each prompt."""

    def __init__(self, index: Index, model: LlamaModel) -> None:
        self._index, self._model = index, model
        self._retriever = HybridRetriever(index)

    def evidence(self, question: str, without: str | None = None) -> Found:
        ids = None
        if without is not None:
            ids = {d.id for d in self._index.documents()} - {without}
        return find(self._retriever, question, documents=ids)

    def state(self, question: str, excerpts: Sequence[Excerpt]) -> Array:
        turns = [
            {"role": m.role.value, "content": m.content or ""}
            for m in build_messages(question, excerpts)
        ]
        prompt = self._model.render(turns)
        at = prompt.rfind(turns[-1]["content"])
        kept = "".join(evidence_parts(excerpts))
        parts = [prompt[:at], kept, prompt[at + len(kept) :]]
        found: list[Array] = []
        # Nothing is written: the state at the prompt's end is all that is wanted.
        list(self._model.stream(parts, max_tokens=0, on_read=found.append))
        return found[0]


def _states_it(question: Question, shown: Sequence[Candidate]) -> bool:
    return question.answerable and any(
        document_id == c.evidence.document_id and start < c.evidence.end and c.evidence.start < end
        for document_id, start, end in question.spans
        for c in shown
    )


def _record(
    recorder: _Recorder,
    paragraph: str,
    questions: Sequence[Question],
    article: Sequence[Question],
    names: Sequence[str],
    rng: random.Random,
) -> Iterator[tuple[_Case, Array]]:
    """The cases of one paragraph; those of one evidence together, so that it is read once."""
    if any(not q.answerable for q in article):
        for question in questions:
            found = recorder.evidence(question.question)
            case = _Case(question.question, _states_it(question, found.candidates), "own")
            yield case, recorder.state(question.question, found.excerpts)
        return
    taken_out = paragraph if rng.random() < 0.25 else None
    found = recorder.evidence(rng.choice(questions).question, taken_out)
    shown = found.candidates
    cases = [
        _Case(q.question, stated := _states_it(q, shown), "own" if stated else "taken out")
        for q in questions
    ]
    for question in questions:
        if _states_it(question, shown) and (changed := perturb(question.question, names, rng)):
            cases.append(_Case(changed[1], False, changed[0]))
    others = [q for q in article if q not in questions and not _states_it(q, shown)]
    for question in rng.sample(others, min(3, len(others))):
        cases.append(_Case(question.question, False, "elsewhere"))
    for case in cases:
        yield case, recorder.state(case.question, found.excerpts)


def _record_file(file: Path, model: LlamaModel, folder: Path, skipped: set[str]) -> None:
    index, asked = open_set(file, folder / "sets", 0, SEED)
    with index:
        recorder = _Recorder(index, model)
        texts = {d.id: (d.title, d.text) for d in index.documents()}
        names: dict[str, set[str]] = {}
        for title, text in texts.values():
            names.setdefault(title, set()).update(NAME.findall(text))
        for paragraph, (title, _) in tqdm(sorted(texts.items()), desc=file.name):
            done = folder / file.name / f"{paragraph[:16]}.npz"
            own = [q for q in asked if q.paragraph == paragraph and q.question not in skipped]
            if done.is_file() or not own:
                continue
            article = [q for q in asked if q.article == title]
            rng = random.Random(f"{SEED}{paragraph}")
            cases = list(_record(recorder, paragraph, own, article, sorted(names[title]), rng))
            done.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                done,
                states=np.array([state for _, state in cases], dtype=np.float16),
                stated=np.array([case.stated for case, _ in cases]),
                kinds=np.array([case.kind for case, _ in cases]),
                questions=np.array([case.question for case, _ in cases]),
                article=title,
            )


def _load(folder: Path) -> dict[str, Any]:
    """All that was recorded of one file."""
    columns: dict[str, list[Any]] = {"states": [], "stated": [], "kinds": [], "questions": []}
    articles: list[str] = []
    paragraphs: list[str] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            for name, column in columns.items():
                column.append(stored[name])
            articles += [str(stored["article"])] * len(stored["stated"])
            paragraphs += [path.stem] * len(stored["stated"])
    rows: dict[str, Any] = {name: np.concatenate(column) for name, column in columns.items()}
    rows["states"] = rows["states"].astype(np.float32)
    rows["groups"] = np.array(articles if len(set(articles)) >= FOLDS else paragraphs)
    return rows


def _weights(sets: Sequence[dict[str, Any]], kept: Sequence[Any]) -> Any:
    """Every set weighs the same, and in it the stated and the unstated ones do."""
    weights = []
    for rows, keep in zip(sets, kept, strict=True):
        stated = rows["stated"][keep]
        weights.append(np.where(stated, 0.5 / stated.sum(), 0.5 / (~stated).sum()))
    total = sum(len(w) for w in weights)
    return np.concatenate(weights) * total / len(sets)


def _fit(sets: Sequence[dict[str, Any]], kept: Sequence[Any]) -> tuple[Array, float]:
    states = np.vstack([rows["states"][keep] for rows, keep in zip(sets, kept, strict=True)])
    stated = np.concatenate([rows["stated"][keep] for rows, keep in zip(sets, kept, strict=True)])
    scaler = StandardScaler().fit(states)
    model = LogisticRegression(C=STRENGTH, max_iter=3000)
    model.fit(scaler.transform(states), stated, sample_weight=_weights(sets, kept))
    weights = (model.coef_[0] / scaler.scale_).astype(np.float32)
    return weights, float(model.intercept_[0] - weights @ scaler.mean_)


def _in_folds(sets: Sequence[dict[str, Any]]) -> list[Any]:
    """Each set's probabilities, every one from a fit that left its group out."""
    everything = [np.arange(len(rows["stated"])) for rows in sets]
    found = []
    for i, rows in enumerate(sets):
        held = np.zeros(len(rows["stated"]))
        for train, test in GroupKFold(FOLDS).split(rows["states"], groups=rows["groups"]):
            kept = [train if j == i else every for j, every in enumerate(everything)]
            weights, bias = _fit(sets, kept)
            held[test] = 1 / (1 + np.exp(-(rows["states"][test] @ weights + bias)))
        found.append(held)
    return found


def _record_files(arguments: argparse.Namespace, settings: Settings) -> None:
    skipped = {
        item["question"]
        for path in arguments.skip
        for item in json.loads(path.read_text(encoding="utf-8"))["items"]
    }
    model = LlamaModel(
        ensure(settings.model, settings.models),
        context_tokens=4096,
        n_threads=settings.threads,
        state_bytes=64 << 20,
        tap_layer=arguments.layer,
    )
    for file in arguments.files:
        _record_file(file, model, arguments.states, skipped)
    model.close()


def _print(name: str, rows: dict[str, Any], held: Any) -> None:
    """How well a set's probabilities in folds tell the stated from the unstated, by kind."""
    print(f"{name}: {len(held)} questions, AUC {roc_auc_score(rows['stated'], held):.3f}")
    for kind in sorted(set(rows["kinds"])):
        mine = (rows["kinds"] == kind) & ~rows["stated"]
        if mine.any():
            of = mine | rows["stated"]
            area = roc_auc_score(rows["stated"][of], held[of])
            print(f"  {kind:<12}{mine.sum():>5}  {area:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("--states", metavar="DIR", type=Path, required=True)
    parser.add_argument("--model", metavar="NAME")
    parser.add_argument("--layer", metavar="N", type=int, default=14)
    parser.add_argument("--skip", metavar="RUN.json", type=Path, action="append", default=[])
    parser.add_argument("--fit-only", action="store_true", help="of what is recorded")
    arguments = parser.parse_args()
    settings = load_settings({"model": arguments.model})
    if not arguments.fit_only:
        _record_files(arguments, settings)
    sets = [_load(arguments.states / file.name) for file in arguments.files]
    stated: dict[str, float] = {}
    for file, rows, held in zip(arguments.files, sets, _in_folds(sets), strict=True):
        _print(file.name, rows, held)
        own = rows["kinds"] == "own"
        stated |= dict(zip(rows["questions"][own].tolist(), held[own].tolist(), strict=True))
    weights, bias = _fit(sets, [np.arange(len(rows["stated"])) for rows in sets])
    path = Probe(arguments.layer, weights, bias).save(settings.model)
    (arguments.states / "stated.json").write_text(json.dumps(stated), encoding="utf-8")
    print(f"written: {path}, {arguments.states / 'stated.json'}")


if __name__ == "__main__":
    main()
