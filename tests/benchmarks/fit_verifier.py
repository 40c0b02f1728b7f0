"""Train the low-rank adaptation that tells whether a sentence answers a question as it was asked.

    python -m tests.benchmarks.fit_verifier TRAIN.json … --claims FILE … --out DIR
        [--start NPZ] [--measure FILE …] [--ship]

TRAIN.json is SQuAD JSON or SelQA's (tests/benchmarks/verifier_examples.py), --claims FEVER
Symmetric's (statement_examples.py). It starts from the extractor's adaptation, leaves the first
two layers as they are, and sees 18,000 pairs: twelve to twenty minutes on two cores; interrupted,
it goes on from its last checkpoint. Writes
DIR/NAME.npz, and with --ship also rag/judge/verifiers/NAME.npz. Prints, for the files to measure
and the false premises of premises.json, how well it tells what answers from what does not.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from index.config import load_settings
from index.embed.bert import BertEncoder
from index.embed.minilm import MiniLM
from index.models.fetch import ensure
from rag.judge.answer_verifier import FOLDER, lay_out
from rag.judge.extract import FOLDER as EXTRACTORS
from tests.benchmarks.extractor_examples import batches, split
from tests.benchmarks.extractor_learner import Learner, packed
from tests.benchmarks.premises import ARTICLES
from tests.benchmarks.role_examples import kind_pairs, role_pairs
from tests.benchmarks.statement_examples import claims_of, statement_pairs
from tests.benchmarks.verifier_examples import (
    Asked,
    Pair,
    Vocabulary,
    load_asked,
    stems_of,
    telling,
    varied,
)

__all__ = ["main"]

SEED = 3
N_PER_QUESTION = 3
"""How many times each question is varied."""

RATE = 1.2e-3
N_FROZEN = 2
_WARM = 800
"""Pairs until the learning rate is full."""
_CHECKPOINT_BATCHES = 50


@dataclass(frozen=True, slots=True)
class _Row:
    ids: list[int]
    n_first: int
    answers: bool


def _row(encoder: BertEncoder, pair: Pair) -> _Row:
    laid_out = lay_out(encoder, pair.question, pair.title, pair.before, pair.sentence)
    return _Row(*laid_out, pair.answers)


def _scores(learner: Learner, rows: Sequence[_Row]) -> Tensor:
    """Log-odds that each answers: float32, shape (len(rows),)."""
    scores: Tensor = learner.head(learner.states(rows)[:, 0])[:, 0]
    return scores


def learn(rows: Sequence[_Row], learner: Learner, n_pairs: int, checkpoint: Path) -> None:
    """AdamW, the rate going down; a checkpoint now and then."""
    weights = [p for p in learner.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98))
    seen = step = 0
    if checkpoint.is_file():
        kept = torch.load(checkpoint)
        learner.load_state_dict(kept["weights"], strict=False)
        optimiser.load_state_dict(kept["optimiser"])
        seen = kept["seen"]
    rng = random.Random(f"{SEED} {seen}")
    queue: list[list[_Row]] = []
    with tqdm(total=n_pairs, initial=seen, unit="pair") as bar:
        while seen < n_pairs:
            queue = queue or batches(rows, rng)
            batch = queue.pop()
            pace = max(0.02, 1 - seen / n_pairs) * min(1.0, (seen + 1) / _WARM)
            for group in optimiser.param_groups:
                group["lr"] = RATE * pace
            wanted = torch.tensor([float(row.answers) for row in batch])
            loss = functional.binary_cross_entropy_with_logits(_scores(learner, batch), wanted)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            seen += len(batch)
            step += 1
            bar.update(len(batch))
            if step % _CHECKPOINT_BATCHES == 0 or seen >= n_pairs:
                state: dict[str, Any] = {"weights": learner.trained(), "seen": seen}
                torch.save({**state, "optimiser": optimiser.state_dict()}, checkpoint)


def pairs_of(
    asked: Sequence[Asked], words: Vocabulary, unseen: frozenset[str], rng: random.Random
) -> Iterator[Pair]:
    """Every question some times, each time varied otherwise; `unseen` words are no roles."""
    articles: dict[str, list[str]] = {}
    for one in asked:
        articles.setdefault(one.title, []).extend(one.sentences)
    known = {title: telling(" ".join(dict.fromkeys(texts))) for title, texts in articles.items()}
    for one in tqdm(asked, desc="pairs"):
        for _ in range(N_PER_QUESTION):
            found = list(varied(one, words, known[one.title], rng))
            yield from found
            right = next((pair for pair in found if pair.kind == "right"), None)
            if right is not None:
                whole = replace(right, question=one.question)
                yield from role_pairs(whole, unseen, rng)
                yield from kind_pairs(whole, words, rng)
        yield from statement_pairs(one, words, known[one.title], rng)


def _told(learner: Learner, encoder: BertEncoder, pairs: Sequence[Pair]) -> list[float]:
    rows = [_row(encoder, pair) for pair in pairs]
    learner.eval()
    with torch.no_grad():
        found = [float(_scores(learner, [row])[0]) for row in tqdm(rows, desc="measure")]
    learner.train()
    return found


def measure_set(learner: Learner, encoder: BertEncoder, file: Path) -> str:
    """AUC of the likeliest sentence of what is answered against what is not."""
    asked = [one for one in load_asked(file) if one.sentences]
    pairs, owner = [], []
    for k, one in enumerate(asked):
        for i, sentence in enumerate(one.sentences):
            pairs.append(Pair(one.question, one.title, one.before(i), sentence, False, ""))
            owner.append(k)
    best = np.full(len(asked), -np.inf)
    np.maximum.at(best, owner, _told(learner, encoder, pairs))
    stated = [bool(one.right) for one in asked]
    score = roc_auc_score(stated, best) if len(set(stated)) > 1 else float("nan")
    return f"{file.stem}: AUC of stated {score:.3f} of {len(asked)}"


def measure_premises(learner: Learner, encoder: BertEncoder) -> str:
    """How well true questions are told from their false twins, beside the nearest sentence."""
    found = list(_premises(encoder))
    told = _told(learner, encoder, found)
    true = [pair.answers for pair in found]
    cells = [f"premises: AUC {roc_auc_score(true, told):.3f}"]
    for sort in dict.fromkeys(pair.kind for pair in found):
        here = [i for i, pair in enumerate(found) if pair.kind == sort]
        score = roc_auc_score([true[i] for i in here], [told[i] for i in here])
        cells.append(f"{sort} {score:.3f}")
    bar = np.quantile([t for t, y in zip(told, true, strict=True) if y], 0.05)
    stopped = np.mean([t < bar for t, y in zip(told, true, strict=True) if not y])
    return ", ".join([*cells, f"with .05 of the true {stopped:.2f} of the false stopped"])


def _premises(encoder: BertEncoder) -> Iterator[Pair]:
    for article in json.loads(ARTICLES.read_text(encoding="utf-8")):
        sentences = [text for text, _, _ in split(article["text"])]
        vectors = [encoder.embed(sentence) for sentence in sentences]
        for fact in article["facts"]:
            for wording, other in zip(fact["ask"], fact["false"], strict=True):
                true = wording.format(fact["true"])
                asked = encoder.embed(true)
                i = int(np.argmax([asked @ vector for vector in vectors]))
                near = (article["title"], sentences[i - 1] if i else "", sentences[i])
                yield Pair(true, *near, True, fact["sort"])
                yield Pair(wording.format(other), *near, False, fact["sort"])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--claims", type=Path, nargs="*", default=[], help="FEVER Symmetric")
    parser.add_argument("--start", type=Path, help="go on from these weights")
    parser.add_argument("--measure", type=Path, nargs="*", default=[])
    parser.add_argument("--pairs", type=int, default=18_000, help="how many are learnt from")
    parser.add_argument("--ship", action="store_true", help="also write it where it is read")
    return parser.parse_args()


def main() -> None:
    arguments = _parse()
    settings = load_settings({})
    folder = ensure(settings.embedder, settings.models)
    encoder = BertEncoder.open(folder)
    assert encoder is not None
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    learner = Learner(folder, n_scores=1)
    base = {n.replace(".frozen.", "."): p.clone() for n, p in learner.encoder.state_dict().items()}
    start = arguments.start or EXTRACTORS / f"{settings.embedder}.npz"
    with np.load(start) as stored:
        learner.start_from({name: stored[name] for name in stored.files})
    learner.freeze(N_FROZEN)
    asked = [one for file in arguments.train for one in load_asked(file)]
    texts = dict.fromkeys(sentence for one in asked for sentence in one.sentences)
    words = Vocabulary(texts, MiniLM(folder, name=settings.embedder))
    unseen = frozenset(stems_of(ARTICLES.read_text(encoding="utf-8")))
    pairs = list(pairs_of(asked, words, unseen, rng))
    pairs += [pair for file in arguments.claims for pair in claims_of(file)]
    print(Counter(pair.kind for pair in pairs))
    rng.shuffle(pairs)
    rows = [_row(encoder, pair) for pair in tqdm(pairs[: arguments.pairs], desc="tokens")]
    arguments.out.mkdir(parents=True, exist_ok=True)
    learn(rows, learner, arguments.pairs, arguments.out / "verifier.pt")
    file = arguments.out / f"{settings.embedder}.npz"
    np.savez(file, **packed(learner.trained(), base))
    if arguments.ship:
        FOLDER.mkdir(exist_ok=True)
        shutil.copyfile(file, FOLDER / file.name)
    for measured in arguments.measure:
        print(measure_set(learner, encoder, measured))
    print(measure_premises(learner, encoder))


if __name__ == "__main__":
    main()
