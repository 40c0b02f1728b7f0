"""Writing to a shared index, within a transaction that others' writes cannot get between."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from index.store import duplicates
from index.store.changes import CHANGES_KEPT, compare_sentences
from index.store.postgres.connect import lock_key
from index.store.postgres.postings import add_postings, drop_postings
from index.store.rows import DocumentRows, Place
from index.tokens import tokenize

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "alone",
    "bump",
    "forget_place",
    "hold",
    "insert_document",
    "note_difference",
    "note_likeness",
    "orphan",
    "put_place",
    "remove_document",
    "settle_paths",
]


def bump(
    db: Connection[Any],
    *,
    documents: int = 0,
    sentences: int = 0,
    chunks: int = 0,
    tokens: int = 0,
    fresh: int = 0,
) -> None:
    """Count what came and went, and let `revision` grow."""
    db.execute(
        "UPDATE state SET revision = revision + 1, documents = documents + %s, "
        "sentences = sentences + %s, chunks = chunks + %s, tokens = tokens + %s, "
        "fresh = greatest(0, fresh + %s)",
        (documents, sentences, chunks, tokens, fresh),
    )


def insert_document(db: Connection[Any], row: DocumentRows) -> dict[str, int]:
    """Store a document that is not there, without its likeness to others; tell what `bump` adds."""
    document = row.document
    db.execute(
        "INSERT INTO documents (id, path, title, date, author, language, url, text, pages) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            document.id,
            document.path,
            document.title,
            document.date,
            document.author,
            document.language,
            document.url,
            document.text,
            json.dumps(document.pages),
        ),
    )
    _insert_sentences(db, row)
    tokens = _insert_chunks(db, row)
    add_postings(db, tokens)
    return {
        "documents": 1,
        "sentences": len(row.sentences),
        "chunks": len(row.chunks),
        "tokens": sum(len(words) for _, words in tokens),
        "fresh": len(row.chunks),
    }


def note_likeness(db: Connection[Any], row: DocumentRows) -> None:
    """Keep a document's signature, and its likeness to all others; one writer at a time."""
    values = duplicates.signature(row.document.text)
    if values is None:
        return
    keys = duplicates.band_keys(values)
    pairs = []
    for other_id, blob in db.execute(
        "SELECT document_id, signature FROM signatures WHERE document_id IN "
        "(SELECT document_id FROM bands WHERE key = ANY(%s))",
        (keys,),
    ).fetchall():
        similarity = duplicates.similar(values, np.frombuffer(blob, dtype=np.uint32))
        if similarity >= duplicates.MIN_SIMILARITY:
            pairs += [(row.document.id, other_id, similarity)]
            pairs += [(other_id, row.document.id, similarity)]
    with db.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signatures VALUES (%s, %s)", (row.document.id, values.tobytes())
        )
        cursor.execute(
            "INSERT INTO bands SELECT DISTINCT key, %s FROM unnest(%s::bigint[]) AS key",
            (row.document.id, keys),
        )
        cursor.executemany("INSERT INTO near VALUES (%s, %s, %s)", pairs)


def put_place(db: Connection[Any], place: Place) -> tuple[str | None, bool]:
    """Record where a document is found.

    Returns: the document that was there before, if another; whether what a search finds is other.
    """
    before = db.execute(
        "SELECT document_id, collection FROM places WHERE place = %s", (place.place,)
    ).fetchone()
    db.execute(
        "INSERT INTO places (place, path, document_id, collection) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (place) DO UPDATE SET path = excluded.path, "
        "document_id = excluded.document_id, collection = excluded.collection",
        (place.place, place.path, place.document_id, place.collection),
    )
    if before is None:
        return None, False
    moved = before[1] != place.collection
    return (None if before[0] == place.document_id else str(before[0])), moved


def note_difference(db: Connection[Any], place: Place, before: str) -> None:
    """Keep what is different between the document that was at a place and the one that is."""
    pairs = compare_sentences(_sentences(db, before), _sentences(db, place.document_id))
    if not pairs:
        return
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    db.execute(
        "INSERT INTO changes (place, path, at, sentences) VALUES (%s, %s, %s, %s)",
        (place.place, place.path, now, json.dumps(pairs, ensure_ascii=False)),
    )
    db.execute(
        "DELETE FROM changes WHERE place = %s AND serial NOT IN "
        "(SELECT serial FROM changes WHERE place = %s ORDER BY serial DESC LIMIT %s)",
        (place.place, place.place, CHANGES_KEPT),
    )


def forget_place(db: Connection[Any], place: str) -> None:
    """The file of a place must be read again; one within a file is named `file#n`."""
    files = [place, re.sub(r"#\d+\Z", "", place)]
    db.execute("DELETE FROM seen WHERE file = ANY(%s)", (files,))


