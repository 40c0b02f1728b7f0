"""The page's own HTML: masthead, conversation, shelf of conversations, what was uploaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from index.ingest.outcome import Outcome
from rag.answer import Answer, Mark
from ui.chat.html import Html, button, left_out, opener, origin, to_html, to_markdown, verbatim
from ui.chat.library import Scope
from ui.chat.memory import Memory, Turn
from ui.cite import cite
from ui.outcomes import reason_of

__all__ = [
    "conversation",
    "counted",
    "draft",
    "limits_line",
    "masthead",
    "notice",
    "reference_buttons",
    "scope_line",
    "shelf",
    "upload_outcomes",
    "welcome",
]

_VOTES = {"up": "Marked as helpful.", "down": "Marked as wrong."}


def masthead(n_documents: int, n_sentences: int) -> Html:
    return Html(
        '<header class="masthead"><h1>Pressmark</h1>'
        '<p class="motto">Your own articles, quoted to the sentence</p>'
        '<p class="ears"><span>{}</span><span>{}</span></p></header>'
    ).format(counted(n_documents, "document"), counted(n_sentences, "sentence"))


def welcome(questions: Sequence[str]) -> Html:
    """An empty conversation: what to do, and questions to begin with."""
    if not questions:
        return Html(
            '<section class="welcome"><h2>Ask your articles</h2>'
            "<p>There are no documents yet. Add some under <em>Documents</em>.</p></section>"
        )
    items = Html().join(
        Html("<li>{}</li>").format(button(question, "ask", css="starter", question=question))
        for question in questions
    )
    return Html(
        '<section class="welcome"><h2>Ask your articles</h2>'
        "<p>Every sentence of an answer is pinned to the sentence of an article that says so. "
        "What no article says is not answered.</p>"
        '<p class="kicker">For a start</p><ul class="starters">{}</ul></section>'
    ).format(items)


def conversation(turns: Sequence[Turn], questions: Sequence[str] = ()) -> Html:
    """The turns so far, each with its buttons."""
    if not turns:
        return welcome(questions)
    markdown = "\n\n---\n\n".join(to_markdown(turn) for turn in turns)
    cited = [c for turn in turns if turn.answer for c in turn.answer.citations]
    as_json = json.dumps([turn.to_json() for turn in turns], ensure_ascii=False, indent=2)
    exports = Html('<p class="tools exports"><span>This conversation:</span> {}</p>').format(
        Html(" ").join(
            [
                button("Export Markdown", "save", name="conversation.md", text=verbatim(markdown)),
                button("Export JSON", "save", name="conversation.json", text=verbatim(as_json)),
                *reference_buttons(lambda form: cite(cited, form)),
            ]
        )
    )
    return Html().join([*(_turn(turn, number) for number, turn in enumerate(turns)), exports])


def reference_buttons(cited_in: Callable[[str], str]) -> list[Html]:
    """Buttons that save what is cited, for reference managers; none where nothing is.

    `cited_in` writes it in a format.
    """
    named = (("BibTeX", "bibtex", "bib"), ("RIS", "ris", "ris"), ("CSL-JSON", "csl", "csl.json"))
    return [
        button(f"Export {name}", "save", name=f"citations.{ending}", text=verbatim(text))
        for name, form, ending in named
        if (text := cited_in(form))
    ]


def draft(question: str, condensed: str, text: str, state: str, mark: Mark | None = None) -> Html:
    """The answer as it is being written; nothing in it has been checked yet.

    Until it is there a marked sentence stands in front of it.
    """
    words = Html('<p class="draft">{}<span class="caret"></span></p>').format(text)
    return Html(
        '<article class="turn live" aria-busy="true">{}{}{}'
        '<p class="state" role="status">{}</p></article>'
    ).format(
        _question(question, condensed),
        Html() if mark is None else _marked(mark),
        words if text else Html(),
        state,
    )


def _marked(mark: Mark) -> Html:
    """A sentence that may answer, shown as not yet checked."""
    sentence = mark.evidence.text
    before, found, after = sentence.partition(mark.words) if mark.words else (sentence, "", "")
    return Html(
        '<figure class="mark"><figcaption>Found at once, not yet checked</figcaption>'
        "<blockquote>{}<mark>{}</mark>{}</blockquote><cite>{}</cite></figure>"
    ).format(before, found, after, mark.evidence.title)


def shelf(memory: Memory) -> Html:
    """Earlier conversations of this browser, newest first."""
    earlier = [c for c in reversed(memory.conversations) if c.turns and c.id != memory.current.id]
    if not earlier:
        return Html()
    rows = Html().join(
        Html('<li>{} <span class="quiet">{}</span> {}</li>').format(
            button(c.turns[0].question, "recall", id=c.id),
            counted(len(c.turns), "question"),
            button(
                "Delete",
                "forget",
                css="plain danger",
                label=f"Delete the conversation: {c.turns[0].question}",
                id=c.id,
            ),
        )
        for c in earlier
    )
    return Html(
        '<details class="shelf"><summary>Earlier conversations ({})</summary>'
        '<p class="quiet">Kept in this browser only.</p><ul>{}</ul></details>'
    ).format(len(earlier), rows)


def scope_line(scope: Scope | None) -> Html:
    """What the next question is limited to."""
    if scope is None:
        return Html()
    return Html('<p class="scope">Asking only {}: <em>{}</em> {}</p>').format(
        counted(len(scope.ids), "document"), scope.label, button("Ask all", "unscope")
    )


def limits_line(label: str) -> Html:
    """What every question is limited to."""
    return Html('<p class="scope">Asking only articles {}</p>').format(label)


def notice(text: str) -> Html:
    """One line above the question box."""
    return Html('<p class="notice" role="status">{}</p>').format(text) if text else Html()


def upload_outcomes(outcomes: Sequence[Outcome], n_files: int) -> Html:
    """What became of each uploaded file so far."""
    items = Html().join(
        Html('<li class="{}"><strong>{}</strong>: {}</li>').format(
            o.status, o.path, ", ".join(filter(None, (o.status, reason_of(o))))
        )
        for o in outcomes
    )
    state, bar = "Done.", Html()
    if len(outcomes) < n_files:
        state = f"Reading file {len(outcomes) + 1} of {n_files} …"
        bar = Html('<progress max="{}" value="{}" aria-label="Files read"></progress>').format(
            n_files, len(outcomes)
        )
    return Html('<div class="outcomes" role="status"><p>{} {}</p><ul>{}</ul></div>').format(
        state, bar, items
    )


def counted(n: int, noun: str) -> str:
    """ "1 document", "2,000 documents"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _turn(turn: Turn, number: int) -> Html:
    return Html('<article class="turn {}" data-turn="{}">{}{}{}</article>').format(
        turn.outcome,
        number,
        _question(turn.question, turn.condensed_question) + _own_time(turn, number),
        _body(turn),
        _buttons(turn, number),
    )


