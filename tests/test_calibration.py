"""What a run is worth as a whole: calibration, risk, intervals; tables and a plot of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import EvaluationError
from rag.measure.calibration import (
    Bin,
    calibration_error,
    reliability,
    risk_area,
    risk_coverage,
)
from rag.measure.figures import plot, table, table_of_sets
from rag.measure.items import Item
from rag.measure.summary import figures_of, intervals, judged, retrieval_figures, summarise


def test_bins_have_equal_mass_and_the_least_sure_first() -> None:
    judged = [(1.0, True), (0.0, False), (0.5, True), (0.25, True)]
    assert reliability(judged, 2) == [Bin(2, 0.125, 0.5), Bin(2, 0.75, 1.0)]
    assert [b.n for b in reliability(judged)] == [1, 1, 1, 1]
    assert reliability([]) == []


def test_calibration_error_is_the_mean_distance_of_sure_and_right() -> None:
    # Bins .125 against .5 and .75 against 1, two questions each.
    judged = [(1.0, True), (0.0, False), (0.5, True), (0.25, True)]
    assert calibration_error(judged, 2) == (0.375 + 0.25) / 2
    assert calibration_error([(1.0, True), (0.0, False)]) == 0.0
    assert calibration_error([]) is None


def test_bins_weigh_by_their_questions() -> None:
    # Three questions in two bins: one, then two.
    judged = [(0.0, False), (0.5, True), (0.7, True)]
    assert calibration_error(judged, 2) == pytest.approx((1 * 0.0 + 2 * 0.4) / 3)


def test_risk_grows_with_coverage() -> None:
    judged = [(0.1, False), (0.9, True)]
    assert risk_coverage(judged) == ([0.5, 1.0], [0.0, 0.5])


def test_the_area_is_the_mean_risk() -> None:
    judged = [(0.9, True), (0.8, False), (0.7, True), (0.6, False)]
    assert risk_coverage(judged)[1] == [0.0, 0.5, pytest.approx(1 / 3), 0.5]
    assert risk_area(judged) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert risk_area([]) is None


def test_the_order_of_the_equally_sure_makes_no_difference() -> None:
    one = [(0.5, True), (0.5, False), (0.2, True)]
    other = [(0.5, False), (0.2, True), (0.5, True)]
    assert risk_coverage(one)[1] == risk_coverage(other)[1] == [0.5, 0.5, pytest.approx(1 / 3)]
    assert calibration_error(one, 3) == calibration_error(other, 3)


def _item(
    *, answerable: bool = True, right: bool, said: bool = True, confidence: float = 0.5
) -> dict[str, object]:
    return {
        "answerable": answerable,
        "abstained": not said,
        "contains": right and said,
        "drafted_right": right,
        "f1": 1.0,
        "recall": 0.5 if said else 0.0,
        "words": 9,
        "confidence": confidence,
        "rank": 0,
        "citations": [{"hit": right, "valid": True}] if said else [],
        "timings_ms": {"first_token": 1.0, "total": 2.0},
    }


ITEMS = [
    _item(right=True, confidence=0.9),
    _item(right=False, confidence=0.6),
    _item(right=True, said=False, confidence=0.2),
    _item(answerable=False, right=False, said=False, confidence=0.1),
]


def test_summarise() -> None:
    figures = summarise(ITEMS)
    assert figures["answer"] == {
        "contains": pytest.approx(1 / 3),
        "f1": 1.0,
        "recall": pytest.approx(1 / 3),
        "accuracy_answered": 0.5,
        "words": 9,
    }
    assert figures["citation"] == {"precision": 0.5, "recall": pytest.approx(1 / 3), "valid": 1.0}
    assert figures["abstention"]["f1"] == pytest.approx(2 / 3)
    assert figures["calibration"] == {
        "ece": pytest.approx((0.1 + 0.6 + 0.8 + 0.1) / 4),
        "aurc": pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4),
    }


def test_recall_leaves_out_what_has_no_gold_words() -> None:
    assert summarise([{**ITEMS[0], "recall": None}])["answer"]["recall"] is None
    assert summarise([{**ITEMS[0], "recall": None}, ITEMS[1]])["answer"]["recall"] == 0.5


def test_what_was_drafted_counts_where_it_was_not_said() -> None:
    assert judged(ITEMS) == [(0.9, True), (0.6, False), (0.2, True), (0.1, False)]


def test_an_unanswerable_question_is_never_right() -> None:
    assert judged([_item(answerable=False, right=True)]) == [(0.5, False)]


def test_a_question_without_a_confidence_is_not_judged() -> None:
    peers = [{key: value for key, value in ITEMS[0].items() if key != "confidence"}]
    assert judged([*peers, {**ITEMS[1], "confidence": None}]) == []
    assert summarise(peers)["calibration"] == {"ece": None, "aurc": None}


def test_an_interval_holds_its_figure_and_narrows_with_more_questions() -> None:
    figures, bounds = summarise(ITEMS), intervals(ITEMS)
    assert bounds == intervals(ITEMS)
    assert {group: list(row) for group, row in bounds.items()} == {
        group: list(row) for group, row in figures.items() if isinstance(row, dict)
    }
    low, high = bounds["answer"]["contains"]
    assert low <= figures["answer"]["contains"] <= high
    narrow_low, narrow_high = intervals(ITEMS * 25)["answer"]["contains"]
    assert high - low > narrow_high - narrow_low > 0


def test_an_interval_of_a_share_is_near_the_normal_one() -> None:
    # 40 of 100: .4 ± 1.96 * sqrt(.4 * .6 / 100), that is .304 to .496.
    items = [_item(right=n < 40) for n in range(100)]
    assert intervals(items)["answer"]["contains"] == [
        pytest.approx(0.304, abs=0.02),
        pytest.approx(0.496, abs=0.02),
    ]


def test_a_figure_with_nothing_to_count_has_no_interval() -> None:
    bounds = intervals([ITEMS[0]])
    assert bounds["abstention"]["f1"] is None
    assert bounds["answer"]["contains"] == [1.0, 1.0]
    assert intervals([])["answer"]["contains"] is None


def test_a_table_shows_figures_with_their_intervals_and_the_peers() -> None:
    figures = figures_of(ITEMS)
    text = table({**figures, "peer": figures_of(ITEMS[:1])})
    assert "citation precision" in text
    assert "1.000 [1.000, 1.000]" in text
    assert "3 answerable and 1 unanswerable questions" in text
    assert "peer" not in table(figures)


def test_a_table_of_sets_has_a_column_each() -> None:
    retrieval: list[Item] = [{"answerable": True, "rank": 2}]
    text = table_of_sets({"one": figures_of(ITEMS), "passages": retrieval_figures(retrieval)})
    rows = {line[:30].strip(): line[30:].split() for line in text.splitlines()}
    assert rows[""] == ["one", "passages"]
    assert rows["retrieval recall@1"] == ["1.000", "0.000"]
    assert rows["answer contains"] == ["0.333", "-"]


def test_a_plot_is_drawn_of_several_sets(tmp_path: Path) -> None:
    plot({"one": ITEMS, "other": ITEMS[:2]}, tmp_path / "figures.png")
    assert (tmp_path / "figures.png").stat().st_size > 10_000


def test_there_is_no_plot_without_answers(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="without --retrieval-only"):
        plot({"one": [{"answerable": True, "rank": 2}]}, tmp_path / "figures.png")
