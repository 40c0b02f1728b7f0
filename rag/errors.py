"""What can go wrong with a question. Abstaining is not here: it is an answer.

PressmarkError (index.errors)
├── QuestionError         (exit code 2) empty, or longer than anything that a person asks
├── DraftError            (exit code 2) empty, too long, or of a kind that cannot be checked
├── LanguageModelError    the model could not be loaded, reached or run
└── EvaluationError       a question set cannot be read
"""

from index.errors import PressmarkError

__all__ = ["DraftError", "EvaluationError", "LanguageModelError", "QuestionError"]


class QuestionError(PressmarkError):
    """The question cannot be asked."""

    exit_code = 2


class DraftError(PressmarkError):
    """The draft cannot be checked."""

    exit_code = 2


class LanguageModelError(PressmarkError):
    """The language model could not be loaded, reached or run."""


class EvaluationError(PressmarkError):
    """A question set cannot be read."""
