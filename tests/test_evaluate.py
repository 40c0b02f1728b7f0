"""The metrics of answers and the question sets: known values, and where nothing counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.errors import EvaluationError
from rag.measure.metrics import (
    abstention_scores,
    citation_scores,
    contains,
    latency,
    normalise,
    overlaps,
    percentile,
    recall_at,
    token_f1,
    token_recall,
)
from rag.measure.questions import hold_out, load_golden, load_squad, sample


def test_normalise_drops_case_punctuation_and_articles() -> None:
    assert normalise("The U.S., an ‘ally’ — a friend!") == "u s ally friend"


@pytest.mark.parametrize(
    ("answer", "gold", "held"),
    [
        ("It was the 34 soldiers.", ["34 soldiers"], True),
        ("It was 134 soldiers.", ["34 soldiers"], False),
        ("In the spring of 1349.", ["1349", "1350"], True),
        ("Nothing.", [], False),
        ("Anything at all.", ["the"], False),
    ],
)
def test_contains_looks_for_whole_words(answer: str, gold: list[str], held: bool) -> None:
    assert contains(answer, gold) is held


def test_token_f1_is_squads() -> None:
    assert token_f1("the cat sat", ["a cat"]) == pytest.approx(2 / 3)
    assert token_f1("", ["a cat"]) == 0.0
    assert token_f1("dog", []) == 0.0


def test_token_recall_is_the_share_of_the_gold_words_that_are_held() -> None:
    assert token_recall("The cat sat on a mat.", ["the black cat"]) == 0.5
    assert token_recall("no, no", ["no no no"]) == pytest.approx(2 / 3)
    assert token_recall("a dog", ["a black cat", "the dog"]) == 1.0
    assert token_recall("", ["cat"]) == 0.0
    assert token_recall("cat", ["the"]) == 0.0


def test_a_percentile_lies_between_its_neighbours() -> None:
    assert percentile([40.0, 10.0, 30.0, 20.0], 50) == 25.0
    assert percentile([1.0, 2.0], 2.5) == pytest.approx(1.025)
    assert percentile([3.0], 95) == 3.0


def test_spans_overlap_when_they_share_a_character() -> None:
    assert overlaps(("d", 0, 5), [("d", 4, 9)])
    assert not overlaps(("d", 0, 5), [("d", 5, 9)])
    assert not overlaps(("d", 0, 5), [("e", 0, 5)])


def test_recall_at_counts_ranks_from_zero() -> None:
    assert recall_at([0, 2, None, 9], 1) == 0.25
    assert recall_at([0, 2, None, 9], 3) == 0.5
    assert recall_at([0, 2, None, 9], 10) == 0.75
    assert recall_at([], 1) is None


def test_citation_scores() -> None:
    assert citation_scores([[True, False], [True], []], [True, True, True]) == {
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "valid": 1.0,
    }


def test_citation_scores_without_citations() -> None:
    assert citation_scores([[]], []) == {"precision": None, "recall": 0.0, "valid": None}
    assert citation_scores([], []) == {"precision": None, "recall": None, "valid": None}


def test_abstention_scores() -> None:
    scores = abstention_scores([True, True, False, False], [False, True, False, True])
    assert scores == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "false_rate": 0.5}


def test_abstention_scores_without_unanswerable_questions() -> None:
    assert abstention_scores([False], [True]) == {
        "precision": None,
        "recall": None,
        "f1": None,
        "false_rate": 0.0,
    }


def test_latency_leaves_out_what_reached_no_model() -> None:
    assert latency([None, 100.0, 300.0], [10.0, 200.0, 400.0]) == {
        "first_token_p50": 200.0,
        "first_token_p95": 290.0,
        "total_p50": 200.0,
        "total_p95": 380.0,
    }
    assert latency([], [])["total_p50"] is None


def _squad(tmp_path: Path) -> Path:
    path = tmp_path / "set.json"
    data = [
        {
            "title": title,
            "paragraphs": [
                {
                    "context": f"{title} lies on the coast.",
                    "qas": [
                        {
                            "id": title,
                            "question": f"Where does {title} lie?",
                            "answers": [{"text": "coast", "answer_start": len(title) + 13}],
                        },
                        {
                            "id": title + "?",
                            "question": f"Who rules {title}?",
                            "answers": [],
                            "is_impossible": True,
                        },
                    ],
                }
            ],
        }
        for title in ("Brill", "Delft", "Hoorn")
    ]
    path.write_text(json.dumps({"version": "v2.0", "data": data}))
    return path


def test_squad_paragraphs_become_documents(tmp_path: Path) -> None:
    documents, questions = load_squad(_squad(tmp_path))
    assert [d.title for d in documents] == ["Brill", "Delft", "Hoorn"]
    assert [q.answerable for q in questions] == [True, False] * 3
    document_id, start, end = questions[0].spans[0]
    assert documents[0].id == document_id
    assert documents[0].text[start:end] == "coast"


def test_held_out_articles_leave_questions_without_an_answer(tmp_path: Path) -> None:
    documents, questions = hold_out(*load_squad(_squad(tmp_path)), 2, seed=1)
    assert len(documents) == 1
    assert [q.answerable for q in questions].count(True) == 1
    with pytest.raises(EvaluationError, match="between 1 and 2"):
        hold_out(*load_squad(_squad(tmp_path)), 3, seed=1)


def test_a_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    questions = load_squad(_squad(tmp_path))[1]
    assert sample(questions, 3, 7) == sample(questions, 3, 7)
    assert sample(questions, None, 7) == questions


def test_a_malformed_golden_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "g.jsonl"
    path.write_text('{"question": "Who?", "answerable": true}\n{"question": 1\n')
    with pytest.raises(EvaluationError, match="line 2"):
        load_golden(path)
