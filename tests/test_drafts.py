"""What is guessed of a reply, and when guessing pays."""

from __future__ import annotations

from rag.model.drafts import Costs, guess

BRIDGE = (11, 12, 13, 14, 15, 16, 17, 18, 19)


def test_what_followed_the_same_words_is_guessed() -> None:
    said = (*BRIDGE, 90, 91, 12, 13, 14)
    assert guess(said, Costs(), longest=2) == (15, 16)


def test_the_longest_agreement_is_followed() -> None:
    # After 14 alone came 70, after 13 14 came 15.
    assert guess((*BRIDGE, 14, 70, 71, 13, 14), Costs())[0] == 15


def test_nothing_is_guessed_of_what_never_stood_there() -> None:
    assert guess((*BRIDGE, 99), Costs()) == ()
    assert guess((5,), Costs()) == ()
    assert guess((), Costs()) == ()


def test_no_more_is_guessed_than_there_is_room_for() -> None:
    said = (*BRIDGE, 90, *BRIDGE[:6])
    assert len(guess(said, Costs())) > 1
    assert len(guess(said, Costs(), longest=1)) == 1


def test_a_longer_agreement_is_followed_further() -> None:
    short = guess((*BRIDGE, 90, 12, 13), Costs())
    long = guess((*BRIDGE, 90, *BRIDGE[:7]), Costs())
    assert 0 < len(short) < len(long)
    assert long == (18, 19, 90, 11)


def test_nothing_is_guessed_where_a_batch_costs_as_much_as_its_calls() -> None:
    costs = Costs()
    for _ in range(40):
        costs.add(1, 50.0)
        for n in range(2, 7):
            costs.add(n, 50.0 * n)
    assert costs.of(4) > 3
    assert guess((*BRIDGE, 90, 12, 13), costs) == ()


def test_what_was_timed_takes_the_place_of_what_was_believed() -> None:
    costs = Costs()
    believed = costs.of(2)
    costs.add(2, 100.0)
    # Without a call of one token nothing can be said of two.
    assert costs.of(2) == believed
    for _ in range(30):
        costs.add(1, 80.0)
        costs.add(2, 88.0)
    assert 1.1 <= costs.of(2) < believed
    assert costs.of(1) == 1.0
