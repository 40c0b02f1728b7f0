"""Tables as sentences: each row says what its cells are, so that one row can be cited alone."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["looks_like_header", "rows_as_text"]

_MAX_LABEL_CHARS = 60


def rows_as_text(rows: Sequence[Sequence[str]], *, header: bool | None = None) -> list[str]:
    """One line a row: "Country: France; People: 68 million."

    `header` says whether the first row names the columns; None leaves it to its looks.
    """
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if header is None:
        header = looks_like_header(rows)
    labels = [cell.rstrip(":") for cell in rows[0]] if header and len(rows) > 1 else []
    lines = []
    for row in rows[1:] if labels else rows:
        cells = []
        for i, cell in enumerate(row):
            label = labels[i] if i < len(labels) else ""
            if cell:
                cells.append(f"{label}: {cell}" if label and label != cell else cell)
        line = "; ".join(cells)
        lines.append(line if line.endswith((".", "!", "?", "…")) else f"{line}.")
    return lines


def looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Short, different words in every column, none of them a number."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return False
    first = [cell for cell in rows[0] if cell]
    return (
        len(first) >= max(2, len(rows[0]) - 1)
        and len(set(first)) == len(first)
        and all(len(cell) <= _MAX_LABEL_CHARS and not cell[0].isdigit() for cell in first)
    )
