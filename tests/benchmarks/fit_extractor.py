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
import itertools
import json
import math
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm
from transformers import AutoModel

from index.config import load_settings
from index.models.fetch import ensure
from rag.judge.extract import FOLDER, Extractor, Text
from rag.measure.metrics import contains
from tests.benchmarks.fit_probe import NAME, perturb

__all__ = ["main"]

SEED = 3
RANK = 16
SCALE = 2.0
ROUNDS = ((86_000, 2.5e-3), (68_000, 1.6e-3))
"""Examples and the learning rate that each round starts with."""
BATCH_TOKENS = 3072
MAX_TOKENS = 320
HELD_OUT = 8
_WORD = re.compile(r"\w+")
_BREAK = re.compile(r"(?<=[a-z0-9)\]\"'%][.!?])[\"')]?\s+(?=[A-Z\"'(])")
_LINEAR = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


@dataclass(frozen=True, slots=True)
class Example:
    title: str
    question: str
    text: str
    start: int
    end: int
    """Of the answer in the text, in characters; -1 when it is not to be shown."""
    stated: bool
    kind: str


def examples(articles: Sequence[Any], rng: random.Random) -> Iterator[Example]:
    """Every question with its paragraph, and most once more where it has no answer."""
    for article in articles:
        title = article["title"].replace("_", " ")
        texts = [p["context"] for p in article["paragraphs"]]
        words = [_words(text) for text in texts]
        spread: dict[str, int] = {}
        for word in (w for held in words for w in held):
            spread[word] = spread.get(word, 0) + 1
        for i, paragraph in enumerate(article["paragraphs"]):
            text = texts[i]
            names = sorted(set(NAME.findall(text)))
            for entry in paragraph["qas"]:
                gold, start = entry["answers"][0]["text"], entry["answers"][0]["answer_start"]
                end = start + len(gold)
                question = entry["question"].strip()
                yield Example(title, question, text, start, end, True, "stated")
                way = rng.random()
                if way < 0.22:
                    asked = _words(question)
                    near = sorted(
                        (
                            (sum(math.log(len(texts) / spread[w]) for w in asked & words[j]), j)
                            for j in range(len(texts))
                            if j != i and gold.lower() not in texts[j].lower()
                        ),
                        reverse=True,
                    )
                    if near:
                        j = near[min(len(near) - 1, int(rng.random() ** 2 * 4))][1]
                        yield Example(title, question, texts[j], -1, -1, False, "other")
                elif way < 0.42:
                    kept = [s for s, a, b in _split(text) if b <= start or a >= end]
                    left = " ".join(kept)
                    if len(kept) > 1 and gold.lower() not in left.lower():
                        yield Example(title, question, left, -1, -1, False, "cut")
                elif way < 0.8 and (changed := perturb(question, names, rng)):
                    yield Example(title, changed[1], text, start, end, False, changed[0])


def _words(text: str) -> set[str]:
    return {w.lower() for w in _WORD.findall(text)}


