"""Text -> sentences: offsets exact for any text, headings and captions never glued."""

from __future__ import annotations

import itertools
import math
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.document import Kind
from index.read import read_all
from index.segment import MAX_SENTENCE_CHARS, segment

SEED = next((Path(__file__).parent.parent / "seeds").glob("*.txt"))

# Arbitrary text, and text made of what the segmenter looks for.
_PIECES = st.sampled_from(
    ["\n\n", "\n", " ", ". ", "U.S. ", "Dr. No", "# Heading\n", "- item\n", " 1:05", " (Reuters)"]
)
_TEXT = st.text(max_size=300) | st.lists(_PIECES | st.text(max_size=30), max_size=30).map("".join)


@given(_TEXT)
@settings(max_examples=400, deadline=None)
def test_every_sentence_is_its_span_of_the_text(text: str) -> None:
    sentences = segment(text)
    assert all(text[s.start : s.end] == s.text for s in sentences)
    assert all(a.end <= b.start for a, b in itertools.pairwise(sentences))
    assert all(s.text == s.text.strip() and s.text for s in sentences)


@given(st.text(alphabet=st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_word_is_lost(text: str) -> None:
    words = f"Before {text} after."
    assert "".join("".join(s.text.split()) for s in segment(words)) == "".join(words.split())


def test_the_seed_articles_headings_are_headings() -> None:
    headings = [s.text for s in segment(read_all(SEED)[0].text) if s.kind is Kind.HEADING]
    assert headings == [
        "Dozens of Turkish troops killed in past month",
        "Greece eager to send migrants back",
    ]


def test_the_seed_articles_captions_and_credits_are_recognised() -> None:
    sentences = segment(read_all(SEED)[0].text)
    assert [s.text for s in sentences if s.kind is Kind.CREDIT] == [
        "1:05",
        "(Reuters TV)",
        "(Darko Bandic/The Associated Press)",
    ]
    assert [s.text[:20] for s in sentences if s.kind is Kind.CAPTION] == [
        "A still image taken ",
        "A baby cries as migr",
        "Facing a potential w",
    ]
    assert [s.text for s in sentences if s.kind is Kind.VIDEO] == [
        "EU has not signalled continuing financial support for 3.6 million refugees, "
        "says a negotiator of the 2016 deal."
    ]


def test_a_heading_is_not_glued_to_the_sentence_below() -> None:
    text = "Talks in Moscow\n\nPutin met Erdogan.\n\n## The border\nIt was calm."
    assert [(s.text, s.kind) for s in segment(text)] == [
        ("Talks in Moscow", Kind.HEADING),
        ("Putin met Erdogan.", Kind.PROSE),
        ("## The border", Kind.HEADING),
        ("It was calm.", Kind.PROSE),
    ]


def test_abbreviations_do_not_end_sentences() -> None:
    text = "Dr. Smith of the U.S. Navy arrived on Jan. 5 at 3.6 knots. He left."
    assert [s.text for s in segment(text)] == [
        "Dr. Smith of the U.S. Navy arrived on Jan. 5 at 3.6 knots.",
        "He left.",
    ]


def test_a_hard_wrapped_paragraph_stays_whole() -> None:
    text = "The minister said on Monday that\nThe Hague would decide\nbefore the summer."
    assert [s.text for s in segment(text)] == [text]


def test_list_items_are_separate() -> None:
    text = "The plan has parts:\n- Build a bridge.\n- Close the road."
    assert [s.text for s in segment(text)] == [
        "The plan has parts:",
        "- Build a bridge.",
        "- Close the road.",
    ]


@pytest.mark.parametrize("unit", ['."', "---" + " " * 5000, "a.", "x", " (A", "- "])
def test_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    def seconds(n_chars: int) -> float:
        text = unit * (n_chars // len(unit)) + "x"
        best = math.inf
        for _ in range(3):
            started = time.process_time()
            segment(text)
            best = min(best, time.process_time() - started)
        return best

    segment("Loads the tokenizer.")
    # Twenty times the text; a square law would take four hundred times as long.
    assert seconds(200_000) < 80 * max(seconds(10_000), 0.002)


def test_an_endless_line_is_cut_into_spans_that_can_be_checked() -> None:
    text = "word " * 5000
    sentences = segment(text)
    assert max(len(s.text) for s in sentences) <= MAX_SENTENCE_CHARS
    assert sum(s.text.count("word") for s in sentences) == 5000


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("They collected the rest. Bo Berg voted.", ["They collected the rest.", "Bo Berg voted."]),
        (
            "It is of the 19th century. The king left.",
            ["It is of the 19th century.", "The king left."],
        ),
        ("He met prof. Miller of dept. Four.", ["He met prof. Miller of dept. Four."]),
        ("It began at 5 p.m. Anna Berg spoke.", ["It began at 5 p.m. Anna Berg spoke."]),
    ],
)
def test_a_plain_word_before_a_full_stop_ends_a_sentence(text: str, sentences: list[str]) -> None:
    assert [s.text for s in segment(text)] == sentences


def test_a_numbered_line_above_its_paragraph_is_a_heading() -> None:
    below = (
        "The open day will be on Sunday 7 July, not on 30 June as announced, since the scouts need "
        "the field on that date. It begins at ten."
    )
    found = segment(f"5. Theft\n{below}\n\n6. Open day\n{below}")
    assert [s.text for s in found if s.kind is Kind.HEADING] == ["5. Theft", "6. Open day"]
    assert [s.text for s in found if s.kind is Kind.PROSE][-1] == "It begins at ten."
    steps = segment("1. Open the lid\n2. Pour in the water\nand wait.\n3. Serve it")
    assert not [s for s in steps if s.kind is Kind.HEADING]
