"""Question sets: SQuAD JSON (v1.1, v2.0) with its paragraphs, or golden JSONL over an index."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.document import Document
from rag.errors import EvaluationError
from rag.measure.metrics import Span, contains

__all__ = ["Cite", "Question", "hold_out", "is_right", "load_golden", "load_squad", "sample"]


@dataclass(frozen=True, slots=True)
class Cite:
    """A sentence that may be cited: its document's path and its text, or a part of it."""

    document: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a set and what a right answer looks like."""

    id: str
    question: str
    answerable: bool
    gold: tuple[str, ...] = ()
    """Any of these must be in the answer (SQuAD)."""
    spans: tuple[Span, ...] = ()
    """Any of these may be cited (SQuAD)."""
    article: str = ""
    paragraph: str = ""
    """The id of the document that it was asked of (SQuAD)."""
    cites: tuple[Cite, ...] = ()
    """Any of these may be cited (golden)."""
    mentions: tuple[str, ...] = ()
    """Regular expressions that must all match the answer (golden)."""
    forbids: tuple[str, ...] = ()
    """Regular expressions none of which may (golden)."""
    history: tuple[tuple[str, str], ...] = ()


def is_right(question: Question, answer: str) -> bool:
    """Whether an answer's words are right: gold answers held, or golden patterns met."""
    if question.gold:
        return contains(answer, question.gold)
    found = all(re.search(p, answer, re.IGNORECASE) for p in question.mentions)
    return found and not any(re.search(p, answer, re.IGNORECASE) for p in question.forbids)


def load_squad(path: Path) -> tuple[list[Document], list[Question]]:
    """Every paragraph becomes a document titled by its article.

    Raises: EvaluationError if the file is not SQuAD JSON.
    """
    try:
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
        documents: list[Document] = []
        questions: list[Question] = []
        for article in articles:
            title = str(article.get("title", "")).replace("_", " ")
            for i, paragraph in enumerate(article["paragraphs"]):
                text = paragraph["context"]
                document_id = hashlib.sha256(f"{title}\0{text}".encode()).hexdigest()
                documents.append(Document(document_id, f"{title}/{i}", title, None, text))
                questions += [_squad_question(q, document_id, title) for q in paragraph["qas"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"{path} is not a SQuAD question set ({type(error).__name__}: {error}); "
            "give SQuAD JSON or golden JSONL"
        ) from error
    return documents, questions


def _squad_question(row: dict[str, Any], document_id: str, title: str) -> Question:
    answers = [(a["text"], int(a["answer_start"])) for a in row["answers"]]
    return Question(
        id=str(row["id"]),
        question=row["question"].strip(),
        answerable=not row.get("is_impossible", False),
        gold=tuple(dict.fromkeys(text for text, _ in answers)),
        spans=tuple((document_id, start, start + len(text)) for text, start in answers),
        article=title,
        paragraph=document_id,
    )


def load_golden(path: Path) -> list[Question]:
    """Read golden JSONL, one question a line.

    Raises: EvaluationError naming the line that is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"cannot read {path}: {error}; give SQuAD JSON or JSONL") from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            question = Question(
                id=f"{path.stem}:{number}",
                question=row["question"],
                answerable=bool(row["answerable"]),
                cites=tuple(Cite(c["document"], c["text"]) for c in row.get("cites", [])),
                mentions=tuple(row.get("mentions", [])),
                forbids=tuple(row.get("forbids", [])),
                history=tuple((q, a) for q, a in row.get("history", [])),
            )
            for pattern in (*question.mentions, *question.forbids):
                re.compile(pattern)
        except (ValueError, KeyError, TypeError, re.error) as error:
            raise EvaluationError(
                f"{path}, line {number}: {type(error).__name__}: {error}; a line is "
                '{"question", "answerable", "cites", "mentions", "forbids", "history"}'
            ) from error
        questions.append(question)
    return questions


def sample(questions: Sequence[Question], limit: int | None, seed: int) -> list[Question]:
    """`limit` questions drawn with a seed, in the order drawn; all of them without a limit."""
    if limit is None or limit >= len(questions):
        return list(questions)
    return random.Random(seed).sample(list(questions), limit)


def hold_out(
    documents: Sequence[Document], questions: Sequence[Question], n_articles: int, seed: int
) -> tuple[list[Document], list[Question]]:
    """Take whole articles out of the corpus; what is asked about them has no answer then."""
    titles = sorted({d.title for d in documents})
    if not 0 < n_articles < len(titles):
        raise EvaluationError(
            f"--hold-out-articles must lie between 1 and {len(titles) - 1}, not {n_articles}"
        )
    gone = set(random.Random(seed).sample(titles, n_articles))
    kept = [d for d in documents if d.title not in gone]
    return kept, [
        replace(q, answerable=False, gold=(), spans=()) if q.article in gone else q
        for q in questions
    ]
