"""A checked draft as a page of its own: one file, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.check.outcome import Checked
from ui.chat.checked_html import draft_column, evidence_column, tally
from ui.chat.html import Html

__all__ = ["checked_page"]

_CSS = Path(__file__).with_name("chat") / "checked.css"
_INK = """
:root { --paper: #f8f4ea; --sheet: #fffcf4; --ink: #1e1b16; --faded: #5c5548; --rule: #d8cfbb;
  --rule-strong: #8f8674; --light: #ffe69a; --light-ink: #1e1b16;
  --serif: "Iowan Old Style", Palatino, Georgia, "Liberation Serif", serif;
  --sans: Inter, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif; }
* { box-sizing: border-box; }
body { background: var(--paper); color: var(--ink); margin: 0; padding: 0 28px 48px; }
header, main { max-width: 1320px; margin: 0 auto; }
header { border-bottom: 3px double var(--ink); margin-bottom: 18px; padding: 22px 0 12px; }
h1 { font: 700 1.9rem/1.2 var(--serif); margin: 0 0 10px; overflow-wrap: anywhere; }
h2 { font: 700 1.2rem/1.25 var(--serif); margin: 0 0 12px; padding: 0 0 8px;
  border-bottom: 1px solid var(--rule); }
main { display: flex; align-items: flex-start; }
main > section { min-width: 0; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.quiet { color: var(--faded); font: .9rem/1.5 var(--sans); }
:focus-visible { outline: 2px solid #8b1e1e; outline-offset: 2px; }
@media (max-width: 900px) { main { flex-direction: column; } body { padding: 0 16px 32px; } }
@media print { #bench-side { position: static !important; max-height: none !important; } }
"""


def checked_page(name: str, checked: Sequence[Checked]) -> str:
    """The page of `check --html`: the draft on the left, the evidence on the right."""
    style = _INK + _CSS.read_text(encoding="utf-8")
    page = Html(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{name}, checked by Pressmark</title>"
        '<meta name="referrer" content="no-referrer"><style>{style}</style></head><body>'
        "<header><h1>{name}</h1>{tally}</header><main>"
        '<section id="bench-desk" aria-label="Draft"><h2>Draft</h2>{draft}</section>'
        '<section id="bench-side" aria-label="Evidence" tabindex="0"><h2>Evidence</h2>{told}'
        "</section></main></body></html>\n"
    ).format(
        name=name,
        # Our own file, not markup from anywhere else.
        style=Html(style),
        tally=tally(checked),
        draft=draft_column(checked),
        told=evidence_column(checked, opens=False),
    )
    return str(page)
