"""BM25 over chunks, kept as arrays that grow and shrink by one document."""

from __future__ import annotations

import math
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.store.max_score import Weighted, bounds_of, rows_worth_scoring
from index.tokens import tokenize

__all__ = ["K1", "B", "LexicalIndex"]

K1 = 1.2
B = 0.75
"""BM25's parameters; whatever scores words uses these."""

_LOCAL_HEADER = 30
_NAME_LENGTHS = 26
"""Bytes of what stands before a member of a zip file, and where in it the two lengths are."""
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class LexicalIndex:
    """BM25 (Robertson & Zaragoza 2009; Lucene's variant) over chunks, known by their serials.

    Kept as the words' counts and scored when asked, so that one document more or less costs a
    merge of arrays, not the library's texts read again; and it scores as if built at once.
    """

    def __init__(
        self,
        serials: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int32],
        terms: Sequence[str],
        starts: npt.NDArray[np.int64],
        rows: npt.NDArray[np.int32],
        counts: npt.NDArray[np.uint16],
        revision: int = -1,
        bounds: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        self.serials = serials
        """Ascending; the order of `scores`."""
        self.revision = revision
        """The catalogue's revision that it was brought up to."""
        self._lengths = lengths
        self._terms = {term: i for i, term in enumerate(terms)}
        # Of term i: rows[starts[i]:starts[i + 1]] hold it, counts[…] times.
        self._starts, self._rows, self._counts = starts, rows, counts
        mean = float(lengths.mean()) if len(lengths) else 0.0
        norms = K1 * (1 - B + B * lengths / (mean or 1.0))
        self._norms = norms.astype(np.float64, copy=False)
        self._bounds = bounds_of(rows, counts, self._norms) if bounds is None else bounds

    @classmethod
    def empty(cls) -> LexicalIndex:
        return cls(
            np.zeros(0, np.int64),
            np.zeros(0, np.int32),
            (),
            np.zeros(1, np.int64),
            np.zeros(0, np.int32),
            np.zeros(0, np.uint16),
        )

    def updated(
        self, serials: Sequence[int], added: Sequence[tuple[int, str]], revision: int
    ) -> LexicalIndex:
        """This index with the chunks `serials` and no others.

        `added` holds (serial, text) of those above the last serial that it has. A term that no
        chunk has any longer is forgotten.
        """
        kept = np.isin(self.serials, np.asarray(serials, dtype=np.int64), assume_unique=True)
        row_of = np.cumsum(kept, dtype=np.int32) - 1
        alive = kept[self._rows]
        term_of = np.repeat(np.arange(len(self._terms)), np.diff(self._starts))[alive]
        vocabulary = dict(self._terms)
        lengths: list[int] = []
        new: list[tuple[int, int, int]] = []
        n_kept = int(kept.sum())
        for row, (_, text) in enumerate(added, start=n_kept):
            tokens = tokenize(text)
            lengths.append(len(tokens))
            for token, n in Counter(tokens).items():
                term = vocabulary.setdefault(token, len(vocabulary))
                new.append((term, row, min(n, 65535)))
        columns = np.array(new, dtype=np.int64).reshape(-1, 3)
        term_of = np.concatenate([term_of, columns[:, 0]])
        rows = np.concatenate([row_of[self._rows[alive]], columns[:, 1].astype(np.int32)])
        counts = np.concatenate([self._counts[alive], columns[:, 2].astype(np.uint16)])
        order = np.argsort(term_of, kind="stable")
        n_of = np.bincount(term_of, minlength=len(vocabulary))
        return LexicalIndex(
            np.concatenate([self.serials[kept], np.array([s for s, _ in added], dtype=np.int64)]),
            np.concatenate([self._lengths[kept], np.array(lengths, dtype=np.int32)]),
            [term for term, n in zip(vocabulary, n_of, strict=True) if n],
            np.concatenate([[0], np.cumsum(n_of[n_of > 0])]).astype(np.int64),
            rows[order],
            counts[order],
            revision,
        )

    def save(self, path: Path) -> None:
        """Write it to `path`, which is replaced as a whole."""
        staged = path.with_name(path.name + ".new")
        with staged.open("wb") as file:
            np.savez(
                file,
                serials=self.serials,
                lengths=self._lengths,
                terms=np.frombuffer("\n".join(self._terms).encode(), dtype=np.uint8),
                starts=self._starts,
                rows=self._rows,
                counts=self._counts,
                bounds=self._bounds,
                revision=np.array(self.revision),
            )
        staged.replace(path)

    @staticmethod
    def revision_at(path: Path) -> int | None:
        """The revision of what is kept at `path`, without reading the rest; None if it is lost."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return int(arrays["revision"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    @classmethod
    def load(cls, path: Path) -> LexicalIndex | None:
        """Open it again, or None when there is none or it is damaged (then build it anew).

        What the words' counts fill is mapped, not read: of a large library a question reads the
        little that is about its words.
        """
        try:
            with zipfile.ZipFile(path) as members:
                arrays = {i.filename: _mapped(path, members, i) for i in members.infolist()}
                terms = arrays["terms.npy"].tobytes().decode()
                return cls(
                    arrays["serials.npy"],
                    arrays["lengths.npy"],
                    terms.split("\n") if terms else (),
                    arrays["starts.npy"],
                    arrays["rows.npy"],
                    arrays["counts.npy"],
                    int(arrays["revision.npy"]),
                    # Files of earlier versions have none: they are computed.
                    arrays.get("bounds.npy"),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def search(
        self, query: str, k: int, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """(serial, BM25) of the k best chunks that share a word with the query, best first.

        `among` limits it to the chunks of these serials; words weigh what they do in the whole.
        """
        within = None
        if among is not None:
            within = np.isin(self.serials, np.asarray(among, dtype=np.int64))
        tokens = tokenize(query)
        rows = rows_worth_scoring(self._weighted(tokens), len(self.serials), k, within)
        scores = self._scores(tokens, rows)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(int(self.serials[rows[i]]), float(scores[i])) for i in best]

    def idf(self, token: str) -> float:
        """How telling a token is: Robertson's idf, above 0; a token that no chunk has, the most."""
        n, n_with = len(self.serials), len(self._postings(token)[0])
        return math.log(1 + (n - n_with + 0.5) / (n_with + 0.5))

    def _weighted(self, tokens: Sequence[str]) -> list[Weighted]:
        """The words of a query that chunks have."""
        return [
            Weighted(n * self.idf(token), self._postings(token)[0], self._bounds[self._span(token)])
            for token, n in Counter(tokens).items()
        ]

    def _scores(
        self, tokens: Sequence[str], rows: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.float32]:
        """The BM25 of some chunks, given by their rows in ascending order."""
        scores = np.zeros(len(rows), dtype=np.float32)
        for token in tokens:
            held, counts = self._postings(token)
            at = np.searchsorted(held, rows)
            among = np.flatnonzero(at < len(held))
            among = among[held[at[among]] == rows[among]]
            counts = counts[at[among]]
            scores[among] += self.idf(token) * counts / (counts + self._norms[rows[among]])
        return scores

    def _postings(self, token: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16]]:
        span = self._span(token)
        return self._rows[span], self._counts[span]

    def _span(self, token: str) -> slice:
        term = self._terms.get(token)
        if term is None:
            return slice(0)
        return slice(int(self._starts[term]), int(self._starts[term + 1]))


def _mapped(path: Path, members: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """An array of an .npz file whose members are stored as they are, mapped where it lies.

    Raises: ValueError if the file ends before it.
    """
    with members.open(info) as member:
        version = np.lib.format.read_magic(member)
        shape, _, dtype = _HEADERS[version](member)
        before = member.tell()
    with path.open("rb") as file:
        file.seek(info.header_offset + _NAME_LENGTHS)
        n_name, n_extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    first = info.header_offset + _LOCAL_HEADER + n_name + n_extra + before
    if info.compress_type != zipfile.ZIP_STORED or 0 in shape or not shape:
        with members.open(info) as member:
            whole: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
            return whole
    return np.memmap(path, dtype=dtype, mode="r", offset=first, shape=shape).view(np.ndarray)
