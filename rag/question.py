"""What may be asked: a question as typed -> one that can be answered."""

from __future__ import annotations

from rag.errors import QuestionError

__all__ = ["MAX_QUESTION_CHARS", "check_question"]

MAX_QUESTION_CHARS = 2000


def check_question(question: str) -> str:
    """The question without blanks around it.

    Raises: QuestionError if it is empty or longer than MAX_QUESTION_CHARS.
    """
    question = question.replace("\0", " ").strip()
    if not question:
        raise QuestionError("the question is empty; type one")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"the question has {len(question):,} characters; "
            f"ask it in at most {MAX_QUESTION_CHARS:,}"
        )
    return question
