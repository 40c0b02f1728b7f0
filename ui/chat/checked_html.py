"""A checked draft as HTML: the draft with its sentences marked, and the evidence beside it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from index.document import Kind
from rag.answer import Evidence
from rag.check.outcome import Checked, Ruling, count_outcomes
from ui.chat.html import Html, opener, origin
from ui.checked import SIGNS

__all__ = ["draft_column", "evidence_column", "tally"]

_CLASSES = {
    Ruling.SUPPORTED: "is-supported",
    Ruling.CONTRADICTED: "is-contradicted",
    Ruling.PARTLY: "is-partly",
    Ruling.NOT_FOUND: "is-not-found",
}


def draft_column(checked: Sequence[Checked], *, n_left: int = 0) -> Html:
    """The draft, paragraph by paragraph; each sentence that claims something leads to its evidence.

    `n_left` sentences are still to come.
    """
    numbered = list(enumerate(checked))
    paragraphs = [
        _paragraph(list(group))
        for _, group in itertools.groupby(numbered, key=lambda pair: pair[1].sentence.paragraph)
    ]
    more = Html('<p class="quiet" role="status">{} more …</p>').format(n_left)
    return Html('<div class="checked-draft">{}{}</div>').format(
        Html().join(paragraphs), more if n_left else Html()
    )


def evidence_column(checked: Sequence[Checked], *, opens: bool) -> Html:
    """What the articles say of each sentence, in the draft's order.

    `opens` adds the button that opens the article, where a page can do that.
    """
    cards = [_card(i, c, opens=opens) for i, c in enumerate(checked) if c.outcome is not None]
    if not cards:
        return Html('<p class="quiet">Nothing in the draft claims anything.</p>')
    return Html('<ol class="checked-cards">{}</ol>').format(Html().join(cards))


def tally(checked: Sequence[Checked]) -> Html:
    """How many sentences came out each way, with the sign that each bears."""
    counts = count_outcomes(checked)
    items = Html().join(
        Html('<li class="{}"><span class="sign" aria-hidden="true">{}</span> {} {}</li>').format(
            _CLASSES[outcome], SIGNS[outcome], counts[outcome.value], outcome.value
        )
        for outcome in Ruling
    )
    return Html('<ul class="tally">{}</ul>').format(items)


def _paragraph(sentences: Sequence[tuple[int, Checked]]) -> Html:
    if all(c.sentence.kind is Kind.HEADING for _, c in sentences):
        text = " ".join(c.sentence.text.lstrip("# ") for _, c in sentences)
        return Html("<h3>{}</h3>").format(text)
    return Html("<p>{}</p>").format(Html(" ").join(_sentence(i, c) for i, c in sentences))


def _sentence(number: int, checked: Checked) -> Html:
    if checked.outcome is None:
        return Html('<span class="no-claim">{}</span>').format(checked.sentence.plain)
    return Html(
        '<a class="{css}" id="said-{n}" href="#told-{n}"><span class="sign" aria-hidden="true">'
        '{sign}</span>{text}<span class="unseen"> ({outcome})</span></a>'
    ).format(
        css=_CLASSES[checked.outcome],
        n=number,
        sign=SIGNS[checked.outcome],
        text=checked.sentence.plain,
        outcome=checked.outcome.value,
    )


def _card(number: int, checked: Checked, *, opens: bool) -> Html:
    assert checked.outcome is not None
    is_near = checked.outcome is Ruling.NOT_FOUND
    heading = "Nearest sentence" if is_near else "In the articles"
    quoted = Html().join(_evidence(e, checked.speaker, opens=opens) for e in checked.evidence)
    note = Html('<p class="note">{}</p>').format(checked.note) if checked.note else Html()
    told = Html('<p class="kicker">{}</p>{}').format(heading, quoted)
    return Html(
        '<li class="{css}" id="told-{n}"><p class="outcome"><span class="sign" aria-hidden="true">'
        '{sign}</span> {outcome}</p><p class="said">{said}</p>{note}{told}'
        '<p class="back"><a href="#said-{n}">Back to the sentence</a></p></li>'
    ).format(
        css=_CLASSES[checked.outcome],
        n=number,
        sign=SIGNS[checked.outcome],
        outcome=checked.outcome.value.capitalize(),
        said=checked.sentence.plain,
        note=note,
        told=told if checked.evidence else Html(),
    )


def _evidence(evidence: Evidence, speaker: str | None, *, opens: bool) -> Html:
    by = Html("{}, in: ").format(speaker) if speaker else Html()
    read = Html()
    if opens:
        label = f"Read in the article: {evidence.text[:60]}"
        read = Html(" ") + opener(evidence, "Read in the article", label=label)
    return Html('<blockquote>{}</blockquote><p class="origin">{}{}{}</p>').format(
        evidence.text, by, origin(evidence), read
    )