def _split(text: str) -> list[tuple[str, int, int]]:
    cuts = [0, *(x for m in _BREAK.finditer(text) for x in m.span()), len(text)]
    return [(text[a:b], a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]


@dataclass(frozen=True, slots=True)
class Row:
    """An example as tokens: the question's come first, then the text's."""

    ids: list[int]
    n_first: int
    start: int
    end: int
    """Positions of the answer; 0 and 0, the first token, when there is none."""


def encode(found: Sequence[Example], tokenizer: Tokenizer, rng: random.Random) -> list[Row]:
    """Two in three texts are cut to a window of 60 to 140 tokens around the answer: it is quicker
    to learn from more of them, and passages have all lengths."""
    rows = []
    for example in tqdm(found, desc="tokens"):
        head = "" if rng.random() < 0.25 else example.title + ". "
        encoded = tokenizer.encode(example.question, head + example.text)
        ids, n_first = encoded.ids, encoded.type_ids.index(1)
        a = b = 0
        if example.start >= 0:
            begin, end = example.start + len(head), example.end + len(head)
            inside = [
                i
                for i in range(n_first, len(ids) - 1)
                if encoded.offsets[i][0] < end and encoded.offsets[i][1] > begin
            ]
            if not inside:
                continue
            a, b = inside[0], inside[-1]
        room = MAX_TOKENS - n_first
        if rng.random() < 0.65:
            room = min(room, rng.randint(60, 140))
        if len(ids) - n_first > room:
            low, high = n_first, len(ids) - room
            if a:
                low, high = max(n_first, b - room + 1), min(a, len(ids) - room)
            if low > high:
                continue
            first = rng.randint(low, high)
            ids = ids[:n_first] + ids[first : first + room]
            a, b = (a - first + n_first, b - first + n_first) if a else (0, 0)
        rows.append(Row(ids, n_first, a, b) if example.stated else Row(ids, n_first, 0, 0))
    return rows


class LowRank(nn.Module):
    """A frozen linear layer with a trained product of two thin matrices beside it."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__()
        self.frozen = frozen
        self.down = nn.Parameter(
            torch.randn(RANK, frozen.in_features) / math.sqrt(frozen.in_features)
        )
        self.up = nn.Parameter(torch.zeros(frozen.out_features, RANK))

    def forward(self, x: Tensor) -> Tensor:
        added = functional.linear(functional.linear(x, self.down), self.up)
        out: Tensor = self.frozen(x) + added * SCALE
        return out


class Learner(nn.Module):
    """The embedder's encoder with its adaptation, and the two scores of every token."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(str(folder))
        self.encoder.pooler = None
        for name, parameter in self.encoder.named_parameters():
            small = "LayerNorm" in name or name.endswith("bias")
            parameter.requires_grad_(
                (small and name.startswith("encoder.")) or "token_type" in name
            )
        for layer in self.encoder.encoder.layer:
            for path in _LINEAR:
                *way, last = path.split(".")
                owner = layer
                for step in way:
                    owner = getattr(owner, step)
                setattr(owner, last, LowRank(getattr(owner, last)))
        for name, parameter in self.named_parameters():
            if name.endswith("frozen.weight"):
                parameter.requires_grad_(False)
        self.head = nn.Linear(self.encoder.config.hidden_size, 2)

    def forward(self, rows: Sequence[Row]) -> Tensor:
        """Scores of start and end: float32, shape (len(rows), longest, 2)."""
        shape = (len(rows), max(len(r.ids) for r in rows))
        ids, kinds = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        mask, allowed = np.zeros(shape, np.int64), np.zeros(shape, bool)
        for i, row in enumerate(rows):
            n = len(row.ids)
            ids[i, :n], mask[i, :n], kinds[i, row.n_first : n] = row.ids, 1, 1
            allowed[i, row.n_first : n] = allowed[i, 0] = True
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.encoder(
                input_ids=torch.from_numpy(ids),
                attention_mask=torch.from_numpy(mask),
                token_type_ids=torch.from_numpy(kinds),
            ).last_hidden_state
        scores: Tensor = self.head(states.float())
        return scores.masked_fill(~torch.from_numpy(allowed)[..., None], -1e4)

    def trained(self) -> dict[str, Tensor]:
        return {n: p.detach().clone() for n, p in self.named_parameters() if p.requires_grad}


def train(rows: Sequence[Row], learner: Learner, share: float, checkpoint: Path) -> None:
    """AdamW in rounds, the rate going down in each; a checkpoint every 200 batches."""
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
    seen = 0
    if resumed is not None:
        optimiser.load_state_dict(resumed["optimiser"])
        seen = resumed["seen"]
    rng = random.Random(f"{SEED} {number} {seen}")
    queue: list[list[Row]] = []
    with tqdm(total=n_examples, initial=seen, unit="example", desc=f"round {number + 1}") as bar:
        for step in itertools.count():
            if seen >= n_examples:
                break
            queue = queue or _batches(rows, rng)
            batch = queue.pop()
            pace = max(0.02, 1 - seen / n_examples) * min(1.0, (seen + 1) / 2000)
            for group in optimiser.param_groups:
                group["lr"] = rate * pace
            scores = learner(batch)
            loss = (
                functional.cross_entropy(scores[..., 0], torch.tensor([r.start for r in batch]))
                + functional.cross_entropy(scores[..., 1], torch.tensor([r.end for r in batch]))
            ) / 2
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            seen += len(batch)
            bar.update(len(batch))
            if step % 200 == 0 or seen >= n_examples:
                bar.set_postfix(loss=f"{loss.item():.2f}")
                state = {
                    "weights": learner.trained(),
                    "optimiser": optimiser.state_dict(),
                    "round": number,
                    "seen": seen,
                }
                torch.save(state, checkpoint)


def _batches(rows: Sequence[Row], rng: random.Random) -> list[list[Row]]:
    """Rows of like lengths together, in a random order."""
    order = list(rows)
    rng.shuffle(order)
    batches: list[list[Row]] = []
    for k in range(0, len(order), 1024):
        batch: list[Row] = []
        for row in sorted(order[k : k + 1024], key=lambda r: len(r.ids)):
            if batch and len(row.ids) * (len(batch) + 1) > BATCH_TOKENS:
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
    rng.shuffle(batches)
    return batches


def packed(weights: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Any]:
    """What rag.extract adds to the encoder: factors in int8, the rest as differences in fp16."""
    out: dict[str, Any] = {}
    for name, tensor in weights.items():
        value = tensor.numpy().astype(np.float32)
        short = name.removeprefix("encoder.")
        if name.startswith("head."):
            out[name] = value
        elif short.endswith((".up", ".down")):
            if short.endswith(".up"):
                value = value * SCALE
            scale = np.abs(value).max(axis=1, keepdims=True) / 127 + 1e-12
            out[short] = np.round(value / scale).astype(np.int8)
            out[short + ".scale"] = scale.astype(np.float32)
        else:
            short = short.replace(".frozen.", ".")
            out[short + ".plus"] = (value - base[short].numpy()).astype(np.float16)
    return out


def measure(extractor: Extractor, found: Sequence[Example]) -> str:
    """How often the likeliest span holds the answer; how well "stated" tells what has none."""
    right, stated, told = [], [], []
    for example in tqdm(found, desc="measure"):
        sentences = {("", i): s for i, (s, _, _) in enumerate(_split(example.text))}
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
