"""The page's own HTML: masthead, conversation, shelf of conversations, list of documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from index.ingest.outcome import Outcome
from ui.chat.html import escape, opens, origin, to_html, to_markdown, verbatim
from ui.chat.library import Entry, Scope
from ui.chat.memory import Memory, Turn

__all__ = [
    "conversation",
    "document_list",
    "draft",
    "masthead",
    "notice",
    "scope_line",
    "shelf",
    "upload_outcomes",
    "welcome",
]

_MAX_ROWS = 200
_VOTES = {"up": "Marked as helpful.", "down": "Marked as wrong."}


def masthead(n_documents: int, n_sentences: int) -> str:
    return (
        '<header class="masthead"><h1>Pressmark</h1>'
        '<p class="motto">Your own articles, quoted to the sentence</p>'
        f'<p class="ears"><span>{_count(n_documents, "document")}</span>'
        f"<span>{_count(n_sentences, 'sentence')}</span></p></header>"
    )


def welcome(questions: Sequence[str]) -> str:
    """An empty conversation: what to do, and questions to begin with."""
    if not questions:
        return (
            '<section class="welcome"><h2>Ask your articles</h2>'
            "<p>There are no documents yet. Add some under <em>Documents</em>.</p></section>"
        )
    items = "".join(
        f'<li><button type="button" class="starter" data-do="ask" '
        f'data-question="{escape(question)}">{escape(question)}</button></li>'
        for question in questions
    )
    return (
        '<section class="welcome"><h2>Ask your articles</h2>'
        "<p>Every sentence of an answer is pinned to the sentence of an article that says so. "
        "What no article says is not answered.</p>"
        f'<p class="kicker">For a start</p><ul class="starters">{items}</ul></section>'
    )


def conversation(turns: Sequence[Turn], questions: Sequence[str] = ()) -> str:
    """The turns so far, each with its buttons."""
    if not turns:
        return welcome(questions)
    parts = [_turn(turn, number) for number, turn in enumerate(turns)]
    markdown = "\n\n---\n\n".join(to_markdown(turn) for turn in turns)
    as_json = json.dumps([turn.record for turn in turns], ensure_ascii=False, indent=2)
    parts.append(
        '<p class="tools exports"><span>This conversation:</span> '
        f'<button type="button" class="plain" data-do="save" data-name="conversation.md" '
        f'data-text="{verbatim(markdown)}">Export Markdown</button> '
        f'<button type="button" class="plain" data-do="save" data-name="conversation.json" '
        f'data-text="{verbatim(as_json)}">Export JSON</button></p>'
    )
    return "".join(parts)


def draft(question: str, condensed: str, text: str, state: str) -> str:
    """The answer as it is being written; nothing in it has been checked yet."""
    words = f'<p class="draft">{escape(text)}<span class="caret"></span></p>' if text else ""
    return (
        f'<article class="turn live" aria-busy="true">{_question(question, condensed)}'
        f'{words}<p class="state" role="status">{escape(state)}</p></article>'
    )


def shelf(memory: Memory) -> str:
    """Earlier conversations of this browser, newest first."""
    earlier = [c for c in reversed(memory.conversations) if c.turns and c.id != memory.current.id]
    if not earlier:
        return ""
    rows = "".join(
        f'<li><button type="button" class="plain" data-do="recall" data-id="{escape(c.id)}">'
        f"{escape(c.turns[0].question)}</button> "
        f'<span class="quiet">{_count(len(c.turns), "question")}</span> '
        f'<button type="button" class="plain danger" data-do="forget" data-id="{escape(c.id)}" '
        f'aria-label="{escape(f"Delete the conversation: {c.turns[0].question}")}">Delete</button>'
        "</li>"
        for c in earlier
    )
    return (
        f'<details class="shelf"><summary>Earlier conversations ({len(earlier)})</summary>'
        f'<p class="quiet">Kept in this browser only.</p><ul>{rows}</ul></details>'
    )


def scope_line(scope: Scope | None) -> str:
    """What the next question is limited to."""
    if scope is None:
        return ""
    return (
        f'<p class="scope">Asking only {_count(len(scope.ids), "document")}: '
        f"<em>{escape(scope.label)}</em> "
        '<button type="button" class="plain" data-do="unscope">Ask all</button></p>'
    )


def notice(text: str) -> str:
    """One line above the question box."""
    return f'<p class="notice" role="status">{escape(text)}</p>' if text else ""


def document_list(entries: Sequence[Entry], total: int, sentences: Callable[[str], int]) -> str:
    """The documents as a table, with what can be done to each."""
    shown = entries[:_MAX_ROWS]
    if not entries:
        text = "No document matches." if total else "No documents yet. Add some above."
        return f'<p class="quiet" role="status">{text}</p>'
    rows = "".join(_row(entry, sentences(entry.id)) for entry in shown)
    rest = len(entries) - len(shown)
    more = f'<p class="quiet">{rest:,} more: filter to find them.</p>' if rest else ""
    return (
        f'<p class="quiet" role="status">{len(entries):,} of {_count(total, "document")}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Documents">'
        '<table class="documents"><thead><tr>'
        '<th scope="col"><span class="unseen">Choose</span></th><th scope="col">Title</th>'
        '<th scope="col">Date</th><th scope="col" class="n">Sentences</th>'
        '<th scope="col">From</th><th scope="col"><span class="unseen">Remove</span></th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>{more}"
        '<p class="tools"><button type="button" class="boxed" data-do="scope-ticked">'
        "Ask only the ticked ones</button> "
        '<button type="button" class="boxed" data-do="scope-listed">'
        f"Ask only {'this one' if len(entries) == 1 else f'these {len(entries):,}'}</button></p>"
    )


def upload_outcomes(outcomes: Sequence[Outcome], n_files: int) -> str:
    """What became of each uploaded file so far."""
    items = "".join(
        f'<li class="{escape(o.status)}"><strong>{escape(o.path)}</strong>: {escape(o.status)}'
        f"{escape(f', {o.reason}' if o.reason else '')}</li>"
        for o in outcomes
    )
    done = len(outcomes) == n_files
    state = "Done." if done else f"Reading file {len(outcomes) + 1} of {n_files} …"
    bar = f'<progress max="{n_files}" value="{len(outcomes)}" aria-label="Files read"></progress>'
    return (
        f'<div class="outcomes" role="status"><p>{state} '
        f"{'' if done else bar}</p>"
        f"<ul>{items}</ul></div>"
    )


def _turn(turn: Turn, number: int) -> str:
    return (
        f'<article class="turn {turn.outcome}" data-turn="{number}">'
        f"{_question(turn.question, turn.condensed_question)}{_body(turn)}"
        f"{_buttons(turn, number)}</article>"
    )


def _question(question: str, condensed: str) -> str:
    understood = (
        f'<p class="condensed">Understood as: <em>{escape(condensed)}</em></p>'
        if condensed != question
        else ""
    )
    return f'<h2 class="question">{escape(question)}</h2>{understood}'


def _body(turn: Turn) -> str:
    if turn.outcome == "answered":
        return f'<div class="answer">{to_html(turn)}</div>'
    if turn.outcome == "abstained":
        near = "".join(
            f'<li>{escape(q.text)} <span class="origin">{escape(origin(q))} '
            f'<button type="button" class="plain" {opens(q)} '
            f'aria-label="{escape(f"Read in the article: {q.text}")}">Read</button></span></li>'
            for q in turn.nearest
        )
        nearest = (
            f'<p class="kicker">The nearest sentences</p><ul class="nearest">{near}</ul>'
            if near
            else ""
        )
        drafted = (
            f"<details><summary>What was drafted and left out</summary>{to_html(turn)}</details>"
        )
        return (
            f'<div class="abstention"><p class="reason"><strong>No answer.</strong> '
            f"{escape(turn.reason or '')}</p>{nearest}{drafted if turn.statements else ''}</div>"
        )
    return f'<p class="{turn.outcome}-note">{escape(turn.reason or "")}</p>'


def _buttons(turn: Turn, number: int) -> str:
    """Copy, edit, retry; and whether the answer was any good."""
    copy = (
        f'<button type="button" class="plain" data-do="copy" '
        f'data-text="{verbatim(to_markdown(turn))}">Copy as Markdown</button>'
    )
    again = (
        f'<button type="button" class="plain" data-do="edit" data-turn="{number}" '
        f'data-question="{escape(turn.question)}">Edit</button> '
        f'<button type="button" class="plain" data-do="retry" data-turn="{number}">Retry</button>'
    )
    if turn.outcome not in ("answered", "abstained"):
        return f'<p class="tools">{again}</p>'
    if turn.vote in _VOTES:
        votes = f'<span class="quiet" role="status">{_VOTES[turn.vote]}</span>'
    else:
        votes = (
            f'<span class="votes"><button type="button" class="plain" data-do="vote" '
            f'data-turn="{number}" data-vote="up">Helpful</button> '
            f'<button type="button" class="plain" data-do="vote" data-turn="{number}" '
            'data-vote="down">Wrong</button> '
            f'<label class="unseen" for="note-{number}">Note on this answer (optional)</label>'
            f'<input id="note-{number}" class="note" maxlength="500" '
            'placeholder="note (optional)"></span>'
        )
    kept = ' <span class="quiet">Asked before: kept answer</span>' if turn.cached else ""
    return f'<p class="tools">{copy} {again} {votes}{kept}</p>'


def _row(entry: Entry, n_sentences: int) -> str:
    title = escape(entry.title)
    return (
        f'<tr><td><input type="checkbox" class="tick" value="{escape(entry.id)}" '
        f'aria-label="{escape(f"Choose {entry.title}")}"></td>'
        f'<td><button type="button" class="plain title" data-do="read" '
        f'data-document="{escape(entry.id)}">{title}</button>{_near(entry.near)}</td>'
        f'<td class="date">{escape(entry.date or "undated")}</td>'
        f'<td class="n">{n_sentences:,}</td><td class="place">{escape(entry.place)}</td>'
        f'<td><button type="button" class="plain danger" data-do="remove" '
        f'data-document="{escape(entry.id)}" data-title="{title}" '
        f'aria-label="{escape(f"Remove {entry.title}")}">Remove</button></td></tr>'
    )


def _near(n: int) -> str:
    return f' <span class="quiet">nearly the same as {n} other{"s" * (n > 1)}</span>' if n else ""


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
