"""Dates as people write them -> ISO 8601, no finer than they were said."""

from __future__ import annotations

import pytest

from index.dates import find_mentions, period_of, read_date, read_period

THURSDAY = "2020-03-05"


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2020-03-05T23:30:00-05:00", "2020-03-05"),
        ("Thu, 5 Mar 2020 23:30:00 GMT", "2020-03-05"),
        ("5. März 2020", "2020-03-05"),
        ("5 mars 2020", "2020-03-05"),
        ("05.03.2020", "2020-03-05"),
        ("31/03/2020", "2020-03-31"),
        ("March 2020", "2020-03"),
        ("2020", "2020"),
        ("Published on 31 March 2020 | Updated 2 April", "2020-03-31"),
        # The fifth of March, or the third of May: nothing is guessed.
        ("05/03/2020", None),
        ("5 March", None),
        ("Thursday", None),
        ("2020-13-45", None),
        ("it cost 2000 dollars", None),
        ("banana", None),
    ],
)
def test_a_date_is_read_as_fine_as_it_is_said(text: str, date: str | None) -> None:
    assert read_date(text) == date


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2020-03", "2020-03"),
        ("March 2020", "2020-03"),
        ("last week", "2020-02-24/2020-03-01"),
        ("on Thursday", "2020-03-05"),
        ("yesterday", "2020-03-04"),
        ("last year", "2019"),
    ],
)
def test_a_reader_may_count_from_now(text: str, iso: str) -> None:
    found = read_period(text, THURSDAY)
    assert found is not None
    assert found.iso == iso


@pytest.mark.parametrize("text", ["2020-13", "the 1990s", "banana", "", "12", "soon"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_period(text, THURSDAY) is None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Putin on Thursday began talks.", [("Thursday", "2020-03-05")]),
        ("He said on Monday that it will open on Friday.",
         [("Monday", "2020-03-02"), ("Friday", "2020-03-06")]),
        ("Migrants who came after March 1 left.", [("March 1", "2020-03-01")]),
        ("It will open on April 2, not in March.",
         [("April 2", "2020-04-02"), ("March", "2020-03")]),
        ("It lasted from 3 March 2019 to 5 May 2020.",
         [("3 March 2019", "2019-03-03"), ("5 May 2020", "2020-05-05")]),
        ("Those who came after March 1 will be sent back.", [("March 1", "2020-03-01")]),
        ("It fell between March 2019 and May 2021.",
         [("March 2019", "2019-03"), ("May 2021", "2021-05")]),
        ("Theresa May said in December that 34 may march.", [("December", "2019-12")]),
        ("The nine-year war cost 2,000 lives in three months.", []),
    ],
)  # fmt: skip
def test_days_in_a_sentence_are_counted_from_its_articles_date(
    sentence: str, found: list[tuple[str, str]]
) -> None:
    mentions = find_mentions(sentence, THURSDAY)
    assert [(m.text, m.period.iso) for m in mentions] == found
    assert all(sentence[m.start : m.end] == m.text for m in mentions)
    assert not [m for m in find_mentions(sentence, None) if m.counted]


def test_a_month_meets_each_of_its_days() -> None:
    march = period_of("2020-03")
    assert march is not None
    assert march.days == 31
    assert [march.meets(d) for d in ("2020-03-31", "2020", "2020-04-01", None)] == [
        True,
        True,
        False,
        False,
    ]


def test_the_calendars_ends_are_no_error() -> None:
    sentence = "It opened on Thursday, and tomorrow, last year, 3 weeks ago, March 3."
    for now in ("9999-12-31", "0001-01-01"):
        assert all(m.counted for m in find_mentions(sentence, now))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("By Sunday noon 45,000 homes had power again.", ["2024-11-03"]),
        ("On Sunday 12 people died in Ribe.", ["2024-11-03"]),
        ("They left on 12 May 1999.", ["1999-05-12"]),
    ],
)
def test_a_number_of_things_is_no_year(text: str, told: list[str]) -> None:
    assert [m.period.iso for m in find_mentions(text, "2024-11-03")] == told