def orphan(db: Connection[Any], document_id: str) -> bool:
    """Remove a document that has no place left; else its path is that of one of those left."""
    hold(db, [document_id])
    left = db.execute("SELECT 1 FROM places WHERE document_id = %s LIMIT 1", (document_id,))
    if left.fetchone() is None:
        remove_document(db, document_id)
        return True
    settle_paths(db, [document_id])
    return False


def settle_paths(db: Connection[Any], document_ids: Sequence[str]) -> None:
    """Each document's path is that of its first place in order, whoever brought which first."""
    moved = db.execute(
        "UPDATE documents d SET path = p.path FROM (SELECT DISTINCT ON (document_id) "
        "document_id, path FROM places WHERE document_id = ANY(%s) ORDER BY document_id, place) p "
        "WHERE p.document_id = d.id AND d.path != p.path",
        (list(document_ids),),
    ).rowcount
    if moved:
        # Citations name the path: an answer that was kept names the old one.
        bump(db)


def remove_document(db: Connection[Any], document_id: str) -> None:
    """Remove a document and every row of it."""
    alone(db)
    chunks = db.execute(
        "SELECT c.serial, d.title || '. ' || c.text FROM chunks c "
        "JOIN documents d ON d.id = c.document_id WHERE d.id = %s",
        (document_id,),
    ).fetchall()
    tokens = [(int(serial), tokenize(text)) for serial, text in chunks]
    n_fresh = _count(
        db,
        "SELECT count(DISTINCT serial) FROM fresh WHERE serial = ANY(%s)",
        [s for s, _ in tokens],
    )
    drop_postings(db, tokens)
    n_sentences = _count(db, "SELECT count(*) FROM sentences WHERE document_id = %s", document_id)
    for (place,) in db.execute(
        "DELETE FROM places WHERE document_id = %s RETURNING place", (document_id,)
    ).fetchall():
        forget_place(db, place)
        db.execute("DELETE FROM changes WHERE place = %s", (place,))
    gone = db.execute("DELETE FROM documents WHERE id = %s", (document_id,)).rowcount
    bump(
        db,
        documents=-gone,
        sentences=-n_sentences,
        chunks=-len(tokens),
        tokens=-sum(len(words) for _, words in tokens),
        fresh=-n_fresh,
    )


def hold(db: Connection[Any], names: Iterable[str]) -> None:
    """Keep others from what these names stand for until the transaction has ended."""
    for key in sorted({lock_key(name) for name in names}):
        db.execute("SELECT pg_advisory_xact_lock(%s)", (key,))


def alone(db: Connection[Any]) -> None:
    """From here to the end of the transaction, be the one who looks for likeness and counts.

    Two near-duplicates that were stored at once would otherwise not see one another.
    """
    hold(db, ["the end of a transaction"])


def _insert_sentences(db: Connection[Any], row: DocumentRows) -> None:
    from pgvector import HalfVector

    with db.cursor().copy(
        "COPY sentences (document_id, ordinal, first, last, kind, paragraph, vector) "
        "FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["text", "int4", "int4", "int4", "text", "int4", "halfvec"])
        for i, (s, vector) in enumerate(zip(row.sentences, row.sentence_vectors, strict=True)):
            half = HalfVector(vector)
            copy.write_row((row.document.id, i, s.start, s.end, s.kind.value, s.paragraph, half))


def _insert_chunks(db: Connection[Any], row: DocumentRows) -> list[tuple[int, list[str]]]:
    """Store the chunks; tell each one's serial and tokens."""
    from pgvector import HalfVector

    serials = db.execute(
        "SELECT nextval('chunks_serial_seq') FROM generate_series(1, %s)", (len(row.chunks),)
    ).fetchall()
    tokens = []
    with db.cursor().copy(
        "COPY chunks (serial, id, document_id, ordinal, first, last, text, length, vector) "
        "FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int8", "text", "text", "int4", "int4", "int4", "text", "int4", "halfvec"])
        for (serial,), chunk, vector in zip(serials, row.chunks, row.chunk_vectors, strict=True):
            words = tokenize(f"{row.document.title}. {chunk.text}")
            tokens.append((int(serial), words))
            told = (chunk.id, chunk.document_id, chunk.ordinal, chunk.first, chunk.last, chunk.text)
            copy.write_row((serial, *told, len(words), HalfVector(vector)))
    return tokens


def _sentences(db: Connection[Any], document_id: str) -> Sequence[str]:
    row = db.execute("SELECT text FROM documents WHERE id = %s", (document_id,)).fetchone()
    spans = db.execute(
        "SELECT first, last FROM sentences WHERE document_id = %s ORDER BY ordinal", (document_id,)
    ).fetchall()
    return [row[0][start:end] for start, end in spans] if row else []


def _count(db: Connection[Any], sql: str, value: object) -> int:
    row = db.execute(sql.encode(), (value,)).fetchone()
    return int(row[0]) if row else 0