def _question(question: str, condensed: str) -> Html:
    asked = Html('<h2 class="question">{}</h2>').format(question)
    if condensed == question:
        return asked
    return asked + Html('<p class="condensed">Understood as: <em>{}</em></p>').format(condensed)


def _own_time(turn: Turn, number: int) -> Html:
    """The time that the question names, and the button that takes it off."""
    time = turn.answer.own_time if turn.answer else None
    if time is None:
        return Html()
    off = button("Ask of all times", "anytime", turn=number) if time.applied else Html()
    return Html('<p class="own-time"><span>{}</span> {}</p>').format(time.label, off)


def _body(turn: Turn) -> Html:
    if turn.answer is None:
        return Html('<p class="{}-note">{}</p>').format(turn.outcome, turn.reason)
    if turn.answer.is_courtesy:
        return Html('<div class="answer"><p>{}</p></div>').format(turn.answer.reason or "")
    if turn.answer.abstained:
        return _abstention(turn.answer)
    return Html('<div class="answer">{}{}</div>').format(
        to_html(turn.answer), left_out(turn.answer)
    )


def _abstention(answer: Answer) -> Html:
    """Why there is no answer, what came nearest, and what was drafted."""
    near = Html().join(
        Html('<li>{} <span class="origin">{} {}</span></li>').format(
            e.text, origin(e), opener(e, "Read", label=f"Read in the article: {e.text}")
        )
        for e in answer.nearest
    )
    nearest = Html('<p class="kicker">The nearest sentences</p><ul class="nearest">{}</ul>').format(
        near
    )
    return Html(
        '<div class="abstention"><p class="reason"><strong>No answer.</strong> {}</p>{}{}</div>'
    ).format(
        answer.reason or "",
        nearest if answer.nearest else Html(),
        left_out(answer),
    )


def _buttons(turn: Turn, number: int) -> Html:
    """Copy, edit, retry; and whether the answer was any good."""
    again = Html("{} {}").format(
        button("Edit", "edit", turn=number, question=turn.question),
        button("Retry", "retry", turn=number),
    )
    if turn.answer is None:
        return Html('<p class="tools">{}</p>').format(again)
    kept = Html(' <span class="quiet">Asked before: kept answer</span>')
    return Html('<p class="tools">{} {} {}{}</p>').format(
        button("Copy as Markdown", "copy", text=verbatim(to_markdown(turn))),
        again,
        _votes(turn, number),
        kept if turn.answer.cached else Html(),
    )


def _votes(turn: Turn, number: int) -> Html:
    if turn.vote is not None:
        return Html('<span class="quiet" role="status">{}</span>').format(_VOTES[turn.vote])
    return Html(
        '<span class="votes">{up} {down} '
        '<label class="unseen" for="note-{number}">Note on this answer (optional)</label>'
        '<input id="note-{number}" class="note" maxlength="500" placeholder="note (optional)">'
        "</span>"
    ).format(
        up=button("Helpful", "vote", turn=number, vote="up"),
        down=button("Wrong", "vote", turn=number, vote="down"),
        number=number,
    )
