"""Which sentences changed under what rested on them: golden lines and readers' votes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from index.store.rows import Change
from index.visible import plain
from ui.terminal import printable

__all__ = ["changes_in_words", "changes_to_json"]


def changes_to_json(
    changes: Sequence[Change], golden: Sequence[Path], feedback: Path
) -> list[dict[str, Any]]:
    """Each change with the lines of golden files and of the feedback that cite what is gone."""
    resting = [*_resting(golden, "golden"), *_resting([feedback], "vote")]
    return [
        {
            "path": change.path,
            "at": change.at,
            "sentences": [{"was": was, "is": now} for was, now in change.sentences],
            "rested": [line for line, cited in resting if _rests(cited, change)],
        }
        for change in changes
    ]


def changes_in_words(changes: Sequence[Mapping[str, Any]]) -> str:
    """The same for a terminal: - what was, + what is, ! what rested on it."""
    if not changes:
        return "no document has been replaced by a changed version"
    lines = []
    for change in changes:
        lines.append(f"{printable(change['path'])}, replaced {change['at']}")
        for sentence in change["sentences"]:
            lines += [f"  - {plain(sentence['was'])}"] if sentence["was"] is not None else []
            lines += [f"  + {plain(sentence['is'])}"] if sentence["is"] is not None else []
        for line in change["rested"]:
            what = "a golden line" if line["kind"] == "golden" else f"a vote ({line['vote']})"
            where = f"{printable(line['file'])} line {line['line']}"
            lines.append(f"  ! {what} rested on this: {plain(line['question'])} ({where})")
    return "\n".join(lines)


def _resting(
    files: Sequence[Path], kind: str
) -> Iterator[tuple[dict[str, Any], list[tuple[str, str]]]]:
    """Lines with what they cite, (document, text); what is no such line is passed over."""
    for file in files:
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        for number, written in enumerate(text.splitlines(), start=1):
            try:
                line = json.loads(written)
                cited = line.get("cites") if kind == "golden" else line.get("citations")
                places = [(str(c["document"]), str(c["text"])) for c in cited or ()]
                question = str(line["question"])
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
            told = {"kind": kind, "file": str(file), "line": number, "question": question}
            vote = {"vote": str(line.get("vote"))} if kind == "vote" else {}
            yield {**told, **vote}, places


def _rests(cited: Sequence[tuple[str, str]], change: Change) -> bool:
    """Whether one of these stands in a sentence that is another now."""
    gone = [was for was, _ in change.sentences if was is not None]
    return any(
        Path(document).name == Path(change.path).name and any(text in was for was in gone)
        for document, text in cited
    )
