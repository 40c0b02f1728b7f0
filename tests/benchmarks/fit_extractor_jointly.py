"""Teach the extractor on from its weights: questions that people typed, several texts at once.

    python -m tests.benchmarks.fit_extractor_jointly TRAIN.json --out DIR [--start NPZ] [--ship]

TRAIN.json is SQuAD JSON: what `typed_questions` made of QED's training part. It starts from the
weights that `fit_extractor` wrote, leaves the first two layers as they are, and sees 6,400
questions, each beside up to three texts under one normalisation: twenty minutes on two cores;
interrupted, it goes on from its last checkpoint. What is written lies between the weights before
and after, since the last alone forget some of what SQuAD taught: DIR/NAME.npz, and with --ship also
rag/judge/extractors/NAME.npz.
Source: Clark & Gardner 2018 (one normalisation over several texts).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from tqdm import tqdm

from index.config import load_settings
from index.embed.minilm import MiniLM
from index.models.fetch import ensure
from rag.judge.extract import FOLDER, MAX_ANSWER_TOKENS
from tests.benchmarks.extractor_learner import Learner, between, packed
from tests.benchmarks.joint_examples import Group, TextRow, groups, load_places

__all__ = ["main"]

SEED = 7
RATE = 6e-4
N_FROZEN = 2
SHARE = 0.7
"""Of the way from the weights before to those after; tests/benchmarks/README.md has others."""
_BATCH = 14
_WARM = 600
"""Questions until the learning rate is full."""
_CHECKPOINT_BATCHES = 80


def _scores(learner: Learner, rows: Sequence[TextRow]) -> list[Tensor]:
    """Of each row its tokens' scores of start and end; rows of like lengths read together."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    found: dict[int, Tensor] = {}
    for k in range(0, len(order), _BATCH):
        part = order[k : k + _BATCH]
        read = learner.head(learner.states([rows[i] for i in part]))
        found |= dict(zip(part, read, strict=True))
    return [found[i] for i in range(len(rows))]


def _log_odds(row: TextRow, scores: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Against "not here": of all spans of a text together, and of each that answers."""
    last = len(row.ids) - 1
    begins, ends = ((scores[row.first : last, k] - scores[0, k]) for k in (0, 1))
    at = torch.arange(last - row.first)
    length = at[None, :] - at[:, None]
    spans = begins[:, None] + ends[None, :]
    spans = spans.masked_fill((length < 0) | (length >= MAX_ANSWER_TOKENS), -1e4)
    shown = [(a, b) for a, b in row.spans if row.first <= a <= b < last]
    right = [begins[a - row.first] + ends[b - row.first] for a, b in shown]
    return torch.logsumexp(spans.flatten(), 0), right


def loss_of(learner: Learner, batch: Sequence[Group]) -> Tensor:
    """Mean negative log-likelihood of an answer, or of "not here", over all texts of a question."""
    scores = iter(_scores(learner, [row for group in batch for row in group]))
    losses = []
    for group in batch:
        told = [_log_odds(row, next(scores)) for row in group if row.first < len(row.ids) - 1]
        nowhere = torch.zeros(())
        right = [score for _, each in told for score in each]
        total = torch.logsumexp(torch.stack([nowhere, *(whole for whole, _ in told)]), 0)
        losses.append(total - (torch.logsumexp(torch.stack(right), 0) if right else nowhere))
    return torch.stack(losses).mean()


def learn(
    learner: Learner, source: Path, tokenizer: Tokenizer, embedder: MiniLM, n: int, checkpoint: Path
) -> None:
    """AdamW, the rate going down; a checkpoint now and then."""
    weights = [p for p in learner.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98))
    seen = step = 0
    if checkpoint.is_file():
        kept = torch.load(checkpoint)
        learner.load_state_dict(kept["weights"], strict=False)
        optimiser.load_state_dict(kept["optimiser"])
        seen = kept["seen"]
    places = load_places(json.loads(source.read_bytes())["data"], embedder)
    found = groups(places, tokenizer, random.Random(f"{SEED} {seen}"))
    with tqdm(total=n, initial=seen, unit="question") as bar:
        while seen < n:
            batch = [next(found) for _ in range(_BATCH)]
            pace = max(0.02, 1 - seen / n) * min(1.0, (seen + 1) / _WARM)
            for group in optimiser.param_groups:
                group["lr"] = RATE * pace
            loss = loss_of(learner, batch)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            seen += len(batch)
            step += 1
            bar.update(len(batch))
            if step % _CHECKPOINT_BATCHES == 0 or seen >= n:
                bar.set_postfix(loss=f"{loss.item():.2f}")
                state = {"weights": learner.trained(), "optimiser": optimiser.state_dict()}
                torch.save({**state, "seen": seen}, checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="go on from these weights")
    parser.add_argument("--questions", type=int, default=6_400, help="how many are learnt from")
    parser.add_argument("--ship", action="store_true", help="also write it where it is read")
    arguments = parser.parse_args()
    settings = load_settings({})
    folder = ensure(settings.embedder, settings.models)
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    learner = Learner(folder)
    base = {n.replace(".frozen.", "."): p.clone() for n, p in learner.encoder.state_dict().items()}
    with np.load(arguments.start or FOLDER / f"{settings.embedder}.npz") as stored:
        start = {name: stored[name] for name in stored.files}
    learner.start_from(start)
    learner.freeze(N_FROZEN)
    arguments.out.mkdir(parents=True, exist_ok=True)
    embedder = MiniLM(folder, name=settings.embedder)
    checkpoint = arguments.out / "extractor.pt"
    learn(learner, arguments.train, tokenizer, embedder, arguments.questions, checkpoint)
    file = arguments.out / f"{settings.embedder}.npz"
    np.savez(file, **between(start, packed(learner.trained(), base), SHARE))
    if arguments.ship:
        shutil.copyfile(file, FOLDER / file.name)


if __name__ == "__main__":
    main()
