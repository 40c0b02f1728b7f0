"""A library composed of a file's sentences: as rows for any index, or poured into a database.

An article is 32 sentences drawn at random, in four chunks; every 25th is nearly the same as the one
before it. A chunk's vector is the mean of its sentences'; its words are really its words. Poured,
rows go through COPY as arrays, words straight into blocks, and the index over vectors is built
when all are there: it is how a million chunks get into a database in minutes, not how they come
there by `pressmark index`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from itertools import islice, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, csr_matrix

from index.document import Chunk, Document, Sentence
from index.embed.embedder import Array
from index.store import duplicates
from index.store.rows import DocumentRows, Place
from index.tokens import tokenize

__all__ = ["PART", "Composer", "frequent", "place_of"]

PART = 8192
"""Documents poured in one transaction: their chunks are a block's."""
_CHUNKS = 4
_EACH = 8
"""Sentences of a chunk: about 200 tokens."""
_SENTENCES = _CHUNKS * _EACH
_DRAWN = 1024
"""Documents drawn at once, so that each is the same whatever else is asked for."""
_POSTING = np.dtype([("serial", ">i4"), ("count", ">i2"), ("length", ">i2")])

Picks = npt.NDArray[np.int64]


class Composer:
    """Document `number` is the same for the same sentences, wherever it is put."""

    def __init__(self, sentences: Sequence[str], vectors: Array) -> None:
        self._texts = list(sentences)
        self._vectors = vectors
        self._lengths = np.array([len(text) for text in sentences])
        self._words = [tokenize(text) for text in sentences]
        self._terms: dict[str, int] = {}
        pairs = [
            (row, self._terms.setdefault(word, len(self._terms)))
            for row, words in enumerate(self._words)
            for word in words
        ]
        rows, columns = np.array(pairs).T
        shape = (len(sentences), len(self._terms))
        self._counts = csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape)
        # Of a text of whole sentences: the least of theirs, but for triples across their ends.
        whole = np.full(128, np.iinfo(np.uint32).max, np.uint32)
        signed = [duplicates.signature(f"{t} {t} {t}") for t in sentences]
        self._signatures = np.stack([whole if s is None else s for s in signed])

    def picks(self, first: int, n: int) -> Picks:
        """Which sentences documents `first` to `first + n` are made of: shape (n, 32)."""
        parts = []
        for block in range(first // _DRAWN, (first + n - 1) // _DRAWN + 1):
            draw = np.random.default_rng([1, block])
            drawn = draw.integers(len(self._texts), size=(_DRAWN, _SENTENCES))
            copies = np.arange(24, _DRAWN, 25)
            drawn[copies, :-_CHUNKS] = drawn[copies - 1, :-_CHUNKS]
            parts.append(drawn)
        start = first - first // _DRAWN * _DRAWN
        picks: Picks = np.concatenate(parts)[start : start + n]
        return picks

    def rows(self, first: int, n: int) -> Iterator[DocumentRows]:
        """The documents with sentences, chunks and vectors."""
        for number, picked in enumerate(self.picks(first, n), start=first):
            document = self._document(number, picked)
            starts, ends = self._spans(picked[None])
            sentences = [
                Sentence(int(s), int(e), self._texts[p])
                for s, e, p in zip(starts[0], ends[0], picked, strict=True)
            ]
            vectors = self._chunk_vectors(picked[None])[0]
            yield DocumentRows(
                document, sentences, self._chunks(number, picked), self._vectors[picked], vectors
            )

    def pour(self, db: Any, first: int, n: int) -> None:
        """Put the documents into a database that holds those before them, in one transaction."""
        picks = self.picks(first, n)
        ids = [_id(number) for number in range(first, first + n)]
        with db.transaction():
            self._pour_documents(db, first, picks)
            for start in range(0, n, _DRAWN):
                part = slice(start, min(start + _DRAWN, n))
                _copy(db, "sentences", self._sentence_rows(ids[part], picks[part]))
            lengths = self._pour_chunks(db, first, picks)
            self._pour_words(db, first, picks, lengths)
            self._pour_likeness(db, ids, picks)
            db.execute("SELECT setval('chunks_serial_seq', %s)", (_CHUNKS * (first + n),))
            db.execute(
                "UPDATE state SET revision = revision + 1, documents = documents + %s, "
                "sentences = sentences + %s, chunks = chunks + %s, tokens = tokens + %s",
                (n, _SENTENCES * n, _CHUNKS * n, int(lengths.sum())),
            )

    def _document(self, number: int, picked: Picks) -> Document:
        text = " ".join(self._texts[p] for p in picked)
        date = f"{2000 + number % 25}-{1 + number % 12:02}-{1 + number % 28:02}"
        name = f"/composed/{number:08}.txt"
        return Document(
            _id(number), name, _title(number), date, text, author=f"Author {number % 500}"
        )

    def _chunks(self, number: int, picked: Picks) -> list[Chunk]:
        made = []
        for ordinal in range(_CHUNKS):
            first, last = ordinal * _EACH, (ordinal + 1) * _EACH
            text = " ".join(self._texts[p] for p in picked[first:last])
            made.append(
                Chunk(f"{_id(number)[:30]}-{ordinal}", _id(number), ordinal, first, last, text)
            )
        return made

    def _spans(self, picks: Picks) -> tuple[Picks, Picks]:
        lengths = self._lengths[picks]
        ends = np.cumsum(lengths + 1, axis=1) - 1
        return ends - lengths, ends

    def _chunk_vectors(self, picks: Picks) -> Array:
        means = self._vectors[picks.reshape(len(picks), _CHUNKS, _EACH)].mean(axis=2)
        unit: Array = means / np.linalg.norm(means, axis=2, keepdims=True)
        return unit

    def _pour_documents(self, db: Any, first: int, picks: Picks) -> None:
        columns = "id, path, title, date, author, text, pages"
        with db.cursor().copy(f"COPY documents ({columns}) FROM STDIN") as copy:
            for number, picked in enumerate(picks, start=first):
                d = self._document(number, picked)
                copy.write_row((d.id, d.path, d.title, d.date, d.author, d.text, "[]"))
        with db.cursor().copy("COPY places FROM STDIN") as copy:
            for number in range(first, first + len(picks)):
                copy.write_row(astuple(place_of(number)))

    def _sentence_rows(self, ids: Sequence[str], picks: Picks) -> bytes:
        """Rows of `sentences` in the binary format of COPY, all of one length."""
        dim = self._vectors.shape[1]
        fields = [("id", "S64"), ("ordinal", ">i4"), ("first", ">i4"), ("last", ">i4")]
        fields += [("kind", "S5"), ("paragraph", ">i4")]
        parts: list[tuple[Any, ...]] = [("n", ">i2")]
        for name, kind in fields:
            parts += [(f"of {name}", ">i4"), (name, kind)]
        parts += [("of vector", ">i4"), ("dim", ">i4"), ("vector", ">f2", dim)]
        rows = np.zeros(picks.size, np.dtype(parts))
        rows["n"] = len(fields) + 1
        for name, kind in fields:
            rows[f"of {name}"] = np.dtype(kind).itemsize
        rows["id"] = np.repeat(np.array(ids, "S64"), _SENTENCES)
        rows["ordinal"] = np.tile(np.arange(_SENTENCES), len(picks))
        starts, ends = self._spans(picks)
        rows["first"], rows["last"] = starts.ravel(), ends.ravel()
        rows["kind"] = b"prose"
        # A vector begins with its dimension and two bytes of nothing.
        rows["of vector"], rows["dim"] = 4 + 2 * dim, dim << 16
        rows["vector"] = self._vectors[picks.ravel()]
        return rows.tobytes()

    def _pour_chunks(self, db: Any, first: int, picks: Picks) -> npt.NDArray[np.int64]:
        """Store the chunks; tell how many tokens each has."""
        from pgvector import HalfVector

        n_words = np.array([len(words) for words in self._words])
        lengths: npt.NDArray[np.int64] = n_words[picks.reshape(-1, _EACH)].sum(axis=1)
        lengths += len(tokenize(_title(first)))
        vectors = self._chunk_vectors(picks).reshape(-1, self._vectors.shape[1])
        serial = _CHUNKS * first
        with db.cursor().copy(
            "COPY chunks (serial, id, document_id, ordinal, first, last, text, length, vector) "
            "FROM STDIN (FORMAT BINARY)"
        ) as copy:
            kinds = ["int8", "text", "text", "int4", "int4", "int4", "text", "int4", "halfvec"]
            copy.set_types(kinds)
            for number, picked in enumerate(picks, start=first):
                for c in self._chunks(number, picked):
                    at = serial - _CHUNKS * first
                    told = (c.id, c.document_id, c.ordinal, c.first, c.last, c.text)
                    copy.write_row((serial, *told, int(lengths[at]), HalfVector(vectors[at])))
                    serial += 1
        return lengths

    def _pour_words(
        self, db: Any, first: int, picks: Picks, lengths: npt.NDArray[np.int64]
    ) -> None:
        """The words of chunks as sealed blocks."""
        chosen = picks.reshape(-1, _EACH)
        rows = np.repeat(np.arange(len(chosen)), _EACH)
        shape = (len(chosen), len(self._texts))
        drawn = csr_matrix((np.ones(chosen.size, np.int32), (rows, chosen.ravel())), shape)
        by_term = csc_matrix(drawn @ self._counts)
        by_term.sort_indices()
        first_serial = _CHUNKS * first
        postings = np.zeros(by_term.nnz, _POSTING)
        postings["serial"] = by_term.indices + first_serial
        postings["count"] = by_term.data
        postings["length"] = lengths[by_term.indices]
        segment = first_serial // 32768
        assert (first_serial + len(chosen) - 1) // 32768 == segment
        every = np.zeros(len(chosen), _POSTING)
        every["serial"] = np.arange(len(chosen)) + first_serial
        every["count"] = 1
        every["length"] = lengths
        named = [
            (term, postings[by_term.indptr[column] : by_term.indptr[column + 1]])
            for term, column in self._terms.items()
        ]
        for number in range(len(picks)):
            (own,) = tokenize(_title(first + number))
            named.append((own, every[_CHUNKS * number : _CHUNKS * (number + 1)]))
        _write_blocks(db, segment, named, is_begun=first_serial % 32768 != 0)

    def _pour_likeness(self, db: Any, ids: Sequence[str], picks: Picks) -> None:
        signed = [self._signatures[picked].min(axis=0) for picked in picks]
        with db.cursor().copy("COPY signatures FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["text", "bytea"])
            for id_, values in zip(ids, signed, strict=True):
                copy.write_row((id_, values.tobytes()))
        with db.cursor().copy("COPY bands FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "text"])
            for id_, values in zip(ids, signed, strict=True):
                for key in dict.fromkeys(duplicates.band_keys(values)):
                    copy.write_row((key, id_))
        for later, (one, other) in enumerate(pairwise(signed), start=1):
            similarity = duplicates.similar(one, other)
            if similarity >= duplicates.MIN_SIMILARITY:
                pair = (ids[later - 1], ids[later])
                for a, b in (pair, pair[::-1]):
                    db.execute("INSERT INTO near VALUES (%s, %s, %s)", (a, b, similarity))


def place_of(number: int) -> Place:
    """Where a document was found; every other one is in a collection."""
    name = f"/composed/{number:08}.txt"
    return Place(name, name, _id(number), "even" if number % 2 == 0 else None)


def frequent(sentences: Sequence[str], n: int) -> list[str]:
    """The words that the most sentences have, the most frequent first."""
    shares = Counter(word for text in sentences for word in set(tokenize(text)))
    terms = (term for term, _ in shares.most_common() if tokenize(term) == [term])
    return list(islice(terms, n))


def _id(number: int) -> str:
    return hashlib.sha256(b"composed %d" % number).hexdigest()


def _title(number: int) -> str:
    """One word, which no other document has."""
    return f"Composed{number:08}"


def _write_blocks(
    db: Any, segment: int, named: Sequence[tuple[str, npt.NDArray[np.void]]], *, is_begun: bool
) -> None:
    """Write words' postings; in a segment that `is_begun`, behind those that are there."""
    if is_begun:
        db.execute("CREATE TEMP TABLE poured (LIKE blocks) ON COMMIT DROP")
    table = "poured" if is_begun else "blocks"
    with db.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["text", "int4", "int4", "bytea", "int8"])
        for term, block in named:
            if len(block):
                copy.write_row((term, segment, len(block), block.tobytes(), 0))
    if is_begun:
        db.execute(
            "INSERT INTO blocks SELECT * FROM poured ON CONFLICT (term, segment) DO UPDATE "
            "SET n = blocks.n + excluded.n, postings = blocks.postings || excluded.postings, "
            "version = nextval('block_versions')"
        )


def _copy(db: Any, table: str, rows: bytes) -> None:
    names = "document_id, ordinal, first, last, kind, paragraph, vector"
    with db.cursor().copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        copy.write(rows)
        copy.write(b"\xff\xff")
