"""What of a text is read."""

from __future__ import annotations

import pytest

from index.visible import as_prose


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("**Room 1** begins with a bowl.", "Room 1 begins with a bowl."),
        ("- Adults pay 8, *children* 4.", "Adults pay 8, children 4."),
        ("1. Open *Restore* and pick a date.", "1. Open Restore and pick a date."),
        ("2 * 3 * 4 is 24, and a*b*c is not.", "2 * 3 * 4 is 24, and a*b*c is not."),
        ("Call __init__ or snake_case_name.", "Call __init__ or snake_case_name."),
        ("* One of *", "One of *"),
    ],
)
def test_the_marks_of_markdown_are_not_read(text: str, read: str) -> None:
    assert as_prose(text) == read
