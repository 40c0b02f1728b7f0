"""The list of documents as HTML: a table, with what can be done to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ui.chat.html import Html, button
from ui.chat.library import Entry
from ui.chat.page import counted

__all__ = ["document_list"]

_MAX_ROWS = 200


def document_list(entries: Sequence[Entry], total: int, sentences: Callable[[str], int]) -> Html:
    """The documents that are shown, out of `total`; `sentences` counts those of one."""
    if not entries:
        text = "No document matches." if total else "No documents yet. Add some above."
        return Html('<p class="quiet" role="status">{}</p>').format(text)
    shown = entries[:_MAX_ROWS]
    n_hidden = len(entries) - len(shown)
    more = Html('<p class="quiet">{:,} more: filter to find them.</p>').format(n_hidden)
    these = "this one" if len(entries) == 1 else f"these {len(entries):,}"
    return Html(
        '<p class="quiet" role="status">{n:,} of {total}</p>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Documents">'
        '<table class="documents"><thead><tr>'
        '<th scope="col"><span class="unseen">Choose</span></th><th scope="col">Title</th>'
        '<th scope="col">Date</th><th scope="col" class="n">Sentences</th>'
        '<th scope="col">From</th><th scope="col"><span class="unseen">Remove</span></th>'
        "</tr></thead><tbody>{rows}</tbody></table></div>{more}"
        '<p class="tools">{ticked} {listed}</p>'
    ).format(
        n=len(entries),
        total=counted(total, "document"),
        rows=Html().join(_row(entry, sentences(entry.id)) for entry in shown),
        more=more if n_hidden else Html(),
        ticked=button("Ask only the ticked ones", "scope-ticked", css="boxed"),
        listed=button(f"Ask only {these}", "scope-listed", css="boxed"),
    )


def _row(entry: Entry, n_sentences: int) -> Html:
    others = "other" if entry.near == 1 else "others"
    near = Html(' <span class="quiet">nearly the same as {} {}</span>').format(entry.near, others)
    by = " · ".join(filter(None, (entry.author, *entry.collections)))
    return Html(
        '<tr><td><input type="checkbox" class="tick" value="{id}" aria-label="{choose}"></td>'
        '<td>{title}{by}{near}</td><td class="date">{date}</td><td class="n">{n:,}</td>'
        '<td class="place">{place}</td><td>{remove}</td></tr>'
    ).format(
        id=entry.id,
        choose=f"Choose {entry.title}",
        title=button(entry.title, "read", css="plain title", document=entry.id),
        by=Html(' <span class="quiet">{}</span>').format(by) if by else Html(),
        near=near if entry.near else Html(),
        date=entry.date or "undated",
        n=n_sentences,
        place=entry.place,
        remove=button(
            "Remove",
            "remove",
            css="plain danger",
            label=f"Remove {entry.title}",
            document=entry.id,
            title=entry.title,
        ),
    )
