"""A timeline as HTML: days, sentences, and buttons that open their articles or take it along."""

from __future__ import annotations

import json

from rag.listing import timeline_csv, timeline_markdown
from rag.timeline import Dated, Timeline
from ui.chat.html import Html, button, origin, verbatim
from ui.chat.page import counted, reference_buttons
from ui.cited import cite_timeline

__all__ = ["timeline_html"]


def timeline_html(timeline: Timeline) -> Html:
    """The entries in order, and what was left out."""
    if not timeline.entries:
        return Html('<p class="quiet" role="status">No dated sentence on this was found.</p>')
    left = [
        f"{counted(n, 'sentence')} {why}"
        for n, why in (
            (timeline.n_undated, "without a date"),
            (timeline.n_left_out, "less near to the topic"),
        )
        if n
    ]
    note = Html('<p class="quiet">Not shown: {}.</p>').format(", ".join(left)) if left else Html()
    as_json = json.dumps(timeline.to_json(), ensure_ascii=False, indent=2)
    exports = Html('<p class="tools exports"><span>This timeline:</span> {} {} {} {}</p>').format(
        _save("Export Markdown", "timeline.md", timeline_markdown(timeline)),
        _save("Export CSV", "timeline.csv", timeline_csv(timeline)),
        _save("Export JSON", "timeline.json", as_json),
        Html(" ").join(reference_buttons(lambda form: cite_timeline(timeline, form))),
    )
    entries = Html().join(_entry(entry) for entry in timeline.entries)
    return Html('<p class="quiet" role="status">{}</p><ol class="timeline">{}</ol>{}{}').format(
        counted(len(timeline.entries), "sentence"), entries, note, exports
    )


def _entry(entry: Dated) -> Html:
    cited = entry.evidence
    how = ""
    if entry.words is None:
        how = "the article's date"
    elif entry.counted:
        how = f"“{entry.words}”, counted by Pressmark"
    also = Html(" · also in {}").format(", ".join(entry.also)) if entry.also else Html()
    read = button(
        "Read in the article",
        "place",
        label=f"Read in the article: {cited.text[:60]}",
        document=cited.document_id,
        start=cited.start,
        end=cited.end,
    )
    return Html(
        '<li><p class="day"><time datetime="{first}">{day}</time> '
        '<span class="ours">{how}</span></p>'
        '<p class="told">{text}</p><p class="origin">{origin}{also} {read}</p></li>'
    ).format(
        first=entry.period.first,
        day=entry.period.iso.replace("/", " to "),
        how=how,
        text=cited.text,
        origin=origin(cited),
        also=also,
        read=read,
    )


def _save(label: str, name: str, text: str) -> Html:
    return button(label, "save", name=name, text=verbatim(text))
