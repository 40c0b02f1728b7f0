"""Near-duplicates: what is one story and what is not; found, counted, told once, forgotten."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from index.ingest.build import build
from index.store.duplicates import MIN_SIMILARITY, contained, signature, similar
from index.store.index import Index
from rag.retrieve import HybridRetriever
from tests.stored import local

STORY = """Dockers in Antwerp stopped work on Monday after talks about night shifts broke down.

About 900 workers left the quays at six in the morning, and 41 ships waited in the estuary.
The port authority said that it would divert tankers to Rotterdam if the strike went on.

The union asked for two rested days after each night shift and an extra allowance of 80 euros.
Employers offered one rested day and said that the allowance had been raised only last autumn.

A mediator named by the ministry is to meet both sides on Thursday in the old customs house."""
EDITED = STORY.replace("About 900 workers", "Some 900 workers").replace(
    "said that it would divert tankers to Rotterdam", "may divert tankers to Rotterdam"
)
LONGER = EDITED + "\n\nIn Ghent the pilots voted on Tuesday to join the strike from next week on."
OTHER = """A vineyard on the northern slope of the valley has begun to sell its first sparkling wine

The grower planted the vines eleven years ago, when her neighbours still kept only apple trees.
Frost took a third of the buds in the spring, but the summer was long and the grapes were sweet.

She expects to fill four thousand bottles, and has sold most of them to restaurants in the city.
A second slope, which faces the river and keeps the evening sun, is to be planted next year."""


def _likeness(a: str, b: str) -> float:
    first, second = signature(a), signature(b)
    assert first is not None
    assert second is not None
    return similar(first, second)


def test_a_lightly_edited_story_is_one_and_another_is_not() -> None:
    assert _likeness(STORY, STORY) == 1.0
    assert _likeness(STORY, EDITED) >= MIN_SIMILARITY
    assert _likeness(STORY, LONGER) >= MIN_SIMILARITY
    assert _likeness(STORY, OTHER) < 0.1


def test_the_estimate_is_the_share_of_common_word_triples() -> None:
    draw = random.Random(3)
    words = [f"{draw.randrange(10**9):x}" for _ in range(900)]
    for kept in (0, 300, 600, 900):
        a = " ".join(words)
        b = " ".join(words[:kept] + [f"{word}q" for word in words[kept:]])
        common = max(0, kept - 2)
        assert _likeness(a, b) == pytest.approx(common / (2 * 898 - common), abs=0.13)


def test_case_and_line_breaks_change_nothing_and_short_texts_are_not_compared() -> None:
    assert _likeness(STORY, STORY.upper().replace("\n\n", " ")) == 1.0
    assert signature("Train 5 leaves at ten.") is None
    assert contained("the union asked for two", STORY) == 1.0
    assert contained("", STORY) == 0.0


def test_a_signature_is_the_one_that_indexes_hold() -> None:
    """When this fails, the library's hashes have changed: raise `_SEGMENTATION` (store.stamp)."""
    values = signature(STORY)
    assert values is not None
    assert hashlib.sha256(values.astype("<u4").tobytes()).hexdigest()[:16] == "13c986235654b689"


def test_near_duplicates_are_found_whichever_came_first_and_forgotten_with_either(
    make_index: Callable[..., Index], tmp_path: Path
) -> None:
    index = make_index({"a.txt": STORY, "b.txt": OTHER})
    assert index.counts().near == 0
    (tmp_path / "articles" / "c.txt").write_text(EDITED)
    report = build(index, [tmp_path / "articles"])
    ids = {Path(d.path).name: d.id for d in index.documents()}
    (added,) = [o for o in report.outcomes if o.status == "added"]
    assert (added.reason, added.near) == (None, str(tmp_path / "articles" / "a.txt"))
    assert index.near_duplicates(ids["a.txt"]) == {ids["c.txt"]}
    assert index.near_duplicates(ids["c.txt"]) == {ids["a.txt"]}
    assert index.near_duplicates(ids["b.txt"]) == frozenset()
    assert index.counts().near == 2
    assert {s.id: s.near for s in index.summaries()}[ids["a.txt"]] == 1
    (tmp_path / "articles" / "a.txt").unlink()
    build(index, [tmp_path / "articles"], prune=True)
    assert index.near_duplicates(ids["c.txt"]) == frozenset()
    assert index.counts().near == 0
    assert local(index).catalogue._rows("SELECT count(*) FROM signatures") == [(2,)]


def test_a_story_in_five_papers_is_told_once_and_what_one_adds_is_kept(
    make_index: Callable[..., Index],
) -> None:
    papers = {f"paper{n}.txt": STORY.replace("41 ships", f"{41 + n} ships") for n in range(4)}
    index = make_index({**papers, "longer.txt": LONGER, "other.txt": OTHER})
    passages = HybridRetriever(index, top_k=6).passages("How many dockers left the quays?")
    strike = [p for p in passages if "quays" in p.text]
    assert len(strike) == 1
    (best, *_) = HybridRetriever(index, top_k=6).passages("Who voted to join the strike in Ghent?")
    assert best.document.endswith("longer.txt")
    assert "pilots voted" in best.text
    # Asked for one paper's own number, that paper is the one that tells.
    (best, *_) = HybridRetriever(index, top_k=6).passages("Did 43 ships wait in the estuary?")
    assert best.document.endswith("paper2.txt")
