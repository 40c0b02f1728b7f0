"""Train the low-rank adaptation that makes the embedder read: question and text -> answer span.

    python -m tests.benchmarks.fit_extractor TRAIN.json --out DIR [--share 1.0]

TRAIN.json is the training part of SQuAD 1.1 (Rajpurkar et al. 2016; CC BY-SA 4.0; SHA-256
3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955), none of whose articles is in
the benchmark sets; any file of that form will do. Two in five examples have no answer: the
question beside another paragraph of its article, beside its own without the sentence that
answers, or with a name, a year or an antonym changed. The last eight articles are left out, to
measure on. Eighty-five minutes on two cores; interrupted, it goes on from its last checkpoint.
Writes rag/judge/extractors/NAME.npz: the factors in int8, biases and norms in fp16.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from index.config import load_settings
from index.models.fetch import ensure
from rag.judge.extract import FOLDER, Extractor, Text
from rag.measure.metrics import contains
from tests.benchmarks.extractor_examples import Example, Row, batches, encode, examples, split
from tests.benchmarks.extractor_learner import Learner, packed

__all__ = ["main"]

SEED = 3
ROUNDS = ((86_000, 2.5e-3), (68_000, 1.6e-3))
"""Examples and the learning rate that each round starts with."""
HELD_OUT = 8
_CHECKPOINT_BATCHES = 200


def train(rows: Sequence[Row], learner: Learner, share: float, checkpoint: Path) -> None:
    """AdamW in rounds, the rate going down in each; a checkpoint now and then."""
    kept = torch.load(checkpoint) if checkpoint.is_file() else None
    if kept is not None:
        learner.load_state_dict(kept["weights"], strict=False)
    for number, (n_full, rate) in enumerate(ROUNDS):
        if kept is not None and number < kept["round"]:
            continue
        resumed = kept if kept is not None and number == kept["round"] else None
        _train_round(rows, learner, int(share * n_full), rate, checkpoint, number, resumed)


def _train_round(
    rows: Sequence[Row],
    learner: Learner,
    n_examples: int,
    rate: float,
    checkpoint: Path,
    number: int,
    resumed: Mapping[str, Any] | None,
) -> None:
    weights = [p for p in learner.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
    seen = step = 0
    if resumed is not None:
        optimiser.load_state_dict(resumed["optimiser"])
        seen = resumed["seen"]
    rng = random.Random(f"{SEED} {number} {seen}")
    queue: list[list[Row]] = []
    with tqdm(total=n_examples, initial=seen, unit="example", desc=f"round {number + 1}") as bar:
        while seen < n_examples:
            queue = queue or batches(rows, rng)
            batch = queue.pop()
            pace = max(0.02, 1 - seen / n_examples) * min(1.0, (seen + 1) / 2000)
            for group in optimiser.param_groups:
                group["lr"] = rate * pace
            loss = _learn(learner, batch, optimiser, weights)
            seen += len(batch)
            bar.update(len(batch))
            if step % _CHECKPOINT_BATCHES == 0 or seen >= n_examples:
                bar.set_postfix(loss=f"{loss:.2f}")
                state = {"weights": learner.trained(), "optimiser": optimiser.state_dict()}
                torch.save({**state, "round": number, "seen": seen}, checkpoint)
            step += 1


def _learn(
    learner: Learner,
    batch: Sequence[Row],
    optimiser: torch.optim.Optimizer,
    weights: Sequence[Tensor],
) -> float:
    """One step; returns the loss before it."""
    scores = learner(batch)
    loss = (
        functional.cross_entropy(scores[..., 0], torch.tensor([r.start for r in batch]))
        + functional.cross_entropy(scores[..., 1], torch.tensor([r.end for r in batch]))
    ) / 2
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(weights, 1.0)
    optimiser.step()
    return float(loss.item())


def measure(extractor: Extractor, found: Sequence[Example]) -> str:
    """How often the likeliest span holds the answer; how well "stated" tells what has none."""
    right, stated, told = [], [], []
    for example in tqdm(found, desc="measure"):
        sentences = {("", i): s for i, (s, _, _) in enumerate(split(example.text))}
        extraction = extractor.read(example.question, [Text(example.title, sentences)])
        told.append(extraction.stated)
        stated.append(example.stated)
        if example.stated:
            gold = example.text[example.start : example.end]
            right.append(bool(extraction.spans) and contains(extraction.spans[0].text, [gold]))
    kinds = sorted({e.kind for e in found} - {"stated"})
    cells = [f"likeliest span holds the answer {np.mean(right):.3f} of {len(right)}"]
    for kind in kinds:
        rows = [i for i, e in enumerate(found) if e.stated or e.kind == kind]
        score = roc_auc_score([stated[i] for i in rows], [told[i] for i in rows])
        cells.append(f"AUC {kind} {score:.3f}")
    return "; ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of the examples seen")
    parser.add_argument("--measure", type=int, default=1000)
    arguments = parser.parse_args()
    settings = load_settings({})
    folder = ensure(settings.embedder, settings.models)
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    articles = json.loads(arguments.train.read_text(encoding="utf-8"))["data"]
    rng.shuffle(articles)
    found = list(examples(articles[HELD_OUT:], rng))
    rng.shuffle(found)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    learner = Learner(folder)
    base = {n.replace(".frozen.", "."): p.clone() for n, p in learner.encoder.state_dict().items()}
    started = time.monotonic()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = encode(found[: max(2000, int(arguments.share * len(found)))], tokenizer, rng)
    train(rows, learner, arguments.share, arguments.out / "extractor.pt")
    FOLDER.mkdir(exist_ok=True)
    np.savez(FOLDER / f"{settings.embedder}.npz", **packed(learner.trained(), base))
    print(f"{time.monotonic() - started:.0f} s")
    extractor = Extractor.of(settings.embedder, folder)
    assert extractor is not None
    held = list(examples(articles[:HELD_OUT], rng))
    rng.shuffle(held)
    print(measure(extractor, held[: arguments.measure]))


if __name__ == "__main__":
    main()
