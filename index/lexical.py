"""BM25 over chunks, with a token pattern that keeps "U.S.", "S-400" and "3.6" whole."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from index.embed import Array

__all__ = ["STOPWORDS", "LexicalIndex", "stem", "tokenize"]

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S., e.g.
    r"|\d+(?:[.,:]\d+)*"  # 3.6, 1,000, 12:30
    r"|[^\W_]+(?:[-’'][^\W_]+)*",  # S-400, al-Assad, Turkey's
    re.UNICODE,
)
STOPWORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being
    between both but by can could did do does doing during each few for from further had has
    have having he her here hers him his how i if in into is it its itself just many me more most
    much my no nor not of off on once only or other our out over own same she should so some such
    than that the their theirs them then there these they this those through to too under
    until up very was we were what when where which while who whom whose why will with would
    you your""".split()
)


def tokenize(text: str) -> list[str]:
    """Lower-cased, stemmed tokens of a text, stop words left out, in order."""
    return [stem(token) for token in _words(text) if token not in STOPWORDS]


def _words(text: str) -> list[str]:
    words = []
    for token in _TOKEN.findall(text.lower().replace("’", "'")):
        token = token.removesuffix("'s")
        if token[:1].isdigit():
            words.append(token.replace(",", ""))
        elif "-" in token:
            # Found as a whole and by its parts: "al-Assad" answers to "Assad".
            words.extend([token, *(part for part in token.split("-") if len(part) > 1)])
        else:
            words.append(token.replace(".", ""))
    return words


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def stem(word: str) -> str:
    """Snowball's English stem of a lower-cased word; other languages' words mostly stay."""
    stemmed: str = _stemmer().stemWord(word)
    return stemmed


class LexicalIndex:
    """BM25 (Robertson & Zaragoza 2009; Lucene's variant) over chunk texts, kept on disk."""

    def __init__(self, ids: Sequence[str], retriever: Any, revision: int) -> None:
        self.ids = list(ids)
        self.revision = revision
        """The catalogue's revision that it was built from."""
        self._retriever = retriever

    @classmethod
    def build(cls, ids: Sequence[str], texts: Sequence[str], revision: int) -> LexicalIndex:
        """Index `texts[i]` under `ids[i]`."""
        import bm25s

        tokens = [tokenize(text) for text in texts]
        if not any(tokens):
            return cls(ids, None, revision)
        retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        retriever.index(tokens, show_progress=False)
        return cls(ids, retriever, revision)

    def save(self, folder: Path) -> None:
        """Write it to `folder`, which is replaced as a whole."""
        staged = folder.with_name(folder.name + ".new")
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        if self._retriever is not None:
            self._retriever.save(str(staged), show_progress=False)
        record = {"revision": self.revision, "ids": self.ids, "empty": self._retriever is None}
        (staged / "ids.json").write_text(json.dumps(record), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        staged.rename(folder)

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex | None:
        """Read it back, or None when there is none or it is incomplete (then build it anew)."""
        import bm25s

        try:
            record = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
            retriever = None
            if not record["empty"]:
                retriever = bm25s.BM25.load(str(folder), load_corpus=False, show_progress=False)
            return cls(record["ids"], retriever, int(record["revision"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def scores(self, query: str) -> Array:
        """BM25 of every chunk, in the order of `ids`, 0 and up, higher is closer."""
        tokens = tokenize(query)
        if self._retriever is None or not tokens:
            return np.zeros(len(self.ids), dtype=np.float32)
        vocabulary = self._retriever.vocab_dict
        known = [token for token in tokens if token in vocabulary]
        if not known:
            return np.zeros(len(self.ids), dtype=np.float32)
        scores: Array = np.asarray(self._retriever.get_scores(known), dtype=np.float32)
        return scores

    def idf(self, token: str) -> float:
        """How telling a token is: Robertson's idf, above 0; a token that no chunk has, the most."""
        n = len(self.ids)
        n_with = 0
        if self._retriever is not None:
            at = self._retriever.vocab_dict.get(token)
            if at is not None:
                indptr = self._retriever.scores["indptr"]
                n_with = int(indptr[at + 1] - indptr[at])
        return math.log(1 + (n - n_with + 0.5) / (n_with + 0.5))
